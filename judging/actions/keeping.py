"""What comes back from a judge, read and kept: every request raw, a verdict for every answered call."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from annotation.models import Response
from curation import llm
from judging import costs, prompting
from judging.actions.judges import scale_of
from judging.models import Attempt, Judge, JudgeRun, Verdict
from judging.parsing import PARSER_VERSION, Parsed
from judging.profiles import AGAIN, PARSER, asks_again, read_reply
from judging.queries import UNANSWERED

OFF_FORMAT = Verdict.Status.OFF_FORMAT
MOST_SAID_AGAIN = 20_000  # characters of a reply that are shown to the judge again, its end
# What a judge whose reply had no readable score is told, once.
REPAIR = {
    "ja": "いまの返答からは点数を読み取れませんでした。判断は変えずに、指定した形の点数の1行だけを書いてください。",
    "en": "No score could be read from that reply. Keep your judgement and write only the one line with the score, in the form asked for.",
}


class Taken(Exception):
    """Another process has taken up the run; this one's answers no longer count."""


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


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call ended in: one reply, or more where the first was unreadable and the judge was asked further."""

    ask: Ask
    replies: tuple[llm.Reply, ...]
    parsed: Parsed
    request: dict[str, Any]
    given_up: bool = False

    @property
    def dropped(self) -> bool:
        """The call was given up before it had its chance: it stays to be made."""
        return self.given_up or self.replies[0].dropped

    @property
    def unanswered(self) -> bool:
        return self.parsed.status in UNANSWERED


def further(prompt: dict[str, Any]) -> costs.Further:
    """What a call may ask beyond its request."""
    if prompt.get("profile"):
        return costs.Further(again=AGAIN)
    return costs.Further(told=_told(prompt))


def ask_judge(client: llm.Client, judge: Judge, ask: Ask, messages: list[llm.Message]) -> Answer:
    """Make one call. A reply without a readable score gets one turn more, in which the judge is told so; a profile asks
    again as its tool does."""
    prompt, sampling = judge.spec["prompt"], _sampling(judge)
    asked = client.request(messages, **sampling)
    # Texts are not copied: with the fence the messages can be made again, and the hash says whether they are the same.
    request = {
        **asked.settings,
        "fence": ask.fence,
        "messages_sha256": hashlib.sha256(asked.messages).hexdigest(),
        "characters": costs.characters(messages),
    }
    replies: tuple[llm.Reply, ...] = (client.send(asked),)
    if prompt.get("profile"):
        replies = _as_the_tool(client, asked, prompt, replies[0])
        return Answer(
            ask=ask,
            replies=replies,
            parsed=verdict_of(judge, replies, ask.fence, ask.response),
            request=request,
        )
    found = verdict_of(judge, replies, ask.fence, ask.response)
    if replies[0].ok and found.status == OFF_FORMAT:
        again = client.chat(_with_repair(messages, replies[0].text, prompt), **sampling)
        if not again.dropped:
            replies = (replies[0], again)
            found = verdict_of(judge, replies, ask.fence, ask.response)
    return Answer(ask=ask, replies=replies, parsed=found, request=request)


def _as_the_tool(
    client: llm.Client, asked: llm.Request, prompt: dict[str, Any], first: llm.Reply
) -> tuple[llm.Reply, ...]:
    """The same request again, as often as a profile's tool sends it."""
    replies = [first]
    while len(replies) <= AGAIN and replies[-1].answered and asks_again(prompt, replies[-1].raw):
        again = client.send(asked)
        if again.dropped:
            break
        replies.append(again)
    return tuple(replies)


def _sampling(judge: Judge) -> dict[str, Any]:
    """The judge's sampling; where it or the endpoint names json_schema, with the schema of a verdict on its scale."""
    sampling: dict[str, Any] = judge.spec["sampling"]
    settings = (judge.spec.get("endpoint") or {}).get("settings") or {}
    wanted = sampling.get("response_format", settings.get("response_format"))
    if wanted != "json_schema" or judge.spec["prompt"].get("profile"):
        return sampling
    properties = {"reason": {"type": "string"}, "score": {"enum": scale_of(judge)}}
    schema = {
        "type": "object",
        "properties": properties,
        "required": ["reason", "score"],
        "additionalProperties": False,
    }
    verdict = {"name": "verdict", "strict": True, "schema": schema}
    return {**sampling, "response_format": {"type": "json_schema", "json_schema": verdict}}


def _with_repair(messages: list[llm.Message], said: str, prompt: dict[str, Any]) -> list[llm.Message]:
    told = _told(prompt)
    if not said.strip():  # many servers refuse an empty turn
        last = messages[-1]
        return [*messages[:-1], {**last, "content": f"{last['content']}\n\n{told}"}]
    said = said[-MOST_SAID_AGAIN:]
    return [*messages, {"role": "assistant", "content": said}, {"role": "user", "content": told}]


def _told(prompt: dict[str, Any]) -> str:
    return REPAIR["en" if prompt.get("language") == "en" else "ja"]


def verdict_of(judge: Judge, replies: Sequence[llm.Reply], fence: str, response: Response) -> Parsed:
    """The first reply that says more than nothing readable; else what the first one is called. Of a profile the last
    that was answered binds, as it does for the tool.

    Read live and from stored bodies alike, so that a new parser reads what an old one could not.
    """
    judged = response.text.body if response.text else ""
    if judge.spec["prompt"].get("profile"):
        replies = [reply for reply in replies if reply.answered][-1:] or replies[:1]
    first: Parsed | None = None
    for reply in replies:
        found = Parsed(reply.status, reason="")
        if reply.ok:
            prompt, scale = judge.spec["prompt"], scale_of(judge)
            found = read_reply(prompt, reply.text, scale, fence=fence, judged=judged)
        if first is None:
            first = found
            if not reply.ok or found.status != OFF_FORMAT:
                return found
        elif found.status in ("ok", Verdict.Status.OUT_OF_RANGE):
            return Parsed(found.status, found.score, found.reason or first.reason)
    assert first is not None
    return first


def attempts_before(run: JudgeRun) -> dict[int, int]:
    """How many attempts a run's calls have had so far, of those that had any."""
    made = Attempt.objects.filter(call__judge=run.judge_id, call__mode__in=run.modes).order_by()
    unread = made.exclude(call__in=Verdict.objects.exclude(status__in=UNANSWERED).values("call"))
    return dict(unread.values_list("call").annotate(last=Max("number")))


@transaction.atomic
def keep_all(run: JudgeRun, answers: Sequence[Answer], made: dict[int, int]) -> None:
    """Write what came back, raw, and the verdicts it holds, in one transaction. A failure has a name and no score.

    `made` counts the attempts of each call, and goes on counting: as long as the run is this process's, nobody else
    makes any. Raises Taken, and writes nothing, where the run is no longer this process's.
    """
    ours = JudgeRun.objects.select_for_update().filter(
        pk=run.pk, job=run.job_id, state=JudgeRun.State.RUNNING
    )
    if not ours.exists():
        raise Taken
    attempts = [
        attempt for answer in answers for attempt in _attempts(run, answer, made.get(answer.ask.call, 0))
    ]
    Attempt.objects.bulk_create(attempts)
    made.update((attempt.call_id, attempt.number) for attempt in attempts)
    Verdict.objects.bulk_create(
        (verdict_row(run.judge, answer.ask.call, answer.parsed) for answer in answers if not answer.dropped),
        update_conflicts=True,
        unique_fields=["call"],
        update_fields=["status", "score", "reason", "parser_version"],
    )


def _attempts(run: JudgeRun, answer: Answer, before: int) -> list[Attempt]:
    made: list[Attempt] = []
    mark = "again" if run.judge.spec["prompt"].get("profile") else "repair"
    for turn, reply in enumerate(answer.replies):
        request = {**answer.request, mark: True} if turn else answer.request
        for one in reply.tries:
            ended = one is reply.tries[-1]
            made.append(
                Attempt(
                    call_id=answer.ask.call,
                    run=run,
                    number=before + len(made) + 1,
                    request=request,
                    reply=one.raw,
                    http_status=one.http_status,
                    error=one.error[:200],
                    finish_reason=reply.finish_reason if ended else "",
                    tokens_in=reply.tokens_in if ended else None,
                    tokens_out=reply.tokens_out if ended else None,
                    milliseconds=one.milliseconds,
                )
            )
    return made


def parser_of(judge: Judge) -> str:
    """The version of what reads the judge's replies now."""
    return PARSER if judge.spec["prompt"].get("profile") else PARSER_VERSION


def verdict_row(judge: Judge, call: int, found: Parsed) -> Verdict:
    score = "" if found.score is None else str(found.score)
    return Verdict(
        call_id=call, status=found.status, score=score, reason=found.reason, parser_version=parser_of(judge)
    )
