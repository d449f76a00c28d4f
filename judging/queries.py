"""What a person may see of judges, runs and studies, and the rows a study is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotation.models import Rating, RatingTask, Response
from annotation.queries import TASK_ROLES, ratings_of, readable
from annotation.results import results_visible_to
from annotation.study_rows import study_responses
from curation.models import Dataset, Item, Person, Release, ReleaseItem
from curation.rules import roles_of
from curation.stats import StudyData, StudyRating, StudyRubric, StudyVerdict
from judging import prompting
from judging.models import Judge, JudgeCall, JudgeRun, Mode, Verdict

OK = Verdict.Status.OK
FEW = 500  # ids in one statement
SCALE = "spec__rubric__scale"  # of a judge; null where only its name is known
# No answer came: called again on a resume. Every other failure is the judge's own doing and stands.
UNANSWERED = (Verdict.Status.TRANSPORT, Verdict.Status.TIMEOUT)


def study_tasks(person: Person, dataset: Dataset) -> QuerySet[RatingTask]:
    """Tasks whose study the person may read: none that holds a response they have still to rate blind, in any task."""
    return results_visible_to(person, dataset)


def judges_visible_to(person: Person, dataset: Dataset) -> QuerySet[Judge]:
    if not roles_of(person, dataset) & TASK_ROLES:
        return Judge.objects.none()
    return Judge.objects.filter(dataset=dataset)


def runs_visible_to(person: Person, dataset: Dataset) -> QuerySet[JudgeRun]:
    """Runs over a release, and over tasks whose study the person may read."""
    if not roles_of(person, dataset) & TASK_ROLES:
        return JudgeRun.objects.none()
    runs = JudgeRun.objects.filter(judge__dataset=dataset)
    return runs.filter(Q(task=None) | Q(task__in=study_tasks(person, dataset).values("pk")))


def with_verdict_counts(judges: QuerySet[Judge]) -> QuerySet[Judge]:
    """Annotate `verdicts` and `failures`."""
    done = Count("calls__verdict", filter=Q(calls__verdict__status=OK))
    return judges.select_related("endpoint").annotate(
        verdicts=done, failures=Count("calls__verdict", filter=~Q(calls__verdict__status=OK))
    )


def judged_in(task: RatingTask) -> list[dict[str, Any]]:
    """Who judged the task's population, by name, with the reference first: `judge` (id), `name`, `mode`.

    A judge that is known to score on another scale measures something else (refusals, say): it is not among them. One
    look each into the judge's calls, up to the first that is there; a page asks for it every time.
    """
    calls = JudgeCall.objects.filter(
        judge=OuterRef("pk"), response__in_tasks__task=task, verdict__isnull=False
    )
    modes = {f"in_{mode}": Exists(calls.filter(mode=mode)) for mode in Mode.values}
    judges = Judge.objects.filter(dataset=task.dataset_id).annotate(**modes).order_by("name")
    return [
        {"judge": row["pk"], "name": row["name"], "mode": str(mode)}
        for row in judges.values("pk", "name", SCALE, *modes)
        for mode in (Mode.REF, Mode.NOREF)
        if row[f"in_{mode}"] and row[SCALE] in (None, task.rubric.scale)
    ]


def judges_by_task(tasks: list[RatingTask]) -> dict[int, list[str]]:
    """The names of the judges with verdicts in each task; one query for all of them."""
    rows = (
        JudgeCall.objects.filter(response__in_tasks__task__in=tasks, verdict__isnull=False)
        .order_by("judge__name")
        .values_list("response__in_tasks__task", "judge__name", f"judge__{SCALE}")
        .distinct()
    )
    found: dict[int, list[str]] = {}
    scales = {task.pk: task.rubric.scale for task in tasks}
    for task, name, scale in rows:
        if scale in (None, scales[task]) and name not in found.setdefault(task, []):
            found[task].append(name)
    return found


def study_data(task: RatingTask, judge: Judge, mode: str) -> StudyData:
    """A task's ratings and all verdicts of one judge, both modes, on its population, as the engine takes them.

    The questions are the clusters: siblings of one question count as one. Four narrow queries.
    """
    rubric = task.rubric
    other = Mode.NOREF if mode == Mode.REF else Mode.REF
    points = {str(point): point for point in rubric.scale}
    ratings = tuple(
        StudyRating(pk, rater, points.get(score), undecided, role)
        for pk, rater, score, undecided, role in ratings_of(task)
        .order_by("response", "rater")
        .values_list("response_id", "rater__pseudonym", "score", "cannot_decide", "role")
    )
    other_verdicts = tuple(_verdicts(task, judge, other, points))
    return StudyData(
        StudyRubric(
            "nominal" if rubric.kind == "nominal" else "ordinal",
            tuple(rubric.scale),
            rubric.violation_at_most,
            rubric.acceptable_at_least,
        ),
        tuple(study_responses(task)),
        ratings,
        tuple(_verdicts(task, judge, mode, points)),
        other_verdicts,
        other if other_verdicts else "",
    )


def _verdicts(task: RatingTask, judge: Judge, mode: str, points: dict[str, Any]) -> list[StudyVerdict]:
    """A score that another rubric's scale has and this one has not stays as it is: the engine counts it out of range."""
    rows = (
        Verdict.objects.filter(call__judge=judge, call__mode=mode, call__response__in_tasks__task=task)
        .order_by("call__response", "call__repeat")
        .values_list("call__response", "call__repeat", "score", "status")
    )
    return [
        StudyVerdict(response, repeat, points.get(score, score) if status == OK else None, status)
        for response, repeat, score, status in rows
    ]


def _responses_in(run: JudgeRun) -> QuerySet[Response]:
    """The responses a run is over; those whose text is not known cannot be judged."""
    if run.task is not None:
        rows = Response.objects.filter(in_tasks__task=run.task, text_known=True)
    else:
        assert run.release is not None
        frozen = ReleaseItem.objects.filter(
            release=run.release, external_id=OuterRef("item_key"), question_text=OuterRef("question_hash")
        )
        rows = Response.objects.filter(Exists(frozen), dataset=run.release.dataset_id, text_known=True)
    rows = readable(rows)
    return rows.filter(model__in=run.models_named) if run.models_named else rows


def population(run: JudgeRun) -> list[Response]:
    """The responses a run is over, with their texts."""
    return list(_responses_in(run).select_related("text", "question_text").order_by("pk"))


def wanted(
    run: JudgeRun, responses: list[Response], references: dict[int, str]
) -> Iterator[tuple[Response, str]]:
    """Response and mode of the calls that a run is over; each is made `run.repeats` times."""
    prompt = run.judge.spec["prompt"]
    for response in responses:
        for mode in run.modes:
            if prompting.fits(prompt, response.turns) and (mode != Mode.REF or response.pk in references):
                yield response, mode


def calls_of(run: JudgeRun) -> QuerySet[JudgeCall]:
    """The calls that the run is over: its own and those it found there."""
    calls = JudgeCall.objects.filter(judge=run.judge, mode__in=run.modes, repeat__lte=run.repeats)
    return calls.filter(response__in=_responses_in(run).values("pk"))


def references(run: JudgeRun, responses: list[Response]) -> dict[int, str]:
    """The reference answer of each response of a run that has one."""
    return references_of(responses, run.release or (run.task.release if run.task else None))


def references_of(responses: list[Response], release: Release | None) -> dict[int, str]:
    """By response: the release's answer to its question, else that of the item's approved revision."""
    frozen: dict[tuple[str, str], str] = {}
    keys = {response.item_key for response in responses}
    if release is not None:
        rows = ReleaseItem.objects.filter(release=release, answer_text__isnull=False)
        if len(keys) <= FEW:
            rows = rows.filter(external_id__in=keys)
        for key, question, body in rows.values_list("external_id", "question_text", "answer_text__body"):
            frozen[(key, question)] = body or ""
    lacking = [r for r in responses if r.item_id and (r.item_key, r.question_hash) not in frozen]
    approved: dict[tuple[int | None, str], str] = {}
    if lacking:
        revised = Item.objects.filter(pk__in={r.item_id for r in lacking}).values_list(
            "pk", "approved_revision__question_text", "approved_revision__answer_text__body"
        )
        approved = {(item, question): body for item, question, body in revised if body}
    found: dict[int, str] = {}
    for response in responses:
        # An answer to an older wording of the question is no reference for this one.
        question = response.question_hash
        answer = frozen.get((response.item_key, question)) or approved.get((response.item_id, question))
        if answer:
            found[response.pk] = answer
    return found


def scores_of(
    task: RatingTask, judge: Judge | None, mode: str, responses: list[int]
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """(ratings, verdicts) by response, of some responses of a study; failures are not among them."""
    ratings: dict[int, list[str]] = {}
    rows = ratings_of(task).filter(response__in=responses, role=Rating.Role.RATER, cannot_decide=False)
    for response, score in rows.order_by("response", "rater").values_list("response", "score"):
        ratings.setdefault(response, []).append(score)
    verdicts: dict[int, list[str]] = {}
    calls = Verdict.objects.filter(
        call__judge=judge, call__mode=mode, call__response__in=responses, status=OK
    )
    for response, score in calls.order_by("call__response", "call__repeat").values_list(
        "call__response", "score"
    ):
        verdicts.setdefault(response, []).append(score)
    return ratings, verdicts


def rated_rows(task: RatingTask, response: Response) -> QuerySet[Rating]:
    """The standing ratings of one response, by rater."""
    return ratings_of(task).filter(response=response).select_related("rater").order_by("role", "rater")


def verdict_counts(run: JudgeRun) -> dict[str, int]:
    """Verdicts by status of the calls that the run is over (its own and those it found there)."""
    rows = calls_of(run).filter(verdict__isnull=False).order_by()
    return dict(rows.values_list("verdict__status").annotate(n=Count("pk")))
