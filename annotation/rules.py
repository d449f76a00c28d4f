"""May this person do this to that task? And who must not see its results yet."""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotation.models import Assignment, RatingTask, Rubric, TaskRater, TaskResponse
from annotation.queries import TASK_ROLES, blind_tasks, may_rate, tasks_to_rate
from annotation.results import fully_rated, open_to, results_visible_to
from curation.log import Actor, Operator
from curation.models import Dataset, Membership, Person
from curation.rules import needs, roles_of, rule

Role = Membership.Role


def blinded(person: Person, task: RatingTask) -> bool:
    """Whether the person still has something to rate in the task.

    Then its study, its models, verdicts and others' ratings do not exist for them, whatever other roles they have.
    """
    return blind_tasks(person, task.dataset).filter(pk=task.pk).exists()


def blinded_in(person: Person, dataset: Dataset) -> bool:
    """Whether any open task of the dataset makes the person blind."""
    return blind_tasks(person, dataset).exists()


@rule("create_task", Dataset)
@rule("create_rubric", Dataset)
@rule("import_responses", Dataset)
@rule("import_ratings", Dataset)
@rule("generate", Dataset)
def plan(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.LEAD, Role.RESEARCHER)


@rule("close", RatingTask)
@rule("reopen", RatingTask)
@rule("add_raters", RatingTask)
@rule("pause_rater", RatingTask)
@rule("sync", RatingTask)
@rule("decide_conflict", RatingTask)
@rule("offer", RatingTask)
@rule("allow_attempt", RatingTask)
def run(actor: Actor, task: RatingTask) -> str | None:
    return needs(actor, task.dataset, Role.LEAD, Role.RESEARCHER)


@rule("connect_partner", Dataset)
def connect_partner(actor: Actor, dataset: Dataset) -> str | None:
    """Whoever names the address that the server speaks to answers for the machine, not for a dataset."""
    if isinstance(actor, Operator) or actor.is_superuser:
        return None
    return _("Only the operator of the system and its administrators may do this.")


@rule("lease", RatingTask)
@rule("rate", RatingTask)
@rule("skip", RatingTask)
@rule("acknowledge_warning", RatingTask)
@rule("practise", RatingTask)
@rule("save_draft", RatingTask)
def rate(actor: Actor, task: RatingTask) -> str | None:
    if isinstance(actor, Operator):
        return _("A rating needs a person.")
    if not tasks_to_rate(actor, task.dataset).filter(pk=task.pk).exists():
        return _("This task is closed, or you are not among its raters.")
    return None


@rule("lease", TaskRater)
@rule("rate", TaskRater)
@rule("skip", TaskRater)
def rate_at(actor: Actor, place: TaskRater) -> str | None:
    """The same for a place that was just read (`queries.place_of`): no further query."""
    if isinstance(actor, Operator):
        return _("A rating needs a person.")
    if place.rater.person_id != actor.pk or not may_rate(place):
        return _("This task is closed, or you are not among its raters.")
    return None


@rule("correct", RatingTask)
def correct(actor: Actor, task: RatingTask) -> str | None:
    """A rating is changed by whoever has not been able to look at the results since."""
    refusal = rate(actor, task)
    if refusal or isinstance(actor, Operator):
        return refusal
    if roles_of(actor, task.dataset) & TASK_ROLES and not blinded(actor, task):
        return _("You can see the results of this task now, so your ratings stand as they are.")
    return None


@rule("read_quality", RatingTask)
@rule("export_ratings", RatingTask)
def read_results(actor: Actor, task: RatingTask) -> str | None:
    """Results are for those who may see them: nobody who has still to rate any of these responses blind."""
    if isinstance(actor, Operator) or results_visible_to(actor, task.dataset).filter(pk=task.pk).exists():
        return None
    return _("The results of this task are not open to you, or you have still to rate in it.")


@rule("read_blinding", RatingTask)
def read_blinding(actor: Actor, task: RatingTask) -> str | None:
    """The report says how often each rater met a silent check, so it is for those who rate nothing of the task any more."""
    if not isinstance(actor, Operator) and blinded(actor, task):
        return _("You have still to rate in this task, so its report is hidden from you.")
    return needs(actor, task.dataset, Role.LEAD, Role.RESEARCHER)


@rule("adjudicate", TaskResponse)
def adjudicate(actor: Actor, row: TaskResponse) -> str | None:
    """A final value comes from somebody who plans, sees the results, and gave none of the raw ratings."""
    if isinstance(actor, Operator):
        return _("A final value needs a person.")
    refusal = needs(actor, row.task.dataset, Role.LEAD, Role.RESEARCHER) or read_results(actor, row.task)
    if refusal:
        return refusal
    if Assignment.objects.filter(
        task=row.task_id, rater__person=actor, state=Assignment.State.LEASED
    ).exists():
        return _("You hold a response of this task to rate. Rate or skip it first.")
    if not open_to(actor, TaskResponse.objects.filter(pk=row.pk)).exists():
        return _("You rated this response yourself, so somebody else gives it its final value.")
    if not fully_rated(row.task).filter(pk=row.pk).exists():
        return _("This response has not all its ratings yet.")
    return None


def rates_by(person: Person, rubric: Rubric) -> bool:
    """Whether the person takes part in an open task by this version: then its cases with known scores are hidden."""
    mine = RatingTask.objects.filter(rubric=rubric, state=RatingTask.State.OPEN, external=False)
    return mine.filter(places__rater__person=person).exists()


@rule("keep_cases", Rubric)
def keep_cases(actor: Actor, rubric: Rubric) -> str | None:
    """Cases with known scores are seen and changed by those who plan, never by those whom they check."""
    refusal = needs(actor, rubric.dataset, Role.LEAD, Role.RESEARCHER)
    if refusal is None and not isinstance(actor, Operator) and rates_by(actor, rubric):
        return _("You rate by this rubric, so its cases with known scores are hidden from you.")
    return refusal


@rule("sign", Rubric)
def sign(actor: Actor, rubric: Rubric) -> str | None:
    if isinstance(actor, Operator):
        return _("A signature needs a person.")
    return needs(actor, rubric.dataset, Role.LEAD, Role.REVIEWER)
