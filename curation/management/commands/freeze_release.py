from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandParser

from curation import gates
from curation.actions.freeze_jobs import described
from curation.actions.releases import Choice, Draft, draw_up, freeze, said_of
from curation.actions.waivers import Waiver, standing
from curation.log import OPERATOR, Actor, Operator
from curation.management.base import BenchCommand, Outcome, Unusable, whole
from curation.models import Dataset, Release, Rights
from curation.rules import require

WORDS = {"green": "green ", "red": "RED   ", "waived": "waived"}


class Command(BenchCommand):
    help = "Run the gates, assign splits to questions that have none, and freeze what is approved."

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        """--version is the release's here, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="N", help="the release's name, such as xs-0.1")
        parser.add_argument("--seed", type=int, default=0, help="draws the test questions (default 0)")
        parser.add_argument(
            "--test-per-leaf",
            type=whole(0, 1000),
            metavar="K",
            help="from the dataset's quota where left out; 0 is a trial that is held to no target",
        )
        parser.add_argument(
            "--version", metavar="X.Y.Z", help="from what changed since the last version where left out"
        )
        parser.add_argument(
            "--locale",
            action="append",
            metavar="L",
            help="a language that goes along, repeatable; all with approved translations where left out",
        )
        parser.add_argument(
            "--leave-out-unfinished",
            action="store_true",
            help="items whose translation is not ready go out without it",
        )
        parser.add_argument("--rights", metavar="R", help="the rights it goes out under, by name")
        parser.add_argument("--note", default="", help="what readers should know about this version")
        parser.add_argument(
            "--waive", action="append", default=[], metavar="GATE", help="let a red gate through"
        )
        parser.add_argument("--reason", default="", help="why it is waived; needs --as-user")
        parser.add_argument("--terms", default="", help="the terms the release is published under")
        parser.add_argument("--dry-run", action="store_true", help="only say what the gates say")

    def act(self, *, actor: Actor, dataset: Dataset, name: str, **options: Any) -> Outcome:
        waivers = _waivers(actor, dataset, options["waive"], options["reason"])
        # The person named waives; the operator of the machine freezes: two different parties, as the rule wants.
        freezer: Actor = OPERATOR if waivers else actor
        choice = _choice(dataset, name, options)
        draft = draw_up(freezer, dataset, choice)
        counting = [*waivers, *standing(dataset, name, draft.gates, freezer=freezer)]
        red = draft.red(counting)
        if red or options["dry_run"]:
            return _said(draft, counting, failed=bool(red))
        return _frozen(freeze(freezer, dataset, choice, waivers=waivers, drawn=draft))


def _choice(dataset: Dataset, name: str, options: dict[str, Any]) -> Choice:
    return Choice(
        name=name,
        seed=options["seed"],
        test_per_leaf=options["test_per_leaf"],
        version=options["version"],
        locales=None if options["locale"] is None else tuple(sorted(set(options["locale"]))),
        leave_out=options["leave_out_unfinished"],
        rights=_rights(dataset, options["rights"]),
        terms=options["terms"],
        note=options["note"],
    )


def _rights(dataset: Dataset, name: str | None) -> Rights | None:
    if name is None:
        return None
    found = dataset.rights.filter(name=name).first()
    if found is None:
        names = ", ".join(dataset.rights.order_by("name").values_list("name", flat=True)) or "none yet"
        raise Unusable(f"{dataset.slug} has no rights named {name}. There are: {names}.", field="rights")
    return found


def _said(draft: Draft, waivers: list[Waiver], *, failed: bool) -> Outcome:
    said = said_of(draft.gates, waivers, None)
    lines = [f"{WORDS[gate['state']]} {gate['key']}: {gate['sentence']}" for gate in said]
    lines.append(
        f"{draft.name} would be version {draft.version} ({draft.level}) with {len(draft.plan.items)} items."
    )
    payload = {"release": draft.name, "frozen": False, "items": len(draft.plan.items)}
    return Outcome(
        sentence="\n".join(lines), payload=payload | described(draft) | {"gates": said}, failed=failed
    )


def _frozen(release: Release) -> Outcome:
    counts = release.counts
    return Outcome(
        sentence=(
            f"{release.name} frozen as version {release.version}: {counts['items']} items ({counts['dev']} dev, "
            f"{counts['test']} test), root hash {release.root_hash}."
        ),
        payload={
            "release": release.name,
            "frozen": True,
            "version": release.version,
            "items": counts["items"],
            "counts": counts,
            "root_hash": release.root_hash,
            "gates": release.gates,
        },
    )


def _waivers(actor: Actor, dataset: Dataset, keys: list[str], reason: str) -> list[Waiver]:
    if not keys:
        return []
    if isinstance(actor, Operator) or not reason.strip():
        raise Unusable("--waive needs --reason TEXT and --as-user NAME: a named person answers for it.")
    require(actor, "waive", dataset)
    known = {gate.__name__ for gate in gates.all_gates()}
    for key in keys:
        if key not in known:
            raise Unusable(f"There is no gate {key}. There are: {', '.join(sorted(known))}.")
        if key in gates.NEVER_WAIVED:
            raise Unusable(f"The gate {key} cannot be waived.")
    return [Waiver(gate=key, reason=reason, person=actor.username) for key in keys]
