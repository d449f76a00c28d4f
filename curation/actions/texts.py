"""Content-addressed texts: written once, shared by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.formats.faults import Fault
from curation.formats.objects import check_json
from curation.models import Category, Text
from curation.prepared import Prepared, word_slot
from curation.similar import fold, folded_hash, text_hash

LONGEST = 20_000  # characters


def cleaned(text: str, *, field: str) -> str:
    """The text as it will be kept: line ends made one kind, outer white space off.

    Raises Invalid, naming the field, for what no file format can carry: NUL, half a surrogate pair, over 20,000
    characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if "\x00" in text:
        raise Invalid(
            _("The text contains a NUL character. Remove it and try again."),
            field=field,
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid(_("The text contains half of a character pair. Type it again."), field=field) from None
    if len(text) > LONGEST:
        message = _("The text has %(n)d characters; at most %(most)d are possible.")
        raise Invalid(message % {"n": len(text), "most": LONGEST}, field=field)
    return text


def keepable(value: Any) -> None:
    """Raises Invalid, naming the place, for a JSON value that no database keeps: NUL, NaN, too deep, half a pair."""
    try:
        check_json(value)
    except Fault as fault:
        raise Invalid(_(fault.template) % {"field": fault.field, **fault.values}, field=fault.field) from None


def longest(model: type[models.Model], column: str) -> int:
    """How many characters the column holds. PostgreSQL insists on it, SQLite does not look."""
    field = model._meta.get_field(column)
    assert isinstance(field, models.Field)
    assert field.max_length is not None
    return int(field.max_length)


def new_text(body: str) -> Text:
    """An unsaved row for the body."""
    return Text(
        hash=text_hash(body),
        body=body,
        folded=fold(body),
        folded_hash=folded_hash(body),
    )


HASH = word_slot(1)
_KEPT = Prepared(lambda: Text.objects.filter(hash=HASH))


def keep_text(body: str) -> Text:
    """The row for the body, made if it is new. Raises Invalid for a text that was redacted."""
    kept = _KEPT.first({HASH: text_hash(body)})
    if kept is None:
        keep_texts([body])  # somebody else may be doing so just now
        kept = _KEPT.rows({HASH: text_hash(body)})[0]
    if kept.redacted_at:
        raise Invalid(_("This very text was removed for good by two people. It cannot be entered again."))
    return kept


def keep_texts(bodies: Iterable[str]) -> None:
    """Keep many at once; one that was redacted stays so."""
    Text.objects.bulk_create((new_text(body) for body in set(bodies)), ignore_conflicts=True, batch_size=500)


def content_hash(question: str, answer: str | None, category: Category, attributes: dict[str, Any]) -> str:
    """sha256 over what a release freezes of a revision: hashes of the texts, labels, attributes, as canonical JSON."""
    parts = {
        "question": text_hash(question),
        "answer": text_hash(answer) if answer else None,
        "labels": category.labels,
        "attributes": attributes,
    }
    canonical = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
