from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.machine_translations import machine_translate
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable, whole
from curation.models import Dataset, Endpoint


class Command(BenchCommand):
    help = "Draft translations with a model where no person has begun; a translator still submits each one."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--locale", required=True, metavar="L", help="such as en")
        parser.add_argument("--endpoint", required=True, metavar="E")
        parser.add_argument("--limit", type=whole(1, 10**6), metavar="N", help="at most so many items")
        parser.add_argument("--parallel", type=whole(1, 64), default=4, help="requests at a time (default 4)")

    def act(self, *, actor: Actor, dataset: Dataset, locale: str, endpoint: str, **options: Any) -> Outcome:
        def show(done: int, total: int) -> None:
            self.stderr.write(f"{done} / {total}")

        made = machine_translate(
            actor,
            dataset,
            locale=locale,
            endpoint=_endpoint(dataset, endpoint),
            limit=options["limit"],
            parallel=options["parallel"],
            progress=show,
        )
        failures = dict(sorted(made.failures.items()))
        told = ", ".join(f"{n} {name}" for name, n in failures.items()) or "no failures"
        return Outcome(
            sentence=f"{made.new} drafts written, {made.known} items had a text already; {told}.",
            payload={"locale": locale, "drafted": made.new, "unchanged": made.known, "failures": failures},
            failed=bool(failures),
        )


def _endpoint(dataset: Dataset, name: str) -> Endpoint:
    found = Endpoint.objects.filter(dataset=dataset, name=name).first()
    if found is None:
        names = ", ".join(dataset.endpoints.values_list("name", flat=True)) or "none yet"
        raise Unusable(f"{dataset.slug} has no endpoint {name}. There are: {names}.")
    return found
