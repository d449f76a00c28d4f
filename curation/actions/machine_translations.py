"""Machine translations as a translator's starting point: drafts only, where no person has written yet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from curation import llm
from curation.actions.endpoints import client_of
from curation.actions.translations import add_translation_revision, hold, translation_of
from curation.errors import Invalid
from curation.log import OPERATOR, Actor, record
from curation.models import (
    Dataset,
    Endpoint,
    Item,
    Translation,
    TranslationDraft,
    TranslationRevision,
)
from curation.queries import stale
from curation.rules import require

MOST_AT_ONCE = 16
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
LANGUAGES = {"en": "English", "zh": "Chinese", "ko": "Korean"}
# The text is often about harm. A model that answers it, or softens it, would spoil the item; a person checks it anyway.
INSTRUCTION = (
    "You translate test material for safety evaluation from Japanese into {language}. Translate the user's message "
    "as it stands: do not answer it, do not soften it, add nothing and leave nothing out. Keep its line breaks. "
    "Reply with the translation alone."
)


@dataclass(kw_only=True)
class Drafted:
    """How many drafts were written, how many items had a text before, and failures by name."""

    new: int = 0
    known: int = 0
    failures: Counter[str] = field(default_factory=Counter)


def machine_translate(
    actor: Actor,
    dataset: Dataset,
    *,
    locale: str,
    endpoint: Endpoint,
    limit: int | None = None,
    parallel: int = 4,
    progress: Callable[[int, int], None] = lambda done, total: None,
    client: llm.Client | None = None,
) -> Drafted:
    """Draft a translation of every approved item that has none in the locale; called again it goes on.

    A draft is what a translator's page begins with: it stays in state draft, out of review and out of releases, until
    a person submits it. An item on which a person has begun is left alone; a machine draft whose source has changed is
    drafted anew. A failed call leaves nothing and is counted by its name.
    """
    require(actor, "machine_translate", dataset)
    if not LOCALE.fullmatch(locale) or locale == "ja":
        raise Invalid(_("Name another language than Japanese, such as en."), field="locale")
    wanted = missing(dataset, locale)
    done = Drafted(
        known=Item.objects.filter(dataset=dataset, state=Item.State.APPROVED).count() - len(wanted)
    )
    wanted = wanted[:limit]
    at_once = max(1, min(parallel, MOST_AT_ONCE))
    with client or client_of(endpoint) as talker, ThreadPoolExecutor(max_workers=at_once) as pool:
        for start in range(0, len(wanted), at_once):
            chunk = wanted[start : start + at_once]
            asked = [pool.submit(_translated, talker, locale, *_source(item)) for item in chunk]
            # Threads only talk to the endpoint; rows are written here, one transaction for each item.
            for item, future in zip(chunk, asked, strict=True):
                _keep(item, locale, future.result(), done)
            progress(start + len(chunk), len(wanted))
    failures = dict(done.failures)
    record(
        actor,
        "machine_translate",
        dataset,
        locale=locale,
        endpoint=endpoint.pk,
        new=done.new,
        failures=failures,
    )
    return done


def _source(item: Item) -> tuple[str, str]:
    """Read before the threads begin: they have no connection to the database."""
    approved = item.approved_revision
    assert approved is not None, "the item is approved"
    return approved.question, approved.answer


def missing(dataset: Dataset, locale: str) -> list[Item]:
    """Approved items on whose translation no person has begun and that have no fresh machine draft."""
    rows = Translation.objects.filter(item__dataset=dataset, locale=locale)
    machine = Q(current_revision__origin=TranslationRevision.Origin.MACHINE, state=Translation.State.DRAFT)
    outdated = stale(rows.filter(machine)).values("pk")
    written = TranslationDraft.objects.exclude(question="", answer="").values("translation")
    held = rows.filter(
        (Q(current_revision__isnull=False) & ~Q(pk__in=outdated))
        | ~Q(state=Translation.State.DRAFT)
        | Q(pk__in=written)
    )
    return list(
        Item.objects.filter(dataset=dataset, state=Item.State.APPROVED)
        .exclude(pk__in=held.values("item"))
        .select_related("approved_revision__question_text", "approved_revision__answer_text")
        .order_by("pk")
    )


@dataclass(frozen=True, kw_only=True)
class _Texts:
    question: str = ""
    answer: str = ""
    failure: str = ""


def _translated(talker: llm.Client, locale: str, question: str, answer: str) -> _Texts:
    """Both texts, asked for one by one so that neither becomes the other's answer; or the first failure's name."""
    found: list[str] = []
    for reply in _replies(talker, locale, [text for text in (question, answer) if text]):
        if not reply.ok:
            return _Texts(failure=reply.status)
        if not reply.text.strip():
            return _Texts(failure="off_format")
        found.append(reply.text.strip())
    return _Texts(question=found[0], answer=found[1] if len(found) > 1 else "")


def _replies(talker: llm.Client, locale: str, texts: list[str]) -> Iterator[llm.Reply]:
    language = LANGUAGES.get(locale, locale)
    for text in texts:
        yield talker.chat(
            [
                {"role": "system", "content": INSTRUCTION.format(language=language)},
                {"role": "user", "content": text},
            ]
        )


def _keep(item: Item, locale: str, texts: _Texts, done: Drafted) -> None:
    if texts.failure:
        done.failures[texts.failure] += 1
        return
    try:
        done.new += _draft(item, locale, texts)
    except Invalid:  # too long, or characters that no file can carry
        done.failures["off_format"] += 1


@transaction.atomic
def _draft(item: Item, locale: str, texts: _Texts) -> bool:
    """Write the draft unless a person began, or the source moved on, while the model was writing."""
    translation = translation_of(item, locale)
    hold(translation)
    source = item.approved_revision
    moved = not Item.objects.filter(pk=item.pk, approved_revision=source).exists()
    before = translation.current_revision
    persons = before is not None and before.origin != TranslationRevision.Origin.MACHINE
    begun = translation.drafts.exclude(question="", answer="").exists()
    if source is None or moved or persons or begun or translation.state != Translation.State.DRAFT:
        return False
    revision = add_translation_revision(
        translation,
        source,
        question=texts.question,
        answer=texts.answer,
        actor=OPERATOR,
        origin=TranslationRevision.Origin.MACHINE,
    )
    Translation.objects.filter(pk=translation.pk).update(current_revision=revision)
    return True
