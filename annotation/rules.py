"""May this person do this to that task? And who must not see its results yet."""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotation.models import RatingTask
from annotation.queries import TASK_ROLES, blind_tasks, tasks_to_rate
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
@rule("sync", RatingTask)
@rule("offer", RatingTask)
def run(actor: Actor, task: RatingTask) -> str | None:
    return needs(actor, task.dataset, Role.LEAD, Role.RESEARCHER)


@rule("lease", RatingTask)
@rule("rate", RatingTask)
@rule("skip", RatingTask)
def rate(actor: Actor, task: RatingTask) -> str | None:
    if isinstance(actor, Operator):
        return _("A rating needs a person.")
    if not tasks_to_rate(actor, task.dataset).filter(pk=task.pk).exists():
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
