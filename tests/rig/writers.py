"""Writers as programs of their own, as in `tests.rig.raters`: all want one item first, then each what comes next."""

import os
import random
import signal
import time
from collections import Counter
from typing import Any

from tests.rig.raters import let_work, main

WORDS = "すぐに窓口へ相談してください。理由と次の一歩も、一緒に落ち着いて確かめましょう。"


def let_write(dataset: Any, people: list[Any], *, dying: float = 0.0) -> Counter[int]:
    """Run the clients to their ends; how many ended with which code."""
    return let_work("tests.rig.writers", dataset, people, dying)


def client(dataset_id: int, person_id: int, chance: float) -> None:
    """Whoever is given an item that somebody else has in hand is refused when they submit, and ends with an error."""
    from curation.actions.items import Wording, submit
    from curation.actions.leases import WRITE, beat, lease_item, lease_writing
    from curation.errors import TeineiError
    from curation.models import Dataset, Item, Person

    person, dataset = Person.objects.get(pk=person_id), Dataset.objects.get(pk=dataset_id)
    fate = random.Random(f"{person_id} {chance}")
    first = Item.objects.filter(dataset=dataset).earliest("pk")
    try:
        held = lease_item(person, first, WRITE)
    except TeineiError:  # somebody has it in hand, or has handed it in
        held = lease_writing(person, dataset)
    while held is not None:
        if fate.random() < chance:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)  # writing
        assert beat(person, token=held.token).pk == held.pk
        item = Item.objects.select_related("current_revision__question_text").get(pk=held.item_id)
        assert item.current_revision is not None
        submit(person, item, Wording(question=item.current_revision.question, answer=WORDS))
        held = lease_writing(person, dataset)


if __name__ == "__main__":
    main(client, "curation.actions.leases", "curation.actions.items")
