"""Judge runs: started, paused, resumed, cancelled, and found again where their worker died."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.models import RatingTask
from curation.access import require_access
from curation.actions import jobs
from curation.errors import Conflict, Invalid
from curation.log import OPERATOR, Actor, person_of, record
from curation.models import Job, Release
from curation.rules import require
from curation.workflow import advance
from judging.actions.judges import scale_of
from judging.actions.turns import asking, send_next
from judging.estimates import estimate
from judging.models import Judge, JudgeCall, JudgeRun, Mode
from judging.queries import population, references, wanted

S = JudgeRun.State
CHUNK = 500
MOST_REPEATS = 20
MOST_TOKENS = 10**15
LOST_AFTER = timedelta(seconds=60)  # without a heartbeat, which is said every ten
LOST = gettext_noop("The worker went away. What was answered is kept; resume to go on.")


@transaction.atomic
def start_run(
    actor: Actor,
    *,
    judge: Judge,
    task: RatingTask | None = None,
    release: Release | None = None,
    models: Sequence[str] = (),
    modes: Sequence[str] = (Mode.REF,),
    repeats: int = 3,
    most_tokens: int | None = None,
    most_money: float | None = None,
    send: bool = True,
) -> JudgeRun:
    """Begin a pass of a judge over a task's or a release's responses, or take up the same one that broke off.

    Calls that have a verdict already, from whatever run, are not made again. `most_tokens` and `most_money` cap what the
    run may take; where it is taken up again, a cap that is given replaces the one before. `send` False leaves the job
    to the caller (a command that does the work itself). Raises Invalid where judge and population do not fit, Conflict
    while the judge is busy.
    """
    run = _described(actor, judge, task, release, models, modes, repeats)
    _no_other(judge)
    if not send:
        _refuse_if_asked(run)
    same = JudgeRun.objects.filter(judge=judge, task=task, release=release, repeats=run.repeats)
    ended = same.filter(state__in=[S.PAUSED, S.FAILED, S.CANCELLED]).first()
    if ended and ended.modes == run.modes and ended.models_named == run.models_named:
        return resume(actor, ended, most_tokens=most_tokens, most_money=most_money, send=send)
    _cap(run, most_tokens, most_money)
    run.person = person_of(actor)
    run.save()
    if not plan(run):
        raise Invalid(_("There is nothing to judge: no response with a known text, or no reference answers."))
    _queue(actor, run, send=send)
    record(actor, "judge", run, dataset=judge.dataset, repeats=run.repeats)
    return run


def estimate_run(
    actor: Actor,
    *,
    judge: Judge,
    task: RatingTask | None = None,
    release: Release | None = None,
    models: Sequence[str] = (),
    modes: Sequence[str] = (Mode.REF,),
    repeats: int = 3,
) -> dict[str, Any]:
    """What `start_run` with the same arguments would take; nothing is written. Raises Invalid as it does."""
    return estimate(_described(actor, judge, task, release, models, modes, repeats))


def _described(
    actor: Actor,
    judge: Judge,
    task: RatingTask | None,
    release: Release | None,
    models: Sequence[str],
    modes: Sequence[str],
    repeats: int,
) -> JudgeRun:
    """The run as a row that is not saved yet."""
    require(actor, "judge", judge)
    if task is not None:
        require(actor, "study", task)
    if (judge.spec.get("prompt") or {}).get("profile"):
        repeats = 1  # the published tool takes one sample
    _check(judge, task, release, modes, repeats)
    require_access(release or (task.release if task else None))
    return JudgeRun(
        judge=judge,
        task=task,
        release=release,
        models_named=sorted(models),
        modes=[mode for mode in Mode.values if mode in modes],
        repeats=repeats,
    )


def _cap(run: JudgeRun, most_tokens: int | None, most_money: float | None) -> None:
    """Take caps that are given; one that is not stays as it was."""
    if most_money is not None and not (run.judge.endpoint and run.judge.endpoint.prices):
        message = _(
            "The endpoint has no prices, so money cannot be counted. Give it prices, or cap the tokens."
        )
        raise Invalid(message, field="most_money")
    if most_money is not None and not 0 < most_money <= MOST_TOKENS:
        raise Invalid(_("The most money a run may take must be above 0."), field="most_money")
    if most_tokens is not None and not 0 < most_tokens <= MOST_TOKENS:
        raise Invalid(_("The most tokens a run may take must be above 0."), field="most_tokens")
    run.most_tokens = most_tokens if most_tokens is not None else run.most_tokens
    run.most_money = most_money if most_money is not None else run.most_money


@transaction.atomic
def resume(
    actor: Actor,
    run: JudgeRun,
    *,
    most_tokens: int | None = None,
    most_money: float | None = None,
    send: bool = True,
) -> JudgeRun:
    """Go on with what has no verdict yet, and with calls that never got an answer; with a higher cap where one is given."""
    require(actor, "resume", run)
    require_access(run.release or (run.task.release if run.task else None))
    settle(run)
    _no_other(run.judge)
    if not send:
        _refuse_if_asked(run)
    _cap(run, most_tokens, most_money)
    changes: dict[str, Any] = {"finished_at": None, "note": "", "stop_as": ""}
    changes |= {"most_tokens": run.most_tokens, "most_money": run.most_money}
    advance(run, "resume", actor=actor, dataset=run.judge.dataset, changes=changes)
    plan(run)
    _queue(actor, run, send=send)
    return run


@transaction.atomic
def pause(actor: Actor, run: JudgeRun) -> None:
    """Ask a run to stop for now; what is under way is answered and kept."""
    require(actor, "pause", run)
    _stop(actor, run, "pause")


@transaction.atomic
def cancel(actor: Actor, run: JudgeRun) -> None:
    """Ask a run to stop for good; what is answered by then is kept."""
    require(actor, "cancel", run)
    _stop(actor, run, "cancel")


def _stop(actor: Actor, run: JudgeRun, verb: str) -> None:
    settle(run)
    job = run.job
    if run.state == S.RUNNING and job is not None:
        wish = JudgeRun.objects.filter(pk=run.pk)
        # Whoever pauses in one tab does not take back what was cancelled in another.
        (wish.exclude(stop_as="cancel") if verb == "pause" else wish).update(stop_as=verb)
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        return
    changes = {"finished_at": timezone.now(), "note": ""}
    advance(run, verb, actor=actor, dataset=run.judge.dataset, changes=changes)
    if job is None:
        return
    # A job that looks just now whether its endpoint is free sees the wish when it stands in the queue again.
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    job.refresh_from_db()
    if job.state == Job.State.QUEUED:
        advance(job, "cancel", actor=actor, changes={"finished_at": timezone.now()})


def settle(run: JudgeRun) -> None:
    """Let a run follow its job where that ended without it: cancelled in the queue, or lost with its process."""
    if run.state not in (S.QUEUED, S.RUNNING) or run.job_id is None:
        return
    job = Job.objects.filter(pk=run.job_id).get()
    now = timezone.now()
    note = ""
    if job.state == Job.State.RUNNING and (job.heartbeat_at or job.created_at) < now - LOST_AFTER:
        jobs.fail(job, message=LOST)
        note = LOST
    if job.state in (Job.State.CANCELLED, Job.State.FAILED):
        verb = "cancel" if job.state == Job.State.CANCELLED else "fail"
        changes = {"finished_at": now, "note": note or job.message, "stop_as": ""}
        advance(run, verb, actor=OPERATOR, dataset=run.judge.dataset, changes=changes)


def settle_all() -> int:
    """Find the runs whose worker died, and send those that waited for them; how many died. Done again and again."""
    found = JudgeRun.objects.filter(state__in=[S.QUEUED, S.RUNNING], job__isnull=False)
    lost = 0
    for run in found.select_related("judge__dataset"):
        before = run.state
        try:
            settle(run)
        except Conflict:
            continue  # it ended by itself meanwhile
        lost += run.state != before
    send_next()
    return lost


def plan(run: JudgeRun) -> int:
    """Make the calls that are missing for the run's responses, modes and repeats; how many the run is over in all."""
    responses = population(run)
    pairs = list(wanted(run, responses, references(run, responses)))
    JudgeCall.objects.bulk_create(
        (
            JudgeCall(judge_id=run.judge_id, response=response, mode=mode, repeat=repeat, run=run)
            for repeat in range(1, run.repeats + 1)
            for response, mode in pairs
        ),
        batch_size=CHUNK,
        ignore_conflicts=True,
    )
    return len(pairs) * run.repeats


def _check(
    judge: Judge, task: RatingTask | None, release: Release | None, modes: Sequence[str], repeats: int
) -> None:
    if (task is None) == (release is None):
        raise Invalid(_("Name a task, or a release with models."), field="task")
    for named in (task, release):
        if named is not None and named.dataset_id != judge.dataset_id:
            raise Invalid(_("Judge and responses belong to different datasets."), field="judge")
    if judge.endpoint is None:
        raise Invalid(
            _("The judge %(name)s has no endpoint: it was run elsewhere, and imports bring its verdicts.")
            % {"name": judge.name},
            field="judge",
        )
    if task is not None and [str(point) for point in scale_of(judge)] != task.rubric.points:
        message = _("The judge scores on %(judge)s, the task on %(task)s: their scores cannot be compared.")
        scales = {"judge": ", ".join(map(str, scale_of(judge))), "task": ", ".join(task.rubric.points)}
        raise Invalid(message % scales, field="judge")
    prompted = set(judge.spec["prompt"]["modes"])
    if not modes or set(modes) - prompted:
        message = _("The judge's prompt has the modes: %(modes)s.")
        raise Invalid(message % {"modes": ", ".join(sorted(prompted))}, field="mode")
    if not 1 <= repeats <= MOST_REPEATS:
        raise Invalid(_("Repeats must be from 1 to %(most)d.") % {"most": MOST_REPEATS}, field="repeats")


def _no_other(judge: Judge) -> None:
    """One run of a judge at a time: two would make the same calls twice. Those who ask at once take turns."""
    Judge.objects.select_for_update().get(pk=judge.pk)
    for other in JudgeRun.objects.filter(judge=judge, state__in=[S.QUEUED, S.RUNNING]).select_related("job"):
        settle(other)
        if other.state in (S.QUEUED, S.RUNNING):
            message = _("Run #%(number)d of this judge is not done yet. Wait for it, or cancel it first.")
            raise Conflict(message % {"number": other.pk})


def _refuse_if_asked(run: JudgeRun) -> None:
    """Whoever does the work themselves stands in no queue."""
    other = asking(run)
    if other is None:
        return
    settle(other)
    if other.state == S.RUNNING:
        message = _(
            "Run #%(number)d asks the same endpoint now. Wait for its end, or leave this run to the worker (--queue): it "
            "then begins by itself."
        )
        raise Conflict(message % {"number": other.pk})


class _ByCaller:
    """In place of the task where the caller does the work itself."""

    def delay(self, job: int) -> None:
        """Nothing is sent."""


def _queue(actor: Actor, run: JudgeRun, *, send: bool) -> None:
    from judging.tasks import judge as task

    dataset = run.judge.dataset
    job = jobs.queue_job(
        actor,
        dataset,
        kind="judge",
        title=_("Judging by %(judge)s") % {"judge": run.judge.name},
        task=task if send else _ByCaller(),
        arguments={"run": run.pk},
        target_url=reverse("judging:run", kwargs={"dataset": dataset.slug, "pk": run.pk}),
    )
    JudgeRun.objects.filter(pk=run.pk).update(job=job)
    run.job = job
