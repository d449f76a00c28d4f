"""The guideline: a new version is written, brought into force, and signed by somebody else. No version ever changes."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.drafts import keep
from curation.actions.notices import tell
from curation.actions.texts import cleaned, keepable
from curation.actions.versions import need_note, overtaken
from curation.errors import Invalid
from curation.guideline_text import numbers_of
from curation.log import record
from curation.models import Dataset, Guideline, GuidelineDraft, GuidelineReading, Notice, Person
from curation.queries.guidelines import members_by, newest_guideline
from curation.rules import require

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
    fields = {"text_ja": text_ja, "text_en": text_en, "changed": changed}
    keepable(fields)
    return keep(draft_of(person, dataset), version=version, client_id=client_id, **fields)


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
        raise overtaken(held)
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
    need_note(texts["changed"])
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
def confirm_read(person: Person, guideline: Guideline) -> GuidelineReading:
    """Say that the version was read; said twice, it is said once. What told of it counts as seen."""
    require(person, "read", guideline)
    reading, new = GuidelineReading.objects.get_or_create(guideline=guideline, person=person)
    if new:
        told = Notice.objects.filter(person=person, dataset=guideline.dataset_id, kind=Notice.Kind.GUIDELINE)
        told.filter(seen_at=None, created_at__gte=guideline.created_at).update(seen_at=timezone.now())
        record(person, "read_guideline", guideline, version=guideline.version)
    return reading
