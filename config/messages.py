"""The message catalogues: `python -m config.messages update|compile|check`, with Babel instead of GNU gettext.

update   writes every msgid of the code and the templates into the .po files, keeping what is translated
compile  writes the .mo files that are older than their .po files
check    names what lacks a Japanese translation, and exits with 1 where anything does
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "config" / "locale"
FOLDERS = ("config", "curation", "annotation", "judging", "finetune")
LANGUAGES = ("ja", "en")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[#0 +-]*[\d.]*[a-z]|\{(\w*)\}")

Ids = str | tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """One msgid (or singular and plural) in a file."""

    file: str
    line: int
    ids: Ids
    context: str | None
    comments: tuple[str, ...]


def sources(root: Path = ROOT) -> Iterator[Path]:
    """The Python and template files of the apps, in a fixed order."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            template = path.suffix in (".html", ".txt") and "templates" in path.parts
            if template or (path.suffix == ".py" and "migrations" not in path.parts):
                yield path


def template_as_python(text: str, origin: str) -> str:
    """Django's rewriting of a template, in parentheses: inside them Python ignores the template's indentation."""
    from django.utils.translation.template import templatize

    return f"({templatize(text, origin=origin)}\n)"


def extracted(root: Path = ROOT) -> Iterator[Found]:
    """Every message of the interface."""
    for path in sources(root):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
        code = text if path.suffix == ".py" else template_as_python(text, name)
        found = extract_python(BytesIO(code.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"})
        for line, function, messages, comments in found:
            ids, context = split(str(function), messages)
            if ids and ids != ("",):
                yield Found(name, line, ids, context, tuple(str(each) for each in comments or ()))


def split(function: str, arguments: object) -> tuple[Ids, str | None]:
    """(msgid or (singular, plural), context) of one call; an empty msgid where an argument is not a literal."""
    given: list[Any] = list(arguments) if isinstance(arguments, tuple | list) else [arguments]
    context = given.pop(0) if "pgettext" in function and given else None
    count = 2 if "ngettext" in function or "npgettext" in function else 1
    ids = given[:count]
    if len(ids) < count or not all(isinstance(each, str) and each for each in ids):
        return "", None
    return (ids[0] if count == 1 else tuple(ids)), context


def template_catalogue(root: Path = ROOT) -> Catalog:
    """All messages, untranslated."""
    catalogue = Catalog(project="Teinei", charset="utf-8")
    for found in extracted(root):
        catalogue.add(
            found.ids,
            locations=[(found.file, found.line)],
            auto_comments=found.comments,
            context=found.context,
        )
    return catalogue


def po_path(language: str) -> Path:
    """Where the catalogue of a language is kept."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read_catalogue(language: str) -> Catalog:
    """The kept catalogue; an empty one where there is none yet."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Teinei", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Bring the .po files up to date; English translates each message by itself."""
    template = template_catalogue()
    for language in LANGUAGES:
        catalogue = read_catalogue(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.fuzzy = False
        if language == "en":
            for message in catalogue:
                if message.id and not any(flat(message.string)):
                    message.string = message.id
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as file:
            write_po(file, catalogue, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)
        draft.replace(path)


def compile_stale() -> list[str]:
    """Write the .mo files that are missing or older than their .po files; returns the languages written."""
    written = []
    for language in LANGUAGES:
        po = po_path(language)
        mo = po.with_suffix(".mo")
        if not po.exists() or (mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns):
            continue
        draft = mo.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as file:
            write_mo(file, read_catalogue(language))
        draft.replace(mo)  # a process that reads it now sees the old file or the new one, whole
        written.append(language)
    return written


def flat(ids: object) -> list[str]:
    """A message's strings, one or several."""
    return [str(each or "") for each in (ids if isinstance(ids, tuple | list) else [ids])]


def placeholders(strings: object) -> set[str]:
    """The names that are filled in."""
    return {a or b for text in flat(strings) for a, b in PLACEHOLDER.findall(text)}


def complaint(message: Message | None, found: Found) -> str:
    """What is wrong with the translation of a message, or nothing."""
    if message is None:
        return "is not in the catalogue"
    if not all(text.strip() for text in flat(message.string)):
        return "is not translated"
    if message.fuzzy:
        return "is marked fuzzy"
    if wrong := placeholders(message.string) - placeholders(found.ids):
        return f"fills in {', '.join(sorted(wrong))}, which nobody gives"
    if lost := placeholders(found.ids) - placeholders(message.string):
        # "%(count)s item" and the like may leave the number out in one form, never in all
        return f"leaves out {', '.join(sorted(lost))}"
    return ""


def complaints(root: Path = ROOT) -> list[str]:
    """One line for each message that Japanese readers would not get in Japanese."""
    catalogue = read_catalogue("ja")
    judged = (
        (found, complaint(catalogue.get(found.ids, context=found.context), found))
        for found in extracted(root)
    )
    return [f"{found.file}:{found.line}: {found.ids!r} {said}." for found, said in judged if said]


def main() -> int:
    """The command line; 1 where the check found something."""
    parser = argparse.ArgumentParser(prog="python -m config.messages", description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=["update", "compile", "check"])
    verb = parser.parse_args().verb
    if verb == "update":
        update()
    elif verb == "compile":
        print("Compiled:", ", ".join(compile_stale()) or "nothing, all are up to date")
    elif lines := complaints():
        print("\n".join(lines), file=sys.stderr)
        print(f"{len(lines)} messages lack a Japanese translation.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
