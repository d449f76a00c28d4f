"""How fast the gate of leaks finds copies: every item of the dataset against as many test questions of an older release.

`python -m bench.release_exact plant` and then `look`, in an installation that `bench.release_world` has filled. Both
sides lie in the database, where each text is kept with the hash of its folding: the search folds nothing.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.machine import tell
from bench.made_questions import VARIANTS, Maker
from bench.release_world import DATASET, batched_rows

OLDER = "older"
COPIES = 100  # of each kind, at most


def main() -> None:
    import django

    django.setup()
    if sys.argv[1] == "plant":
        plant()
    else:
        tell(look(), as_json=True)


def plant() -> None:
    """Another dataset's release with as many test questions as the dataset has items, some of them copied from those."""
    from curation.actions.datasets import create_dataset
    from curation.actions.texts import keep_texts
    from curation.log import OPERATOR
    from curation.models import Dataset, Item, Release
    from curation.release_rows import keep_rows

    dataset = Dataset.objects.get(slug=DATASET)
    items = Item.objects.filter(dataset=dataset).order_by("pk")
    copies = min(COPIES, items.count() // (2 * len(VARIANTS)))
    first = items.values_list("external_id", "current_revision__question_text__body")
    copied = list(_copies(list(first[: copies * len(VARIANTS)]), copies))
    maker = Maker(21)
    fresh = ((f"{n}", maker.question()) for n in range(items.count() - len(copied)))
    texts = [*copied, *fresh]
    older = create_dataset(OPERATOR, name=OLDER, taxonomy=dataset.taxonomy, slug=OLDER)
    release = Release.objects.create(
        dataset=older, name=OLDER, size=len(texts), imported=True, root_hash="0" * 64
    )
    for part in batched_rows(iter(enumerate(texts))):
        keep_texts(text for _at, (_key, text) in part)
        keep_rows(release, (_row(at, key, text) for at, (key, text) in part))


def _copies(rows: list[tuple[str, str]], copies: int) -> Iterator[tuple[str, str]]:
    """(how it was copied and which item, text) for the first `copies` questions of every kind."""
    chance = random.Random(22)
    for number, (kind, copy) in enumerate(VARIANTS.items()):
        for key, text in rows[number * copies : (number + 1) * copies]:
            yield f"{kind}-{key}", copy(text, chance)


def _row(position: int, key: str, text: str) -> Any:
    from curation.release_rows import FrozenRow
    from curation.similar import text_hash

    return FrozenRow(
        position=position,
        external_id=key,
        item_id=None,
        revision_id=None,
        question_text_id=text_hash(text),
        answer_text_id=None,
        labels=["", "", ""],
        split="test",
        attributes={},
        sources=[],
        rights_name="",
        translations={},
        content_hash="0" * 64,
    )


def look() -> dict[str, Any]:
    """Seconds of the gate and of reading what it is asked about, and the share of the copies of each kind it found."""
    from curation import gates
    from curation.gates.texts import leaks
    from curation.models import Dataset, ReleaseItem

    dataset = Dataset.objects.get(slug=DATASET)
    started, worked = time.perf_counter(), time.process_time()
    items = gates.releasable(dataset)
    read = time.perf_counter()
    plan = gates.Plan(
        dataset=dataset,
        name="next",
        items=items,
        asked=gates.Asked({}, {}),
        splits={item.question: "dev" for item in items},
        why={},
        test_per_leaf=0,
        categories={},
    )
    found = {finding.key for finding in leaks(plan).findings}
    ended = time.perf_counter()
    cpu = time.process_time() - worked
    tests = ReleaseItem.objects.filter(release__name=OLDER)
    planted = [
        key.split("-", 1)
        for key in tests.filter(external_id__contains="-").values_list("external_id", flat=True)
    ]
    return {
        "dev": len(items),
        "test": tests.count(),
        "seconds": round(ended - started, 2),
        "cpu_s": round(cpu, 2),
        "reading_s": round(read - started, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "found": len(found),
        "recall": {
            kind: round(sum(item in found for item in of) / len(of), 3)
            for kind in VARIANTS
            if (of := [item for how, item in planted if how == kind])
        },
    }


if __name__ == "__main__":
    main()
