"""JSON dialects: the AC array, the pandas dialect, JSON lines, and the records that fine-tuning reads.

Every writer takes rows and an existing folder, writes one file per split, and returns the paths.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .rows import META_KEYS, ReleaseRow, by_split, record

# The fixed sentence of llm-jp's training data (reference: dataset, 5.3); a string of their format, exact.
SYSTEM = "以下は、タスクを説明する指示です。要求を適切に満たす応答を書きなさい。"
QUESTION_MARK = "\n\n### 指示:\n"
ANSWER_MARK = "\n\n### 応答:\n"


def write_ac(
    rows: Iterable[ReleaseRow],
    folder: Path,
    *,
    output_field: str = "output",
    meta_order: Sequence[str] = META_KEYS,
) -> list[Path]:
    """{dev,test}.json: an array of AC records, indented by two. NII's own white space is not known (F24)."""
    dump = json.JSONEncoder(ensure_ascii=False, indent=2).encode

    def parts(chosen: list[ReleaseRow]) -> Iterator[str]:
        yield "["
        for number, row in enumerate(chosen):
            text = dump(record(row, output_field=output_field, meta_order=meta_order))
            yield (",\n  " if number else "\n  ") + text.replace("\n", "\n  ")
        yield "\n]\n"

    return _per_split(rows, folder, "json", parts)


def write_pandas(
    rows: Iterable[ReleaseRow],
    folder: Path,
    *,
    output_field: str = "output",
    meta_order: Sequence[str] = META_KEYS,
) -> list[Path]:
    """{dev,test}.json, byte for byte what pandas' to_json(orient="records", indent=2, force_ascii=False) writes.

    Own writer: the tests hold it against pandas on hostile texts, and an export then needs no pandas.
    """

    def parts(chosen: list[ReleaseRow]) -> Iterator[str]:
        yield pandas_json([record(row, output_field=output_field, meta_order=meta_order) for row in chosen])

    return _per_split(rows, folder, "json", parts)


def pandas_json(records: list[dict[str, Any]]) -> str:
    """The pandas dialect of records whose values are texts or one level of texts: `"key":value`, `\\/`, no last newline."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("/", "\\/")

    def value(given: Any) -> str:
        if isinstance(given, str):
            return quoted(given)
        inner = ",\n".join(f"      {quoted(key)}:{quoted(text)}" for key, text in given.items())
        return "{\n" + inner + "\n    }"

    shown = (
        "  {\n" + ",\n".join(f"    {quoted(k)}:{value(v)}" for k, v in one.items()) + "\n  }"
        for one in records
    )
    return "[\n" + ",\n".join(shown) + "\n]"


def write_jsonl(
    rows: Iterable[ReleaseRow],
    folder: Path,
    *,
    output_field: str = "output",
    meta_order: Sequence[str] = META_KEYS,
) -> list[Path]:
    """{dev,test}.jsonl: one AC record a line, raw Unicode."""

    def parts(chosen: list[ReleaseRow]) -> Iterator[str]:
        for row in chosen:
            yield _line(record(row, output_field=output_field, meta_order=meta_order))

    return _per_split(rows, folder, "jsonl", parts)


def write_messages(
    rows: Iterable[ReleaseRow], folder: Path, *, system: str = SYSTEM, splits: Sequence[str] = ("dev",)
) -> list[Path]:
    """{split}.jsonl of {"ID", "messages": [system, user, assistant]}; dev alone unless told, since it is for training."""

    def parts(chosen: list[ReleaseRow]) -> Iterator[str]:
        for row in chosen:
            turns = (("system", system), ("user", row.question), ("assistant", row.answer))
            messages = [{"role": role, "content": content} for role, content in turns]
            yield _line({"ID": row.external_id, "messages": messages})

    return _per_split(rows, folder, "jsonl", parts, splits=splits)


def write_text(
    rows: Iterable[ReleaseRow], folder: Path, *, system: str = SYSTEM, splits: Sequence[str] = ("dev",)
) -> list[Path]:
    """{split}.jsonl of {"text"} in the LLM-jp template; the loss begins after `### 応答:`."""

    def parts(chosen: list[ReleaseRow]) -> Iterator[str]:
        for row in chosen:
            yield _line({"text": system + QUESTION_MARK + row.question + ANSWER_MARK + row.answer})

    return _per_split(rows, folder, "jsonl", parts, splits=splits)


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _per_split(
    rows: Iterable[ReleaseRow],
    folder: Path,
    ending: str,
    parts: Callable[[list[ReleaseRow]], Iterator[str]],
    *,
    splits: Sequence[str] | None = None,
) -> list[Path]:
    written = []
    for split, chosen in by_split(rows).items():
        if splits is not None and split not in splits:
            continue
        path = folder / f"{split}.{ending}"
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(parts(chosen))
        written.append(path)
    return written
