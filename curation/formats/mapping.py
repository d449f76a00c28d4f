"""A layer in front of the readers of ratings and verdicts: which column of a person's own file means what.

Guessed from headings in Japanese and English and from the first records, said by the person where the guess is wrong,
then applied to every record. Two forms: long, a row for each score; wide, a row for each response and a column for each
rater or judge.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from .faults import Notice, Quarantined, UnusableFile, gettext_noop
from .ratings_elsewhere import OWN, open_ratings
from .records import Record, RecordFile, key_of

Kind = Literal["ratings", "verdicts"]
KINDS: tuple[Kind, ...] = ("ratings", "verdicts")
LOOKED_AT = 200  # records that a guess rests on
MOST_WORDS = 8  # different labels that a column of scores may hold
LONGEST_LABEL = 40
WHO: dict[Kind, str] = {"ratings": "rater", "verdicts": "judge"}
FIELDS: dict[Kind, tuple[str, ...]] = {
    "ratings": (
        *("item", "model", "rater", "score", "category", "cannot_decide", "comment", "seconds", "role"),
        *("axis", "inclusion_probability", "response_sha256"),
    ),
    "verdicts": ("item", "model", "judge", "score", "mode", "repeat", "status", "raw", "response_sha256"),
}
NEEDED = ("item", "model")
# As `key_of` writes them: NFKC, small letters, a hyphen for spaces and underscores. The first that is there is taken.
HEADINGS: dict[str, str] = {
    "item": "item item-id question-id qid prompt-id 質問id 質問番号 項目id 項目 設問id 設問番号 問題id 問題番号 "
    "example-id instance-id id no 番号",
    "model": "model model-name model-id モデル モデル名 回答モデル 生成モデル generator system システム",
    "rater": "rater rater-id annotator annotator-id 評価者 評価者id 評価者名 アノテーター アノテータ "
    "worker worker-id reviewer evaluator 作業者 担当者",
    "judge": "judge judge-name judge-model 判定者 llm判定者 判定者名 判定モデル 評価モデル ジャッジ evaluator",
    "score": "score rating スコア 評点 評価値 評価点 点数 得点 評価 判定 判定結果 grade label ラベル 評価結果 value",
    "category": "category 分類 カテゴリ カテゴリー 小分類 specific-harm",
    "cannot_decide": "cannot-decide 判断不能 判断できない 判定不能",
    "comment": "comment コメント 備考 理由 reason note",
    "seconds": "seconds 秒 秒数 所要秒数 所要時間(秒)",
    "role": "role 役割",
    "axis": "axis 軸 観点 評価軸",
    "inclusion_probability": "inclusion-probability 抽出確率 包含確率",
    "response_sha256": "response-sha256",
    "mode": "mode モード 参考回答 参照",
    "repeat": "repeat repetition take run trial 回 回数 繰り返し 試行 何回目",
    "status": "status 状態 ステータス",
    "raw": "raw reply raw-reply judge-reply 判定文 判定理由 理由 reason rationale explanation",
}
_MODES = {
    **dict.fromkeys(("参考回答あり", "参照あり", "あり", "with-reference", "with"), "ref"),
    **dict.fromkeys(("参考回答なし", "参照なし", "なし", "without-reference", "without"), "noref"),
}
UNDECIDED = frozenset({"cannot-decide", "cannot_decide", "判断できない", "判断不能", "判定不能"})
CALL_FAILURES = frozenset(
    {"refused", "provider_filtered", "truncated", "off_format", "out_of_range", "transport", "timeout"}
)
_MACHINE = re.compile(r"judge|llm|gpt|claude|gemini|llama|mistral|qwen|判定|ジャッジ", re.IGNORECASE)
# gpt-4o/noref#2, gpt-4o repeat 2, gpt-4o 2回目
_REPEATED = re.compile(
    r"(?P<judge>.+?)(?:[/ _](?P<mode>ref|noref))?"
    r"(?:\s*#\s*(?P<a>\d{1,3})|[ _-](?:repeat|take|run|rep)[ _-]?(?P<b>\d{1,3})|[ _]?(?P<c>\d{1,3})回目)?"
)


@dataclass(frozen=True, slots=True)
class Look:
    """A file before it is read for good: its columns, its first records, how many lines it has.

    Of another tool's export, `export` names the tool and `answers` the fields that its people filled in.
    """

    name: str
    shape: str
    headings: tuple[str, ...]
    first: tuple[dict[str, Any], ...]
    lines: int
    warnings: tuple[Notice, ...] = ()
    export: str = ""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of one file mean.

    columns: field -> heading. each: headings of columns that hold one rater's (or judge's) scores each. constants:
    field -> the value that every row has.
    """

    kind: Kind
    columns: Mapping[str, str] = field(default_factory=dict)
    each: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)

    def unused(self, headings: Iterable[str]) -> list[str]:
        """Headings whose column is not taken."""
        taken = {*self.columns.values(), *self.each}
        return [heading for heading in headings if heading and heading not in taken]

    def as_dict(self) -> dict[str, Any]:
        return {
            "columns": dict(self.columns),
            "each": list(self.each),
            "constants": dict(self.constants),
        }


def look(path: str | Path, export: str | None = None) -> Look:
    """The first records of a file (`export` as in `open_ratings`). Raises UnusableFile for what cannot be read at all."""
    opened = open_ratings(path, export)
    records = [record for record in islice(opened.records, LOOKED_AT) if isinstance(record, Record)]
    first = tuple(record.values for record in records)
    answers = tuple(dict.fromkeys(name for record in records for name in record.answers))
    headings = opened.headings or tuple(dict.fromkeys(key for values in first for key in values))
    with Path(path).open("rb") as stream:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))
    named = tuple(heading for heading in headings if heading)
    return Look(
        opened.name, opened.shape, named, first, lines, tuple(opened.warnings), opened.export, answers
    )


def guess(seen: Look, kind: Kind, *, shared: bool = False) -> Columns:
    """What the columns most likely mean. `shared`: the same file holds the other kind too, in columns of its own.

    Fields that the file does not name get a constant (model, rater, judge) where one will do; an item is never guessed
    from anything but a heading.
    """
    if seen.export:
        return _guess_export(seen, kind)
    who, columns = WHO[kind], _by_heading(seen.headings, kind)
    free = [heading for heading in seen.headings if heading not in columns.values()]
    if columns.get(who) and columns.get("score"):
        return Columns(kind, columns, (), _constants(columns, {"model"}))
    likely = [heading for heading in free if _like_scores(seen.first, heading)]
    machines = [heading for heading in likely if _MACHINE.search(heading)]
    each = [h for h in likely if h not in machines] if kind == "ratings" else machines
    if not shared and not each:
        each = likely
    if each:
        columns = {name: heading for name, heading in columns.items() if name not in (who, "score")}
        return Columns(kind, columns, tuple(each), _constants(columns, {"model"}))
    return Columns(kind, columns, (), _constants(columns, {"model", who}))


def _guess_export(seen: Look, kind: Kind) -> Columns:
    """The people's own answers alone can be the score, however a field that they were shown is called."""
    own = OWN[seen.export]
    columns = {name: heading for name, heading in _by_heading(seen.headings, kind).items() if name != "score"}
    free = [heading for heading in seen.headings if heading not in {*columns.values(), *own.values()}]
    likely = [heading for heading in seen.answers or free if _like_scores(seen.first, heading)]
    only = seen.answers if len(seen.answers) == 1 else likely
    score = _by_heading(only, kind).get("score") or (only[0] if len(only) == 1 else None)
    if score is not None:
        columns = {name: heading for name, heading in columns.items() if heading != score} | {"score": score}
    if kind == "ratings":
        columns = {name: heading for name, heading in columns.items() if heading not in own.values()} | dict(
            own
        )
    return Columns(kind, columns, (), _constants(columns, {"model"}))


def _by_heading(headings: Iterable[str], kind: Kind) -> dict[str, str]:
    plain: dict[str, str] = {}
    for heading in headings:
        plain.setdefault(key_of(heading), heading)
    found: dict[str, str] = {}
    for name in FIELDS[kind]:
        for word in HEADINGS[name].split():
            if word in plain and plain[word] not in found.values():
                found[name] = plain[word]
                break
    return found


def _constants(columns: Mapping[str, str], names: set[str]) -> dict[str, str]:
    return {name: name for name in sorted(names) if name not in columns}


def _like_scores(first: Iterable[Mapping[str, Any]], heading: str) -> bool:
    """Numbers of one scale, or a few short labels; never a column without any value."""
    values = [str(row[heading]).strip() for row in first if row.get(heading) not in (None, "")]
    values = [value for value in values if value]
    if not values or any(len(value) > LONGEST_LABEL for value in values):
        return False
    different = set(values)
    if all(_number(value) is not None for value in different):
        return len(different) <= 101 and all(abs(_number(value) or 0) <= 100 for value in different)
    return len(different) <= min(MOST_WORDS, max(2, len(values) // 2))


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def checked(given: Columns, seen: Look) -> Columns:
    """The same, or UnusableFile with a sentence that says which column is missing, unknown or meant twice."""
    who = WHO[given.kind]
    values = {"file": seen.name, "headings": ", ".join(seen.headings), "who": who}
    named = [*given.columns.values(), *given.each]
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
    told = {*given.columns, *given.constants}
    missing = [name for name in NEEDED if name not in told]
    if not given.each:
        missing += [name for name in (who, "score") if name not in told]
    if given.kind == "verdicts" and missing == ["score"] and "status" in told:
        missing = []
    if missing:
        raise UnusableFile(
            gettext_noop(
                "%(file)s: no column was found for %(missing)s; say which it is. Its columns are: %(headings)s"
            ),
            missing=", ".join(missing),
            **values,
        )
    if given.each and "score" in given.columns:
        raise UnusableFile(
            gettext_noop(
                "%(file)s: a score is either in one column, or in a column for each %(who)s; not in both"
            ),
            **values,
        )
    return given


def applied(given: Columns, opened: RecordFile) -> RecordFile:
    """The file's records as the readers know them: fields by their own names, one record for each score."""
    names = (*given.columns, *given.constants)
    headings = (*names, WHO[given.kind], "score") if given.each else names
    return dataclasses.replace(
        opened,
        headings=headings if opened.headings else (),
        records=_mapped(given, opened.records),
    )


def _mapped(given: Columns, records: Iterable[Record | Quarantined]) -> Iterator[Record | Quarantined]:
    for record in records:
        if isinstance(record, Quarantined):
            yield record
            continue
        values: dict[str, Any] = dict(given.constants)
        values |= {name: record.values.get(heading) for name, heading in given.columns.items()}
        if "mode" in values:
            values["mode"] = _mode(values["mode"])
        if not given.each:
            if given.kind == "ratings" and "cannot_decide" not in values:
                values |= _score(given.kind, values.pop("score", None))
            yield dataclasses.replace(record, values=values, columns=given.columns)
            continue
        for heading in given.each:
            cell = record.values.get(heading)
            if cell is None or (isinstance(cell, str) and not cell.strip()):
                continue  # nobody scored it there
            single = values | _whose(given.kind, heading) | _score(given.kind, cell)
            columns = {**given.columns, "score": heading, WHO[given.kind]: heading}
            yield dataclasses.replace(record, values=single, columns=columns)


def _mode(value: object) -> object:
    return _MODES.get(key_of(value), value) if isinstance(value, str) else value


def _whose(kind: Kind, heading: str) -> dict[str, Any]:
    """Rater or judge of a column; a judge's heading may end in its mode and the number of the repeat."""
    if kind == "ratings":
        return {"rater": heading}
    found = _REPEATED.fullmatch(heading)
    if found is None:
        return {"judge": heading}
    repeat = found["a"] or found["b"] or found["c"]
    return {
        "judge": found["judge"].strip(),
        **({"mode": found["mode"]} if found["mode"] else {}),
        **({"repeat": int(repeat)} if repeat else {}),
    }


def _score(kind: Kind, cell: object) -> dict[str, Any]:
    word = cell.strip() if isinstance(cell, str) else cell
    if kind == "verdicts" and isinstance(word, str) and word in CALL_FAILURES:
        return {"status": word}
    if kind == "ratings" and isinstance(word, str) and key_of(word) in UNDECIDED:
        return {"cannot_decide": True}
    return {"score": word}


def named(guessed: Columns, given: Iterable[str], seen: Look, *, elsewhere: Iterable[str] = ()) -> Columns:
    """The guess, corrected by words `FIELD=COLUMN` (`raters=A,B` or `judges=A,B` for columns of their own).

    `FIELD==VALUE` gives one value to every row. `ratings.FIELD` and `verdicts.FIELD` speak to one kind of file, any
    other word to both; but a column that only the other file has (`elsewhere`: its headings) is none of this one's
    business. Raises UnusableFile for what is no such word.
    """
    columns, constants, each = dict(guessed.columns), dict(guessed.constants), list(guessed.each)
    chosen: list[str] = []
    for word in given:
        name, column, constant = _word(word)
        kind, _dot, plain = name.rpartition(".")
        if kind and kind != guessed.kind:
            continue
        if plain in ("raters", "judges"):
            if plain == f"{WHO[guessed.kind]}s":
                chosen += [column] if column in seen.headings else column.split(",")
        elif plain in FIELDS[guessed.kind]:
            if not constant and not kind and column not in seen.headings and column in elsewhere:
                continue
            freed = "" if constant else column  # a value is no heading, even where it reads like one
            columns = {key: heading for key, heading in columns.items() if heading != freed and key != plain}
            constants.pop(plain, None)
            (constants if constant else columns)[plain] = column
            if plain == "score":
                each = []
            each = [heading for heading in each if heading != freed]
    each = chosen or each
    if each:
        columns = {key: heading for key, heading in columns.items() if heading not in each}
        columns.pop("score", None)
        columns.pop(WHO[guessed.kind], None)
        constants.pop(WHO[guessed.kind], None)
    return Columns(guessed.kind, columns, tuple(each), constants)


def _word(word: str) -> tuple[str, str, bool]:
    name, equals, column = word.partition("=")
    kind, _dot, plain = name.strip().rpartition(".")
    known = {"raters", "judges", *FIELDS["ratings"], *FIELDS["verdicts"]}
    if not equals or not column or plain not in known or kind not in ("", *FIELDS):
        raise UnusableFile(
            gettext_noop("%(word)s is no FIELD=COLUMN; fields are: %(fields)s"),
            word=word,
            fields=", ".join(sorted(known)),
        )
    constant = column.startswith("=")
    return name.strip(), column.removeprefix("=").strip() if constant else column.strip(), constant
