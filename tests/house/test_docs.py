"""The documentation says what the code does: states, settings, commands, and files that are where a page says."""

import argparse
import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from curation import workflow

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FLOORS = ("curation", "annotation", "judging", "finetune")
COMMON = {"--json", "--as-user", "--dataset", "--help"}
DJANGO = {
    *("--version", "--verbosity", "-v", "--settings", "--pythonpath", "--traceback", "--no-color"),
    *("--force-color", "--skip-checks", "-h"),
}
ROLES = ("author", "reviewer", "translator", "rater", "researcher", "release_manager")


def sections(text: str, level: str) -> dict[str, str]:
    """Heading -> what stands below it, for headings of one level; a deeper one belongs to the text."""
    parts = re.split(rf"^{level} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in the text, without heads and rules, bare of code marks."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    rules = {at for at, row in enumerate(cells) if set("".join(row)) <= set("- :")}
    return [row for at, row in enumerate(cells) if at not in rules and at + 1 not in rules]


# --- States ----------------------------------------------------------------------------------------------------


def documented_steps() -> dict[str, set[tuple[str, str, str]]]:
    """Model label -> (verb, from, to), from the sections of workflow.md that name a model."""
    found = {}
    for heading, text in sections((DOCS / "workflow.md").read_text(encoding="utf-8"), "##").items():
        if named := re.search(r"`([a-z]+\.[A-Za-z]+)`", heading):
            found[named[1].lower()] = {
                (verb, state.strip(), to)
                for verb, states, to, *_ in rows(text)
                for state in states.replace("`", "").split(",")
            }
    return found


def steps_of_code() -> dict[str, set[tuple[str, str, str]]]:
    for floor in FLOORS:
        importlib.import_module(f"{floor}.workflow")  # a floor's tables are registered when it is loaded
    return {
        model._meta.label_lower: {
            (verb, str(state), str(to)) for verb, steps in table.items() for state, to in steps.items()
        }
        for model, table in workflow._tables.items()
    }


def test_state_tables_are_those_of_the_code() -> None:
    assert documented_steps() == steps_of_code()


def test_every_state_of_a_table_is_one_of_its_model() -> None:
    stray = {
        (label, state)
        for label, steps in documented_steps().items()
        for _verb, *states in steps
        for state in states
        if state not in apps.get_model(label).State.values
    }
    assert stray == set()


# --- Settings --------------------------------------------------------------------------------------------------

READERS = {"env", "env_flag", "env_int", "env_list", "env_secret", "kept_secret"}
OURS = re.compile(r"TEINEI_[A-Z_]+|DATABASE_URL|REDIS_URL|LABEL_STUDIO_[A-Z_]+|HF_ENDPOINT|HF_TOKEN")
OF_THE_TEST_RUN_ITSELF = {"TEINEI_TEST_HOME"}


def names_read(path: Path) -> Iterator[tuple[str, ast.Call | None]]:
    """Names of environment variables that a file reads, with the call of settings.py that reads it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
            first = node.args[0] if node.args else None
            if name not in READERS and name not in ("os.environ.get", "os.getenv"):
                continue
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            first, name = node.slice, ""
        else:
            continue
        if isinstance(first, ast.Constant) and OURS.fullmatch(str(first.value)):
            call = node if isinstance(node, ast.Call) and name in READERS else None
            yield str(first.value), call


def settings_rows() -> dict[str, str]:
    """Name -> default as docs/settings.md gives it."""
    found = rows((DOCS / "settings.md").read_text(encoding="utf-8"))
    return {row[0]: row[1] for row in found if OURS.fullmatch(row[0])}


def test_every_setting_is_documented() -> None:
    paths = [path for folder in ("config", *FLOORS, "tests") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in paths for name, _call in names_read(path)}
    assert read - OF_THE_TEST_RUN_ITSELF == set(settings_rows())


def test_defaults_are_those_of_the_settings() -> None:
    plain = {}
    for name, call in names_read(ROOT / "config" / "settings.py"):
        if call is not None and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
            value = call.args[1].value
            is_flag = isinstance(call.func, ast.Name) and call.func.id == "env_flag"
            if not (isinstance(call.func, ast.Name) and call.func.id == "kept_secret"):
                plain[name] = str(int(value)) if is_flag else str(value)
    documented = settings_rows()
    assert len(plain) > 5
    assert {name: documented[name] for name in plain} == plain


# --- Commands --------------------------------------------------------------------------------------------------


def ours() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in FLOORS)


def command_sections() -> dict[str, str]:
    found = sections((DOCS / "commands.md").read_text(encoding="utf-8"), "###")
    return {
        heading.strip("`"): text for heading, text in found.items() if re.fullmatch(r"`[a-z_]+`", heading)
    }


def test_every_command_and_no_other_is_documented() -> None:
    assert sorted(command_sections()) == ours()


@pytest.mark.parametrize("name", ours())
def test_options_of_a_command_are_documented(name: str) -> None:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    options = {word for action in parser._actions for word in action.option_strings if own(word, action)}
    options -= COMMON
    text = command_sections().get(name, "")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - COMMON
    assert named == options


def own(word: str, action: argparse.Action) -> bool:
    """Whether it is the command's option and not Django's; freeze_release has a --version of its own, with a value."""
    return word not in DJANGO or (word == "--version" and action.nargs is None)


def payload_keys(path: Path) -> set[str]:
    """Keys of the JSON answer, as far as the command's file spells them out."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        given = None
        if (isinstance(node, ast.keyword) and node.arg == "payload") or (
            isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["payload"]
        ):
            given = node.value
        if isinstance(given, ast.Dict):
            found |= {str(key.value) for key in given.keys if isinstance(key, ast.Constant)}
    return found


@pytest.mark.parametrize("name", ours())
def test_json_keys_of_a_command_are_documented(name: str) -> None:
    path = ROOT / get_commands()[name] / "management" / "commands" / f"{name}.py"
    text = command_sections().get(name, "")
    assert {key for key in payload_keys(path) if f"`{key}`" not in text} == set()


# --- Pages -----------------------------------------------------------------------------------------------------


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_each_role_has_a_page_in_both_languages() -> None:
    wanted = {f"{role}.{language}.md" for role in ROLES for language in ("ja", "en")}
    assert wanted <= {path.name for path in (DOCS / "users").iterdir()}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    broken = [
        link
        for link in links
        if not link.startswith(("http://", "https://", "mailto:"))
        and not (page.parent / link).exists()
        and not link.endswith(".png")  # pictures are taken from a running demo
    ]
    assert broken == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
