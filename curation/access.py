"""Whether terms allow the use of a set now: the state of its gate, and what follows for a release's texts and jobs."""

from __future__ import annotations

from typing import Any

from django.forms import model_to_dict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.errors import WrongState
from curation.models import Dataset, Release, Rights

GATE_WORDS = {
    Rights.Gate.OPEN: gettext_lazy("Free to use"),
    Rights.Gate.NO_ACCESS: gettext_lazy("No access"),
    Rights.Gate.REQUESTED: gettext_lazy("Requested"),
    Rights.Gate.GRANTED: gettext_lazy("Granted"),
}
CLOSED = (Rights.Gate.NO_ACCESS, Rights.Gate.REQUESTED)


def as_it_stands(rights: Rights | None) -> dict[str, Any]:
    """The terms as a release keeps them; {} for none."""
    return model_to_dict(rights, exclude=["id", "dataset"]) if rights else {}


def why_closed(rights: Rights) -> str | None:
    """None where the set may be used, else why not."""
    if rights.gate not in CLOSED:
        return None
    if rights.gate == Rights.Gate.REQUESTED:
        sentence = _("Access under the terms “%(name)s” has been requested, but not granted yet.")
    else:
        sentence = _("There is no access under the terms “%(name)s” yet.")
    return sentence % {"name": rights.name}


def closed_in(release: Release) -> Rights | None:
    """The first terms of a release, its own or those of an item in it, under which there is no access now.

    The row as it stands today decides, not the copy in the release: access can be granted, and taken back.
    """
    closed = {row.name: row for row in Rights.objects.filter(dataset=release.dataset_id, gate__in=CLOSED)}
    if not closed:
        return None
    own = closed.get(str(release.rights.get("name", "")))
    if own:
        return own
    rows = release.items.filter(rights_name__in=closed).order_by("rights_name")
    name = rows.values_list("rights_name", flat=True).first()
    return closed[name] if name is not None else None


def why_not_usable(release: Release) -> str | None:
    """None where jobs may read the release's texts, else the sentence."""
    closed = closed_in(release)
    return why_closed(closed) if closed else None


def require_access(release: Release | None, *, field: str = "release") -> None:
    """What a job asks before it reads texts. Raises WrongState, naming the release and the state of the gate."""
    reason = why_not_usable(release) if release else None
    if release and reason:
        message = _("%(release)s cannot be used: %(why)s")
        raise WrongState(message % {"release": release.name, "why": reason}, field=field)


def passed_on(release: Release) -> bool:
    """Whether the release's texts may go to anybody: false for one from elsewhere unless its terms say so."""
    if not release.imported:
        return True
    return release.rights.get("redistributable") is True


def protected(dataset: Dataset | None = None) -> list[Release]:
    """Releases from elsewhere, on the whole server or of one dataset, whose texts must not be passed on."""
    rows = Release.objects.filter(imported=True).order_by("pk")
    if dataset is not None:
        rows = rows.filter(dataset=dataset)
    return [release for release in rows if not passed_on(release)]


def terms_used(release: Release) -> set[str]:
    """Names of the terms under which its items came in."""
    return set(release.items.order_by().values_list("rights_name", flat=True).distinct()) - {""}


def not_redistributable(release: Release) -> list[str]:
    """Ids of items under terms that forbid passing on, as they stood at the freeze or as they stand now."""
    frozen = [row["name"] for row in release.snapshot.get("rights", []) if not row["redistributable"]]
    now = Rights.objects.filter(dataset=release.dataset_id, redistributable=False)
    names = {*frozen, *now.values_list("name", flat=True)}
    if not names:
        return []
    rows = release.items.filter(rights_name__in=names) | release.items.filter(item__rights__in=now)
    return list(rows.order_by("position").values_list("external_id", flat=True))
