from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from curation.actions.digests import due, mail_is_set_up, new_of, send_digests
from curation.management.base import BenchCommand, Outcome, Unusable


class Command(BenchCommand):
    help = "Mail those whose turn it is how much is new for them: a number and a link."
    needs_dataset = False

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many would get a mail")

    def act(self, *, dry_run: bool, **options: Any) -> Outcome:
        if dry_run:
            count = sum(1 for person in due(timezone.now()) if new_of(person))
            return Outcome(sentence=f"Would get a mail: {count}.", payload={"would_mail": count})
        if not mail_is_set_up():
            raise Unusable("No mail server is set (TEINEI_MAIL_HOST). Nothing was sent.")
        sent = send_digests()
        said = [f"Mails sent: {sent.mailed}, refused: {sent.refused}."]
        if sent.broken:
            said.append(f"The mail server was lost or not reached ({sent.broken}); the rest comes later.")
        return Outcome(
            sentence=" ".join(said),
            payload={"mailed": sent.mailed, "refused": sent.refused, "broken": sent.broken},
            failed=bool(sent.broken),
        )
