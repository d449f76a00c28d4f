"""How fast near twins are told while somebody types, over many items, and whether any is missed.

`python -m bench.duplicates [--small] [--json]`: 200,000 questions on PostgreSQL and 20,000 on SQLite, each in an
installation of its own. Half of what is asked are copies of what stands there, with something changed; half is new.
Beside it stands a scan of all texts by rapidfuzz, in the same run.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import machine, options, resident, tell, versions
from bench.made_questions import VARIANTS, Maker
from bench.rating_world import Installation
from bench.ratings import database

GOALS = {"page_p95_ms": 150}
SIZES = {"postgres": 200_000, "sqlite": 20_000}
ASKS, EXACT, PEER, LONG = 100, 10, 20, 20
DATASET, AUTHOR, AT_ONCE = "bench", "author", 2000


def main() -> None:
    if sys.argv[1:2] in (["world"], ["asks"]):
        import django

        django.setup()
        act = {"world": make, "asks": asks}[sys.argv[1]]
        tell(act(int(sys.argv[2])), as_json=True)
        return
    parser = options(__doc__ or "")
    parser.add_argument("--database", choices=tuple(SIZES), action="append", help="one of both alone")
    parser.add_argument("--items", type=int, help="another number of questions")
    chosen = parser.parse_args()
    figures: dict[str, Any] = {"goals": GOALS, "machine": [machine()], "databases": {}}
    for kind in chosen.database or SIZES:
        size = 5_000 if chosen.small else chosen.items or SIZES[kind]
        with tempfile.TemporaryDirectory(prefix="bench-duplicates-") as folder:
            figures["databases"][kind] = measured(kind, Path(folder), size)
    figures["machine"].append(machine())
    figures["versions"] = versions("django", "numpy", "rapidfuzz")
    tell(figures, as_json=chosen.json)


def measured(kind: str, folder: Path, size: int) -> dict[str, Any]:
    with database(kind) as server:
        url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
        here = Installation(folder, url)
        (folder / "var").mkdir()
        here.run("manage.py", "migrate", "-v0")
        made = json.loads(here.run("-m", "bench.duplicates", "world", size))
        return made | json.loads(here.run("-m", "bench.duplicates", "asks", size))


def questions(size: int) -> list[str]:
    return [f"{n}番目です。" + text for n, text in enumerate(Maker(21).questions(size))]


def make(size: int) -> dict[str, Any]:
    """A dataset with an author and `size` questions that wait for their answers."""
    from curation.actions.datasets import create_dataset, load_taxonomy
    from curation.log import OPERATOR
    from curation.models import Membership, Person

    began = time.perf_counter()
    taxonomy, _new = load_taxonomy(OPERATOR, "ac2")
    dataset = create_dataset(OPERATOR, name=DATASET, taxonomy=taxonomy, slug=DATASET)
    author = Person.objects.create(username=AUTHOR, locale="ja")
    Membership.objects.create(dataset=dataset, person=author, role=Membership.Role.AUTHOR)
    leaves = list(taxonomy.categories.filter(level=3, provisional=False).order_by("position"))
    texts = questions(size)
    for start in range(0, size, AT_ONCE):
        add(dataset, texts[start : start + AT_ONCE], leaves, start)
    return {"items": size, "made_s": round(time.perf_counter() - began, 1)}


def add(
    dataset: Any, texts: list[str], leaves: list[Any], first: int, *, answers: list[str] | None = None
) -> None:
    """Questions that wait for their answers, or have them."""
    from django.db.models import OuterRef, Subquery

    from curation.actions.texts import keep_texts
    from curation.models import Item, Question, Revision
    from curation.similar import text_hash

    keep_texts([*texts, *(answers or [])])
    hashes = [text_hash(answer) for answer in answers] if answers else [None] * len(texts)
    asked = Question.objects.bulk_create(Question(dataset=dataset) for _ in texts)
    items = Item.objects.bulk_create(
        Item(
            dataset=dataset,
            question=question,
            external_id=f"b{first + n:07}",
            state=Item.State.AWAITING_ANSWER,
            category=leaves[n % len(leaves)],
        )
        for n, question in enumerate(asked)
    )
    Revision.objects.bulk_create(
        Revision(
            item=item,
            number=1,
            category=item.category,
            question_text_id=text_hash(text),
            answer_text_id=answer,
            content_hash="0" * 64,
        )
        for item, text, answer in zip(items, texts, hashes, strict=True)
    )
    own = Revision.objects.filter(item=OuterRef("pk"), number=1).values("pk")
    made = Item.objects.filter(pk__range=(items[0].pk, items[-1].pk))
    made.update(current_revision=Subquery(own))


def asks(size: int) -> dict[str, Any]:
    """The page as a person asks it (through Django, without the network), the search alone, a scan, and what was missed."""
    from django.test import Client

    from curation import finding
    from curation.actions import items as act
    from curation.models import Dataset, Person, Text
    from curation.similar import fold

    dataset, author = Dataset.objects.get(slug=DATASET), Person.objects.get(username=AUTHOR)
    item = act.start_item(author, dataset, category=dataset.taxonomy.categories.filter(level=3).first())
    typed = [fold(text) for text in _typed(size, ASKS)]
    memory, began = resident(), time.perf_counter()
    finding.ASKED.near(typed[0], limit=5)
    first = {"first_ask_s": round(time.perf_counter() - began, 2), "memory_mb": round(resident() - memory)}
    client = Client(headers={"host": "localhost"})
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/d/{DATASET}/write/{item.pk}/twins/"
    page = each(typed, lambda text: _told(client.post(address, {"question": text})))
    search = each(typed, lambda text: finding.ASKED.near(text, limit=5))
    texts = list(Text.objects.values_list("folded", flat=True).order_by("pk"))
    longest = [fold("".join(Maker(31).questions(5))[:400]) for _ in range(LONG)]
    return first | {
        "page_ms": page,
        "search_ms": search,
        "search_of_400_letters_ms": each(longest, lambda text: finding.ASKED.near(text, limit=5)),
        "rapidfuzz_scan_ms": each(typed[:PEER], lambda text: _scan(text, texts)),
        "missed": _missed(finding.ASKED, typed[:EXACT], texts),
        "missed_of_400_letters": _missed(finding.ASKED, longest[: EXACT // 2], texts),
    }


def _typed(size: int, count: int) -> Iterable[str]:
    chance, there = random.Random(5), questions(size)
    new = Maker(99).questions(count)
    kinds = list(VARIANTS.values())
    for n in range(count):
        copied = kinds[n % len(kinds)](chance.choice(there), chance)
        yield copied if n % 2 else new[n]


def _told(answer: Any) -> None:
    if answer.status_code != 200:
        raise RuntimeError(f"The page answered {answer.status_code}.")


def each(texts: list[str], act: Callable[[str], Any]) -> dict[str, Any]:
    """Milliseconds by the clock, and of this thread's processor: on a busy machine the clock says little."""
    wall, cpu = [], []
    for text in texts:
        began, worked = time.perf_counter(), time.thread_time()
        act(text)
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.thread_time() - worked))
    told: dict[str, Any] = {"asks": len(texts)}
    for name, taken in (("", wall), ("cpu_", cpu)):
        for share in (50, 95):
            told[f"{name}p{share}"] = round(float(np.percentile(taken, share)), 1)
    return told


def _scan(text: str, texts: list[str]) -> Any:
    from rapidfuzz import fuzz, process

    return process.extract(text, texts, scorer=fuzz.ratio, processor=None, score_cutoff=60.0, limit=5)


def _missed(asked: Any, typed: list[str], texts: list[str]) -> dict[str, int]:
    """How many of the five best of an exact scan, with 60 or more, the search does not find."""
    from curation.finding import SHOWN
    from curation.near import likenesses

    wanted = missed = 0
    for text in typed:
        scores = np.concatenate(
            [likenesses(text, texts[at : at + 5000]) for at in range(0, len(texts), 5000)]
        )
        best = sorted((round(float(score), 6) for score in scores[scores >= SHOWN]), reverse=True)[:5]
        found = [round(near.score, 6) for near in asked.near(text, limit=5)]
        wanted += len(best)
        missed += sum(one != other for one, other in zip(best, [*found, *[0.0] * 5], strict=False))
    return {"asks": len(typed), "of": wanted, "missed": missed}


if __name__ == "__main__":
    main()
