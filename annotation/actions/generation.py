"""Responses from model endpoints: only those that are missing, each kept as soon as it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.actions.responses import identity, made_of
from annotation.models import Response
from curation import llm
from curation.access import require_access
from curation.actions.endpoints import client_of
from curation.actions.texts import keep_texts
from curation.errors import Invalid
from curation.formats import ResponseRow
from curation.formats.conversations import questions_of, transcript, turns_of
from curation.log import Actor, record
from curation.models import Dataset, Endpoint, Release, ReleaseItem
from curation.rules import require

MOST_ENDPOINTS = 50
MOST_TOGETHER = 200  # answers written in one transaction

Progress = Callable[[str, int, int], None]


@dataclass(kw_only=True)
class Generated:
    """Of one endpoint: how many responses came, how many were there before, failures by name, and what it said when it
    was given up ('' while it answers)."""

    new: int = 0
    known: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    down: str = ""


@dataclass(eq=False)
class _Lane:
    """One endpoint, asked at its own pace."""

    endpoint: Endpoint
    client: llm.Client
    missing: list[ReleaseItem]
    pool: ThreadPoolExecutor
    done: Generated
    came: int = 0

    def end(self) -> None:
        """Send no request more, and wait for those under way."""
        self.client.stop()
        self.pool.shutdown(cancel_futures=True)
        self.client.close()


@dataclass(frozen=True)
class _Answer:
    """What a conversation of one or more turns came to; `failed` is the name of what ended it, '' where nothing did."""

    lane: _Lane
    item: ReleaseItem
    questions: list[str]
    answers: list[str]
    failed: str


Came = SimpleQueue[_Answer | BaseException]


def generate(
    actor: Actor,
    dataset: Dataset,
    *,
    release: Release,
    endpoints: Sequence[Endpoint],
    split: str = "test",
    sample: int = 0,
    parallel: int | None = None,
    progress: Progress = lambda endpoint, done, total: None,
) -> dict[str, Generated]:
    """Ask every endpoint for a response to each question of the release's split (`all`: of both) that it lacks.

    The endpoints are asked at the same time, each within its own limits (`parallel` lowers the calls at a time). A
    question of several turns is asked turn by turn; only a whole conversation is a response. Called again it goes on
    where it stopped: a failed call leaves no response, is counted by its name and asked again next time.
    `progress(endpoint, done, total)` may raise to stop; what came so far is kept. Raises Invalid for endpoints whose
    responses would be the same.
    """
    require(actor, "generate", dataset)
    require_access(release)
    _check(endpoints)
    items = release.items.filter(question_text__redacted_at=None).select_related("question_text")
    wanted = list(items if split == "all" else items.filter(split=split))
    lanes = [_lane(dataset, endpoint, wanted, sample, parallel) for endpoint in endpoints]
    came: Came = SimpleQueue()
    rest = sum(len(lane.missing) for lane in lanes)
    try:
        for lane in lanes:
            for item in lane.missing:
                lane.pool.submit(_ask, lane, item, came)
        while rest:
            group = _together(came)
            rest -= len(group)
            _keep(dataset, group, sample)
            for lane in {one.lane for one in group}:
                progress(lane.endpoint.name, lane.came, len(lane.missing))
    finally:
        for lane in lanes:
            lane.end()
        if not came.empty():  # what was under way is paid for
            _keep(dataset, _together(came), sample)
    for lane in lanes:
        _log(actor, release, lane)
    return {lane.endpoint.name: lane.done for lane in lanes}


def _log(actor: Actor, release: Release, lane: _Lane) -> None:
    done, failures = lane.done, dict(lane.done.failures)
    done.down = lane.client.pacer.down
    pk = lane.endpoint.pk
    record(actor, "generate", release, endpoint=pk, new=done.new, known=done.known, failures=failures)


def _check(endpoints: Sequence[Endpoint]) -> None:
    if not 1 <= len(endpoints) <= MOST_ENDPOINTS:
        message = _("Name from 1 to %(most)d endpoints.")
        raise Invalid(message % {"most": MOST_ENDPOINTS}, field="endpoint")
    seen: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        key = repr((endpoint.model, endpoint.snapshot, sorted(endpoint.settings.items())))
        other = seen.setdefault(key, endpoint)
        if other is not endpoint:
            message = _(
                "%(one)s and %(other)s have the same model and settings: their responses would be the same."
            )
            raise Invalid(message % {"one": other.name, "other": endpoint.name}, field="endpoint")


def _lane(
    dataset: Dataset, endpoint: Endpoint, wanted: list[ReleaseItem], sample: int, parallel: int | None
) -> _Lane:
    known = {identity(row) for row in Response.objects.filter(dataset=dataset, model=endpoint.model)}
    rows = ((item, made_of(dataset, item, _row(endpoint, item, sample, ""))) for item in wanted)
    missing = [item for item, response in rows if identity(response) not in known]
    client = client_of(endpoint, at_once=parallel)
    pool = ThreadPoolExecutor(max_workers=client.limits.in_flight)
    return _Lane(endpoint, client, missing, pool, Generated(known=len(wanted) - len(missing)))


def _together(came: Came) -> list[_Answer]:
    """The next answer, waited for, and those that are there by then."""
    found: list[_Answer] = []
    while len(found) < MOST_TOGETHER:
        try:
            one = came.get(block=not found)
        except Empty:
            break
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found


def _ask(lane: _Lane, item: ReleaseItem, came: Came) -> None:
    """A whole conversation, in a thread that touches no row."""
    try:
        questions = questions_of(item.question_text.body, item.attributes)
        said: list[llm.Message] = []
        answers: list[str] = []
        failed = ""
        for question in questions:
            said.append({"role": "user", "content": question})
            reply = lane.client.chat(said)
            if not reply.ok:
                failed = reply.status
                break
            # Half of a surrogate pair is no text that a database keeps.
            text = reply.text.encode("utf-8", "replace").decode()
            answers.append(text)
            said.append({"role": "assistant", "content": text})
        came.put(_Answer(lane, item, questions, answers, failed))
    except BaseException as error:  # the thread that waits must hear of it
        came.put(error)


def _row(
    endpoint: Endpoint, item: ReleaseItem, sample: int, text: str, turns: Sequence[dict[str, str]] = ()
) -> ResponseRow:
    settings = {"settings": endpoint.settings, "snapshot": endpoint.snapshot}
    extra = {"settings": settings, "turns": list(turns)}
    return ResponseRow(0, item.external_id, endpoint.model, text, sample, extra)


@transaction.atomic
def _keep(dataset: Dataset, group: Sequence[_Answer], sample: int) -> None:
    made: list[Response] = []
    bodies: list[str] = []
    for one in group:
        one.lane.came += 1
        if one.failed:
            one.lane.done.failures[one.failed] += 1
            continue
        turns = turns_of(one.questions, one.answers)
        bodies.append(transcript(turns) if turns else one.answers[0])
        made.append(made_of(dataset, one.item, _row(one.lane.endpoint, one.item, sample, bodies[-1], turns)))
        one.lane.done.new += 1
    keep_texts(bodies)
    Response.objects.bulk_create(made)
