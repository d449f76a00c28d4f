"""Runs on one endpoint take turns, so that what it allows holds over all of them, whichever worker carries them out."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from curation import llm
from curation.actions import jobs
from curation.log import OPERATOR
from curation.models import Endpoint, Job
from curation.pacing import MINUTE
from curation.workflow import advance
from judging.models import Attempt, JudgeRun

S = JudgeRun.State
# Kept as a job's message it is also the mark of a job that waits to be sent again.
WAITS = gettext_noop("Another run asks the same endpoint. This one begins by itself when that one has ended.")


def asking(run: JudgeRun) -> JudgeRun | None:
    """The other run that asks the run's endpoint now."""
    others = JudgeRun.objects.filter(judge__endpoint=run.judge.endpoint_id, state=S.RUNNING)
    return others.exclude(pk=run.pk).select_related("judge__dataset").first()


@transaction.atomic
def take_turn(run: JudgeRun, endpoint: Endpoint) -> bool:
    """Begin the run, unless another one asks its endpoint: of two who come at once, one begins."""
    Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if asking(run):
        JudgeRun.objects.filter(pk=run.pk, state=S.QUEUED).update(note=WAITS)
        return False
    advance(run, "start", actor=OPERATOR, log=False, changes={"note": ""})
    return True


def send_next() -> int:
    """Send the run that has waited longest for each endpoint that nobody asks any more; how many were sent."""
    from judging.tasks import judge

    waiting = JudgeRun.objects.filter(state=S.QUEUED, job__state=Job.State.QUEUED, job__message=WAITS)
    sent: set[int] = set()
    for run in waiting.select_related("judge").order_by("pk"):
        place, job = run.judge.endpoint_id, run.job_id
        if place is None or job is None or place in sent or asking(run):
            continue
        # Of several who find it waiting, one sends it.
        if Job.objects.filter(pk=job, state=Job.State.QUEUED, message=WAITS).update(message=""):
            sent.add(place)
            jobs.send(judge, job)
    return len(sent)


def catch_up(client: llm.Client, endpoint: Endpoint) -> None:
    """Let a new client know what the runs before it have sent within the last minute."""
    if not (client.limits.requests_per_minute or client.limits.tokens_per_minute):
        return
    now, here = timezone.now(), time.monotonic()
    recent: list[tuple[float, int]] = []
    rows = Attempt.objects.order_by("-pk").values_list(
        "call__judge__endpoint", "created_at", "milliseconds", "tokens_in", "tokens_out"
    )
    for place, kept, lasted, tokens_in, tokens_out in rows.iterator(chunk_size=500):
        age = (now - kept).total_seconds()
        if age >= MINUTE:
            break
        if place == endpoint.pk:
            recent.append((here - age - (lasted or 0) / 1000, (tokens_in or 0) + (tokens_out or 0)))
    for sent, tokens in sorted(recent):
        client.pacer.remember(sent, tokens)


def keep_wait(client: llm.Client, endpoint: Endpoint) -> None:
    """Write down, for whoever asks the endpoint next, how long it wants to be left alone."""
    left = client.pacer.closed_until - time.monotonic()
    if left > 0:
        until = timezone.now() + timedelta(seconds=left)
        Endpoint.objects.filter(pk=endpoint.pk).update(closed_until=until)
