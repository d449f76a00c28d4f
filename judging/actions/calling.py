"""The work of a judge run: threads talk to the endpoint, and what arrives together is written together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from curation import llm
from curation.actions import jobs
from curation.actions.endpoints import client_of
from curation.log import OPERATOR
from curation.models import Endpoint, Job
from curation.pacing import NEVER
from curation.workflow import advance
from judging import prompting
from judging.actions.keeping import Answer, Ask, Taken, ask_judge, attempts_before, keep_all
from judging.actions.turns import WAITS, catch_up, keep_wait, take_turn
from judging.costs import Purse, priced
from judging.estimates import purse_of
from judging.models import JudgeCall, JudgeRun, Mode, Verdict
from judging.queries import UNANSWERED, population, references, verdict_counts

SAY_EVERY = 0.5  # seconds between two looks at the job's row
HEARTBEAT = 10.0  # seconds; said also while every call hangs
WAITING = 4  # calls in a pause between two tries, for each of which another may be under way
AHEAD = 1  # calls in the queue for each that is under way, so that none waits for an answer to be written
GATHER = 0.05  # seconds at most; what arrives within them is written in one transaction
GLANCE = 0.01  # seconds between two looks at whether half of what is under way has arrived: then none is waited for

DOWN = gettext_noop(
    "The endpoint does not answer (%(said)s), so the run has paused itself. What was answered is kept; resume it when "
    "the endpoint is back."
)
CAPPED = gettext_noop(
    "The run has reached its cap: %(spent)s spent. What was answered is kept; raise the cap to go on."
)


def carry_out(job: Job, *, client: llm.Client | None = None, at_once: int | None = None) -> dict[str, Any]:
    """The body of the job: make the calls that are missing, and leave the run in the state that says how it ended.

    Raises Taken where another job has the run, jobs.NotYet where another run asks the endpoint, and jobs.Cancelled where
    it ended before all was asked.
    """
    run = JudgeRun.objects.select_related("judge__dataset", "judge__endpoint", "task", "release").get(
        pk=job.arguments["run"]
    )
    endpoint = run.judge.endpoint
    assert endpoint is not None
    if run.job_id != job.pk:
        raise Taken
    if not take_turn(run, endpoint):
        raise jobs.NotYet(WAITS)
    verb, note = "fail", ""
    try:
        with client or client_of(endpoint, at_once=at_once) as talker:
            catch_up(talker, endpoint)
            note = _Pass(run, job, talker, endpoint).work()
        verb = "pause" if note else "succeed"
    except (jobs.Cancelled, KeyboardInterrupt) as stop:
        wish = JudgeRun.objects.values_list("stop_as", flat=True).get(pk=run.pk)
        verb = "pause" if wish == "pause" or isinstance(stop, KeyboardInterrupt) else "cancel"
        raise jobs.Cancelled from None
    except Taken:
        verb = ""
        raise
    finally:
        if verb:
            changes = {"finished_at": timezone.now(), "note": note, "stop_as": ""}
            advance(run, verb, actor=OPERATOR, dataset=run.judge.dataset, changes=changes)
    if note:
        Job.objects.filter(pk=job.pk).update(message=note)
        raise jobs.Cancelled
    return {"verdicts": verdict_counts(run)}


@dataclass
class _Pass:
    """One go at the missing calls. Rows are written by this thread alone."""

    run: JudgeRun
    job: Job
    client: llm.Client
    endpoint: Endpoint
    under_way: int = 0
    done: int = 0
    said: float = 0.0
    closed: float = -NEVER
    doubtful: list[Answer] = field(default_factory=list)
    arrived: SimpleQueue[tuple[Answer | BaseException, tuple[float, float]]] = field(
        default_factory=SimpleQueue
    )

    def work(self) -> str:
        """'' once every call has been made; else the sentence that says why the run pauses."""
        asks = list(missing(self.run))
        self.made = attempts_before(self.run)
        self.purse = purse_of(self.run)
        self.rest: Iterator[Ask] = iter(asks)
        self.next = next(self.rest, None)
        # Over the whole run: whoever resumes it sees how far it is, not how far since then.
        self.done = sum(n for status, n in verdict_counts(self.run).items() if status not in UNANSWERED)
        jobs.progress(self.job, self.done, self.done + len(asks))
        in_flight = self.client.limits.in_flight
        self.most = in_flight * (1 + AHEAD) + WAITING
        with ThreadPoolExecutor(max_workers=in_flight + WAITING) as pool:
            try:
                self._ask_all(pool)
            except BaseException as stop:
                # What is under way is paid for: its answers are kept before the run ends.
                self.client.stop()
                if not isinstance(stop, Taken):
                    self._drain()
                raise
        down = self.client.pacer.down
        # Whoever failed last did so because the endpoint was down: those calls are still to be made.
        self._keep([replace(answer, given_up=bool(down)) for answer in self.doubtful])
        jobs.progress(self.job, self.done)
        if down:
            return DOWN % {"said": down}
        return CAPPED % {"spent": _spent(self.purse)} if self.next else ""

    def _ask_all(self, pool: ThreadPoolExecutor) -> None:
        self._fill(pool)
        while self.under_way:
            self._take(HEARTBEAT)
            if time.monotonic() - self.said > SAY_EVERY:
                self.said = time.monotonic()
                jobs.progress(self.job, self.done)
            self._fill(pool)

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """As many calls more as may be under way, while the cap allows."""
        prompt = self.run.judge.spec["prompt"]
        while self.next and self.under_way < self.most and not self.client.pacer.down:
            messages = self.next.messages(prompt)
            cost = self.purse.cost(messages) if self.purse.capped else (0.0, 0.0)
            if not self.purse.covers(cost):
                return
            self.purse.set_aside(cost)
            self.under_way += 1
            pool.submit(self._one, self.next, messages, cost)
            self.next = next(self.rest, None)

    def _one(self, ask: Ask, messages: list[llm.Message], cost: tuple[float, float]) -> None:
        try:
            self.arrived.put((ask_judge(self.client, self.run.judge, ask, messages), cost))
        except BaseException as error:
            self.arrived.put((error, cost))

    def _take(self, seconds: float) -> None:
        """Wait for an answer, and keep it with all the others that are there by then."""
        came = []
        try:
            came.append(self.arrived.get(timeout=seconds))
            self._gather()
            while True:
                came.append(self.arrived.get_nowait())
        except Empty:
            pass
        self.under_way -= len(came)
        if self.client.pacer.closed_until != self.closed:
            self.closed = self.client.pacer.closed_until
            keep_wait(self.client, self.endpoint)
        good: list[Answer] = []
        faults: list[BaseException] = []
        for answer, cost in came:
            if isinstance(answer, BaseException):
                faults.append(answer)
                continue
            self.purse.settle(cost, *_tokens(self.purse, answer))
            (self.doubtful if answer.unanswered and not answer.dropped else good).append(answer)
        if any(not answer.dropped for answer in good):
            good, self.doubtful = [*good, *self.doubtful], []
        self._keep(good)
        if faults:
            raise faults[0]

    def _gather(self) -> None:
        """Let some more arrive, but not so many that the threads run out of calls to make."""
        until = time.monotonic() + GATHER
        while 2 * self.arrived.qsize() < self.under_way and time.monotonic() < until:
            time.sleep(GLANCE)

    def _keep(self, answers: list[Answer]) -> None:
        if answers:
            keep_all(self.run, answers, self.made)
            self.done += sum(not answer.dropped for answer in answers)

    def _drain(self) -> None:
        while self.under_way:
            self._take(HEARTBEAT)
            Job.objects.filter(pk=self.job.pk).update(heartbeat_at=timezone.now())
        self._keep(self.doubtful)
        Job.objects.filter(pk=self.job.pk).update(done=self.done)


def _tokens(purse: Purse, answer: Answer) -> tuple[float, float]:
    """What an answer took: as the server counts, else by its characters. Nothing for what was not answered."""
    tokens_in = tokens_out = 0.0
    for reply in answer.replies:
        if reply.tokens_in is not None:
            tokens_in += reply.tokens_in
            tokens_out += reply.tokens_out or 0
        elif reply.http_status == 200:
            guessed = purse.rates.per_character or 1.0
            tokens_in += answer.request["characters"] * guessed
            tokens_out += len(reply.text)
    return tokens_in, tokens_out


def _spent(purse: Purse) -> str:
    tokens = f"{purse.spent_in + purse.spent_out:,.0f} tokens"
    if purse.money is None:
        return tokens
    return f"{tokens}, {priced(purse.money, purse.prices['currency'])}"


def missing(run: JudgeRun) -> Iterator[Ask]:
    """The calls to make: by repeat first, then by question, both modes of a response beside each other.

    Drift so hits both modes alike, and calls on one question follow each other: they share a fence, and with it a
    prefix that servers need not compute again.
    """
    responses = {response.pk: response for response in population(run)}
    known = references(run, list(responses.values()))
    calls = JudgeCall.objects.filter(judge=run.judge_id, mode__in=run.modes, repeat__lte=run.repeats)
    answered = Verdict.objects.exclude(status__in=UNANSWERED).values("call")
    rows = (
        calls.exclude(pk__in=answered)
        .order_by("repeat", "response__question_hash", "response__item_key", "response", "mode")
        .values_list("pk", "response", "mode", "repeat")
    )
    fences: dict[tuple[int, str], str] = {}
    for call, pk, mode, repeat in rows.iterator():
        response = responses.get(pk)
        if response is None or (mode == Mode.REF and pk not in known):
            continue
        key = (repeat, response.question_hash or response.item_key)
        yield Ask(
            call=call,
            response=response,
            reference=known.get(pk, ""),
            mode=mode,
            fence=fences.setdefault(key, prompting.new_fence()),
        )
