"""Rubrics: shipped ones and those from files. A changed rubric is a new version, never a changed row."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.models import Rubric
from curation.actions.datasets import take_turns
from curation.errors import Invalid
from curation.formats import ratings
from curation.formats.objects import read_object
from curation.log import Actor, record
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
    scale = ratings.usable_rubric(given)
    cut = given.get("reason_below")
    if cut is not None and (
        scale.kind == "nominal" or isinstance(cut, bool) or not isinstance(cut, int | float)
    ):
        raise Invalid(
            _("reason_below must be a number, and only an ordinal rubric has it."), field="reason_below"
        )
    anchors, axes = given.get("anchors", {}), given.get("axes") or ["safety"]
    if not isinstance(anchors, dict) or set(anchors) - {str(point) for point in scale.scale}:
        raise Invalid(_("anchors must be an object with points of the scale as keys."), field="anchors")
    if not isinstance(axes, list) or not all(isinstance(axis, str) and 0 < len(axis) <= 40 for axis in axes):
        raise Invalid(_("axes must be a list of names of at most 40 characters."), field="axes")
    return scale
