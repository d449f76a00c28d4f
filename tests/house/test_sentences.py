"""What is logged can be told: every verb that the code records has a sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

from curation import sentences

ROOT = Path(__file__).resolve().parents[2]


def verbs_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from verbs_in(node.body)
        yield from verbs_in(node.orelse)


def recorded() -> set[str]:
    """The verbs that are written out in calls of `record(actor, verb, object)`."""
    found: set[str] = set()
    for app in ("curation", "annotation", "judging", "finetune"):
        for path in (ROOT / app).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "record" and call.args[1:]:
                    found.update(verbs_in(call.args[1]))
    return found


def test_every_recorded_verb_has_a_sentence() -> None:
    verbs = recorded()
    assert {"skip", "undo", "freeze"} <= verbs
    assert sorted(verbs - set(sentences._VERBS)) == []
