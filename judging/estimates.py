"""How a run stands: what it has spent and will, how fast it goes, and whether its verdicts may be published."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone

from curation.models import Endpoint
from judging import prompting
from judging.actions.keeping import Ask, further
from judging.costs import Purse, Rates, characters, money, priced
from judging.models import Attempt, Judge, JudgeCall, JudgeRun, Verdict
from judging.queries import UNANSWERED, calls_of, population, references, wanted

LAST = 500  # stored answers that the tokens of a character are measured from
LOOKED_AT = timedelta(seconds=60)


def rates_of(endpoint: Endpoint) -> Rates:
    """Measured from the endpoint's last answers that were counted."""
    rows = Attempt.objects.filter(call__judge__endpoint=endpoint, tokens_in__gt=0).order_by("-pk")
    counted = [
        (int(request.get("characters") or 0), tokens_in or 0, tokens_out or 0)
        for request, tokens_in, tokens_out in rows.values_list("request", "tokens_in", "tokens_out")[:LAST]
        # The turn of a repair holds more than the request's own characters.
        if not request.get("repair")
    ]
    written = sum(one[0] for one in counted)
    if written == 0:
        return Rates()
    return Rates(
        per_character=sum(one[1] for one in counted) / written,
        reply=sum(one[2] for one in counted) / len(counted),
        measured=len(counted),
    )


def purse_of(run: JudgeRun) -> Purse:
    """The run's caps, and what its attempts have taken so far."""
    endpoint, sampling = run.judge.endpoint, run.judge.spec["sampling"]
    assert endpoint is not None
    rates = rates_of(endpoint)
    spent = Attempt.objects.filter(run=run).aggregate(
        tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out")
    )
    uncounted = Attempt.objects.filter(run=run, tokens_in=None, http_status=200)
    guessed_in = guessed_out = 0.0
    for request, reply in uncounted.values_list("request", "reply").iterator():
        guessed_in += (request.get("characters") or 0) * (rates.per_character or 1.0)
        guessed_out += len(reply)
    return Purse(
        prices=endpoint.prices,
        most_tokens=run.most_tokens,
        most_money=run.most_money,
        rates=rates,
        longest=_longest(sampling),
        further=further(run.judge.spec["prompt"]),
        spent_in=(spent["tokens_in"] or 0) + guessed_in,
        spent_out=(spent["tokens_out"] or 0) + guessed_out,
    )


def _longest(sampling: dict[str, Any]) -> int | None:
    found: int | None = sampling.get("max_completion_tokens") or sampling.get("max_tokens")
    return found


def spent_of(run: JudgeRun) -> dict[str, Any]:
    """What the servers have counted for the run's attempts, beside its caps."""
    spent = Attempt.objects.filter(run=run).aggregate(
        tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out")
    )
    tokens_in, tokens_out = spent["tokens_in"] or 0, spent["tokens_out"] or 0
    prices = run.judge.endpoint.prices if run.judge.endpoint else {}
    taken, currency = money(prices, tokens_in, tokens_out), prices.get("currency", "")
    return {
        "tokens": tokens_in + tokens_out,
        "money": taken,
        "most_tokens": run.most_tokens,
        "priced": priced(taken, currency),
        "most_priced": priced(run.most_money, currency),
    }


def estimate(run: JudgeRun) -> dict[str, Any]:
    """What a run would take that is not begun (its row need not be saved): counts of calls, tokens, money.

    Every request is made up and measured in characters; nothing is written and nobody is asked.
    """
    judge = run.judge
    assert judge.endpoint is not None
    prompt, rates = judge.spec["prompt"], rates_of(judge.endpoint)
    responses = population(run)
    known, fence = references(run, responses), prompting.new_fence()
    stored = _answered(judge, run)
    prices = judge.endpoint.prices
    most = Purse(
        prices=prices, rates=rates, longest=_longest(judge.spec["sampling"]), further=further(prompt)
    )
    total, written, tokens_in, to_make = 0, 0, 0.0, 0
    for response, mode in wanted(run, responses, known):
        missing = run.repeats - sum(
            (response.pk, mode, repeat) in stored for repeat in range(1, run.repeats + 1)
        )
        total += run.repeats
        if not missing:
            continue
        ask = Ask(call=0, response=response, reference=known.get(response.pk, ""), mode=mode, fence=fence)
        messages = ask.messages(prompt)
        to_make += missing
        written += missing * characters(messages)
        tokens_in += missing * rates.tokens_in(messages)
        cost_in, cost_out = most.cost(messages)
        most.set_aside((missing * cost_in, missing * cost_out))
    tokens_out = to_make * rates.reply
    return {
        "calls": total,
        "stored": total - to_make,
        "to_make": to_make,
        "characters": written,
        "tokens_in": round(tokens_in),
        "tokens_out": round(tokens_out),
        "measured": rates.measured,
        "money": money(prices, tokens_in, tokens_out),
        "currency": prices.get("currency", ""),
        "tokens_at_most": round(most.aside_in + most.aside_out),
        "money_at_most": money(prices, most.aside_in, most.aside_out),
    }


def _answered(judge: Judge, run: JudgeRun) -> set[tuple[int, str, int]]:
    rows = JudgeCall.objects.filter(judge=judge, mode__in=run.modes, repeat__lte=run.repeats)
    rows = rows.filter(verdict__isnull=False).exclude(verdict__status__in=UNANSWERED)
    return set(rows.values_list("response", "mode", "repeat"))


def pace_of(run: JudgeRun) -> dict[str, Any]:
    """Calls a minute over the last minute of a running run, and the seconds that the rest takes at this pace."""
    job = run.job
    if job is None or run.state != JudgeRun.State.RUNNING or job.started_at is None:
        return {"per_minute": None, "seconds_left": None, "minutes_left": None}
    now = timezone.now()
    since = max(job.started_at, now - LOOKED_AT)
    lasted = (now - since).total_seconds()
    calls = Attempt.objects.filter(run=run, created_at__gte=since).values("call").distinct().count()
    if lasted < 1 or not calls:
        return {"per_minute": None, "seconds_left": None, "minutes_left": None}
    rate = calls / lasted
    rest = max(0, (job.total or 0) - job.done)
    left = rest / rate
    return {
        "per_minute": round(rate * 60),
        "seconds_left": round(left),
        "minutes_left": math.ceil(left / 60),
    }


def soundness_of(run: JudgeRun) -> dict[str, Any]:
    """How many of the run's calls ended in a score, over all and by model, and whether that is enough to publish.

    {"publishable", "calls", "parsed", "needed", "by_model": {NAME: {"calls", "parsed", "enough"}}}; the shares that are
    needed come from the settings, in percent. A call that has not been made yet is one without a score.
    """
    ok = Count("pk", filter=Q(verdict__status=Verdict.Status.OK))
    rows = calls_of(run).order_by("response__model").values_list("response__model")
    counted = rows.annotate(calls=Count("pk"), parsed=ok)
    needed, each = settings.TEINEI_PARSED_PERCENT, settings.TEINEI_PARSED_PERCENT_PER_MODEL
    by_model = {
        name: {"calls": calls, "parsed": parsed, "enough": parsed * 100 >= each * calls}
        for name, calls, parsed in counted
    }
    calls, parsed = (sum(one[key] for one in by_model.values()) for key in ("calls", "parsed"))
    enough = bool(calls) and parsed * 100 >= needed * calls
    return {
        "publishable": enough and all(one["enough"] for one in by_model.values()),
        "calls": calls,
        "parsed": parsed,
        "needed": {"percent": needed, "percent_per_model": each},
        "by_model": by_model,
    }
