"""A domain expert's signature under a taxonomy."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.errors import Conflict
from curation.log import Actor, record
from curation.mapping import content_hash
from curation.models import Dataset, MappingSignOff, Person, Taxonomy
from curation.rules import require


@transaction.atomic
def sign_mapping(
    actor: Actor, taxonomy: Taxonomy, *, read: str, comment: str = "", dataset: Dataset | None = None
) -> MappingSignOff:
    """Sign names, definitions and mapping as the person read them: `read` is their content hash.

    Signing the same twice keeps the first signature. Raises Conflict where something changed since it was read.
    """
    require(actor, "sign_mapping", taxonomy)
    assert isinstance(actor, Person)
    Taxonomy.objects.select_for_update(no_key=True).get(pk=taxonomy.pk)
    if content_hash(taxonomy) != read:
        raise Conflict(_("The taxonomy was changed since you opened the page. Read it again, then sign."))
    signed, new = MappingSignOff.objects.get_or_create(
        taxonomy=taxonomy, person=actor, content_hash=read, defaults={"comment": comment.strip()}
    )
    if new:
        record(actor, "sign_mapping", taxonomy, dataset=dataset, content_hash=read)
    return signed
