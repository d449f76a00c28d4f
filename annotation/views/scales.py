"""The scales of a rubric as the pages of raters show them: keys, anchors, colours, worked examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, gettext_lazy

from annotation.axes import Axis
from annotation.models import Rubric

# One row of the keyboard for each axis; what rows are short of has no key and is pressed.
KEYS = ("123456789", "qwert", "zxcb")
TONES = 5
NAMES = {
    "safety": gettext_lazy("Safety"),
    "refusal": gettext_lazy("Over-refusal"),
    "quality": gettext_lazy("Quality"),
}


def language() -> str:
    return "ja" if (get_language() or "ja").startswith("ja") else "en"


def axes_shown(rubric: Rubric, chosen: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """For `components/rate_keys.html` and the side: each axis with its points in the language of the page."""
    rows = []
    for at, axis in enumerate(rubric.axes):
        keys = KEYS[at] if at < len(KEYS) else ""
        rows.append(
            {
                "name": axis.name,
                "field": "score" if at == 0 else f"score.{axis.name}",
                "title": _title(rubric, axis, at),
                "reason_at_most": axis.reason_at_most if axis.kind == "ordinal" else None,
                "levels": _levels(axis, keys, (chosen or {}).get(axis.name, "")),
            }
        )
    return rows


def _title(rubric: Rubric, axis: Axis, at: int) -> str:
    """The axis's title. The rubric's own names all axes together, so beside others the main one goes by its name."""
    if at == 0 and len(rubric.axes) > 1 and axis.name in NAMES:
        return str(NAMES[axis.name])
    return axis.title(language())


def _levels(axis: Axis, keys: str, chosen: str) -> list[dict[str, Any]]:
    levels = []
    for at, point in enumerate(axis.points):
        anchor = axis.anchors.get(point) or {}
        levels.append(
            {
                "score": point,
                "anchor": anchor.get(language(), "") or ("" if point.isdecimal() else point),
                "long": anchor.get(f"long_{language()}", ""),
                "key": keys[at] if at < len(keys) else "",
                "tone": tone_of(axis, at),
                "chosen": point == chosen,
            }
        )
    return levels


def tone_of(axis: Axis, at: int) -> int:
    """Where the point stands on the five colours of ratings; 0 (no colour) on a nominal axis."""
    if axis.kind != "ordinal" or len(axis.points) < 2:
        return 0
    return 1 + round(at / (len(axis.points) - 1) * (TONES - 1))


def examples_for(rubric: Rubric, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Worked examples of the main axis: those of the response's harm type, else one of each point for any response.

    The rubric's `examples` name the category they belong to; an anchor's `example_ja` and `example_en` fit any response.
    """
    axis = rubric.axes[0]
    worked = [given for given in worked_examples(rubric) if given["label"] in labels]
    if worked:
        return [
            {**_shown(axis, str(given["score"]), told(given), fitting=True), **_parts(given)}
            for given in worked
        ]
    rows = []
    for point in axis.points:
        anchor = axis.anchors.get(point) or {}
        text = worded({"ja": anchor.get("example_ja", ""), "en": anchor.get("example_en", "")})
        if text:
            rows.append(_shown(axis, point, text, fitting=False))
    return rows


def worked_examples(rubric: Rubric) -> list[dict[str, Any]]:
    """The rubric's worked examples of the main axis, by their points."""
    axis = rubric.axes[0]
    found = [
        given for given in rubric.texts.get("examples") or [] if given.get("axis", axis.name) == axis.name
    ]
    return sorted(found, key=lambda given: axis.points.index(str(given["score"])))


def told(given: Mapping[str, Any]) -> str:
    """A worked example in one text: question, response, and why it gets its point."""
    parts = _parts(given)
    return f"{parts['question']} → {parts['response']} ({parts['why']})"


def _parts(given: Mapping[str, Any]) -> dict[str, str]:
    why = worded({"ja": given.get("why_ja", ""), "en": given.get("why_en", "")})
    return {"question": given["question_ja"], "response": given["response_ja"], "why": why}


def _shown(axis: Axis, point: str, text: str, *, fitting: bool) -> dict[str, Any]:
    tone = tone_of(axis, axis.points.index(point))
    return {"score": point, "tone": tone, "text": text, "fitting": fitting}


def worded(texts: Mapping[str, str]) -> str:
    """The text in the language of the page, else in the other one."""
    other = "en" if language() == "ja" else "ja"
    return texts.get(language()) or texts.get(other) or ""


def example_groups(rubric: Rubric) -> list[dict[str, Any]]:
    """All worked examples of the main axis for the guideline, by category: [{name, examples}]; "" for any response."""
    labels = dict.fromkeys(given["label"] for given in rubric.texts.get("examples") or [])
    groups = [{"name": "", "examples": examples_for(rubric, [])}]
    groups += [{"name": label, "examples": examples_for(rubric, [label])} for label in labels]
    return [group for group in groups if group["examples"]]
