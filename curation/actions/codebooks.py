"""The coded reasons: a new version is written, brought into force, and signed by somebody else. No version ever changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.drafts import keep
from curation.actions.texts import cleaned, keepable
from curation.actions.versions import need_note, overtaken
from curation.errors import Invalid
from curation.guideline_text import numbers_of
from curation.log import record
from curation.models import Codebook, CodebookDraft, Dataset, Person
from curation.queries.guidelines import newest_codebook, newest_guideline
from curation.reasons import PARTS, VERBS, Book, read, reused, shipped, without_reason
from curation.rules import require

CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
LONGEST_NAME, LONGEST_HINT, MOST = 60, 300, 60  # characters of a name and of a hint; reasons of a list


def codebook_of(dataset: Dataset) -> Codebook:
    """The version by which a decision is made now; the shipped one is the first of a dataset that has none."""
    return newest_codebook(dataset) or in_force(
        Codebook.objects.create(dataset=dataset, version=1, entries=shipped().rows())
    )


def in_force(codebook: Codebook) -> Codebook:
    Dataset.objects.filter(pk=codebook.dataset_id).update(codebook=codebook)
    codebook.dataset.codebook = codebook
    return codebook


def draft_of(person: Person, dataset: Dataset) -> CodebookDraft:
    """The person's draft of the next version, begun from the newest one where there is none yet."""
    found = CodebookDraft.objects.filter(dataset=dataset, person=person).first()
    if found:
        return found
    newest = newest_codebook(dataset)
    return CodebookDraft(dataset=dataset, person=person, entries=newest.book.rows() if newest else [])


@transaction.atomic
def save_draft(
    person: Person,
    dataset: Dataset,
    *,
    version: int,
    client_id: str,
    entries: list[dict[str, Any]],
    changed: str,
) -> CodebookDraft:
    """Keep what has been typed so far; as `items.save_draft`. Raises Conflict where another window saved in between."""
    require(person, "write_codebook", dataset)
    take_turns(dataset)
    fields = {"entries": entries, "changed": changed}
    keepable(fields)
    return keep(draft_of(person, dataset), version=version, client_id=client_id, **fields)


@transaction.atomic
def write(
    person: Person, dataset: Dataset, *, base: int, entries: list[dict[str, Any]], changed: str
) -> Codebook:
    """Bring the version after `base` (a version's number) into force, unsigned; it stands from then on.

    Sent twice, it is one version. Raises Conflict where another version came meanwhile, Invalid (naming the field)
    where a code lost its meaning, or a decision would find no reason.
    """
    require(person, "write_codebook", dataset)
    take_turns(dataset)
    newest = codebook_of(dataset)
    said = cleaned(changed, field="changed")
    rows = _sound_rows(dataset, entries)
    book = read(rows)
    if newest.version != base:
        sent = (newest.version, newest.written_by_id, newest.book, newest.changed)
        if sent == (base + 1, person.pk, book, said):
            return newest
        raise overtaken(newest.version)
    _keeps_sense(book, newest.book)
    if book == newest.book:
        raise Invalid(_("Nothing was changed. A new version differs from the one before."), field="entries")
    need_note(said)
    made = Codebook.objects.create(
        dataset=dataset, version=base + 1, entries=book.rows(), changed=said, written_by=person
    )
    in_force(made)
    CodebookDraft.objects.filter(dataset=dataset, person=person).delete()
    record(person, "write_codebook", made, dataset=dataset, version=made.version)
    return made


def _sound_rows(dataset: Dataset, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as they will be kept; raises Invalid, naming the field."""
    guideline = newest_guideline(dataset)
    numbers = {0, *(numbers_of(guideline.text_ja) if guideline else [])}
    rows = [_sound_row(n, row, numbers) for n, row in enumerate(entries)]
    codes = [row["code"] for row in rows]
    if len(rows) > MOST:
        raise Invalid(_("At most %(most)d reasons are possible.") % {"most": MOST}, field="entries")
    twice = next((n for n, code in enumerate(codes) if code in codes[:n]), None)
    if twice is not None:
        message = _("The code %(code)s stands there twice.")
        raise Invalid(message % {"code": codes[twice]}, field=f"code-{twice}")
    return rows


def _keeps_sense(book: Book, before: Book) -> None:
    """Every code means what it meant, and every decision finds a reason; raises Invalid."""
    if code := reused(book, before):
        message = _(
            "The code %(code)s was given with another meaning. Retire it, and give the new reason a code of its own."
        )
        raise Invalid(message % {"code": code}, field="entries")
    if missing := without_reason(book):
        message = _("Nothing would be left to choose for the decision “%(verb)s” and the part “%(part)s”.")
        raise Invalid(message % {"verb": missing[0], "part": missing[1]}, field="entries")


def _sound_row(n: int, row: Mapping[str, Any], numbers: set[int]) -> dict[str, Any]:
    if not CODE.fullmatch(row["code"]) or row["code"] == "ok":
        raise Invalid(_("A code has 2 to 40 small letters, digits and underscores."), field=f"code-{n}")
    words = {}
    for name, most in (
        ("name_ja", LONGEST_NAME),
        ("name_en", LONGEST_NAME),
        ("hint_ja", LONGEST_HINT),
        ("hint_en", LONGEST_HINT),
    ):
        words[name] = _line(row[name], most, field=f"{name}-{n}")
    if not set(row["for"]) or not set(row["for"]) <= set(PARTS):
        raise Invalid(_("Say which parts the reason speaks of."), field=f"for-{n}")
    if not set(row["verbs"]) or not set(row["verbs"]) <= set(VERBS):
        raise Invalid(_("Say which decisions the reason belongs to."), field=f"verbs-{n}")
    if row["section"] not in numbers:
        message = _("The guideline has no section %(n)d.")
        raise Invalid(message % {"n": row["section"]}, field=f"section-{n}")
    kept = {name: bool(row[name]) for name in ("comment_required", "retired")}
    return {**words, **kept, "code": row["code"], "section": row["section"]} | {
        "for": [part for part in PARTS if part in row["for"]],
        "verbs": [verb for verb in VERBS if verb in row["verbs"]],
    }


def _line(text: str, most: int, *, field: str) -> str:
    line = cleaned(text, field=field)
    if not line or not line.isprintable() or len(line) > most:
        message = _("Write one line of at most %(most)d characters, in Japanese and in English.")
        raise Invalid(message % {"most": most}, field=field)
    return line
