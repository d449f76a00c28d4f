"""Where a text stands, and taking its words out of rows that copied them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models
from django.db.models import Q

from curation.models import Item, ReleaseItem, Revision, Translation, TranslationRevision
from curation.models.item import Text

# What stands in a comment or a prompt where the words were; the same for every reader.
MARK = "［このテキストは削除されました / This text was removed］"
# Inside longer texts only what nobody would write twice by chance is looked for; a shorter one counts where it is all.
SHORTEST_PIECE = 8
AT_ONCE = 500


def of_text(prefix: str, digest: str) -> Q:
    """Rows whose question or answer (of the revision at `prefix`) is the text."""
    return Q(**{f"{prefix}question_text": digest}) | Q(**{f"{prefix}answer_text": digest})


def translated_by(digest: str) -> Q:
    """Frozen rows with a translation of that text."""
    found = Q(pk__in=[])
    for locale in Translation.objects.order_by().values_list("locale", flat=True).distinct():
        found |= Q(**{f"translations__{locale}__question": digest}) | Q(
            **{f"translations__{locale}__answer": digest}
        )
    return found


def frozen_with(digest: str) -> models.QuerySet[ReleaseItem]:
    """Rows of releases that hold the text, as question, answer or a translation of them."""
    translated = TranslationRevision.objects.filter(of_text("", digest)).exists()
    return ReleaseItem.objects.filter(
        of_text("", digest) | (translated_by(digest) if translated else Q(pk__in=[]))
    )


def items_with(digest: str) -> models.QuerySet[Item]:
    """Items that hold the text in any revision of theirs or of their translations."""
    revisions = Revision.objects.filter(of_text("", digest)).values("item")
    translations = TranslationRevision.objects.filter(of_text("", digest)).values("translation__item")
    return Item.objects.filter(Q(pk__in=revisions) | Q(pk__in=translations))


def datasets_with(digest: str) -> set[int]:
    """Datasets whose items or releases hold the text."""
    frozen = frozen_with(digest).values_list("release__dataset", flat=True)
    return {*items_with(digest).values_list("dataset", flat=True), *frozen}


def texts_of(item: Item, parts: Iterable[str]) -> dict[str, Text]:
    """Every text of the item in these parts ("question", "answer"), all revisions and translations, not yet redacted."""
    found: dict[str, Text] = {}
    for model, where in ((Revision, Q(item=item)), (TranslationRevision, Q(translation__item=item))):
        for part in parts:
            rows = model._default_manager.filter(where).values(f"{part}_text")
            found |= {text.hash: text for text in Text.objects.filter(hash__in=rows, redacted_at=None)}
    return found


def concerned_translations(digest: str) -> models.QuerySet[Translation]:
    """Translations whose newest or approved revision holds the text."""
    return Translation.objects.filter(
        of_text("current_revision__", digest) | of_text("approved_revision__", digest)
    )


def concerned_items(digest: str) -> models.QuerySet[Item]:
    """Items whose newest or approved revision holds the text."""
    return Item.objects.filter(of_text("current_revision__", digest) | of_text("approved_revision__", digest))


def without(value: Any, pieces: Iterable[str]) -> Any:
    """The JSON value with every piece replaced by the mark; the same object where there is none."""
    if isinstance(value, str):
        return _without(value, pieces)
    if isinstance(value, list):
        made = [without(inner, pieces) for inner in value]
        return made if made != value else value
    if isinstance(value, dict):
        held = {key: without(inner, pieces) for key, inner in value.items()}
        return held if held != value else value
    return value


def _without(text: str, pieces: Iterable[str]) -> str:
    for piece in pieces:
        if text.strip() == piece:
            return MARK
        if len(piece) >= SHORTEST_PIECE:
            text = text.replace(piece, MARK)
    return text


def wipe(rows: models.QuerySet[Any], columns: Iterable[str], pieces: Iterable[str]) -> list[int]:
    """Take the pieces out of the columns (text or JSON) of the rows. Returns the keys of those that held one."""
    names, wanted, changed = list(columns), list(pieces), []
    for pk, *values in list(_held(rows, names, wanted)):
        new = {name: without(value, wanted) for name, value in zip(names, values, strict=True)}
        rows.model._default_manager.filter(pk=pk).update(**new)
        changed.append(pk)
    return changed


def _held(rows: models.QuerySet[Any], names: list[str], wanted: list[str]) -> Iterator[tuple[Any, ...]]:
    for row in rows.order_by().values_list("pk", *names).iterator(chunk_size=AT_ONCE):
        if any(without(value, wanted) != value for value in row[1:]):
            yield row
