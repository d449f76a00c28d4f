"""Bringing a task's responses to Label Studio: what is missing there, in the seed's order, never twice."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation.actions.places import arm_of
from annotation.label_studio import PIECE, Partner, PartnerFailed
from annotation.label_studio_page import project_of
from annotation.models import Exchange, PartnerProject, RatingTask, TaskResponse
from curation.models import ReleaseItem

REF = "teinei"
ROUNDS = 4  # of looking what is missing and sending it


@dataclass(frozen=True)
class Place:
    """A response's place in the population, as far as the exchange needs it."""

    row: int
    response: int
    side: int


Beat = Callable[[int, int], None]  # done, of how many


def reference_shown(task: RatingTask, project: int, side: int) -> bool:
    """Whether the project shows the reference answer of a question on that side."""
    return arm_of(task, project, side)


def numbers_of(task: RatingTask) -> list[int]:
    """The task's projects: two where raters are dealt to two arms, else one."""
    return [0, 1] if task.arms == RatingTask.Arms.BOTH else [0]


def mark_of(exchange: Exchange, number: int) -> str:
    """What a project's description holds, so that it is found again."""
    return f"teinei-{exchange.token}-{number}"


def ref_of(exchange: Exchange, response: int) -> str:
    """What stands for the response over there. Its own number would tell the model: they were imported one by one."""
    return hmac.new(exchange.token.encode(), str(response).encode(), hashlib.sha256).hexdigest()[:24]


def places_by_ref(exchange: Exchange) -> dict[str, Place]:
    """Everything of the population, offered or not: what was pushed once may come back."""
    rows = TaskResponse.objects.filter(task=exchange.task).values_list("pk", "response_id", "side")
    return {ref_of(exchange, response): Place(pk, response, side) for pk, response, side in rows}


def payloads(exchange: Exchange, number: int) -> Iterator[dict[str, Any]]:
    """What goes out of each offered response: texts and a mark. No model, no category, no rating.

    In the population's drawn order, but that no two answers to one question stand side by side where that can be
    avoided.
    """
    task = exchange.task
    answers = _answers(task)
    rows = (
        TaskResponse.objects.filter(task=task, offered=True, response__text_known=True)
        .select_related("response__text", "response__question_text")
        .order_by("position")
    )
    for row in apart(rows):
        response = row.response
        given = {
            REF: ref_of(exchange, response.pk),
            "question": response.question_text.body if response.question_text else "",
            "response": response.text.body if response.text else "",
        }
        if True in {arm_of(task, number, side) for side in (0, 1)}:
            shown = arm_of(task, number, row.side)
            # Japanese, as all that annotators read there.
            given["reference"] = answers.get(response.item_key, "") if shown else "（この質問では示しません）"
        yield given


def _answers(task: RatingTask) -> dict[str, str]:
    if task.release_id is None or task.arms == RatingTask.Arms.WITHOUT:
        return {}
    rows = ReleaseItem.objects.filter(release=task.release_id).select_related("answer_text")
    return {row.external_id: row.answer for row in rows}


def apart(rows: Iterable[TaskResponse]) -> list[TaskResponse]:
    """The rows in their order, but one whose question was the last is put off until another has come between.

    What is left at the end goes back to the nearest place where it has no sibling beside it.
    """
    ordered: list[TaskResponse] = []
    put_off: deque[TaskResponse] = deque()
    for row in rows:
        put_off.append(row)
        while (one := _other_than(_question(ordered[-1]) if ordered else "", put_off)) is not None:
            ordered.append(one)
    for row in put_off:
        beside = range(len(ordered), -1, -1)
        free = (n for n in beside if _question(row) not in map(_question, ordered[max(0, n - 1) : n + 1]))
        ordered.insert(next(free, len(ordered)), row)
    return ordered


def _other_than(last: str, waiting: deque[TaskResponse]) -> TaskResponse | None:
    for number, row in enumerate(waiting):
        if _question(row) != last:
            del waiting[number]
            return row
    return None


def _question(row: TaskResponse) -> str:
    return row.response.question_hash or row.response.item_key


def project_for(exchange: Exchange, number: int, partner: Partner) -> PartnerProject:
    """The project over there, made at the first time; one made just before a crash is found by its mark."""
    known, _new = PartnerProject.objects.get_or_create(exchange=exchange, number=number)
    if known.project_id is not None:
        return known
    mark = mark_of(exchange, number)
    there = partner.projects_marked(mark)
    made = there[0] if there else _create(exchange, number, partner, mark)
    PartnerProject.objects.filter(pk=known.pk).update(project_id=made)
    known.project_id = made
    return known


def _create(exchange: Exchange, number: int, partner: Partner, mark: str) -> int:
    task = exchange.task
    title = task.name if len(numbers_of(task)) == 1 else f"{task.name[:44]} ({number + 1}/2)"
    try:
        return partner.create_project(
            project_of(
                title=title,
                mark=mark,
                axes=task.rubric.axes,
                overlap=task.overlap,
                instructions=str(task.rubric.texts.get("instructions_ja") or ""),
                reference=True in {arm_of(task, number, side) for side in (0, 1)},
            )
        )
    except PartnerFailed as error:
        # It may have been made all the same; a second look tells.
        if error.what != "unsure" or not (there := partner.projects_marked(mark)):
            raise
        return there[0]


def missing_in(exchange: Exchange, number: int, there: set[str]) -> list[dict[str, Any]]:
    return [one for one in payloads(exchange, number) if one[REF] not in there]


def push(project: PartnerProject, partner: Partner, beat: Beat) -> int:
    """Send what the project lacks, in pieces; returns how many were sent.

    Before each round it is looked what is there, so that whatever broke off (this program, the network, their server)
    goes on where it was; what came twice all the same is taken away again where nobody has annotated it.
    """
    assert project.project_id is not None
    sent = 0
    for _round in range(ROUNDS):
        there = _there(project.project_id, partner)
        missing = missing_in(project.exchange, project.number, there)
        if not missing:
            return sent
        try:
            for start in range(0, len(missing), PIECE):
                beat(start, len(missing))
                piece = missing[start : start + PIECE]
                partner.import_tasks(project.project_id, piece)
                sent += len(piece)
        except PartnerFailed as error:
            if error.what not in ("unsure", "down"):
                raise
            partner.pause(1.0)
    if missing_in(project.exchange, project.number, _there(project.project_id, partner)):
        raise PartnerFailed(
            "refused",
            _("Label Studio did not keep all that was sent. Sync again; only what is missing is sent."),
        )
    return sent


def _there(project: int, partner: Partner) -> set[str]:
    """Our marks in the project. Of a mark that is there twice only what was annotated stays, or the first."""
    there: dict[str, list[tuple[bool, int]]] = {}
    for _total, rows in partner.tasks(project, annotations=False):
        for row in rows:
            ref = row.get("data", {}).get(REF)
            if isinstance(ref, str):
                there.setdefault(ref, []).append((not row.get("total_annotations"), row["id"]))
    for copies in there.values():
        for bare, task in sorted(copies)[1:]:
            if bare:
                partner.delete_task(task)
    return set(there)
