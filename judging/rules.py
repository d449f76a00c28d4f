"""May this person run this judge, read this study?"""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotation.models import RatingTask
from annotation.queries import TASK_ROLES
from curation.log import Actor, Operator
from curation.models import Dataset, Membership, Release
from curation.rules import needs, rule
from judging.boards import releases_visible_to
from judging.models import Judge, JudgeRun
from judging.queries import study_tasks

Role = Membership.Role


@rule("create_judge", Dataset)
@rule("import_verdicts", Dataset)
def bring_in(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.RESEARCHER)


@rule("judge", Judge)
@rule("reparse", Judge)
def judge(actor: Actor, subject: Judge) -> str | None:
    return needs(actor, subject.dataset, Role.RESEARCHER)


@rule("pause", JudgeRun)
@rule("cancel", JudgeRun)
@rule("resume", JudgeRun)
def run(actor: Actor, subject: JudgeRun) -> str | None:
    return needs(actor, subject.judge.dataset, Role.RESEARCHER)


@rule("leaderboard", Release)
def leaderboard(actor: Actor, release: Release) -> str | None:
    """Who plans or reads tasks, unless something in the dataset still waits for their own blind rating."""
    refusal = needs(actor, release.dataset, *TASK_ROLES)
    if refusal or isinstance(actor, Operator):
        return refusal
    if not releases_visible_to(actor, release.dataset).filter(pk=release.pk).exists():
        return _("You still rate responses in this dataset, so its leaderboard is not open to you yet.")
    return None


@rule("study", RatingTask)
def study(actor: Actor, task: RatingTask) -> str | None:
    """Who plans or reads tasks, unless something in it still waits for their own blind rating."""
    refusal = needs(actor, task.dataset, *TASK_ROLES)
    if refusal or isinstance(actor, Operator):
        return refusal
    if not study_tasks(actor, task.dataset).filter(pk=task.pk).exists():
        return _("You still rate responses of this task, so its study is not open to you yet.")
    return None
