"""The way into a campaign: the content warning, and the practice set with its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.leases import rater_of
from annotation.models import GoldCase, PracticeAnswer, Qualification, Rater, RatingTask
from annotation.qualifying import best_for, enough, open_step, reaches
from annotation.queries import intact
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import Actor, person_of, record
from curation.models import OptOut, Person
from curation.rules import allows, require

PRACTICE = GoldCase.Use.PRACTICE


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a rater is with a practice set. `over` once the last case is answered; `passed` says how, at the task's own
    threshold. `before` is (right, asked) of an earlier attempt that was enough elsewhere and is not here.
    `spared`: there are cases, and the rater opted out of every one of them.
    """

    attempt: int
    cases: int
    asked: int
    right: int
    over: bool
    passed: bool
    before: tuple[int, int] | None
    spared: bool


@transaction.atomic
def acknowledge_warning(person: Person, task: RatingTask) -> Rater:
    """Note that the person has read what kind of texts await them. Twice does no harm; the first time stays."""
    require(person, "acknowledge_warning", task)
    rater = rater_of(person, task)
    fresh = Rater.objects.filter(pk=rater.pk, warned_at=None).update(warned_at=timezone.now())
    if fresh:
        record(person, "acknowledge_warning", rater, dataset=task.dataset, task=task.pk)
    rater.refresh_from_db(fields=["warned_at"])
    return rater


def cases_of(task: RatingTask, rater: Rater) -> list[GoldCase]:
    """The practice set as the rater gets it, in its order: without the categories they opted out of."""
    cases = intact(GoldCase.objects.filter(rubric=task.rubric_id, use=PRACTICE)).order_by("position")
    shown = cases.select_related("response__text", "response__question_text", "reference_text")
    closed = _closed_to([rater]).get(rater.pk, ())
    return [case for case in shown if not _under("\t".join(case.response.labels), closed)]


def spared(task: RatingTask, raters: Sequence[Rater]) -> set[int]:
    """Those of the raters who opted out of every practice case, where there are some: two queries for all of them."""
    labels = GoldCase.objects.filter(rubric=task.rubric_id, use=PRACTICE).values_list(
        "response__labels", flat=True
    )
    paths = ["\t".join(found) for found in labels]
    return {
        rater
        for rater, closed in _closed_to(raters).items()
        if paths and all(_under(path, closed) for path in paths)
    }


def _closed_to(raters: Sequence[Rater]) -> dict[int, tuple[str, ...]]:
    """Rater -> the paths that they opted out of, of those who did."""
    of_person = {rater.person_id: rater.pk for rater in raters if rater.person_id}
    found: dict[int, tuple[str, ...]] = {}
    rows = OptOut.objects.filter(person__in=of_person).values_list("person", "category__path")
    for person, path in rows:
        found[of_person[person]] = (*found.get(of_person[person], ()), path)
    return found


def _under(path: str, closed: tuple[str, ...]) -> bool:
    return any(path == above or path.startswith(above + "\t") for above in closed)


def attempts_of(task: RatingTask, rater: Rater) -> QuerySet[Qualification]:
    """The rater's attempts at the task's rubric, newest first. They count for every task by this version."""
    return Qualification.objects.filter(rater=rater, rubric=task.rubric_id).order_by("-attempt")


def attempt_at(task: RatingTask, rater: Rater) -> Qualification | None:
    """The attempt that counts for the task: one that is enough for it, else the newest; None where a new one begins.

    Each task measures attempts by its own threshold: one that was enough elsewhere and is not here stays what it is, and
    the rater begins another.
    """
    attempts = list(attempts_of(task, rater).reverse())
    wanted = task.qualify_at or 0.0
    enough = best_for(attempts, wanted)
    if enough is not None or not attempts:
        return enough
    newest = attempts[-1]
    return None if newest.passed else newest


def standing(task: RatingTask, rater: Rater) -> Standing:
    """Where the attempt that counts for the task stands (one not begun yet has nothing asked)."""
    found = attempt_at(task, rater)
    answered = set(found.answers.values_list("case", flat=True)) if found else set()
    cases = [case.pk for case in cases_of(task, rater)]
    last = attempts_of(task, rater).filter(passed=True).first()
    over = found is not None and found.passed is not None
    here = answered | set(cases)
    return Standing(
        attempt=found.attempt if found else attempts_of(task, rater).count() + 1,
        cases=len(here),
        asked=found.asked if found else 0,
        right=found.right if found else 0,
        over=over,
        passed=found is not None and reaches(found, task.qualify_at or 0.0),
        before=(last.right, last.asked) if last and last.asked and not over else None,
        spared=not here and GoldCase.objects.filter(rubric=task.rubric_id, use=PRACTICE).exists(),
    )


def next_case(task: RatingTask, rater: Rater) -> GoldCase | None:
    """The practice case to answer now; None where the attempt is over or the set is empty."""
    found = attempt_at(task, rater)
    if found is not None and found.passed is not None:
        return None
    answered = set(found.answers.values_list("case", flat=True)) if found else set()
    return next((case for case in cases_of(task, rater) if case.pk not in answered), None)


@transaction.atomic
def close_emptied(person: Person, task: RatingTask) -> None:
    """End an attempt with answers whose cases are all gone: opted out of since, or taken away. What was answered counts.

    An attempt without an answer says nothing yet and stays open.
    """
    if not allows(person, "practise", task):
        return
    rater = rater_of(person, task)
    Rater.objects.select_for_update().get(pk=rater.pk)
    found = attempt_at(task, rater)
    if found is not None and found.passed is None and found.answers.exists():
        _count(person, task, rater, found)


@transaction.atomic
def practise(person: Person, task: RatingTask, *, case: int, scores: Mapping[str, object]) -> PracticeAnswer:
    """Answer a practice case; the last one ends the attempt, passed at `task.qualify_at` or failed.

    A case is answered once in an attempt: sent twice, or from two tabs, the first answer stands and is given back.
    An axis may be left blank (cannot decide), which is never right. Raises Invalid for a point outside the scale and
    for a case of another set, WrongState once the attempt is over.
    """
    require(person, "practise", task)
    rater = rater_of(person, task)
    Rater.objects.select_for_update().get(pk=rater.pk)
    found = next((each for each in cases_of(task, rater) if each.pk == case), None)
    if found is None:
        raise Invalid(_("This case is not part of the practice set. Open the page again."), field="case")
    attempt = attempt_at(task, rater) or Qualification.objects.create(
        rater=rater, rubric=task.rubric, attempt=attempts_of(task, rater).count() + 1
    )
    known = attempt.answers.filter(case=found).first()
    if known is not None:
        return known
    if attempt.passed is not None:
        raise WrongState(_("This attempt is over."))
    given = checked_scores(task, scores)
    answer = PracticeAnswer.objects.create(
        qualification=attempt, case=found, scores=given, right=is_right(found, given)
    )
    _count(person, task, rater, attempt)
    return answer


def checked_scores(task: RatingTask, scores: Mapping[str, object]) -> dict[str, str]:
    """A point of each axis of the rubric as it is stored, blank where it was left. Raises Invalid, naming the axis."""
    given: dict[str, str] = {}
    for axis in task.rubric.axes:
        text = str(scores.get(axis.name) or "").strip()
        if text and text not in axis.points:
            raise Invalid(
                _("“%(score)s” is not on the scale: %(scale)s.")
                % {"score": text[:40], "scale": ", ".join(axis.points)},
                field=axis.name,
            )
        given[axis.name] = text
    return given


def is_right(case: GoldCase, given: Mapping[str, str]) -> bool:
    """Whether every axis that the case decides got one of its accepted points."""
    return all(given.get(axis) in points for axis, points in accepted_points(case).items())


def accepted_points(case: GoldCase) -> dict[str, list[str]]:
    return {axis: [str(point) for point in points] for axis, points in case.accepted.items()}


def _count(person: Person, task: RatingTask, rater: Rater, attempt: Qualification) -> None:
    """Write the attempt's figures from its answers, and close it after the last case."""
    attempt.asked = attempt.answers.count()
    attempt.right = attempt.answers.filter(right=True).count()
    answered = set(attempt.answers.values_list("case", flat=True))
    if all(case.pk in answered for case in cases_of(task, rater)):
        attempt.passed = enough(attempt.right, attempt.asked, task.qualify_at or 0.0)
        attempt.ended_at = timezone.now()
        record(
            person,
            "qualify" if attempt.passed else "fail_practice",
            attempt,
            dataset=task.dataset,
            task=task.pk,
            right=attempt.right,
            asked=attempt.asked,
        )
    attempt.save(update_fields=["asked", "right", "passed", "ended_at"])


@transaction.atomic
def allow_attempt(actor: Actor, task: RatingTask, rater: Rater) -> Qualification:
    """Let a rater who failed practise once more, from the first case on.

    Raises WrongState where the rater has not failed, or has an attempt open: a second press changes nothing.
    """
    require(actor, "allow_attempt", task)
    person = person_of(actor)
    if person is not None and rater.person_id == person.pk:
        raise NotAllowed(_("Another attempt is for somebody else to allow."))
    if not task.places.filter(rater=rater).exists():
        raise Invalid(_("This rater does not take part in the task."), field="rater")
    Rater.objects.select_for_update().get(pk=rater.pk)
    attempts = list(attempts_of(task, rater).reverse())
    if open_step(attempts, task.qualify_at or 0.0) != "failed":
        raise WrongState(_("Only a rater whose practice has failed needs another attempt."))
    made = Qualification.objects.create(rater=rater, rubric=task.rubric, attempt=attempts[-1].attempt + 1)
    record(actor, "allow_attempt", made, dataset=task.dataset, task=task.pk, attempt=made.attempt)
    return made
