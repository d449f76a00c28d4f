"""Items from files: AC arrays, JSON lines, CSV and TSV, and the sets that have a shape of their own.

`read_items` never half-succeeds: it returns every sound row with a list of what was set apart and why, or raises
UnusableFile. Which labels a taxonomy knows, which rights the rows carry and which ids exist already is the caller's.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from curation.similar import text_hash

from . import fields
from .conversations import as_item
from .criteria import criteria_of
from .faults import Fault, Notice, Quarantined, UnusableFile, gettext_noop
from .records import Record, RecordFile, key_of
from .writing.csv_files import formula_unsafe

FORMATS = ("ac", "jsonl", "csv", "tsv", "xsafety", "dna", "aisev")
SPLITS = {"dev": "dev", "validation": "dev", "test": "test", "none": None, "": None}

# Headings by meaning, as `key_of` writes them. Sources: NII's files, llm-jp-judge's cache, the public converters, DNA.
ID = ("id",)
QUESTION_ID = ("questionid", "question-id")
ANSWER_ID = ("answerid", "answer-id")
QUESTION = ("text", "question", "質問")
ANSWER = ("output", "output-sample", "answer", "回答")
LABELS = (("risk-area",), ("harm-type", "types-of-harm"), ("specific-harm", "specific-harms"))
SOURCES = ("sources", "source", "出典")
NOT_ATTRIBUTES = (
    "meta",
    "split",
    "translations",
    "attributes",
    "content-hash",
    "content-sha256",
    "position",
    "index",
)

_NAMED = frozenset((*ID, *QUESTION_ID, *ANSWER_ID, *QUESTION, *ANSWER, *SOURCES, *NOT_ATTRIBUTES, "criteria"))
_LABEL_KEYS = frozenset(key for keys in LABELS for key in keys)
_key = lru_cache(maxsize=4096)(key_of)
# A set has some dozens of labels and 10^5 rows.
_sound_label = lru_cache(maxsize=4096)(fields.label)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item as it came in. Texts are character for character those of the file.

    `external_id` is None only where a table has no id column. `answer` is None where none is given: whether a question
    alone will do is the caller's decision. `labels` are the exact label strings from the top of the tree, or ().
    `translations` maps a locale to {"question": text, "answer": text or None}. Rows of one `question_id` are siblings.
    """

    row: int
    external_id: str | None
    question: str
    answer: str | None = None
    labels: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    sources: tuple[Any, ...] = ()
    criteria: dict[str, list[str]] = field(default_factory=dict)
    translations: dict[str, dict[str, str | None]] = field(default_factory=dict)
    split: str | None = None
    question_id: str | None = None
    file: str = ""
    line: int | None = None


@dataclass(slots=True)
class ReadResult:
    """What a file gave: sound rows in file order, rows set apart, and what the reader decided by itself."""

    format: str
    rows: list[ItemRow] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)


def read_items(path: str | Path, *, format: str | None = None) -> ReadResult:
    """Read items from a file, or from a folder where the format is one (xsafety: ja/ and en/; aisev: *.csv).

    `format` is one of FORMATS, or None to go by the content. Raises UnusableFile where nothing can be read.
    """
    from .item_stream import stream_items

    stream = stream_items(path, format=format)
    result = ReadResult(stream.format, warnings=stream.warnings)
    for row in stream.rows:
        if isinstance(row, Quarantined):
            result.quarantined.append(row)
        else:
            result.rows.append(row)
    return result


def headings_with_id(opened: RecordFile) -> bool:
    """Whether a table has a column for ids. UnusableFile where it has none for the question."""
    keys = {_key(heading) for heading in opened.headings}
    if not keys & set(QUESTION):
        raise UnusableFile(
            gettext_noop(
                "%(file)s has no column for the question; its heading line must name one of %(names)s. Found: %(found)s"
            ),
            file=opened.name,
            names=", ".join(QUESTION),
            found=", ".join(opened.headings[:12])[:200],
        )
    return bool(keys & {*ID, *QUESTION_ID, *ANSWER_ID})


Given = dict[str, tuple[str, Any]]  # by key as `key_of` writes it: the name in the file, and the value


class ItemBuilder:
    """Builds rows and remembers what has been seen: ids, and hashes of (question, answer).

    `columns` finds which fields of a record are parts of a translation: by key, the part and the locale.
    """

    def __init__(
        self,
        *,
        table: bool,
        has_id: bool = True,
        marked: bool = False,
        columns: Callable[[Given], dict[str, tuple[str, str]]] | None = None,
        earlier: "Seen | None" = None,
    ) -> None:
        self.table = table
        self.marked = marked
        self.has_id = has_id
        self.columns = columns or (_named_columns if table else _no_columns)
        self.earlier = earlier or Seen()
        self.unnamed: set[str] = set()

    def build(self, record: Record) -> ItemRow:
        """An ItemRow, or Fault."""
        given = {_key(key): (key, value) for key, value in record.values.items()}
        if self.marked:  # a mark that write_csv set before what a spreadsheet would run
            given = {key: (name, formula_unsafe(cell)) for key, (name, cell) in given.items()}
        if "turns" in given and not any(name in given for name in QUESTION):
            given = as_item(given)
        question_id, external_id = self._id(given)
        translated = self.columns(given)
        row = ItemRow(
            row=record.row,
            external_id=external_id,
            question=fields.text(*_pick(given, QUESTION, "text")),
            answer=fields.optional_text(*_pick(given, ANSWER, "output")),
            labels=_labels(given),
            attributes=self._attributes(given, translated),
            sources=_sources(given),
            criteria=criteria_of(given.get("criteria", ("", None))[1]),
            translations=_translations(given, translated),
            split=_split(given),
            question_id=question_id,
            file=record.file,
            line=record.line,
        )
        self.remember(row)
        return row

    def remember(self, row: ItemRow) -> None:
        """Fault for what stood in an earlier row."""
        refuse_repeat(row, self.earlier)

    def decided(self) -> list[Notice]:
        """What was decided without being asked, once all rows are built."""
        found = []
        if self.table and not self.has_id:
            sentence = gettext_noop("The table has no ID column; ids will be made for its rows")
            found.append(Notice(sentence))
        if self.unnamed:
            names = ", ".join(sorted(self.unnamed)[:20])
            sentence = gettext_noop(
                "Fields without a meaning of their own were kept as attributes: %(names)s"
            )
            found.append(Notice(sentence, {"names": names}))
        return found

    def _id(self, given: dict[str, tuple[str, Any]]) -> tuple[str | None, str | None]:
        if not self.has_id:
            return None, None
        value, name = _pick(given, ID, "ID")
        if value is not None and value != "":
            return _optional_id(given, QUESTION_ID), fields.identifier(value, name)
        question, answer = _optional_id(given, QUESTION_ID), _optional_id(given, ANSWER_ID)
        if question is None and answer is None:
            raise Fault(gettext_noop("%(field)s is missing; every record needs it"), field="ID")
        if question is None or answer is None or answer.startswith(question):
            return question, answer or question
        return question, fields.identifier(f"{question}-{answer}", "ID")

    def _attributes(self, given: Given, translated: dict[str, tuple[str, str]]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        named = given.get("attributes", ("", None))[1]
        if self.table and isinstance(named, str) and named.lstrip().startswith("{"):
            named = _cell_json(named, "attributes")
        if isinstance(named, dict):
            kept.update(fields.free_value(named, "attributes"))
        elif named not in (None, ""):
            raise Fault(gettext_noop("%(field)s must be an object with keys and values"), field="attributes")
        meta = given.get("meta", ("", None))[1]
        extra = [(key, value) for key, value in (meta or {}).items() if _key(key) not in _LABEL_KEYS]
        known = (_NAMED, _LABEL_KEYS, translated)
        extra += [pair for key, pair in given.items() if not any(key in names for names in known)]
        for key, value in extra:
            if value is None or value == "":
                continue
            kept[key] = fields.free_value(value, key)
            self.unnamed.add(key)
        return kept


def _translations(given: Given, translated: dict[str, tuple[str, str]]) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, Any]] = {}
    named = given.get("translations", ("", None))[1]
    if isinstance(named, list):
        found = {str(part.get("locale")): part for part in named if isinstance(part, dict)}
    elif isinstance(named, dict):
        found = {str(key): part for key, part in named.items() if isinstance(part, dict)}
    for key, (part, tag) in translated.items():
        if value := given[key][1]:
            found[tag] = {**found.get(tag, {}), part: value}
    return {
        fields.locale(tag, "translations"): {
            "question": fields.text(part.get("question"), f"translations.{tag}.question"),
            "answer": fields.optional_text(part.get("answer"), f"translations.{tag}.answer"),
        }
        for tag, part in sorted(found.items())
    }


Key_contra = TypeVar("Key_contra", contravariant=True)


class Rows(Protocol[Key_contra]):
    """Row numbers by what stood in them: a dictionary, or one that lies on the disk."""

    def get(self, key: Key_contra, /) -> int | None: ...

    def __setitem__(self, key: Key_contra, row: int, /) -> None: ...


@dataclass(slots=True)
class Seen:
    """What stood in the rows so far: their ids, and the hashes of question and answer."""

    ids: Rows[str] = field(default_factory=dict)
    texts: Rows[tuple[str, str | None]] = field(default_factory=dict)


def refuse_repeat(row: ItemRow, seen: Seen) -> None:
    """Fault where the id, or both question and answer, stood in an earlier row; else remember them.

    The same question with another answer is a sibling and no repeat.
    """
    if row.external_id is not None and (first := seen.ids.get(row.external_id)) is not None:
        raise Fault(
            gettext_noop("the ID stands already in row %(first)s; give every record an ID of its own"),
            field="ID",
            content=row.external_id,
            first=first,
        )
    # A hash instead of the text keeps the memory of a large import flat.
    key = (text_hash(row.question), text_hash(row.answer) if row.answer is not None else None)
    if (first := seen.texts.get(key)) is not None:
        raise Fault(
            gettext_noop(
                "the same question and answer stand already in row %(first)s; leave one of them out"
            ),
            field="text",
            content=row.question,
            first=first,
        )
    seen.texts[key] = row.row
    if row.external_id is not None:
        seen.ids[row.external_id] = row.row


def _pick(given: dict[str, tuple[str, Any]], names: tuple[str, ...], called: str) -> tuple[Any, str]:
    """The value under any of the names, and the name found; two names with different values are a Fault."""
    kept: tuple[str, Any] | None = None
    for name in names:
        pair = given.get(name)
        if pair is None:
            continue
        if kept is None or kept[1] is None or kept[1] == "":
            kept = pair
        elif pair[1] is not None and pair[1] != "" and pair[1] != kept[1]:
            raise Fault(
                gettext_noop("%(field)s and %(other)s both stand there and differ; keep one"),
                field=kept[0],
                other=pair[0],
            )
    return (None, called) if kept is None else (kept[1], kept[0])


def _optional_id(given: dict[str, tuple[str, Any]], names: tuple[str, ...]) -> str | None:
    value, name = _pick(given, names, names[0])
    return None if value is None or value == "" else fields.identifier(value, name)


def _labels(given: dict[str, tuple[str, Any]]) -> tuple[str, ...]:
    meta = given.get("meta", ("meta", None))[1]
    if meta is not None and not isinstance(meta, dict):
        raise Fault(
            gettext_noop("%(field)s is %(kind)s; it must be an object"),
            field="meta",
            kind=fields.kind_of(meta),
        )
    held = {_key(key): (f"meta.{key}", value) for key, value in meta.items()} if meta else given
    picked = [_pick(held, names, names[0]) for names in LABELS]
    if all(value in (None, "") for value, _ in picked):
        return ()
    check = _sound_label
    return tuple(
        check(value, name) if isinstance(value, str) else fields.label(value, name) for value, name in picked
    )


def _sources(given: Given) -> tuple[Any, ...]:
    value, name = _pick(given, SOURCES, "sources")
    if isinstance(value, str):
        value = _listed(value)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Fault(gettext_noop("%(field)s must be a list of texts"), field=name)
    parts = (
        fields.free_value(part, name) if isinstance(part, dict) else fields.optional_text(part, name)
        for part in value
    )
    return tuple(part for part in parts if part)


def _listed(cell: str) -> list[Any]:
    """Our tables hold the list as JSON; people write an address a line."""
    if cell.startswith("["):
        with suppress(ValueError, RecursionError):
            found = json.loads(cell)
            if isinstance(found, list):
                return found
    return cell.splitlines()


def _split(given: dict[str, tuple[str, Any]]) -> str | None:
    name, value = given.get("split", ("split", None))
    word = "" if value is None else value
    if not isinstance(word, str) or word not in SPLITS:
        raise Fault(gettext_noop("%(field)s must be dev, test or none"), field=name, content=value)
    return SPLITS[word]


def _cell_json(cell: str, name: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise Fault(gettext_noop("%(field)s is not sound JSON"), field=name, content=cell) from None


def _named_columns(given: Given) -> dict[str, tuple[str, str]]:
    """Columns such as question_en."""
    found = {}
    for key, (name, _value) in given.items():
        part, _, tag = key.partition("-")
        if part in ("question", "answer") and 2 <= len(tag) <= 35 and tag != "id":
            found[key] = (part, name.replace("_", "-").split("-", 1)[1])
    return found


def _no_columns(given: Given) -> dict[str, tuple[str, str]]:
    return {}
