"""Importing items: seconds, rows a second and peak memory at two sizes, and how long a writer beside it waits.

`python -m bench.authoring_import [--small] --json` on SQLite; `--database URL` on an empty PostgreSQL database instead. Each
size is imported into a fresh dataset by a process of its own; memory is the most that process ever had.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.machine import machine, options, resident, tell, versions

SIZES, SMALL = (2_000, 20_000), (500, 2_000)
BETWEEN = 0.05  # seconds between two writes beside the import


def rows_into(path: Path, count: int) -> None:
    """Made-up questions with answers under a leaf of `ac2`, as JSON lines."""
    from bench.release_world import texts
    from curation.models import Category

    leaf = Category.objects.filter(taxonomy__name="ac2", level=3).order_by("position").first()
    assert leaf is not None
    labels = dict(zip(("risk-area", "harm-type", "specific-harm"), leaf.labels, strict=True))
    with path.open("w", encoding="utf-8") as out:
        for n, (question, answer, _question_en, _answer_en) in enumerate(texts(count, seed=count)):
            row = {"ID": f"i{n}", "text": question, "output": answer, **labels}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


class Writer(threading.Thread):
    """Somebody who saves a little text all the while; remembers how long each save took."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.waited: list[float] = []

    def run(self) -> None:
        from django.db import connection

        from curation.models import Person

        person = Person.objects.create(username=f"writer-{time.time_ns()}")
        while not self.over.wait(BETWEEN):
            started = time.perf_counter()
            Person.objects.filter(pk=person.pk).update(locale="ja")
            self.waited.append(time.perf_counter() - started)
        connection.close()


def measured(count: int, beside: bool) -> dict[str, Any]:
    """One import, in this process."""
    import django

    django.setup()
    from curation.actions.datasets import create_dataset, load_taxonomy
    from curation.actions.imports import import_items
    from curation.log import OPERATOR

    taxonomy, _new = load_taxonomy(OPERATOR, "ac2")
    slug = f"import-{count}-{'beside' if beside else 'alone'}"
    dataset = create_dataset(OPERATOR, name=slug, taxonomy=taxonomy, slug=slug)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        rows_into(path, count)
        writer = Writer()
        if beside:
            writer.start()
        before, started, worked = resident(), time.perf_counter(), time.process_time()
        done = import_items(OPERATOR, dataset, path)
        wall, cpu = time.perf_counter() - started, time.process_time() - worked
        writer.over.set()
    told = {
        "rows": count,
        "created": done.created,
        "refused": len(done.refused),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "rows_a_second": round(count / wall),
        "before_mb": round(before, 1),
        "peak_mb": round(resident(peak=True), 1),
    }
    return told | (
        {"saves": len(writer.waited), "longest_save_s": round(max(writer.waited), 3)} if beside else {}
    )


def main() -> None:
    parser = options((__doc__ or "").splitlines()[0])
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database; else SQLite")
    parser.add_argument("--one", type=int, help="of one size, in this process")
    parser.add_argument("--beside", action="store_true", help="with a writer beside it")
    chosen = parser.parse_args()
    if chosen.one:
        tell(measured(chosen.one, chosen.beside), as_json=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        around = os.environ | {"TEINEI_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        if chosen.database:
            around["DATABASE_URL"] = chosen.database
        manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(manage, check=True, env=around, stdout=subprocess.DEVNULL)

        def run(count: int, *more: str) -> Any:
            words = [sys.executable, "-m", "bench.authoring_import", "--one", str(count), *more]
            return json.loads(subprocess.run(words, check=True, env=around, stdout=subprocess.PIPE).stdout)

        sizes = SMALL if chosen.small else SIZES
        figures = {
            "benchmark": "authoring_import",
            "database": "postgresql" if chosen.database else "sqlite",
            "imports": [run(count) for count in sizes],
            "with_a_writer_beside": run(sizes[-1], "--beside"),
            "machine": machine(),
            "versions": versions("django", "psycopg"),
        }
    tell(figures, as_json=chosen.json)


if __name__ == "__main__":
    main()
