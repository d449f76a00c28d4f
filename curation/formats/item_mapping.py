"""Which column of a person's own file of items means what: guessed with a reason, said by the person, applied.

Guessed from headings in Japanese and English, then from the first records: texts that are categories of the taxonomy,
texts that ask something. A person's own word always stands before a guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from . import fields
from .category_names import CategoryNames
from .faults import Fault, Notice, UnusableFile, gettext_noop
from .ratings_elsewhere import LOOKED_AT
from .reading import LABELS, QUESTION, ItemBuilder, ItemRow, Seen
from .records import Record, RecordFile, key_of
from .writing.csv_files import formula_unsafe, is_export

# Field -> the name under which ItemBuilder knows it. A category is looked up by its labels, however many there are.
FIELDS = {
    "id": "ID",
    "question": "text",
    "answer": "output",
    "category": "",
    "risk_area": "",
    "harm_type": "",
    "specific_harm": "",
    "split": "split",
    "sources": "sources",
    "criteria": "criteria",
    "question_id": "questionID",
    "question_en": "question_en",
    "answer_en": "answer_en",
    "translations": "translations",
    "attributes": "attributes",
}
LEVELS = ("risk_area", "harm_type", "specific_harm", "category")
CONSTANT = ("category", "split")  # fields that one value may fill for every row
ATTRIBUTE, NOT_TAKEN = "attribute", "-"  # what a column may mean beside a field
# As `key_of` writes them: NFKC, small letters, a hyphen for spaces and underscores. The first that is there is taken.
HEADINGS: dict[str, str] = {
    "id": "id item-id itemid 項目id 項目番号 番号 no no. 通し番号 管理番号 整理番号 設問番号 設問id 質問番号 質問id "
    "question-number",
    "question": "text question 質問 質問文 設問 設問文 問い 問題 問題文 入力 入力文 プロンプト prompt instruction input "
    "query 質問内容",
    "answer": "output output-sample answer 回答 回答文 模範回答 参考回答 回答例 正解 正答 解答 応答 出力 response "
    "reference reference-answer completion gold 答え",
    "category": "category カテゴリ カテゴリー 分類 区分 種別 ラベル label labels カテゴリ名 分類名 category-name topic",
    "risk_area": "risk-area リスク領域 大分類 大項目",
    "harm_type": "harm-type types-of-harm 害の種類 有害性の種類 中分類 中項目",
    "specific_harm": "specific-harm specific-harms 具体的な害 小分類 小項目",
    "split": "split 分割 データ分割",
    "sources": "sources source 出典 出所 参考資料 参考文献 url urls reference-url",
    "criteria": "criteria 判定基準 評価基準",
    "question_id": "questionid question-id 設問グループ",
    "question_en": "question-en 質問(英語) 質問-(英語) 英語質問 質問英訳 英訳",
    "answer_en": "answer-en 回答(英語) 回答-(英語) 英語回答 回答英訳",
    "translations": "translations",
    "attributes": "attributes 属性",
}
META = "meta."  # AC's files hold the labels in an object of this name
_EMPTY = gettext_noop("nothing stands in it")
BY_HEADING = gettext_noop("its heading says so")
BY_LABELS = gettext_noop("%(n)s of its %(all)s first texts are categories of the taxonomy")
BY_ANSWERS = gettext_noop("people wrote it in the other tool")
BY_QUESTIONS = gettext_noop("%(n)s of its %(all)s first texts ask something")
WITHOUT = gettext_noop("it has no meaning of its own and is kept as an attribute")
TAKEN_ALREADY = gettext_noop("%(other)s has this meaning already; it is kept as an attribute")
_ASKING = ("か", "か。", "?", "？", "か?", "か？", "の？", "の?")
MOST_COLUMNS = 200  # that are shown of records with keys of their own


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """What the columns of one file mean.

    columns: field -> heading. attributes: headings that are kept under their own name. constants: field -> the value of
    every row. categories: words of the file, levels joined by " > " -> the labels of a leaf, joined the same way.
    Columns that are named nowhere are not taken.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "columns": dict(self.columns),
            "attributes": list(self.attributes),
            "constants": dict(self.constants),
            "categories": dict(self.categories),
        }

    def unused(self, headings: Iterable[str]) -> list[str]:
        taken = {*self.columns.values(), *self.attributes}
        return [heading for heading in headings if heading not in taken]


@dataclass(frozen=True, slots=True)
class ItemLook:
    """A file before it is read for good: its columns and first records. `export` names the tool it came from."""

    name: str
    shape: str
    headings: tuple[str, ...]
    first: tuple[dict[str, Any], ...]
    export: str = ""
    answers: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """Whether the readers, left to themselves, find no question or no category in it."""
        keys = {key_of(heading.removeprefix(META)) for heading in self.headings}
        levels = {key for names in LABELS for key in names}
        return bool(self.export) or not keys & {*QUESTION, "turns"} or not keys & levels


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns most likely mean, and for each heading why."""

    columns: ItemColumns
    why: Mapping[str, Notice]


def look_at(opened: RecordFile) -> ItemLook:
    """The first records; they stay among those of the file."""
    peeked = list(islice(opened.records, LOOKED_AT))
    opened.records = chain(peeked, opened.records)
    records = [record for record in peeked if isinstance(record, Record)]
    first = tuple(flat(record.values) for record in records)
    headings = (
        opened.headings or tuple(dict.fromkeys(key for values in first for key in values))[:MOST_COLUMNS]
    )
    answers = tuple(dict.fromkeys(name for record in records for name in record.answers))
    named = tuple(heading for heading in headings if heading)
    return ItemLook(opened.name, opened.shape, named, first, opened.export, answers)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the keys of its object `meta` beside its own."""
    meta = values.get("meta")
    if not isinstance(meta, dict):
        return dict(values)
    own = {key: value for key, value in values.items() if key != "meta"}
    return own | {f"{META}{key}": value for key, value in meta.items()}


def guess(seen: ItemLook, names: CategoryNames | None = None) -> Guess:
    """What the columns most likely mean; `names` are the categories of the taxonomy, where one is at hand.

    A question is guessed from its heading, or from being the one column whose texts ask something.
    """
    found = _by_heading(seen.headings)
    why = {heading: Notice(BY_HEADING) for heading in found.values()}
    free = [heading for heading in seen.headings if heading not in why]
    if seen.export:
        found, why, free = _from_answers(seen, found, why)
    if not set(LEVELS) & found.keys() and names is not None:
        _take(found, why, free, "category", _like_categories(seen, free, names))
    elif names is not None and "category" in found and not _like_categories(seen, [found["category"]], names):
        better = _like_categories(seen, free, names)
        if better:
            why[found["category"]] = Notice(WITHOUT)
            free.append(found.pop("category"))
            _take(found, why, free, "category", better)
    if "question" not in found:
        _take(found, why, free, "question", _like_questions(seen, free))
    attributes = []
    for heading in seen.headings:
        if heading in found.values():
            continue
        empty = all(row.get(heading) in (None, "") for row in seen.first)
        why[heading] = Notice(_EMPTY if empty else WITHOUT)
        if not empty:
            attributes.append(heading)
    return Guess(ItemColumns(found, tuple(attributes)), why)


def _by_heading(headings: Iterable[str]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for heading in headings:
        plain.setdefault(key_of(heading.removeprefix(META)), heading)
    found: dict[str, str] = {}
    for name in FIELDS:
        for word in HEADINGS[name].split():
            if word in plain and plain[word] not in found.values():
                found[name] = plain[word]
                break
    return found


def _from_answers(
    seen: ItemLook, found: dict[str, str], why: dict[str, Notice]
) -> tuple[dict[str, str], dict[str, Notice], list[str]]:
    """In an export what people wrote is the answer, however a field that they were shown is called."""
    written = [name for name in seen.answers if _texts(seen, name)]
    long = max(written, key=lambda name: sum(map(len, _texts(seen, name))), default=None)
    if long is not None and found.get("answer") not in seen.answers:
        found = {name: heading for name, heading in found.items() if heading != long} | {"answer": long}
        why[long] = Notice(BY_ANSWERS)
    free = [heading for heading in seen.headings if heading not in found.values()]
    return found, why, free


def _take(
    found: dict[str, str],
    why: dict[str, Notice],
    free: list[str],
    name: str,
    likely: tuple[str, Notice] | None,
) -> None:
    if likely is not None:
        found[name], why[likely[0]] = likely
        free.remove(likely[0])


def _texts(seen: ItemLook, heading: str) -> list[str]:
    values = (row.get(heading) for row in seen.first)
    return [value.strip() for value in values if isinstance(value, str) and value.strip()]


def _like_categories(seen: ItemLook, free: Iterable[str], names: CategoryNames) -> tuple[str, Notice] | None:
    """The column of which most texts, and at least half, are categories."""
    best: tuple[int, str, Notice] | None = None
    for heading in free:
        texts = _texts(seen, heading)
        known = sum(names.find((text,)) is not None for text in texts if len(text) <= fields.LABEL_LIMIT)
        if known * 2 >= max(len(texts), 1) and (best is None or known > best[0]):
            best = (known, heading, Notice(BY_LABELS, {"n": known, "all": len(texts)}))
    return (best[1], best[2]) if best and best[0] else None


def _like_questions(seen: ItemLook, free: Iterable[str]) -> tuple[str, Notice] | None:
    """The column of which most texts, and at least half, ask something."""
    best: tuple[int, str, Notice] | None = None
    for heading in free:
        texts = _texts(seen, heading)
        asking = sum(text.endswith(_ASKING) for text in texts)
        if asking * 2 >= max(len(texts), 1) and (best is None or asking > best[0]):
            best = (asking, heading, Notice(BY_QUESTIONS, {"n": asking, "all": len(texts)}))
    return (best[1], best[2]) if best and best[0] else None


def checked(given: ItemColumns, seen: ItemLook) -> ItemColumns:
    """The same, or UnusableFile with a sentence that says which column is missing, unknown or meant twice."""
    values = {"file": seen.name, "headings": ", ".join(seen.headings)[:400]}
    named = [*given.columns.values(), *given.attributes]
    for heading in named:
        if heading not in seen.headings:
            raise UnusableFile(
                gettext_noop("%(file)s has no column %(heading)s; it has: %(headings)s"),
                heading=heading,
                **values,
            )
        if named.count(heading) > 1:
            raise UnusableFile(
                gettext_noop("The column %(heading)s of %(file)s is given two meanings; keep one"),
                heading=heading,
                **values,
            )
    missing = [] if "question" in given.columns else ["question"]
    if not set(LEVELS) & {*given.columns, *given.constants}:
        missing.append("category")
    if missing:
        raise UnusableFile(
            gettext_noop(
                "%(file)s: no column was found for %(missing)s; say which it is. Its columns are: %(headings)s"
            ),
            missing=", ".join(missing),
            **values,
        )
    return given


def columns_from(given: object, name: str) -> ItemColumns:
    """What a JSON object says the columns mean, in the shape of `as_dict`; every part may be left out.

    Raises UnusableFile, naming what is wrong: an unknown part or field, a value that is no text.
    """
    parts = {"columns": set(FIELDS), "constants": set(CONSTANT), "categories": None}
    if not isinstance(given, Mapping) or set(given) - {*parts, "attributes"}:
        raise UnusableFile(
            gettext_noop("%(file)s must be an object with: %(parts)s"),
            file=name,
            parts=", ".join((*parts, "attributes")),
        )
    made: dict[str, Any] = {}
    for part, known in parts.items():
        made[part] = _words(given.get(part, {}), known, f"{name}: {part}")
    attributes = given.get("attributes", [])
    if not isinstance(attributes, list) or not all(isinstance(one, str) for one in attributes):
        raise UnusableFile(gettext_noop("%(place)s must be a list of texts"), place=f"{name}: attributes")
    return ItemColumns(attributes=tuple(attributes), **made)


def _words(given: object, known: set[str] | None, place: str) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise UnusableFile(gettext_noop("%(place)s must be an object of texts"), place=place)
    unknown = sorted(set(given) - known) if known is not None else []
    if unknown:
        raise UnusableFile(
            gettext_noop("%(place)s: %(unknown)s is no field; fields are: %(fields)s"),
            place=place,
            unknown=unknown[0],
            fields=", ".join(sorted(known or ())),
        )
    return dict(given)


class MappedBuilder(ItemBuilder):
    """Rows of a file whose columns mean what `columns` says."""

    def __init__(self, columns: ItemColumns, opened: RecordFile, *, earlier: Seen | None = None) -> None:
        table = opened.shape in ("csv", "tsv")
        super().__init__(
            table=True, has_id=bool({"id", "question_id"} & columns.columns.keys()), earlier=earlier
        )
        self.mapping = columns
        self.headings = {FIELDS[name]: heading for name, heading in columns.columns.items()}
        self.unmarked = table and is_export(opened.headings)

    def build(self, record: Record) -> ItemRow:
        values, mapping = flat(record.values), self.mapping
        if self.unmarked:
            values = {key: formula_unsafe(cell) for key, cell in values.items()}
        given = {
            FIELDS[name]: _plain(values.get(heading), name)
            for name, heading in mapping.columns.items()
            if FIELDS[name]
        }
        kept = {key: values[key] for key in mapping.attributes if values.get(key) not in (None, "")}
        if kept:
            given["attributes"] = kept | self._own_attributes(given.get("attributes"))
        if split := mapping.constants.get("split"):
            given["split"] = given.get("split") or split
        try:
            row = super().build(dataclasses.replace(record, values=given))
        except Fault as fault:
            fault.field = self.headings.get(fault.field, fault.field)
            raise
        return dataclasses.replace(row, labels=self._words(values))

    def _own_attributes(self, given: Any) -> dict[str, Any]:
        return self._attributes({"attributes": ("attributes", given)}, {}) if given not in (None, "") else {}

    def _words(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """What the row says of its category, from the top of the tree."""
        found = []
        for name in LEVELS:
            heading = self.mapping.columns.get(name)
            value = values.get(heading) if heading is not None else None
            if value in (None, ""):
                value = self.mapping.constants.get(name)
            if value in (None, "") or (isinstance(value, str) and not value.strip()):
                continue
            found.append(fields.label(value, heading or name).strip())
        joined = self.mapping.categories.get(" > ".join(found))
        return tuple(joined.split(" > ")) if joined is not None else tuple(found)


def _plain(value: Any, name: str) -> Any:
    """Numbers as ids of a table of another tool are whole numbers; anything else stays as it is."""
    if name == "id" and isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and name == "id" and value.is_integer():
        return int(value)
    return value
