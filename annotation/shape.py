"""The shape of a rubric's object beyond its main scale: anchors, further axes, worked examples. Pure.

Every fault names its place, such as `axes[1].scale` or `examples[0].score`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from curation.formats import fields
from curation.formats.faults import Fault, gettext_noop
from curation.formats.ratings import Rubric, rubric_of

AXIS_KEYS = {
    *("name", "kind", "scale", "anchors", "title_ja", "title_en"),
    *("violation_at_most", "acceptable_at_least", "reason_below"),
}
EXAMPLE_KEYS = ("label", "score", "question_ja", "response_ja", "why_ja", "why_en")
EXAMPLE_MORE = ("axis", "question_en", "response_en")
WORDS = ("title_ja", "title_en", "instructions_ja", "instructions_en")
MOST_AXES, MOST_EXAMPLES = 8, 200


def check_shape(given: dict[str, Any], main: Rubric) -> None:
    """Raises Fault where the object is no rubric. `main` is its main scale, sound already."""
    _reason(given, main.kind, "reason_below")
    points = [str(point) for point in main.scale]
    _anchors(given.get("anchors"), points, "anchors")
    for key in WORDS:
        if key in given and not isinstance(given[key], str):
            raise Fault(gettext_noop("%(field)s must be text"), field=key)
    scales = _axes(given.get("axes"), points)
    _examples(given.get("examples"), scales)


def _axes(listed: Any, points: list[str]) -> dict[str, list[str]]:
    """Points by axis, the main one first."""
    if listed is None:
        return {"safety": points}
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_AXES or not isinstance(listed[0], str):
        template = gettext_noop(
            "%(field)s must be a list: the main axis's name, then an object for each further axis (8 in all at most)"
        )
        raise Fault(template, field="axes")
    scales = {fields.name(listed[0], "axes[0]", limit=fields.AXIS_LIMIT): points}
    for at, axis in enumerate(listed[1:], start=1):
        place = f"axes[{at}]"
        if not isinstance(axis, dict):
            raise Fault(gettext_noop("%(field)s must be an object with name, kind and scale"), field=place)
        _only(axis, AXIS_KEYS, place)
        name = fields.name(axis.get("name"), f"{place}.name", limit=fields.AXIS_LIMIT)
        if name in scales:
            raise Fault(gettext_noop("%(field)s: another axis has this name already"), field=f"{place}.name")
        try:
            scale = rubric_of(axis)
        except Fault as fault:
            raise Fault(fault.template, field=f"{place}.{fault.field}", **fault.values) from None
        _reason(axis, scale.kind, f"{place}.reason_below")
        scales[name] = [str(point) for point in scale.scale]
        _anchors(axis.get("anchors"), scales[name], f"{place}.anchors")
        for key in ("title_ja", "title_en"):
            if key in axis and not isinstance(axis[key], str):
                raise Fault(gettext_noop("%(field)s must be text"), field=f"{place}.{key}")
    return scales


def _reason(given: dict[str, Any], kind: str, place: str) -> None:
    cut = given.get("reason_below")
    number = isinstance(cut, int | float) and not isinstance(cut, bool)
    if cut is not None and (kind == "nominal" or not number):
        raise Fault(
            gettext_noop("%(field)s must be a number, and only an ordinal rubric has it"), field=place
        )


def _anchors(anchors: Any, points: list[str], place: str) -> None:
    if anchors is None:
        return
    if not isinstance(anchors, dict) or set(anchors) - set(points):
        raise Fault(
            gettext_noop("%(field)s must be an object with points of the scale as keys: %(scale)s"),
            field=place,
            scale=", ".join(points),
        )
    for point, words in anchors.items():
        if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
            raise Fault(
                gettext_noop("%(field)s must be an object of texts (ja, en, long_ja, long_en, example_ja)"),
                field=f"{place}.{point}",
            )


def _examples(examples: Any, scales: dict[str, list[str]]) -> None:
    if examples is None:
        return
    if not isinstance(examples, list) or len(examples) > MOST_EXAMPLES:
        raise Fault(gettext_noop("%(field)s must be a list of at most 200 objects"), field="examples")
    for at, example in enumerate(examples):
        place = f"examples[{at}]"
        if not isinstance(example, dict):
            raise Fault(gettext_noop("%(field)s must be an object"), field=place)
        _only(example, {*EXAMPLE_KEYS, *EXAMPLE_MORE}, place)
        for key in EXAMPLE_KEYS:
            if key != "score":
                fields.text(example.get(key), f"{place}.{key}")
        axis = example.get("axis", next(iter(scales)))
        if axis not in scales:
            raise Fault(
                gettext_noop("%(field)s must be one of the axes: %(axes)s"),
                field=f"{place}.axis",
                axes=", ".join(scales),
            )
        if str(example.get("score")) not in scales[axis]:
            raise Fault(
                gettext_noop("%(field)s must be a point of the scale: %(scale)s"),
                field=f"{place}.score",
                scale=", ".join(scales[axis]),
            )


def _only(given: dict[str, Any], known: Collection[str], place: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Fault(
            gettext_noop("%(field)s is no key here; there are: %(keys)s"),
            field=f"{place}.{unknown[0]}",
            keys=", ".join(sorted(known)),
        )
