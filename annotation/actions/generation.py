"""Responses from a model endpoint: only those that are missing, each kept as soon as it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from django.db import transaction

from annotation.actions.responses import identity, made_of
from annotation.models import Response
from curation import llm
from curation.actions.endpoints import client_of
from curation.actions.texts import keep_texts
from curation.formats import ResponseRow
from curation.log import Actor, record
from curation.models import Dataset, Endpoint, Release, ReleaseItem
from curation.rules import require

MOST_AT_ONCE = 16


@dataclass(kw_only=True)
class Generated:
    """How many responses came, how many were there before, and failures by name."""

    new: int = 0
    known: int = 0
    failures: Counter[str] = field(default_factory=Counter)


def generate(
    actor: Actor,
    dataset: Dataset,
    *,
    release: Release,
    endpoint: Endpoint,
    split: str = "test",
    sample: int = 0,
    parallel: int = 4,
    progress: Callable[[int, int], None] = lambda done, total: None,
    client: llm.Client | None = None,
) -> Generated:
    """Ask the endpoint for a response to every question of the release's split (`all`: of both) that has none yet.

    Called again it goes on where it stopped. A failed call leaves no response: it is counted by its name and asked
    again next time. `progress(done, total)` may raise to stop; what came so far is kept.
    """
    require(actor, "generate", dataset)
    items = release.items.select_related("question_text")
    wanted = list(items if split == "all" else items.filter(split=split))
    done = Generated()
    missing = _missing(dataset, endpoint, wanted, sample)
    done.known = len(wanted) - len(missing)
    talker = client or client_of(endpoint)
    at_once = max(1, min(parallel, MOST_AT_ONCE))
    with talker, ThreadPoolExecutor(max_workers=at_once) as pool:
        running: dict[Future[llm.Reply], ReleaseItem] = {}
        rest = list(reversed(missing))
        try:
            while rest or running:
                while rest and len(running) < at_once:
                    item = rest.pop()
                    running[pool.submit(talker.chat, _messages(item))] = item
                # Threads only talk to the endpoint; rows are written here, one transaction for each answer.
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    _keep(dataset, endpoint, running.pop(future), sample, future.result(), done)
                progress(len(missing) - len(rest) - len(running), len(missing))
        finally:
            for future in running:
                future.cancel()
    failures = dict(done.failures)
    record(
        actor, "generate", release, endpoint=endpoint.pk, new=done.new, known=done.known, failures=failures
    )
    return done


def _messages(item: ReleaseItem) -> list[llm.Message]:
    return [{"role": "user", "content": item.question_text.body}]


def _row(endpoint: Endpoint, item: ReleaseItem, sample: int, text: str) -> ResponseRow:
    settings = {"settings": endpoint.settings, "snapshot": endpoint.snapshot}
    return ResponseRow(0, item.external_id, endpoint.model, text, sample, {"settings": settings})


def _missing(
    dataset: Dataset, endpoint: Endpoint, wanted: list[ReleaseItem], sample: int
) -> list[ReleaseItem]:
    known = {identity(row) for row in Response.objects.filter(dataset=dataset, model=endpoint.model)}
    rows = ((item, made_of(dataset, item, _row(endpoint, item, sample, ""))) for item in wanted)
    return [item for item, response in rows if identity(response) not in known]


@transaction.atomic
def _keep(
    dataset: Dataset, endpoint: Endpoint, item: ReleaseItem, sample: int, reply: llm.Reply, done: Generated
) -> None:
    if not reply.ok:
        done.failures[reply.status] += 1
        return
    keep_texts([reply.text])
    made_of(dataset, item, _row(endpoint, item, sample, reply.text)).save()
    done.new += 1
