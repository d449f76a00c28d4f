from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from curation import gates
from curation.actions.releases import Choice, Waiver, draw_up, freeze
from curation.log import OPERATOR, Actor, Operator
from curation.management.base import BenchCommand, Outcome, Unusable, whole
from curation.models import Dataset


class Command(BenchCommand):
    help = "Run the gates, assign splits to questions that have none, and freeze what is approved."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="N", help="the release's name, such as xs-0.1")
        parser.add_argument("--seed", type=int, default=0, help="draws the test questions (default 0)")
        parser.add_argument(
            "--test-per-leaf",
            type=whole(0, 1000),
            metavar="K",
            help="from the dataset's quota where left out",
        )
        parser.add_argument(
            "--waive", action="append", default=[], metavar="GATE", help="let a red gate through"
        )
        parser.add_argument("--reason", default="", help="why it is waived; needs --as-user")
        parser.add_argument("--terms", default="", help="the terms the release is published under")
        parser.add_argument("--dry-run", action="store_true", help="only say what the gates say")

    def act(self, *, actor: Actor, dataset: Dataset, name: str, **options: Any) -> Outcome:
        waivers = _waivers(actor, options["waive"], options["reason"])
        # The person named waives; the operator of the machine freezes: two different parties, as the rule wants.
        freezer: Actor = OPERATOR if waivers else actor
        choice = Choice(
            name=name, seed=options["seed"], test_per_leaf=options["test_per_leaf"], terms=options["terms"]
        )
        draft = draw_up(freezer, dataset, choice)
        said = [asdict(gate) for gate in draft.gates]
        red = draft.red(waivers)
        if red or options["dry_run"]:
            lines = [
                f"{'green' if gate.green else 'RED  '} {gate.key}: {gate.sentence}" for gate in draft.gates
            ]
            payload = {"release": name, "frozen": False, "items": len(draft.plan.items), "gates": said}
            return Outcome(sentence="\n".join(lines), payload=payload, failed=bool(red))
        release = freeze(freezer, dataset, choice, waivers=waivers)
        counts = release.counts
        return Outcome(
            sentence=(
                f"{release.name} frozen: {counts['items']} items ({counts['dev']} dev, {counts['test']} test), "
                f"root hash {release.root_hash}."
            ),
            payload={
                "release": release.name,
                "frozen": True,
                "items": counts["items"],
                "counts": counts,
                "root_hash": release.root_hash,
                "gates": release.gates,
            },
        )


def _waivers(actor: Actor, keys: list[str], reason: str) -> list[Waiver]:
    if not keys:
        return []
    if isinstance(actor, Operator) or not reason.strip():
        raise Unusable("--waive needs --reason TEXT and --as-user NAME: a named person answers for it.")
    known = {gate.__name__ for gate in gates.GATES}
    for key in keys:
        if key not in known:
            raise Unusable(f"There is no gate {key}. There are: {', '.join(sorted(known))}.")
        if key in gates.NEVER_WAIVED:
            raise Unusable(f"The gate {key} cannot be waived.")
    return [Waiver(gate=key, reason=reason, person=actor.username) for key in keys]
