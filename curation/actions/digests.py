"""A mail now and then about what waits for a person: numbers and links, never a word of a text or what it is about.

For work that came back it links the sections of the guideline that the reasons name, by their numbers alone.
"""

from __future__ import annotations

import smtplib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.errors import Invalid
from curation.log import record
from curation.models import Dataset, Notice, Person
from curation.queries import datasets_of, decisions_behind, made_under, notices_of, reasons_of
from curation.rules import require
from curation.sections import section_url

Digest = Person.Digest
REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
MONDAY = 0


@transaction.atomic
def set_digest(actor: Person, person: Person, *, dataset: Dataset, digest: str) -> bool:
    """Choose how often mail comes: none, daily or weekly. Returns whether that changed. The first comes at the next turn."""
    require(actor, "care", person)
    if digest not in Digest.values:
        raise Invalid(_("Choose how often mail is to come."), field="digest")
    if digest != Digest.NONE and not person.email:
        raise Invalid(
            _("There is no mail address of yours here. Ask a lead to have one entered."), field="digest"
        )
    if person.digest == digest:
        return False
    Person.objects.filter(pk=person.pk).update(digest=digest, digest_at=timezone.now())
    record(actor, "care", person, dataset=dataset, changed=["digest"])
    return True


@dataclass(kw_only=True)
class Sent:
    """What came of one round: mails sent, refused by the server for good, and why it broke off, if it did."""

    mailed: int = 0
    refused: int = 0
    broken: str = ""


@dataclass(kw_only=True)
class Round:
    """One round; the server is asked for only where there is something to send."""

    now: datetime
    sent: Sent = field(default_factory=Sent)
    connection: Any = None

    def ready(self) -> bool:
        """Whether the server answers; nothing has been set apart for anybody before that."""
        if self.connection is None:
            connection = get_connection()
            try:
                connection.open()
            except (OSError, smtplib.SMTPException) as error:
                self.sent.broken = type(error).__name__
                return False
            self.connection = connection
        return True


def mail_is_set_up() -> bool:
    """Whether mail leaves the machine, instead of being printed."""
    return not settings.EMAIL_BACKEND.endswith("console.EmailBackend")


def last_turn(now: datetime, digest: str) -> datetime:
    """When the last turn was: the hour of the setting, today or on the day before; for weekly on a Monday."""
    here = timezone.localtime(now)
    turn = here.replace(hour=settings.TEINEI_DIGEST_HOUR, minute=0, second=0, microsecond=0)
    if turn > here:
        turn -= timedelta(days=1)
    if digest == Digest.WEEKLY:
        turn -= timedelta(days=(turn.weekday() - MONDAY) % 7)
    return turn


def due(now: datetime) -> QuerySet[Person]:
    """Whose turn has come: who chose a digest, has an address, and had no turn since the last hour for it."""
    waits = Q()
    for digest in (Digest.DAILY, Digest.WEEKLY):
        before = Q(digest_at__lt=last_turn(now, digest)) | Q(digest_at=None)
        waits |= Q(digest=digest) & before
    return Person.objects.filter(waits, is_active=True).exclude(email="").order_by("pk")


def new_of(person: Person) -> Counter[Dataset]:
    """How many notices of each dataset the person has neither seen nor been mailed about."""
    fresh = {
        dataset: notices_of(person, dataset).filter(seen_at=None, mailed_at=None).count()
        for dataset in datasets_of(person)
    }
    return Counter({dataset: count for dataset, count in fresh.items() if count})


def send_digests(now: datetime | None = None) -> Sent:
    """Mail whoever's turn it is about what is new. Safe to run at any time, also twice at once.

    A turn and its notices are set apart by compare and set before the mail goes out, so that a round that dies on the
    way mails nobody a second time; what was new then still stands on their page and in the next digest's sum. Where the
    server cannot be reached nothing is set apart; what it refuses for good counts as not mailed and comes along next time.
    """
    round_ = Round(now=now or timezone.now())
    try:
        for person in due(round_.now):
            if not _send_to(person, round_):
                break
    finally:
        if round_.connection is not None:
            round_.connection.close()
    return round_.sent


def _send_to(person: Person, round_: Round) -> bool:
    """One person's turn. Returns whether the round can go on."""
    new = new_of(person)
    if new and not round_.ready():
        return False
    mine = Person.objects.filter(pk=person.pk, digest=person.digest, digest_at=person.digest_at)
    if not mine.update(digest_at=round_.now):
        return True  # another round was faster, or they changed their mind
    claimed = _claim(person, list(new), round_.now)
    if not claimed:
        return True
    try:
        _mail(person, claimed, round_)
    except REFUSALS:
        Notice.objects.filter(person=person, mailed_at=round_.now).update(mailed_at=None)
        round_.sent.refused += 1
    except (OSError, smtplib.SMTPException) as error:
        round_.sent.broken = type(error).__name__  # it may have gone out: not again
        return False
    else:
        round_.sent.mailed += 1
    return True


def _claim(person: Person, datasets: list[Dataset], now: datetime) -> Counter[Dataset]:
    """Set the notices apart for this mail; how many of each dataset."""
    claimed: Counter[Dataset] = Counter()
    for dataset in datasets:
        rows = notices_of(person, dataset).filter(seen_at=None, mailed_at=None)
        ids = list(rows.values_list("pk", flat=True))
        count = Notice.objects.filter(pk__in=ids, mailed_at=None).update(mailed_at=now)
        if count:
            claimed[dataset] = count
    return claimed


def _mail(person: Person, new: Counter[Dataset], round_: Round) -> None:
    with translation.override(person.locale):
        message = EmailMessage(
            subject=_subject(new.total()),
            body=_body(person, new, round_.now),
            to=[person.email],
            connection=round_.connection,
            headers={"Auto-Submitted": "auto-generated"},
        )
        message.send()


def _subject(count: int) -> str:
    return ngettext("Teinei: %(n)d new notice", "Teinei: %(n)d new notices", count) % {"n": count}


def _body(person: Person, new: Counter[Dataset], mailed_at: datetime) -> str:
    lines = [_("Something has happened that concerns your work. What it is stands on the page alone."), ""]
    for dataset, count in sorted(new.items(), key=lambda each: each[0].slug):
        said = ngettext("%(dataset)s: %(n)d new", "%(dataset)s: %(n)d new", count)
        lines += [said % {"dataset": dataset.name, "n": count}, _address("curation:notices", dataset)]
        lines += [*_sections(person, dataset, mailed_at), ""]
    daily, weekly = _("This mail comes once a day."), _("This mail comes once a week.")
    lines += [daily if person.digest == Digest.DAILY else weekly, _("Change that on your page:")]
    lines.append(_address("curation:me", next(iter(new))))
    return "\n".join(lines) + "\n"


def _sections(person: Person, dataset: Dataset, mailed_at: datetime) -> list[str]:
    """Where the guideline says what was to mend, in the version of each decision; each place once."""
    rows = Notice.objects.filter(person=person, dataset=dataset, mailed_at=mailed_at).order_by("pk")
    found = [
        section_url(dataset.slug, made_under(review), reason.section)
        for review in decisions_behind(list(rows)).values()
        for _part, reason in reasons_of(review)
    ]
    urls = list(dict.fromkeys(url for url in found if url))
    if not urls:
        return []
    return [_("To read again in the guideline:"), *(settings.TEINEI_URL + url for url in urls)]


def _address(name: str, dataset: Dataset) -> str:
    return settings.TEINEI_URL + reverse(name, args=[dataset.slug])
