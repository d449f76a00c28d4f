"""Releases, terms and requests to remove a text that a person may see; texts by their hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import connection
from django.db.models import Q, QuerySet

from curation.models import (
    Dataset,
    Person,
    Redaction,
    Release,
    Rights,
    Text,
)
from curation.queries.datasets import ITEM_ROLES, Role
from curation.rules import roles_of

TEXTS_AT_ONCE = 1000  # hashes asked for in one query


def releases_visible_to(person: Person, dataset: Dataset) -> QuerySet[Release]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Release.objects.none()
    return Release.objects.filter(dataset=dataset)


def redactions_visible_to(person: Person, dataset: Dataset) -> QuerySet[Redaction]:
    """Requests to remove a text, for those who may ask and confirm."""
    if not roles_of(person, dataset) & {Role.LEAD, Role.RELEASE_MANAGER}:
        return Redaction.objects.none()
    return Redaction.objects.filter(dataset=dataset).select_related("dataset")


def open_redactions(person: Person, dataset: Dataset) -> QuerySet[Redaction]:
    return redactions_visible_to(person, dataset).filter(confirmed_at=None)


def texts_by_hash(hashes: Iterable[str], column: str = "body") -> Iterator[tuple[str, str]]:
    """(hash, body) of texts, or another of their columns, a thousand at a time; by hash.

    In SQL of its own: the ORM spends longer on the list of hashes than the database on the texts.
    """
    listed = sorted(set(hashes))
    table, wanted = (connection.ops.quote_name(name) for name in (Text._meta.db_table, column))
    for start in range(0, len(listed), TEXTS_AT_ONCE):
        part = listed[start : start + TEXTS_AT_ONCE]
        among = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                " ".join(["SELECT hash,", wanted, "FROM", table, f"WHERE hash IN ({among}) ORDER BY hash"]),
                part,
            )
            yield from cursor.fetchall()


def redacted_texts() -> set[str]:
    """Hashes of the texts that were taken out, on the whole server: few."""
    return set(Text.objects.filter(redacted_at__isnull=False).order_by().values_list("hash", flat=True))


def redacted_rows(release: Release) -> int:
    """How many rows of a release have lost their question or answer."""
    texts = Redaction.objects.filter(confirmed_at__isnull=False).values("text")
    if not texts.exists():
        return 0
    return release.items.filter(Q(question_text__in=texts) | Q(answer_text__in=texts)).count()


def rights_visible_to(person: Person, dataset: Dataset) -> QuerySet[Rights]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Rights.objects.none()
    return Rights.objects.filter(dataset=dataset)
