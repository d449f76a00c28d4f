"""Taking a text out of everything: one person asks, another confirms, and only its hash stays.

The folded hash stays too: without it a later version could bring a redacted test question back as a dev question, and
no leak check would see it. It tells nothing but whether a text one has already is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from curation import registry
from curation.actions.datasets import take_turns
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import Actor, record
from curation.models import Dataset, LogEntry, Person, Redaction, Text
from curation.redaction import frozen_with, items_with
from curation.registry import RedactedText
from curation.rules import allows, require


@transaction.atomic
def ask(actor: Actor, dataset: Dataset, texts: Iterable[str], *, reason: str) -> list[Redaction]:
    """Ask for texts (by hash) to be removed. Nothing happens to them until somebody else confirms.

    Raises Invalid for a missing reason, a text that is not in the dataset or is asked for already, and NotAllowed
    where one also stands in a dataset in which the person has no such right.
    """
    require(actor, "redact", dataset)
    assert isinstance(actor, Person)
    take_turns(dataset)
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Say why the text must go."), field="reason")
    wanted = list(dict.fromkeys(texts))
    if not wanted:
        raise Invalid(_("Choose what must go."), field="texts")
    made = []
    for digest in wanted:
        text = Text.objects.filter(hash=digest).first()
        if text is None or dataset.pk not in _places(digest):
            raise Invalid(_("There is no such text in this dataset."), field="texts")
        if text.redacted_at or Redaction.objects.filter(text=text).exists():
            raise Invalid(_("This text was removed already, or somebody has asked for it."), field="texts")
        _refuse_elsewhere(actor, digest)
        redaction = Redaction.objects.create(text=text, dataset=dataset, reason=reason, asked_by=actor)
        record(actor, "ask_redaction", redaction, text=digest)
        made.append(redaction)
    return made


@transaction.atomic
def take_back(actor: Actor, redaction: Redaction) -> None:
    """Withdraw a request that nobody has confirmed."""
    redaction = _open(redaction)
    require(actor, "redact", redaction.dataset)
    record(actor, "take_back_redaction", redaction, text=redaction.text_id)
    redaction.delete()


@transaction.atomic
def take_back_together(actor: Actor, redaction: Redaction) -> None:
    """Withdraw all that was asked for in one act."""
    for each in list(asked_together(redaction)):
        take_back(actor, each)


@transaction.atomic
def confirm(actor: Actor, redaction: Redaction) -> dict[str, int]:
    """The second person's word: the text is removed from every place the system reaches, in one transaction.

    Answers how many copies went, by kind. Files go first: should the transaction fail, they can be made again.
    Raises NotAllowed for the person who asked and for the operator.
    """
    redaction = _open(redaction)
    require(actor, "confirm", redaction)
    _refuse_elsewhere(actor, redaction.text_id)
    text = Text.objects.select_for_update().get(pk=redaction.text_id)
    if connection.vendor == "sqlite":
        # Freed pages are overwritten, so that the file does not keep what the tables lost.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")
    gone = RedactedText(
        hash=text.hash,
        body=text.body,
        pieces=_pieces(text),
        actor=actor,
        releases=frozenset(frozen_with(text.hash).values_list("release", flat=True)),
    )
    now = timezone.now()
    copies: dict[str, int] = {}
    Text.objects.filter(pk=text.pk).update(body="", folded="", redacted_at=now)
    for redactor in registry.redactors():
        for kind, n in redactor.remove(gone).items():
            copies[kind] = copies.get(kind, 0) + n
    Redaction.objects.filter(pk=redaction.pk).update(confirmed_by=actor, confirmed_at=now)
    copies = {kind: n for kind, n in copies.items() if n}
    record(actor, "redact", redaction, text=text.hash, copies=copies)
    return copies


@transaction.atomic
def confirm_together(actor: Actor, redaction: Redaction) -> int:
    """Confirm what was asked for in one act: all of it or nothing. Returns how many texts were removed."""
    found = list(asked_together(redaction))
    for each in found:
        confirm(actor, each)
    return len(found)


def asked_together(redaction: Redaction) -> QuerySet[Redaction]:
    """The open requests that the same person made at the same moment, for the same reason."""
    near = timedelta(seconds=10)
    return Redaction.objects.filter(
        dataset=redaction.dataset_id,
        asked_by=redaction.asked_by_id,
        reason=redaction.reason,
        asked_at__range=(redaction.asked_at - near, redaction.asked_at + near),
        confirmed_at=None,
    ).order_by("pk")


def by_hand(redaction: Redaction) -> list[str]:
    """What a person must still see to: sentences, computed anew from what is known now."""
    return [line for redactor in registry.redactors() for line in redactor.by_hand(redaction.text_id)]


def copies_removed(redaction: Redaction) -> dict[str, int]:
    """How many copies went, by kind, as the log has it."""
    entry = LogEntry.objects.filter(
        verb="redact", object_type="redaction", object_id=str(redaction.pk)
    ).first()
    found: dict[str, int] = entry.details.get("copies", {}) if entry else {}
    return found


def _open(redaction: Redaction) -> Redaction:
    held = Redaction.objects.select_for_update(of=("self",)).select_related("dataset").filter(pk=redaction.pk)
    found = held.first()
    if found is None or found.confirmed_at:
        raise WrongState(_("This request is closed already."))
    return found


def _places(digest: str) -> set[int]:
    return {pk for redactor in registry.redactors() for pk in redactor.datasets(digest)}


def _refuse_elsewhere(actor: Actor, digest: str) -> None:
    """A text stands once for all datasets: whoever removes it needs the right in each that holds it."""
    for dataset in Dataset.objects.filter(pk__in=_places(digest)):
        if not allows(actor, "redact", dataset):
            raise NotAllowed(
                _(
                    "The text also stands in a dataset in which you have no such right. "
                    "Somebody who leads both must do this."
                )
            )


def _pieces(text: Text) -> tuple[str, ...]:
    """The text, and the further questions of a conversation that it begins."""
    found: list[str] = [text.body]
    attributes: Iterable[dict[str, Any]] = (
        revision.attributes
        for item in items_with(text.hash)
        for revision in item.revisions.filter(question_text=text)
    )
    for given in attributes:
        turns = given.get("turns")
        if isinstance(turns, list):
            found += [turn for turn in turns if isinstance(turn, str) and turn.strip()]
    return tuple(dict.fromkeys(piece.strip() for piece in found if piece.strip()))
