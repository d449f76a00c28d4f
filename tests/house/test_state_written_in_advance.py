"""Only `advance` in a workflow file writes a `state`: everything else would go past the table and the log."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("curation", "annotation", "judging", "finetune")
WRITING_CALLS = {"update", "aupdate", "bulk_update", "update_or_create"}
ELSEWHERE = ("migrations", "training", "stats", "formats")  # migrations, and files without models


def names_state(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == "state"


def is_a_queryset_write(call: ast.Call) -> bool:
    """`.update(state=...)`, `.bulk_update(rows, ["state"])`, `.update_or_create(defaults={"state": ...})`."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in WRITING_CALLS):
        return False
    if call.func.attr == "bulk_update":
        return any(isinstance(part, ast.Constant) and part.value == "state" for part in ast.walk(call))
    given = {word.arg for word in call.keywords}
    defaults = (
        key for word in call.keywords if isinstance(word.value, ast.Dict) for key in word.value.keys if key
    )
    return "state" in given or (call.func.attr == "update_or_create" and any(map(names_state, defaults)))


def writes(tree: ast.AST) -> Iterator[int]:
    """Lines that write a state."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(
                isinstance(part, ast.Attribute) and part.attr == "state"
                for each in targets
                for part in ast.walk(each)
            ):
                yield node.lineno
        elif isinstance(node, ast.Call):
            setter = isinstance(node.func, ast.Name) and node.func.id == "setattr" and len(node.args) == 3
            if is_a_queryset_write(node) or (setter and names_state(node.args[1])):
                yield node.lineno


def writes_elsewhere(path: Path) -> list[int]:
    """Lines of a file that write a state outside a workflow's advance functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set(writes(tree))
    if path.name == "workflow.py":
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("advance"):
                found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sorted(found)


@pytest.mark.parametrize(
    "code",
    [
        "item.state = 'approved'",
        "a.state, b = 1, 2",
        "Item.objects.filter(pk=1).update(state='approved', x=1)",
        "Item.objects.bulk_update(rows, ['state'])",
        "Item.objects.update_or_create(pk=1, defaults={'state': 'approved'})",
        "setattr(item, 'state', 'approved')",
    ],
)
def test_each_way_to_write_a_state_is_seen(code: str) -> None:
    assert list(writes(ast.parse(code))) == [1]


@pytest.mark.parametrize(
    "code", ["x = item.state", "Item.objects.filter(state='a')", "Item(state='draft')", "d.update(a=1)"]
)
def test_reading_a_state_is_no_write(code: str) -> None:
    assert list(writes(ast.parse(code))) == []


def test_states_are_written_by_advance_alone() -> None:
    paths = [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if not set(ELSEWHERE) & set(path.parts)
    ]
    found = {path.relative_to(ROOT).as_posix(): writes_elsewhere(path) for path in paths}
    assert {path: lines for path, lines in found.items() if lines} == {}
