"""The axes of a rubric: what is scored, and on which scale. The first is the one that studies read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


class Scaled(Protocol):
    """What the main axis is made from: the columns of a rubric."""

    kind: str
    scale: list[Any]
    violation_at_most: float | None
    acceptable_at_least: float | None
    reason_at_most: float | None
    anchors: dict[str, Any]
    texts: dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """One scale: its points as ratings store them, in order, with anchors {point: {ja, en, long_ja ...}}.

    A score at or below `reason_at_most` asks for a reason; `violation_at_most` and `acceptable_at_least` are the cuts of
    the rates. A nominal axis has none of the three.
    """

    name: str
    kind: str
    points: tuple[str, ...]
    anchors: dict[str, Any] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    violation_at_most: float | None = None
    acceptable_at_least: float | None = None
    reason_at_most: float | None = None

    def title(self, language: str) -> str:
        return self.titles.get("ja" if language.startswith("ja") else "en") or self.name

    def asks_reason(self, score: str) -> bool:
        """Whether the score is one for which the rater says why."""
        return (
            self.reason_at_most is not None and self.kind == "ordinal" and float(score) <= self.reason_at_most
        )


def axes_of(rubric: Scaled) -> tuple[Axis, ...]:
    """All axes of a rubric, the main one first.

    `texts["axes"]` lists the name of the main axis (`safety` where there is none) and, as objects, further axes with the
    keys of a rubric's file: name, kind, scale, anchors, title_ja, title_en and the cuts.
    """
    listed = rubric.texts.get("axes") or ["safety"]
    first = Axis(
        listed[0] if isinstance(listed[0], str) else "safety",
        str(rubric.kind),
        tuple(str(point) for point in rubric.scale),
        rubric.anchors,
        {key: rubric.texts.get(f"title_{key}") or "" for key in ("ja", "en")},
        rubric.violation_at_most,
        rubric.acceptable_at_least,
        rubric.reason_at_most,
    )
    return (first, *(_further(given) for given in listed if isinstance(given, dict)))


def _further(given: dict[str, Any]) -> Axis:
    return Axis(
        given["name"],
        given["kind"],
        tuple(str(point) for point in given["scale"]),
        given.get("anchors") or {},
        {key: given.get(f"title_{key}") or "" for key in ("ja", "en")},
        given.get("violation_at_most"),
        given.get("acceptable_at_least"),
        given.get("reason_below"),
    )
