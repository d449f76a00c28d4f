"""Who may read the page of a release."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.log import Actor, person_of, record
from curation.models import Release, ReleasePage
from curation.rules import require

LONGEST = 300


@transaction.atomic
def keep_page(actor: Actor, release: Release, *, public: bool, homepage: str = "") -> ReleasePage:
    """Make the page public or private, and say where the release is at home (an http or https address, or nothing)."""
    require(actor, "publish_page", release)
    homepage = homepage.strip()
    if homepage:
        try:
            URLValidator(schemes=["http", "https"])(homepage)
        except ValidationError:
            raise Invalid(
                _("The home page must be an address that begins with https://."), field="homepage"
            ) from None
        if len(homepage) > LONGEST:
            raise Invalid(_("The address is too long."), field="homepage")
    before = ReleasePage.objects.filter(release=release).first()
    page, _new = ReleasePage.objects.update_or_create(
        release=release, defaults={"public": public, "homepage": homepage, "person": person_of(actor)}
    )
    if public != (before.public if before else False):
        record(actor, "publish_page" if public else "withdraw_page", release)
    return page
