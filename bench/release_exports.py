"""What each format of a release costs: seconds, peak memory and size, beside plain pandas, pyarrow and json on the same rows.

`python -m bench.release_exports [--small] [--items N] [--database sqlite|postgres] --json` makes an installation of its
own; `measured` measures a release that is there already. Every export is a process of its own (its peak is getrusage's),
from the database to SHA256SUMS; the verification is timed apart.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.machine import machine, options, tell, versions
from bench.made_questions import Maker
from bench.rating_world import Installation
from bench.ratings import database

DATASET, RELEASE = "bench", "v1"
FORMATS = ("ac", "pandas", "jsonl", "csv", "parquet", "hf", "messages", "text", "ids")
VERIFIED = ("jsonl", "hf")  # plain files, and all libraries: a minute each at 100,000 items
PEERS = ("pandas_json", "pandas_jsonl", "pandas_csv", "pandas_parquet", "json_lines", "pyarrow_parquet")
GOALS = {"export_s": 10, "peak_mb": 500}
BATCH = 1000


def measured(
    here: Installation, folder: Path, *, dataset: str = DATASET, release: str = RELEASE, verify: bool = True
) -> dict[str, Any]:
    """Figures of every format of one release of an installation, of all at once, and of the peers."""
    found: dict[str, Any] = {"formats": {}}
    for name in (*FORMATS, "all"):
        out = folder / f"export-{name}"
        told = json.loads(here.run("-m", "bench.release_exports", "export", dataset, release, name, out))
        if verify and name in VERIFIED:
            told["verify"] = json.loads(here.run("-m", "bench.release_exports", "verify", out))
        found["formats"][name] = told
    rows = folder / "rows.jsonl"
    here.run("-m", "bench.release_exports", "rows", folder / "export-parquet", rows)
    found["peers"] = {
        name: json.loads(here.run("-m", "bench.release_exports", "peer", name, rows, folder / name))
        for name in PEERS
    }
    single = [found["formats"][name] for name in FORMATS]
    found["slowest_single_s"] = max(told["seconds"] for told in single)
    found["largest_single_peak_mb"] = max(told["peak_mb"] for told in single)
    return found


# --- Each in a process of its own --------------------------------------------------------------------------------


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def export_one(dataset: str, release: str, name: str, out: str) -> dict[str, Any]:
    """One export, from the database to its sums, without the verification."""
    import django

    django.setup()
    from curation.actions.export_rows import describe, rows_of
    from curation.formats.writing import FORMATS as KNOWN
    from curation.formats.writing import export
    from curation.models import Release

    found = Release.objects.select_related("dataset").get(dataset__slug=dataset, name=release)
    begun = peak()
    started, worked = time.perf_counter(), time.process_time()
    described = describe(found, hub=name in ("hf", "all"))
    told = time.perf_counter()
    export(rows_of(found), described, out, formats=KNOWN if name == "all" else [name])
    ended = time.perf_counter()
    files = [file for file in Path(out).rglob("*") if file.is_file()]
    return {
        "seconds": round(ended - started, 2),
        "cpu_s": round(time.process_time() - worked, 2),
        "of_it_describing_s": round(told - started, 2),
        "peak_mb": peak(),
        "peak_before_mb": begun,
        "bytes": sum(file.stat().st_size for file in files),
        "files": len(files),
    }


def verify_one(out: str) -> dict[str, Any]:
    """The verification from the files alone, first without and then with loading back."""
    from curation.formats.writing import verification

    started, worked = time.perf_counter(), time.process_time()
    shallow = verification(out, deep=False)
    between = time.perf_counter()
    deep = verification(out)
    return {
        "own_readers_s": round(between - started, 2),
        "with_loading_back_s": round(time.perf_counter() - between, 2),
        "cpu_s": round(time.process_time() - worked, 2),
        "peak_mb": peak(),
        "problems": len(shallow.problems) + len(deep.problems),
        "skipped": deep.skipped,
    }


def keep_rows(exported: str, target: str) -> None:
    """The rows of a Parquet export as JSON lines: what the peers begin with, in memory."""
    import pyarrow.parquet as pq

    with Path(target).open("w", encoding="utf-8") as stream:
        for split in ("dev", "test"):
            stream.writelines(
                json.dumps(row, ensure_ascii=False) + "\n"
                for row in pq.read_table(f"{exported}/{split}.parquet").to_pylist()
            )


def peer_one(name: str, rows: str, target: str) -> dict[str, Any]:
    """Seconds of writing rows that are in memory already; the peak holds them too."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = [json.loads(line) for line in Path(rows).read_text(encoding="utf-8").split("\n") if line]
    frame = pd.DataFrame(records) if name.startswith("pandas") else None
    started = time.perf_counter()
    if frame is not None:
        if name == "pandas_json":
            frame.to_json(target, orient="records", indent=2, force_ascii=False)
        elif name == "pandas_jsonl":
            frame.to_json(target, orient="records", lines=True, force_ascii=False)
        elif name == "pandas_csv":
            frame.to_csv(target, index=False)
        else:
            frame.to_parquet(target)
    elif name == "json_lines":
        with Path(target).open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    else:
        pq.write_table(pa.Table.from_pylist(records), target)
    ended = time.perf_counter()
    size = Path(target).stat().st_size
    return {"seconds": round(ended - started, 2), "peak_mb": peak(), "bytes": size, "rows": len(records)}


# --- An installation with a release ------------------------------------------------------------------------------


def fill(items: int) -> None:
    """A frozen release of made-up items with English translations; every row that an export reads."""
    import django

    django.setup()
    from django.db import transaction

    from curation.actions.releases import counts_of, root_of
    from curation.models import Category, Dataset, Release, ReleaseItem, Taxonomy, Text
    from curation.release_hashes import row_hash

    taxonomy = Taxonomy.objects.create(name="bench", title_ja="計測", title_en="Bench")
    dataset = Dataset.objects.create(slug=DATASET, name="bench", taxonomy=taxonomy)
    texts: dict[str, str] = {}
    rows = []
    for position, made in enumerate(_made(items)):
        texts |= made.pop("texts")
        hashed = {key: made[key] for key in ("labels", "attributes", "sources", "translations")}
        digest = row_hash(question=made["question_text_id"], answer=made["answer_text_id"], **hashed)
        rows.append(ReleaseItem(position=position, content_hash=digest, **made))
    with transaction.atomic():
        kept = [Text(hash=digest, body=body) for digest, body in texts.items()]
        Text.objects.bulk_create(kept, batch_size=BATCH, ignore_conflicts=True)
        leaf = Category.objects.create(
            taxonomy=taxonomy, level=3, path="1.1.1", position=1, label="細目", name_ja="細目", name_en="leaf"
        )
        _behind(dataset, leaf, rows)
        release = Release.objects.create(
            dataset=dataset,
            name=RELEASE,
            version="1.0.0",
            size=len(rows),
            root_hash=root_of(rows),
            hash_version=2,
            counts=counts_of(rows),
            terms="計測のための条件です。",
        )
        for row in rows:
            row.release = release
        ReleaseItem.objects.bulk_create(rows, batch_size=BATCH)


def _behind(dataset: Any, leaf: Any, rows: list[Any]) -> None:
    """The questions, items, revisions and reviews that the rows were frozen from."""
    from curation.models import Item, Question, Review, Revision

    questions = Question.objects.bulk_create(
        (Question(dataset=dataset, split=row.split) for row in rows), batch_size=BATCH
    )
    items = Item.objects.bulk_create(
        (
            Item(dataset=dataset, question=question, external_id=row.external_id, state="in_review")
            for question, row in zip(questions, rows, strict=True)
        ),
        batch_size=BATCH,
    )
    revisions = Revision.objects.bulk_create(
        (
            Revision(
                item=item,
                number=1,
                category=leaf,
                question_text_id=row.question_text_id,
                answer_text_id=row.answer_text_id,
                content_hash=row.content_hash,
            )
            for item, row in zip(items, rows, strict=True)
        ),
        batch_size=BATCH,
    )
    reviews = (
        Review(item=item, revision=revision, kind="import", decision="approve")
        for item, revision in zip(items, revisions, strict=True)
    )
    Review.objects.bulk_create(reviews, batch_size=BATCH)
    for row, item, revision in zip(rows, items, revisions, strict=True):
        row.item, row.revision = item, revision


def _made(items: int) -> Iterator[dict[str, Any]]:
    """Items of the length that such sets have: some 85 characters a question, some 200 an answer."""
    from curation.similar import text_hash

    chance, maker = random.Random(7), Maker(7)
    tail = "公的な窓口に相談し、記録を残したうえで、専門家の助言を得ながら落ち着いて対応してください。"
    for n in range(items):
        question = maker.question() + f"（{n}番目の質問です。詳しい事情も添えて答えてください。）"
        answer = f"{n}番目の質問への回答です。" + tail * chance.randint(2, 5)
        english = {
            "question": f"Question number {n}: what should one do in this situation, and whom to ask?",
            "answer": f"Answer number {n}. " + "Please ask the office in charge and keep a record. " * 4,
        }
        digests = {part: text_hash(text) for part, text in english.items()}
        leaf = n % 56
        yield {
            "texts": {
                text_hash(question): question,
                text_hash(answer): answer,
                **{digests[part]: text for part, text in english.items()},
            },
            "external_id": f"bench-{n:07d}",
            "question_text_id": text_hash(question),
            "answer_text_id": text_hash(answer),
            "labels": [f"領域{leaf % 5}", f"種類{leaf % 12}", f"細目{leaf}"],
            "split": "test" if n % 6 == 0 else "dev",
            "attributes": {"difficulty": n % 3, "flags": ["regional"]} if n % 10 == 0 else {},
            "sources": [f"https://example.invalid/{n}"] if n % 5 == 0 else [],
            "translations": {"en": digests},
        }


def whole(*, items: int, kinds: tuple[str, ...], verify: bool) -> dict[str, Any]:
    """Everything, in an installation of its own for each database."""
    figures: dict[str, Any] = {
        "machine": machine(),
        "versions": versions("django", "pyarrow", "pandas", "datasets", "mlcroissant"),
        "items": items,
        "goals": GOALS,
    }
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="bench-exports-") as name, database(kind) as server:
            url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
            here = Installation(Path(name), url)
            here.run("manage.py", "migrate", "--verbosity", "0")
            here.run("-m", "bench.release_exports", "fill", items)
            figures[kind] = measured(here, Path(name), verify=verify)
    return figures


INSIDE: dict[str, Callable[..., Any]] = {
    "export": export_one,
    "verify": verify_one,
    "rows": keep_rows,
    "peer": peer_one,
}


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "fill":
        fill(int(sys.argv[2]))
        return
    if len(sys.argv) > 1 and sys.argv[1] in INSIDE:
        print(json.dumps(INSIDE[sys.argv[1]](*sys.argv[2:])))
        return
    parser = options("What the export of a release costs, format by format.")
    parser.add_argument("--items", type=int, help="default: 100,000, or 5,000 with --small")
    parser.add_argument("--database", choices=("sqlite", "postgres"), help="one of the two alone")
    parser.add_argument("--no-verify", action="store_true", help="leave the verification out")
    given = parser.parse_args()
    items = given.items or (5_000 if given.small else 100_000)
    kinds = (given.database,) if given.database else ("sqlite", "postgres")
    tell(whole(items=items, kinds=kinds, verify=not given.no_verify), as_json=given.json)


if __name__ == "__main__":
    main()
