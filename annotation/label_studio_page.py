"""What Label Studio shows to its annotators, and what comes back from there. Pure: plain values in and out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from xml.sax.saxutils import escape, quoteattr

from annotation.axes import Axis

UNDECIDED = "cannot_decide"
LONGEST_TIME = 6 * 3600.0  # seconds; a page left open over night says nothing about the work
LONGEST_COMMENT = 20_000


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """An annotation as it came. `scores` {axis: point} is empty where undecided; `wrong` is what is on no scale.

    `skipped`: the annotator passed the task over, so there is nothing to take.
    """

    annotation_id: int
    updated_at: str
    user_id: int
    scores: dict[str, str] = field(default_factory=dict)
    wrong: str = ""
    comment: str = ""
    seconds: float | None = None
    skipped: bool = False


def config_of(axes: Sequence[Axis], *, reference: bool = False) -> str:
    """The labelling page: question, response, one choice per point with its anchor, cannot decide, a reason.

    The texts come as values, never as markup. `reference` adds the place of the reference answer.
    """
    parts = [
        '<Header value="質問"/><Text name="question" value="$question"/>',
        '<Header value="参考回答"/><Text name="reference" value="$reference"/>' if reference else "",
        '<Header value="回答"/><Text name="response" value="$response"/>',
        *(_choices(number, axis) for number, axis in enumerate(axes)),
        f"<Header value={quoteattr(_reason(axes))}/>",
        '<TextArea name="comment" toName="response" rows="3" maxSubmissions="1" editable="true"/>',
    ]
    return f"<View>{''.join(parts)}</View>"


def _choices(number: int, axis: Axis) -> str:
    """The main axis has the choice "cannot decide" too; the others need no answer then."""
    rows = [
        f"<Choice value={quoteattr(point)} html={quoteattr(_anchor(axis, point))}"
        f"{_hotkey(point) if number == 0 else ''}/>"
        for point in axis.points
    ]
    if number == 0:
        rows.append(f'<Choice value="{UNDECIDED}" html="判断できない" hotkey="0"/>')
    required = "true" if number == 0 else "false"
    return (
        f"<Header value={quoteattr(axis.title('ja'))}/>"
        f'<Choices name="axis{number}" toName="response" choice="single" required="{required}" showInline="false">'
        f"{''.join(rows)}</Choices>"
    )


def _hotkey(point: str) -> str:
    return f' hotkey="{point}"' if point in set("123456789") else ""


def _anchor(axis: Axis, point: str) -> str:
    """The partner renders this as HTML: the words are escaped for it here, and for the XML by whoever quotes them."""
    anchor = axis.anchors.get(point) or {}
    first = f"{escape(point)} {escape(str(anchor.get('ja') or ''))}".strip()
    long = escape(str(anchor.get("long_ja") or ""))
    return f"<b>{first}</b><br>{long}" if long else first


def _reason(axes: Sequence[Axis]) -> str:
    asked = [point for point in axes[0].points if axes[0].asks_reason(point)]
    return f"理由（{'、'.join(asked)}を選んだときは書いてください）" if asked else "コメント（任意）"


def project_of(
    *, title: str, mark: str, axes: Sequence[Axis], overlap: int, instructions: str, reference: bool
) -> dict[str, Any]:
    """What a project is made with. The description carries the mark by which it is found again."""
    return {
        "title": title[:50].ljust(3, "_"),
        "description": mark,
        "label_config": config_of(axes, reference=reference),
        "expert_instruction": escape(instructions).replace("\n", "<br>"),
        "show_instruction": bool(instructions),
        "show_skip_button": True,
        "enable_empty_annotation": False,
        "show_annotation_history": False,
        "show_collab_predictions": False,
        "maximum_annotations": overlap,
        "sampling": "Sequential sampling",
    }


def annotated(given: Any, axes: Sequence[Axis]) -> Annotated | None:
    """An annotation as the partner sends it; None where it has no number, no time or no author.

    Everything in it is foreign: types are checked, nothing is rounded or guessed.
    """
    who = given.get("completed_by") if isinstance(given, dict) else None
    who = who.get("id") if isinstance(who, dict) else who
    at = given.get("updated_at") if isinstance(given, dict) else None
    if not _number(who) or not isinstance(at, str) or not 0 < len(at) <= 40 or not _number(given.get("id")):
        return None
    values = _values(given.get("result"))
    scores, wrong = _scores(values, axes)
    return Annotated(
        annotation_id=given["id"],
        updated_at=at,
        user_id=who,
        scores=scores,
        wrong=wrong,
        comment="\n".join(values.get("comment") or [])[:LONGEST_COMMENT].strip(),
        seconds=_seconds(given.get("lead_time")),
        skipped=bool(given.get("was_cancelled")),
    )


def _number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _values(result: Any) -> dict[str, list[str]]:
    """Name of the control -> the texts that were chosen or written in it."""
    found: dict[str, list[str]] = {}
    for one in result if isinstance(result, list) else []:
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(value, dict) or not isinstance(one.get("from_name"), str):
            continue
        texts = value.get("choices") or value.get("text") or []
        texts = [texts] if isinstance(texts, str) else texts
        found.setdefault(one["from_name"], []).extend(
            str(text) for text in texts if isinstance(text, str | int)
        )
    return found


def _scores(values: dict[str, list[str]], axes: Sequence[Axis]) -> tuple[dict[str, str], str]:
    """Points by axis, and what stands in the way of taking them ('' for nothing)."""
    if values.get("axis0") == [UNDECIDED]:
        return {}, ""
    scores: dict[str, str] = {}
    for number, axis in enumerate(axes):
        chosen = values.get(f"axis{number}") or []
        if len(chosen) != 1 or chosen[0] not in axis.points:
            return {}, f"{axis.name}: {', '.join(chosen) or '-'}"[:80]
        scores[axis.name] = chosen[0]
    return scores, ""


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value <= LONGEST_TIME else None
