"""How long the lead's board takes over many items.

`python -m bench.board [--small] [--json]`: 200,000 items on PostgreSQL and 20,000 on SQLite, each in an installation of
its own; submitted and reviewed evenly over 200 days by fifty people, a tenth still in review. The page is asked for by
a signed-in lead, in the process that made the data.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from bench.machine import machine, options, tell, timed, versions
from bench.rating_world import Installation
from bench.ratings import database

GOALS = {"page_s": 1.0}
SIZES = {"postgres": 200_000, "sqlite": 20_000}
DATASET, LEAD, PEOPLE, DAYS, AT_ONCE = "bench", "lead", 50, 200, 2000


def main() -> None:
    if sys.argv[1:2] == ["world"]:
        import django

        django.setup()
        tell(measured_here(int(sys.argv[2])), as_json=True)
        return
    parser = options(__doc__ or "")
    parser.add_argument("--database", choices=tuple(SIZES), action="append", help="one of both alone")
    chosen = parser.parse_args()
    figures: dict[str, Any] = {"goals": GOALS, "machine": [machine()], "databases": {}}
    for kind in chosen.database or SIZES:
        with tempfile.TemporaryDirectory(prefix="bench-board-") as folder:
            size = 5_000 if chosen.small else SIZES[kind]
            figures["databases"][kind] = measured(kind, Path(folder), size)
    figures["machine"].append(machine())
    figures["versions"] = versions("django")
    tell(figures, as_json=chosen.json)


def measured(kind: str, folder: Path, size: int) -> dict[str, Any]:
    with database(kind) as server:
        url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
        here = Installation(folder, url)
        (folder / "var").mkdir()
        here.run("manage.py", "migrate", "-v0")
        found: dict[str, Any] = json.loads(here.run("-m", "bench.board", "world", size))
        return found


def measured_here(size: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client

    from curation.models import Person

    make(size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(headers={"host": "localhost"})
    client.force_login(Person.objects.get(username=LEAD))
    answers: list[int] = []

    def page(path: str) -> None:
        answers.append(client.get(path, secure=True).status_code)

    found = {
        name: timed(partial(page, path), runs=5).as_dict()
        for name, path in {"page": f"/d/{DATASET}/board/", "api": f"/api/d/{DATASET}/board/"}.items()
    }
    return {"items": size, "answers": sorted(set(answers)), **found}


def make(size: int) -> None:
    """A dataset whose items were handed in and judged over 200 days."""
    from django.utils import timezone

    from curation.actions.datasets import create_dataset, load_taxonomy
    from curation.actions.texts import keep_text
    from curation.log import OPERATOR
    from curation.models import Dataset, Item, LogEntry, Membership, Person, Question, Review, Revision

    taxonomy, _new = load_taxonomy(OPERATOR, "ac2")
    dataset = create_dataset(OPERATOR, name=DATASET, taxonomy=taxonomy, slug=DATASET)
    began = timezone.now() - timedelta(days=DAYS)
    Dataset.objects.filter(pk=dataset.pk).update(created_at=began)
    lead = Person.objects.create(username=LEAD, locale="en")
    Membership.objects.create(dataset=dataset, person=lead, role=Membership.Role.LEAD)
    people = [Person.objects.create(username=f"p{n}", pseudonym=f"p{n}") for n in range(PEOPLE)]
    leaves = list(taxonomy.categories.filter(level=3, provisional=False))
    text, chance = keep_text("鍵を拾いました。"), random.Random(1)
    ages = sorted((chance.uniform(0, DAYS) for _ in range(size)), reverse=True)
    times = [timezone.now() - timedelta(days=age) for age in ages]
    states = ["in_review"] * (size // 10)
    states = [
        "approved" if chance.random() < 0.9 else "needs_changes" for _ in range(size - len(states))
    ] + states
    questions = _kept(Question, (Question(dataset=dataset) for _ in range(size)))
    items = _kept(
        Item,
        (
            Item(dataset=dataset, question=question, external_id=f"b{n}", category=leaves[n % len(leaves)])
            for n, question in enumerate(questions)
        ),
    )
    revisions = _kept(
        Revision,
        (
            Revision(
                item=item, number=1, category_id=item.category_id, question_text=text, answer_text=text,
                question_author=people[n % PEOPLE], answer_author=people[n % PEOPLE],
                submitted_by=people[n % PEOPLE], content_hash="0" * 64,
            )
            for n, item in enumerate(items)
        ),
    )  # fmt: skip
    for item, revision, state in zip(items, revisions, states, strict=True):
        item.current_revision, item.state = revision, state
        item.approved_revision = revision if state == "approved" else None
    for rows in _chunks(items):
        Item.objects.bulk_update(rows, ["current_revision", "approved_revision", "state"])
    Revision.objects.update(created_at=began)
    verbs = {"approved": "approve", "needs_changes": "request_changes"}
    reviews = [
        (
            Review(item=item, revision=revision, reviewer=people[n % PEOPLE - 1], decision=verbs[state]),
            times[n] + timedelta(hours=2),
        )
        for n, (item, revision, state) in enumerate(zip(items, revisions, states, strict=True))
        if state in verbs
    ]
    _dated(Review, reviews)
    _dated(LogEntry, _steps(dataset, items, states, times, verbs))


def _steps(
    dataset: Any, items: list[Any], states: list[str], times: list[datetime], verbs: dict[str, str]
) -> Iterator[tuple[Any, datetime]]:
    from curation.models import LogEntry

    def entry(item: Any, verb: str, to: str) -> Any:
        return LogEntry(
            dataset=dataset, actor="p", verb=verb, object_type="item", object_id=str(item.pk),
            to_state=to, details={"revision": 1},
        )  # fmt: skip

    for item, state, at in zip(items, states, times, strict=True):
        yield entry(item, "start", ""), at
        yield entry(item, "submit", "in_review"), at
        if state in verbs:
            yield entry(item, verbs[state], state), at + timedelta(hours=2)


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    coming = iter(rows)
    while found := list(islice(coming, AT_ONCE)):
        yield found


def _kept(model: Any, rows: Iterable[Any]) -> list[Any]:
    return [row for chunk in _chunks(rows) for row in model.objects.bulk_create(chunk)]


def _dated(model: Any, rows: Iterable[tuple[Any, datetime]]) -> None:
    """Rows with a time of their own: the column fills itself in otherwise."""
    field = model._meta.get_field("created_at")
    field.auto_now_add = False
    for chunk in _chunks(rows):
        for row, at in chunk:
            row.created_at = at
        model.objects.bulk_create([row for row, _at in chunk])


if __name__ == "__main__":
    main()
