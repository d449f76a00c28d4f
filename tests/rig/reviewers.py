"""Reviewers as programs of their own, as in `tests.rig.raters`: each asks for what comes next until nothing comes."""

import os
import random
import signal
import time
from collections import Counter
from typing import Any

from tests.rig.raters import let_work, main


def let_review(dataset: Any, people: list[Any], *, dying: float = 0.0) -> Counter[int]:
    """Run the clients to their ends; how many ended with which code."""
    return let_work("tests.rig.reviewers", dataset, people, dying)


def client(dataset_id: int, person_id: int, chance: float) -> None:
    """Whoever is given an item that somebody else has in hand is refused when they decide, and ends with an error."""
    from curation.actions.leases import beat, lease_review
    from curation.actions.reviews import review
    from curation.models import Dataset, Person

    person, dataset = Person.objects.get(pk=person_id), Dataset.objects.get(pk=dataset_id)
    fate = random.Random(f"{person_id} {chance}")
    while (held := lease_review(person, dataset)) is not None:
        if fate.random() < chance:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)  # reading
        assert beat(person, token=held.token).pk == held.pk
        read = held.item.current_revision_id
        assert read is not None
        review(person, held.item, decision="approve", revision=read)


if __name__ == "__main__":
    main(client, "curation.actions.leases", "curation.actions.reviews")
