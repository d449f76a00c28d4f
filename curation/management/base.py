"""What every command of the project shares: options, the JSON answer, exit codes."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.management.base import BaseCommand
from django.db import DataError
from django.utils import translation

from curation.errors import TeineiError
from curation.formats.reading import UnusableFile
from curation.log import OPERATOR, Actor
from curation.models import Dataset, Person

DONE, CHECK_SAID_NO, UNUSABLE, QUARANTINED = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A row that was not taken: where it stood, which field, and what would be right."""

    row: int | str
    reason: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command did: a sentence for people, a payload for scripts."""

    sentence: str
    payload: dict[str, Any] = field(default_factory=dict)
    quarantined: list[Refused] = field(default_factory=list)
    failed: bool = False


def whole(least: int, most: int) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `least` to `most`; argparse says so where it is another."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text[:40]!r}")
        return value

    return read


class Unusable(TeineiError):
    """The command was called in a way that nothing can be done with."""


class BenchCommand(BaseCommand):
    """Subclasses write `add_options` and `act`. Nothing is written where the input is unusable (exit 2)."""

    needs_dataset: ClassVar[bool] = True
    # The addresses and their serializers need not be imported for a command.
    requires_system_checks = []

    def add_options(self, parser: ArgumentParser) -> None:
        """The command's own arguments."""

    def act(self, *, actor: Actor, dataset: Dataset | None, **options: Any) -> Outcome:
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object on stdout, all else on stderr"
        )
        parser.add_argument("--as-user", metavar="NAME", help="the person who acts; without it, the operator")
        if self.needs_dataset:
            parser.add_argument(
                "--dataset", metavar="D", help="the dataset; may be left out where there is only one"
            )
        self.add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options.pop("json")
        try:
            _refuse_unsound(options)
            with translation.override("en"):
                actor = actor_named(options.pop("as_user"))
                dataset = self.find_dataset(options.pop("dataset")) if self.needs_dataset else None
                outcome = self.act(actor=actor, dataset=dataset, **_own(options))
        except (TeineiError, UnusableFile) as error:
            self._refuse(error, as_json)
            sys.exit(UNUSABLE)
        except OSError as error:  # a name too long, no right to read or write, a full disk
            self._refuse(Unusable(f"A file could not be read or written: {error}."), as_json)
            sys.exit(UNUSABLE)
        except DataError as error:  # PostgreSQL; what the checks before it did not foresee
            self._refuse(
                Unusable(f"A value does not fit its column; nothing was written. {error}".strip()), as_json
            )
            sys.exit(UNUSABLE)
        self._print(outcome, as_json)
        if outcome.failed:
            sys.exit(CHECK_SAID_NO)
        if outcome.quarantined:
            sys.exit(QUARANTINED)

    def find_dataset(self, slug: str | None) -> Dataset:
        """The dataset that is named, or the only one."""
        datasets = list(Dataset.objects.select_related("taxonomy").order_by("slug"))
        names = ", ".join(known.slug for known in datasets) or "none yet: create_dataset makes one"
        if slug is None and len(datasets) == 1:
            return datasets[0]
        if slug is None:
            raise Unusable(f"Name the dataset with --dataset. There are: {names}.")
        for known in datasets:
            if known.slug == slug:
                return known
        raise Unusable(f"There is no dataset named {slug}. There are: {names}.")

    def _refuse(self, error: Exception, as_json: bool) -> None:
        sentence = _printable(getattr(error, "sentence", None) or str(error))
        if as_json:
            answer = {"error": sentence, "field": getattr(error, "field", "")}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        self.stderr.write(sentence)

    def _print(self, outcome: Outcome, as_json: bool) -> None:
        for refused in outcome.quarantined:
            where = f"row {refused.row}" + (f", {refused.field}" if refused.field else "")
            self.stderr.write(f"{where}: {refused.reason}")
        if not as_json:
            self.stdout.write(outcome.sentence)
            return
        rows = [{"row": r.row, "field": r.field, "reason": r.reason} for r in outcome.quarantined]
        payload = {**outcome.payload, "quarantined": rows} if rows else outcome.payload
        self.stdout.write(json.dumps(payload, ensure_ascii=False))
        self.stderr.write(outcome.sentence)


def _refuse_unsound(options: dict[str, Any]) -> None:
    """Unusable, naming the option, where a word or a number is one that no database can be asked for."""
    for name, given in options.items():
        for value in given if isinstance(given, list | tuple) else [given]:
            option = f"--{name.replace('_', '-')}"
            if isinstance(value, str) and ("\0" in value or _printable(value) != value):
                raise Unusable(f"{option} holds a character that is none; write it as UTF-8.", field=name)
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise Unusable(f"{option} must be a whole number from -2^63 to 2^63 - 1.", field=name)


def _printable(sentence: str) -> str:
    """The sentence with halves of character pairs (bytes of an argument that were no UTF-8) written as escapes."""
    return sentence.encode("utf-8", "backslashreplace").decode()


def actor_named(name: str | None) -> Actor:
    """The person who signs in by that name; the operator where none is named."""
    if name is None:
        return OPERATOR
    person = Person.objects.filter(username=name).first()
    if person is None:
        raise Unusable(f"Nobody signs in as {name}.")
    return person


def _own(options: dict[str, Any]) -> dict[str, Any]:
    theirs = {"verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks"}
    theirs |= {"stdout", "stderr"}  # what call_command adds
    return {name: value for name, value in options.items() if name not in theirs}
