"""The guideline: a new version is written, brought into force, and signed by somebody else. No version ever changes."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.notices import tell
from curation.actions.texts import cleaned, keepable
from curation.errors import Conflict, Invalid
from curation.guideline_text import numbers_of
from curation.log import Actor, record
from curation.models import Dataset, Guideline, GuidelineDraft, GuidelineReading, Notice, Person
from curation.queries.guidelines import members_by, newest_guideline
from curation.rules import require

LONGEST_NOTE = 2000  # characters of what is new
FIELDS = ("text_ja", "text_en", "changed")


def draft_of(person: Person, dataset: Dataset) -> GuidelineDraft:
    """The person's draft of the next version, begun from the newest one where there is none yet."""
    found = GuidelineDraft.objects.filter(dataset=dataset, person=person).first()
    if found:
        return found
    newest = newest_guideline(dataset)
    texts = {"text_ja": newest.text_ja, "text_en": newest.text_en} if newest else {}
    return GuidelineDraft(dataset=dataset, person=person, **texts)


@transaction.atomic
def save_draft(
    person: Person,
    dataset: Dataset,
    *,
    version: int,
    client_id: str,
    text_ja: str,
    text_en: str,
    changed: str,
) -> GuidelineDraft:
    """Keep what has been typed so far; as `items.save_draft`. Raises Conflict where another window saved in between."""
    require(person, "write_guideline", dataset)
    take_turns(dataset)
    keepable({"text_ja": text_ja, "text_en": text_en, "changed": changed})
    draft = draft_of(person, dataset)
    if client_id and draft.client_id == client_id:
        return draft
    if draft.version != version:
        raise Conflict(_("This draft was changed in another window. Both texts are kept."))
    draft.text_ja, draft.text_en, draft.changed = text_ja, text_en, changed
    draft.version, draft.client_id = version + 1, client_id
    draft.save()
    return draft


@transaction.atomic
def write(
    person: Person, dataset: Dataset, *, base: int, text_ja: str, text_en: str, changed: str
) -> Guideline:
    """Bring the version after `base` (a version's number, 0 for none) into force, unsigned; it stands from then on.

    Sent twice, it is one version. Raises Conflict where another version came meanwhile, Invalid (naming the field)
    where nothing changed, what is new is not said, or the sections of both languages do not fit each other.
    """
    require(person, "write_guideline", dataset)
    take_turns(dataset)
    newest = newest_guideline(dataset)
    texts = _sound(text_ja, text_en, changed)
    if newest and newest.version == base + 1 and _same(newest, person, texts):
        return newest
    held = newest.version if newest else 0
    if held != base:
        message = _(
            "Version %(version)d was made meanwhile. Look at it, then save yours as the one after it."
        )
        raise Conflict(message % {"version": held})
    if newest and (newest.text_ja.strip(), newest.text_en.strip()) == (texts["text_ja"], texts["text_en"]):
        raise Invalid(_("Nothing was changed. A new version differs from the one before."), field="text_ja")
    made = Guideline.objects.create(dataset=dataset, version=held + 1, written_by=person, **texts)
    GuidelineDraft.objects.filter(dataset=dataset, person=person).delete()
    GuidelineReading.objects.create(guideline=made, person=person)
    tell(Notice.Kind.GUIDELINE, members_by(dataset), dataset=dataset.pk, but=person)
    record(person, "write_guideline", made, dataset=dataset, version=made.version)
    return made


def _same(held: Guideline, person: Person, texts: dict[str, str]) -> bool:
    return held.written_by_id == person.pk and all(getattr(held, name) == texts[name] for name in FIELDS)


def _sound(text_ja: str, text_en: str, changed: str) -> dict[str, str]:
    """The texts as they will be kept; raises Invalid, naming the field."""
    texts = {
        "text_ja": cleaned(text_ja, field="text_ja"),
        "text_en": cleaned(text_en, field="text_en"),
        "changed": cleaned(changed, field="changed"),
    }
    if not texts["text_ja"]:
        raise Invalid(_("The guideline needs its Japanese text."), field="text_ja")
    if not texts["changed"]:
        raise Invalid(
            _("Say what is new, for those who know the version before."),
            field="changed",
        )
    if len(texts["changed"]) > LONGEST_NOTE:
        message = _("The text has %(n)d characters; at most %(most)d are possible.")
        raise Invalid(message % {"n": len(texts["changed"]), "most": LONGEST_NOTE}, field="changed")
    _sections_fit(texts["text_ja"], texts["text_en"])
    return texts


def _sections_fit(text_ja: str, text_en: str) -> None:
    """Links name a section by its number: each stands once, and in both languages."""
    numbers = numbers_of(text_ja)
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        message = _("Two sections have the number %(n)d. Each needs a number of its own.")
        raise Invalid(message % {"n": twice[0]}, field="text_ja")
    if text_en and numbers_of(text_en) != numbers:
        message = _("The sections are not the same in both languages: %(ja)s and %(en)s.")
        said = {"ja": _listed(numbers), "en": _listed(numbers_of(text_en))}
        raise Invalid(message % said, field="text_en")


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers) or "–"


@transaction.atomic
def sign(actor: Actor, guideline: Guideline) -> Guideline:
    """Take a version on for those who work by it: its "unreviewed" mark goes. The first signature stands."""
    require(actor, "sign", guideline)
    fresh = Guideline.objects.filter(pk=guideline.pk, signed_at=None).update(
        signed_by=actor, signed_at=timezone.now()
    )
    guideline.refresh_from_db(fields=["signed_by", "signed_at"])
    if fresh:
        record(actor, "sign", guideline, dataset=guideline.dataset, version=guideline.version)
    return guideline


@transaction.atomic
def confirm_read(person: Person, guideline: Guideline) -> GuidelineReading:
    """Say that the version was read; said twice, it is said once. What told of it counts as seen."""
    require(person, "read", guideline)
    reading, new = GuidelineReading.objects.get_or_create(guideline=guideline, person=person)
    if new:
        told = Notice.objects.filter(person=person, dataset=guideline.dataset_id, kind=Notice.Kind.GUIDELINE)
        told.filter(seen_at=None, created_at__gte=guideline.created_at).update(seen_at=timezone.now())
        record(person, "read_guideline", guideline, version=guideline.version)
    return reading
