"""Cases whose right scores are known: a practice set, and silent checks."""

from __future__ import annotations

from itertools import count

from annotation.actions.draws import Turn
from annotation.models import GoldCase, Response, Rubric, TaskRater
from curation.actions.texts import keep_text

_numbers = count(1)


def make_case(
    rubric: Rubric,
    *,
    accepted: dict[str, list[str]] | None = None,
    use: str = GoldCase.Use.PRACTICE,
    labels: tuple[str, ...] = ("area", "type", "leaf0"),
    **texts: str,
) -> GoldCase:
    """A case outside every population, with a reference answer; right is a score of 1 or 2 unless `accepted` says otherwise."""
    number = next(_numbers)
    question = keep_text(f"練習の質問{number}です。")
    response = Response.objects.create(
        dataset=rubric.dataset,
        item_key=f"gold-{number}",
        question_hash=question.hash,
        question_text=question,
        labels=list(labels),
        model="modelsecret-gold",
        text=keep_text(f"練習の回答{number}です。"),
    )
    return GoldCase.objects.create(
        rubric=rubric,
        response=response,
        use=use,
        position=GoldCase.objects.filter(rubric=rubric, use=use).count(),
        reference_text=keep_text(f"練習の参考回答{number}です。"),
        accepted=accepted or {rubric.axis: ["1", "2"]},
        **({"explanation_ja": f"説明{number}", "explanation_en": f"explained {number}"} | texts),
    )


def draw_checks(place: TaskRater, *, share: float, checks: int, within: int) -> None:
    """Give the place's task a seed with which so many of the rater's first turns are checks, whatever their numbers are."""
    task = place.task
    task.gold_share = share
    for task.seed in range(10_000):
        turns = [Turn(place=place, number=number, last=None) for number in range(1, within + 1)]
        if sum(turn.draw("gold") < share for turn in turns) >= checks:
            task.save()
            return
    raise LookupError(checks)
