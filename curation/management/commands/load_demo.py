from __future__ import annotations

from typing import Any

from curation.actions.demo import SLUG, load_demo
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome


class Command(BenchCommand):
    help = "Load the demo: invented people, items in every state, a release, ratings and verdicts."
    needs_dataset = False

    def act(self, *, actor: Actor, **options: Any) -> Outcome:
        said = load_demo()
        return Outcome(sentence="\n".join(said), payload={"dataset": SLUG, "parts": said})
