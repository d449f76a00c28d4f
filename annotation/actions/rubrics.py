"""Rubrics: shipped ones and those from files. A changed rubric is a new version, never a changed row."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.models import GoldCase, Rubric
from annotation.shape import check_shape
from curation.actions.datasets import take_turns
from curation.actions.texts import keepable
from curation.errors import Conflict, Invalid
from curation.formats import ratings
from curation.formats.faults import Fault
from curation.formats.objects import read_object
from curation.log import Actor, person_of, record
from curation.models import Dataset
from curation.rules import require

SHIPPED = Path(__file__).resolve().parent.parent / "rubrics"
# Bookkeeping of the file, not of the scale: a signature or another file version makes no new round.
NOT_CONTENT = {"version", "reviewed", "source"}
COLUMNS = {"name", "kind", "scale", "violation_at_most", "acceptable_at_least", "reason_below", "anchors"}


def shipped_rubrics() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.json"))


def shipped_titles() -> list[tuple[str, str]]:
    """Names of the shipped rubrics with their titles in the page's language."""
    key = "title_ja" if (get_language() or "ja").startswith("ja") else "title_en"
    return [(name, str(rubric_as_given(name).get(key) or name)) for name in shipped_rubrics()]


def scale_of(rubric: Rubric) -> ratings.Rubric:
    """The rubric as the readers of files know it."""
    return ratings.Rubric(
        rubric.name,
        rubric.kind,
        tuple(rubric.scale),
        rubric.violation_at_most,
        rubric.acceptable_at_least,
    )


def load_rubric(actor: Actor, dataset: Dataset, name_or_file: str = "safety5") -> Rubric:
    """A shipped rubric by its name, or one from a JSON file; see `keep_rubric`."""
    return keep_rubric(actor, dataset, rubric_as_given(name_or_file))


def rubric_named(actor: Actor, dataset: Dataset, given: str, *, files: bool = False) -> Rubric:
    """The rubric that `name` (its newest version here) or `name@version` means; a shipped one is brought in.

    With `files` (where the caller may read this computer) also the path of a JSON file. Raises Invalid for another
    word, naming what there is.
    """
    name, _at, version = given.partition("@")
    known = Rubric.objects.filter(dataset=dataset, name=name).order_by("-version")
    if version:
        found = (
            known.filter(version=int(version)).first() if version.isdecimal() and len(version) < 9 else None
        )
    else:
        found = known.first()
    if found is not None:
        return found
    if name in shipped_rubrics() and (not version or (version == "1" and not known.exists())):
        return load_rubric(actor, dataset, name)
    if files and Path(given).is_file():
        return load_rubric(actor, dataset, given)
    raise Invalid(
        _("There is no rubric “%(name)s”. There are: %(names)s.")
        % {"name": given[:80], "names": ", ".join(rubric_names(dataset))},
        field="rubric",
    )


def rubric_names(dataset: Dataset) -> list[str]:
    """What `rubric_named` understands: versions that are here, and the names of shipped rubrics."""
    here = Rubric.objects.filter(dataset=dataset).order_by("name", "version")
    versions = [f"{name}@{version}" for name, version in here.values_list("name", "version")]
    known = {name.partition("@")[0] for name in versions}
    return versions + [name for name in shipped_rubrics() if name not in known]


def rubric_choices(dataset: Dataset) -> list[tuple[str, str]]:
    """What `rubric_named` understands, with titles in the page's language; the safety scale first."""
    here = {
        f"{one.name}@{one.version}": f"{one.title} · v{one.version}"
        for one in Rubric.objects.filter(dataset=dataset).order_by("name", "-version")
    }
    known = {name.partition("@")[0] for name in here}
    shipped = [(name, title) for name, title in shipped_titles() if name not in known]
    found = [*here.items(), *shipped]
    return sorted(found, key=lambda pair: not pair[0].startswith("safety5"))


@transaction.atomic
def keep_rubric(actor: Actor, dataset: Dataset, given: dict[str, Any]) -> Rubric:
    """A rubric from an object of the shape of those in annotation/rubrics.

    The same content answers with the version that is there; other content under a known name becomes a new version.
    Raises Invalid or UnusableFile, naming the field, where the object is no rubric.
    """
    scale = _checked(given)
    digest = content_hash(given)
    known = Rubric.objects.filter(dataset=dataset, name=scale.name)
    same = known.filter(content_hash=digest).order_by("-version").first()
    if same:
        return same
    require(actor, "create_rubric", dataset)
    take_turns(dataset)
    if same := known.filter(content_hash=digest).order_by("-version").first():
        return same
    newest = known.order_by("-version").first()
    rubric = Rubric.objects.create(
        dataset=dataset,
        name=scale.name,
        version=newest.version + 1 if newest else 1,
        kind=scale.kind,
        scale=list(scale.scale),
        violation_at_most=scale.violation_at_most,
        acceptable_at_least=scale.acceptable_at_least,
        reason_at_most=given.get("reason_below"),
        anchors=given.get("anchors") or {},
        texts={key: value for key, value in given.items() if key not in COLUMNS},
        content_hash=digest,
    )
    record(actor, "create_rubric", rubric, version=rubric.version)
    return rubric


def content_hash(given: dict[str, Any]) -> str:
    """sha256 over what raters see and what scores mean, as canonical JSON."""
    content = {key: value for key, value in given.items() if key not in NOT_CONTENT}
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def rubric_as_given(name_or_file: str) -> dict[str, Any]:
    """The object of a shipped rubric, or of a JSON file, as it stands there. Raises Invalid or UnusableFile."""
    shipped = name_or_file in shipped_rubrics()
    path = SHIPPED / f"{name_or_file}.json" if shipped else Path(name_or_file)
    if not path.is_file():
        message = _("There is no rubric or file “%(name)s”. Shipped: %(names)s.")
        raise Invalid(message % {"name": name_or_file, "names": ", ".join(shipped_rubrics())}, field="rubric")
    return read_object(path)


def _checked(given: dict[str, Any]) -> ratings.Rubric:
    keepable(given)
    scale = ratings.usable_rubric(given)
    try:
        check_shape(given, scale)
    except Fault as fault:
        values = {"field": fault.field, **fault.values}
        raise Invalid(_(fault.template) % values, field=fault.field.partition("[")[0]) from None
    return scale


def as_given(rubric: Rubric) -> dict[str, Any]:
    """The object that a rubric was made from, without its bookkeeping: what a new version begins with."""
    found: dict[str, Any] = {
        "name": rubric.name,
        "kind": str(rubric.kind),
        "scale": rubric.scale,
        "violation_at_most": _whole(rubric.violation_at_most),
        "acceptable_at_least": _whole(rubric.acceptable_at_least),
        "reason_below": _whole(rubric.reason_at_most),
        "anchors": rubric.anchors,
    }
    return found | {key: value for key, value in rubric.texts.items() if key not in NOT_CONTENT}


def _whole(cut: float | None) -> float | None:
    return int(cut) if cut is not None and float(cut).is_integer() else cut


@transaction.atomic
def new_version(actor: Actor, rubric: Rubric, given: dict[str, Any], *, carry_cases: bool = True) -> Rubric:
    """A rubric's next version; the one it follows stays as it is, with all that was rated by it.

    `carry_cases` takes along the practice cases and silent checks whose points are on the new scales. Raises Invalid
    where nothing differs from the version, Conflict where another version was made since.
    """
    require(actor, "create_rubric", rubric.dataset)
    take_turns(rubric.dataset)
    newest = Rubric.objects.filter(dataset=rubric.dataset, name=rubric.name).latest("version")
    if newest.pk != rubric.pk:
        message = _(
            "Version %(version)d was made meanwhile. Look at it, then save yours as the one after it."
        )
        raise Conflict(message % {"version": newest.version})
    given = {**given, "name": rubric.name}
    _checked(given)
    if content_hash(_plain(given)) == content_hash(_plain(as_given(rubric))):
        raise Invalid(_("Nothing differs from version %(version)d.") % {"version": rubric.version})
    made = keep_rubric(actor, rubric.dataset, given)
    if made.version <= rubric.version:
        message = _("This is word for word version %(version)d: use that one.")
        raise Invalid(message % {"version": made.version})
    if carry_cases:
        _carry(rubric, made)
    return made


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """The object without what is empty: a missing cut and one that is null are the same."""
    return {key: value for key, value in given.items() if value not in (None, "", [], {})}


def _carry(rubric: Rubric, made: Rubric) -> None:
    points = {axis.name: set(axis.points) for axis in made.axes}
    for case in GoldCase.objects.filter(rubric=rubric).order_by("pk"):
        if all(
            set(map(str, accepted)) <= points.get(axis, set()) for axis, accepted in case.accepted.items()
        ):
            case.pk, case.rubric = None, made
            case.save(force_insert=True)


@transaction.atomic
def sign(actor: Actor, rubric: Rubric) -> Rubric:
    """A native reader takes the version on: its "unreviewed" mark goes. The first signature stands."""
    require(actor, "sign", rubric)
    person = person_of(actor)
    fresh = Rubric.objects.filter(pk=rubric.pk, signed_by=None).update(
        signed_by=person, signed_at=timezone.now()
    )
    rubric.refresh_from_db(fields=["signed_by", "signed_at"])
    if fresh:
        record(actor, "sign", rubric, version=rubric.version)
    return rubric
