"""Questions and answers of several turns. Pure.

A conversation's first question is the question of its item; the later ones stand in the attribute `turns`, which lists
them all. A response to it keeps its turns apart, and as one text for whoever reads it as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import fields
from .faults import Fault, gettext_noop

MOST_TURNS = 10
Turn = dict[str, str]


def questions_of(question: str, attributes: dict[str, Any]) -> list[str]:
    """Every question of an item in its order; one, where its attributes hold no conversation that begins with it."""
    turns = attributes.get("turns")
    whole = (
        isinstance(turns, list) and 1 < len(turns) <= MOST_TURNS and all(isinstance(t, str) for t in turns)
    )
    return list(turns) if isinstance(turns, list) and whole and turns[0] == question else [question]


def turns_of(questions: Sequence[str], answers: Sequence[str]) -> list[Turn]:
    """Question and answer of each turn; [] for a single one, which is no conversation."""
    if len(answers) < 2:
        return []
    return [{"question": q, "answer": a} for q, a in zip(questions, answers, strict=True)]


def transcript(turns: Sequence[Turn]) -> str:
    """A conversation from its first answer on, as one text."""
    parts = [turns[0]["answer"]] if turns else []
    for number, turn in enumerate(turns[1:], start=2):
        parts += [f"【{number}回目の質問】\n{turn['question']}", f"【{number}回目の回答】\n{turn['answer']}"]
    return "\n\n".join(parts)


def given_turns(value: Any, questions: Sequence[str]) -> list[Turn]:
    """The turns that a record of a response names: its answers in order, or {"question", "answer"} objects.

    Raises Fault where they are neither, or not as many as the questions.
    """
    if value in (None, [], ""):
        return []
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        questions = [fields.text(one.get("question"), "turns") for one in value]
        value = [one.get("answer") for one in value]
    if not isinstance(value, list) or len(value) != len(questions) or len(value) > MOST_TURNS:
        raise Fault(
            gettext_noop("%(field)s must list one answer for each of the %(n)s questions of the item"),
            field="turns",
            n=len(questions),
        )
    return turns_of(questions, [_answer(one) for one in value])


def _answer(value: Any) -> str:
    if not isinstance(value, str):
        raise Fault(gettext_noop("%(field)s must be a list of texts"), field="turns")
    return fields.sound(value, "turns")


def as_item(given: dict[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """A record of a question in the manner of MT-Bench (`question_id`, `category`, `turns`, `reference`?) as an item's.

    The first turn is the question, `category` an attribute; a reference is a text, or one text for each turn.
    """
    name, turns = given["turns"]
    if not isinstance(turns, list) or not turns or len(turns) > MOST_TURNS:
        raise Fault(
            gettext_noop("%(field)s must list the questions of one conversation, at most %(most)s"),
            field=name,
            most=MOST_TURNS,
        )
    questions = [fields.text(one, name) for one in turns]
    made = {key: pair for key, pair in given.items() if key not in ("turns", "reference", "category")}
    made["text"] = (name, questions[0])
    if (reference := given.get("reference", ("", None))[1]) not in (None, "", []):
        made["output"] = ("reference", _reference(reference, questions))
    held = given.get("attributes", ("attributes", None))[1]
    more: dict[str, Any] = {"turns": questions} if len(questions) > 1 else {}
    if (category := given.get("category", ("", None))[1]) not in (None, ""):
        more["category"] = fields.text(category, "category", limit=fields.ID_LIMIT)
    made["attributes"] = ("attributes", {**(held if isinstance(held, dict) else {}), **more})
    return made


def _reference(given: Any, questions: Sequence[str]) -> str:
    if isinstance(given, str):
        return given
    if not isinstance(given, list) or len(given) != len(questions):
        raise Fault(
            gettext_noop("%(field)s must be a text, or one text for each turn"),
            field="reference",
            content=given,
        )
    return transcript(
        [
            {"question": q, "answer": fields.text(a, "reference")}
            for q, a in zip(questions, given, strict=True)
        ]
    )
