"""Judge runs: every (response, mode, repeat) called once, each answer kept as it comes, the rest taken up later."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import RatingTask, Response
from curation import llm
from curation.actions import jobs
from curation.actions.endpoints import client_of
from curation.errors import Conflict, Invalid
from curation.log import OPERATOR, Actor, person_of, record
from curation.models import Job, Person, Release
from curation.rules import require
from curation.workflow import advance
from judging import prompting
from judging.actions.judges import scale_of
from judging.models import Attempt, Judge, JudgeCall, JudgeRun, Mode, Verdict
from judging.parsing import PARSER_VERSION
from judging.profiles import read_reply
from judging.queries import UNANSWERED, population, references, verdict_counts

S = JudgeRun.State
CHUNK = 500
MOST_REPEATS = 20
AT_ONCE = 8
SAY_EVERY = 0.5  # seconds between two looks at the job's row
HEARTBEAT = 15.0  # seconds; said also while every call hangs
LOST_AFTER = timedelta(minutes=5)  # without a heartbeat


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One call as it will be made."""

    call: int
    response: Response
    reference: str
    mode: str
    fence: str

    def messages(self, prompt: dict[str, Any]) -> list[llm.Message]:
        response = self.response
        return prompting.messages(
            prompt,
            self.mode,
            question=response.question_text.body if response.question_text else "",
            response=response.text.body if response.text else "",
            reference=self.reference,
            fence=self.fence,
            turns=response.turns,
        )


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
    send: bool = True,
) -> JudgeRun:
    """Begin a pass of a judge over a task's or a release's responses, or take up the same one that broke off.

    Calls that have a verdict already, from whatever run, are not made again. `send` False leaves the job to the
    caller (a command that does the work itself). Raises Invalid where judge and population do not fit, Conflict
    while the judge is busy.
    """
    require(actor, "judge", judge)
    if task is not None:
        require(actor, "study", task)
    if (judge.spec.get("prompt") or {}).get("profile"):
        repeats = 1  # the published tool takes one sample
    _check(judge, task, release, modes, repeats)
    _no_other(judge)
    ordered = [mode for mode in Mode.values if mode in modes]
    same = JudgeRun.objects.filter(judge=judge, task=task, release=release, repeats=repeats)
    ended = same.filter(state__in=[S.FAILED, S.CANCELLED]).first()
    if ended and ended.modes == ordered and ended.models_named == sorted(models):
        return resume(actor, ended, send=send)
    run = JudgeRun.objects.create(
        judge=judge,
        task=task,
        release=release,
        models_named=sorted(models),
        modes=ordered,
        repeats=repeats,
        person=person_of(actor),
    )
    if not plan(run):
        raise Invalid(_("There is nothing to judge: no response with a known text, or no reference answers."))
    _queue(actor, run, send=send)
    record(actor, "judge", run, dataset=judge.dataset, repeats=repeats)
    return run


@transaction.atomic
def resume(actor: Actor, run: JudgeRun, *, send: bool = True) -> JudgeRun:
    """Go on with what has no verdict yet, and with calls that never got an answer."""
    require(actor, "resume", run)
    settle(run)
    _no_other(run.judge)
    advance(run, "resume", actor=actor, dataset=run.judge.dataset, changes={"finished_at": None})
    plan(run)
    _queue(actor, run, send=send)
    return run


@transaction.atomic
def cancel(person: Person, run: JudgeRun) -> None:
    """Ask a run to stop; what is answered by then is kept."""
    require(person, "cancel", run)
    if run.job is not None and run.job.finished_at is None:
        Job.objects.filter(pk=run.job.pk).update(cancel_requested=True)
        if run.job.state == Job.State.QUEUED:
            advance(run.job, "cancel", actor=person, changes={"finished_at": timezone.now()})
    settle(run)


def settle(run: JudgeRun) -> None:
    """Let a run follow its job where that ended without it: cancelled in the queue, or lost with its process."""
    if run.state not in (S.QUEUED, S.RUNNING) or run.job_id is None:
        return
    job = Job.objects.filter(pk=run.job_id).get()
    now = timezone.now()
    if job.state == Job.State.RUNNING and (job.heartbeat_at or job.created_at) < now - LOST_AFTER:
        jobs.fail(job, message=_("The worker went away. What was answered is kept; resume to go on."))
    if job.state in (Job.State.CANCELLED, Job.State.FAILED):
        verb = "cancel" if job.state == Job.State.CANCELLED else "fail"
        advance(run, verb, actor=OPERATOR, dataset=run.judge.dataset, changes={"finished_at": now})


def plan(run: JudgeRun) -> int:
    """Make the calls that are missing for the run's responses, modes and repeats; how many the run is over in all."""
    responses = population(run)
    known, prompt = references(run, responses), run.judge.spec["prompt"]
    wanted = [
        (response.pk, mode, repeat)
        for repeat in range(1, run.repeats + 1)
        for response in responses
        for mode in run.modes
        if prompting.fits(prompt, response.turns) and (mode != Mode.REF or response.pk in known)
    ]
    JudgeCall.objects.bulk_create(
        (
            JudgeCall(judge_id=run.judge_id, response_id=response, mode=mode, repeat=repeat, run=run)
            for response, mode, repeat in wanted
        ),
        batch_size=CHUNK,
        ignore_conflicts=True,
    )
    return len(wanted)


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
    """One run of a judge at a time: two would make the same calls twice."""
    for other in JudgeRun.objects.filter(judge=judge, state__in=[S.QUEUED, S.RUNNING]).select_related("job"):
        settle(other)
        if other.state in (S.QUEUED, S.RUNNING):
            message = _("Run #%(number)d of this judge is not done yet. Wait for it, or cancel it first.")
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


def carry_out(job: Job, *, client: llm.Client | None = None, at_once: int = AT_ONCE) -> dict[str, Any]:
    """The body of the job: make the calls that are missing, and leave the run in the state that says how it ended."""
    run = JudgeRun.objects.select_related("judge__dataset", "judge__endpoint", "task", "release").get(
        pk=job.arguments["run"]
    )
    dataset = run.judge.dataset
    advance(run, "start", actor=OPERATOR, log=False)
    verb = "fail"
    try:
        assert run.judge.endpoint is not None
        with client or client_of(run.judge.endpoint) as talker:
            _ask_all(run, job, talker, at_once)
        verb = "succeed"
    except jobs.Cancelled:
        verb = "cancel"
        raise
    finally:
        changes = {"finished_at": timezone.now()}
        advance(run, verb, actor=OPERATOR, dataset=dataset, changes=changes)
    return {"verdicts": verdict_counts(run)}


def _ask_all(run: JudgeRun, job: Job, client: llm.Client, at_once: int) -> None:
    """Threads only talk to the endpoint; rows are written here, one transaction for each answer."""
    asks = list(_missing(run))
    rest: Iterator[Ask] = iter(asks)
    prompt, sampling = run.judge.spec["prompt"], run.judge.spec["sampling"]
    said, done = 0.0, 0
    jobs.progress(job, 0, len(asks))
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        running: dict[Future[llm.Reply], Ask] = {}

        def fill() -> None:
            while len(running) < at_once and (ask := next(rest, None)):
                running[pool.submit(client.chat, ask.messages(prompt), **sampling)] = ask

        try:
            fill()
            while running:
                for future in wait(running, timeout=HEARTBEAT, return_when=FIRST_COMPLETED).done:
                    keep(run, running.pop(future), client, future.result())
                    done += 1
                if time.monotonic() - said > SAY_EVERY:
                    said = time.monotonic()
                    jobs.progress(job, done)
                fill()
        except jobs.Cancelled:
            # What is under way is paid for: its answers are kept before the run ends.
            for future, ask in running.items():
                if not future.cancel():
                    keep(run, ask, client, future.result())
            raise
    jobs.progress(job, done)


def _missing(run: JudgeRun) -> Iterable[Ask]:
    """The calls to make: by repeat first, both modes of a response beside each other, so that drift hits both alike."""
    responses = {response.pk: response for response in population(run)}
    known = references(run, list(responses.values()))
    calls = JudgeCall.objects.filter(judge=run.judge_id, mode__in=run.modes, repeat__lte=run.repeats)
    answered = Verdict.objects.exclude(status__in=UNANSWERED).values("call")
    rows = (
        calls.exclude(pk__in=answered)
        .order_by("repeat", "response", "mode")
        .values_list("pk", "response", "mode")
    )
    for call, response, mode in rows:
        if response in responses and (mode != Mode.REF or response in known):
            yield Ask(
                call=call,
                response=responses[response],
                reference=known.get(response, ""),
                mode=mode,
                fence=prompting.new_fence(),
            )


@transaction.atomic
def keep(run: JudgeRun, ask: Ask, client: llm.Client, reply: llm.Reply) -> None:
    """Write what came back, raw, and the verdict it holds. A failure has a name and no score."""
    request = client.body(ask.messages(run.judge.spec["prompt"]), **run.judge.spec["sampling"])
    sent = json.dumps(request.pop("messages"), ensure_ascii=False).encode()
    # Texts are not copied: with the fence the messages can be made again, and the hash says whether they are the same.
    request |= {"fence": ask.fence, "messages_sha256": hashlib.sha256(sent).hexdigest()}
    before = Attempt.objects.filter(call=ask.call).aggregate(last=Max("number"))["last"] or 0
    last = len(reply.tries)
    Attempt.objects.bulk_create(
        Attempt(
            call_id=ask.call,
            number=before + number,
            request=request,
            reply=one.raw,
            http_status=one.http_status,
            error=one.error[:200],
            finish_reason=reply.finish_reason if number == last else "",
            tokens_in=reply.tokens_in if number == last else None,
            tokens_out=reply.tokens_out if number == last else None,
            milliseconds=one.milliseconds,
        )
        for number, one in enumerate(reply.tries, start=1)
    )
    status, score, reason = reply.status, "", ""
    if reply.ok:
        judged = ask.response.text.body if ask.response.text else ""
        prompt = run.judge.spec["prompt"]
        found = read_reply(prompt, reply.text, scale_of(run.judge), fence=ask.fence, judged=judged)
        status, reason = found.status, found.reason
        score = "" if found.score is None else str(found.score)
    values = {"status": status, "score": score, "reason": reason, "parser_version": PARSER_VERSION}
    Verdict.objects.update_or_create(call_id=ask.call, defaults=values)
