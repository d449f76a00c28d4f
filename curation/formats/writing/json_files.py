"""JSON dialects: the AC array, the pandas dialect, JSON lines, and the records that fine-tuning reads.

Each is written by hand from quoted texts: the library's indenting encoder takes ten times as long. The tests hold the
bytes against `json` and `pandas`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from .rows import META_KEYS, ReleaseRow
from .split_files import SplitFiles

# The fixed sentence of llm-jp's training data (reference: dataset, 5.3); a string of their format, exact.
SYSTEM = "以下は、タスクを説明する指示です。要求を適切に満たす応答を書きなさい。"
QUESTION_MARK = "\n\n### 指示:\n"
ANSWER_MARK = "\n\n### 応答:\n"

# A text as `json.dumps(text, ensure_ascii=False)` writes it, without an encoder made for each.
quoted = encode_basestring
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def ac_files(folder: Path, *, output_field: str, meta_order: Sequence[str]) -> SplitFiles:
    """{dev,test}.json: an array of AC records, indented by two. NII's own white space is not known (F24)."""
    encode = _record(
        '\n  {\n    "ID": %s,\n    "text": %s,\n    "@output": %s,\n    "meta": {\n      @meta\n    }\n  }',
        ",\n      ",
        '"@key": %s',
        output_field=output_field,
        meta_order=meta_order,
    )
    return SplitFiles(folder, "json", encode, first="[", between=",", last="\n]\n")


def pandas_files(folder: Path, *, output_field: str, meta_order: Sequence[str]) -> SplitFiles:
    """{dev,test}.json, byte for byte what pandas' to_json(orient="records", indent=2, force_ascii=False) writes.

    Own writer: the tests hold it against pandas on hostile texts, and an export then needs no pandas.
    """
    encode = _record(
        '  {\n    "ID":%s,\n    "text":%s,\n    "@output":%s,\n    "meta":{\n      @meta\n    }\n  }',
        ",\n      ",
        '"@key":%s',
        output_field=output_field,
        meta_order=meta_order,
    )

    def slashed(row: ReleaseRow) -> str:
        return encode(row).replace("/", "\\/")

    return SplitFiles(folder, "json", slashed, first="[\n", between=",\n", last="\n]")


def jsonl_files(folder: Path, *, output_field: str, meta_order: Sequence[str]) -> SplitFiles:
    """{dev,test}.jsonl: one AC record a line, raw Unicode."""
    encode = _record(
        '{"ID": %s, "text": %s, "@output": %s, "meta": {@meta}}\n',
        ", ",
        '"@key": %s',
        output_field=output_field,
        meta_order=meta_order,
    )
    return SplitFiles(folder, "jsonl", encode)


def _record(
    template: str, between: str, pair: str, *, output_field: str, meta_order: Sequence[str]
) -> Callable[[ReleaseRow], str]:
    """A writer of AC records: exactly ID, text, output (or output-sample) and meta."""
    meta = between.join(pair.replace("@key", key) for key in meta_order)
    filled = template.replace("@output", output_field).replace("@meta", meta)
    places = [META_KEYS.index(key) for key in meta_order]
    cache: dict[tuple[str, ...], tuple[str, ...]] = {}  # some dozens of leaves, whatever the number of rows

    def encode(row: ReleaseRow) -> str:
        labels = cache.get(row.labels)
        if labels is None:
            labels = cache[row.labels] = tuple(quoted(row.labels[place]) for place in places)
        return filled % (quoted(row.external_id), quoted(row.question), quoted(row.answer), *labels)

    return encode


def pandas_json(records: Iterable[dict[str, Any]]) -> str:
    """The pandas dialect of records whose values are texts or one level of texts: `"key":value`, `\\/`, no last newline."""

    def slashed(text: str) -> str:
        return quoted(text).replace("/", "\\/")

    def value(given: Any) -> str:
        if isinstance(given, str):
            return slashed(given)
        inner = ",\n".join(f"      {slashed(key)}:{slashed(text)}" for key, text in given.items())
        return "{\n" + inner + "\n    }"

    shown = (
        "  {\n" + ",\n".join(f"    {slashed(k)}:{value(v)}" for k, v in one.items()) + "\n  }"
        for one in records
    )
    return "[\n" + ",\n".join(shown) + "\n]"


def messages_files(folder: Path, *, system: str, splits: Sequence[str]) -> SplitFiles:
    """{split}.jsonl of {"ID", "messages": [system, user, assistant]}; dev alone unless told, since it is for training."""
    before = f'"messages": [{{"role": "system", "content": {quoted(system)}}}, {{"role": "user", "content": '
    between = '}, {"role": "assistant", "content": '

    def encode(row: ReleaseRow) -> str:
        return (
            f'{{"ID": {quoted(row.external_id)}, {before}{quoted(row.question)}'
            f"{between}{quoted(row.answer)}}}]}}\n"
        )

    return SplitFiles(folder, "jsonl", encode, splits=splits)


def text_files(folder: Path, *, system: str, splits: Sequence[str]) -> SplitFiles:
    """{split}.jsonl of {"text"} in the LLM-jp template; the loss begins after `### 応答:`."""

    def encode(row: ReleaseRow) -> str:
        return f'{{"text": {quoted(system + QUESTION_MARK + row.question + ANSWER_MARK + row.answer)}}}\n'

    return SplitFiles(folder, "jsonl", encode, splits=splits)


def sorted_json(value: Any) -> str:
    """JSON on one line with sorted keys: databases keep keys in orders of their own."""
    return _SORTED(value)
