"""The terms under which items came in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from curation.access import as_it_stands
from curation.actions.texts import keepable
from curation.errors import Conflict, Invalid
from curation.formats.objects import read_object
from curation.log import Actor, record
from curation.models import Dataset, Release, ReleaseItem, Rights
from curation.release_hashes import content_digest
from curation.rules import require


def rights_named(dataset: Dataset, name_or_file: str) -> Rights:
    """The dataset's terms of that name, or those of a JSON file that describes them.

    Raises Invalid where there is neither: terms are never made up.
    """
    known = Rights.objects.filter(dataset=dataset, name=name_or_file).first()
    if known:
        return known
    path = Path(name_or_file)
    names = ", ".join(Rights.objects.filter(dataset=dataset).values_list("name", flat=True)) or "-"
    if not path.is_file():
        message = _("There are no terms or file named “%(name)s”. This dataset has: %(names)s.")
        raise Invalid(message % {"name": name_or_file, "names": names}, field="rights")
    given = read_object(path)
    columns = {f.name for f in Rights._meta.fields} - {"id", "dataset"}
    unknown = sorted(set(given) - columns)
    if unknown:
        message = _("The terms have unknown fields: %(names)s.")
        raise Invalid(message % {"names": ", ".join(unknown)}, field="rights")
    texts = [
        key for key in columns - {"inherits", "redistributable"} if not isinstance(given.get(key, ""), str)
    ]
    if texts:
        message = _("The terms cannot be used: %(field)s: %(why)s")
        raise Invalid(message % {"field": texts[0], "why": _("it must be a text.")}, field=texts[0])
    terms = Rights(dataset=dataset, **given)
    try:
        # The same name again is the same terms, not a fault.
        terms.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, why = next(iter(error.message_dict.items()))
        message = _("The terms cannot be used: %(field)s: %(why)s")
        raise Invalid(message % {"field": field, "why": " ".join(why)}, field=field) from None
    return Rights.objects.get_or_create(
        dataset=dataset, name=terms.name, defaults={k: getattr(terms, k) for k in given if k != "name"}
    )[0]


@transaction.atomic
def create_rights(actor: Actor, dataset: Dataset, values: Mapping[str, Any]) -> Rights:
    """Terms of a set, entered by hand. Raises Invalid, naming the field."""
    require(actor, "manage_rights", dataset)
    rights = _checked(Rights(dataset=dataset), values)
    rights.save()
    record(actor, "create_rights", rights, to_state=rights.gate)
    return rights


@transaction.atomic
def revise_rights(actor: Actor, rights: Rights, values: Mapping[str, Any], *, base: str) -> Rights:
    """Change terms, or the state of their gate. Frozen releases keep what they were frozen with.

    `base` is the `edition` that was read: Conflict where somebody changed the terms since. The log names the fields that
    changed, and the gate's states. Raises Invalid, naming the field; a name that a release mentions stays.
    """
    require(actor, "manage_rights", rights.dataset)
    row = Rights.objects.select_for_update().select_related("dataset").get(pk=rights.pk)
    if base != edition(row):
        raise Conflict(_("Somebody else changed these terms while you were writing. Look at them first."))
    before, gate = as_it_stands(row), row.gate
    if values.get("name", row.name) != row.name and named_in_release(row):
        message = _("A release names these terms as “%(name)s”, so the name stays.")
        raise Invalid(message % {"name": row.name}, field="name")
    _checked(row, values)
    changed = sorted(key for key, value in as_it_stands(row).items() if value != before[key])
    if changed:
        row.save()
        record(actor, "revise_rights", row, from_state=gate, to_state=row.gate, fields=changed)
    return row


def edition(rights: Rights) -> str:
    """What tells one state of the terms from another."""
    return content_digest(as_it_stands(rights))


def named_in_release(rights: Rights) -> bool:
    """Whether a release goes out under the terms or holds items that came in under them."""
    releases = Release.objects.filter(dataset=rights.dataset_id)
    if releases.filter(rights__name=rights.name).exists():
        return True
    return ReleaseItem.objects.filter(release__in=releases, rights_name=rights.name).exists()


def _checked(row: Rights, values: Mapping[str, Any]) -> Rights:
    """The row with the values, if they are sound and the name is free."""
    for key, value in values.items():
        setattr(row, key, value)
    keepable(dict(values))
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, why = next(iter(error.message_dict.items()))
        raise Invalid(" ".join(why), field=field) from None
    if Rights.objects.filter(dataset=row.dataset_id, name=row.name).exclude(pk=row.pk).exists():
        raise Invalid(_("There are terms of this name already."), field="name")
    return row
