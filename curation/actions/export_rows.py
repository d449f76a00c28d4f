"""A frozen release as the exporters want it: rows from the database as they are needed, and what is known about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, Max, Min, Q

from curation.formats.writing import Changes, ReleaseDescription, ReleaseRow
from curation.models import Release, Review, Revision, Text, TranslationRevision

CHUNK = 2000  # rows read at a time
QUERY = 900  # hashes asked for at a time: SQLite may take no more than 999 parameters
OLDEST = 20  # versions that the change log goes back
COLUMNS = (
    "position",
    "external_id",
    "question_text__body",
    "answer_text__body",
    "labels",
    "split",
    "attributes",
    "sources",
    "translations",
    "rights_name",
    "content_hash",
    "question_text_id",
    "answer_text_id",
    "question_text__redacted_at",
    "answer_text__redacted_at",
)


def rows_of(release: Release) -> Iterator[ReleaseRow]:
    """Its rows in their order, some at a time; they carry the hashes that the database knows."""
    last = -1
    while True:
        found = release.items.filter(position__gt=last).order_by("position").values_list(*COLUMNS)[:CHUNK]
        if not (rows := list(found)):
            return
        bodies = _bodies(h for row in rows for part in row[8].values() for h in part.values() if h)
        for row in rows:
            yield _row(row, bodies)
        last = rows[-1][0]


def _row(row: tuple[Any, ...], bodies: dict[str, str]) -> ReleaseRow:
    (
        position,
        external_id,
        question,
        answer,
        labels,
        split,
        attributes,
        sources,
        translations,
        rights,
        content,
    ) = row[:11]
    lost = bool(row[13] or row[14])
    return ReleaseRow(
        position=position,
        external_id=external_id,
        question="" if lost else question,
        answer="" if lost else answer or "",
        labels=tuple(labels),
        split=split,
        attributes=attributes,
        sources=sources,
        translations={
            locale: {part: bodies.get(h or "") for part, h in sorted(parts.items())}
            for locale, parts in sorted(translations.items())
        },
        rights_name=rights,
        content_hash=content,
        redacted=lost,
        question_sha256=row[11],
        answer_sha256=row[12] or "",
        translations_sha256=translations,
    )


def _bodies(hashes: Iterable[str]) -> dict[str, str]:
    """Bodies of texts that are still there."""
    wanted = sorted(set(hashes))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), QUERY):
        rows = Text.objects.filter(hash__in=wanted[start : start + QUERY], redacted_at=None)
        found.update(rows.values_list("hash", "body"))
    return found


def describe(release: Release) -> ReleaseDescription:
    """What is known of a release. Nothing of it changes after the freeze but the dataset's own words and its page."""
    dataset, rights = release.dataset, release.rights
    title = f"{dataset.name} {release.name}"
    locales = release.counts.get("translations")
    page = getattr(release, "page", None)
    return ReleaseDescription(
        name=release.name,
        dataset=dataset.slug,
        taxonomy=str(release.snapshot.get("taxonomy", "")),
        licence=rights.get("licence") or rights.get("name", ""),
        terms=release.terms,
        citation=f"{title}, {release.frozen_at:%Y}. sha256:{release.root_hash}",
        created=f"{release.frozen_at:%Y-%m-%d}",
        summary=dataset.description,
        homepage=page.homepage if page else "",
        version=release.version,
        locales=None if locales is None else tuple(sorted(locales)),
        gated=rights.get("gate") != "open",
        root_hash=release.root_hash,
        hash_version=release.hash_version,
        rights={key: rights[key] for key in RIGHTS if key in rights},
        derived_from=_derived_from(release),
        changes=tuple(_changes(release)),
        facts=_facts(release),
    )


RIGHTS = ("purpose", "attribution", "inherits", "redistributable")


def _derived_from(release: Release) -> tuple[str, ...]:
    """The version before it, and the sets that its items came with, as they want to be named."""
    before = [f"{release.dataset.slug} {release.predecessor.name}"] if release.predecessor else []
    named = set(release.items.order_by().values_list("rights_name", flat=True).distinct()) - {""}
    terms = {row["name"]: row for row in release.snapshot.get("rights", [])}
    return (*before, *(str(terms.get(name, {}).get("attribution") or name) for name in sorted(named)))


def _changes(release: Release) -> Iterator[Changes]:
    one: Release | None = release
    for _ in range(OLDEST):
        if one is None:
            return
        lines = [line.strip() for line in one.note.splitlines() if line.strip()]
        # An erratum that led to this version was there before it; a later one is told by its own successor.
        errata = one.corrects.order_by("created_at", "pk")
        lines += [f"Withdrawn: {', '.join(erratum.withdrawn_ids)}. {erratum.reason}" for erratum in errata]
        if one.predecessor:
            lines.append(_compared(one.predecessor, one))
        counts = one.counts
        lines.append(
            f"{counts.get('items', one.size)} items: {counts.get('dev', 0)} dev, {counts.get('test', 0)} test"
        )
        yield Changes(one.name, one.version, f"{one.frozen_at:%Y-%m-%d}", tuple(lines))
        one = one.predecessor


def _compared(old: Release, new: Release) -> str:
    before = dict(old.items.values_list("external_id", "content_hash"))
    after = dict(new.items.values_list("external_id", "content_hash"))
    told = f"Compared with {old.name}: {len(after.keys() - before.keys())} items added, {len(before.keys() - after.keys())} removed"
    if old.hash_version == new.hash_version:
        changed = sum(before[key] != after[key] for key in before.keys() & after.keys())
        told += f", {changed} changed"
    return told


def _facts(release: Release) -> dict[str, str | list[str]]:
    """Properties of Croissant's RAI extension that the records tell; what they do not tell is left out."""
    if release.imported:
        return {}
    found: dict[str, str | list[str]] = {
        "dataAnnotationPlatform": "Teinei",
        "dataReleaseMaintenancePlan": "A frozen release never changes: a correction is a successor with an erratum, and a "
        "redacted text is known by its SHA-256 alone.",
        **_collected(release),
        **_reviewed(release),
    }
    if purpose := release.rights.get("purpose"):
        found["dataUseCases"] = str(purpose)
    told = {gate["key"]: gate["sentence"] for gate in release.gates}
    if "personal" in told:
        found["personalSensitiveInformation"] = f"Automatic check before the freeze: {told['personal']}"
    waived = [f"{gate['title']}: {gate['sentence']}" for gate in release.gates if gate.get("waived")]
    if waived:
        found["dataLimitations"] = waived
    drafts = TranslationRevision.objects.filter(
        translation__item__frozen__release=release, origin=TranslationRevision.Origin.MACHINE
    )
    if drafts.filter(created_at__lte=release.frozen_at).exists():
        found["machineAnnotationTools"] = (
            "Drafts of translations by a language model; people decided on each before it was released."
        )
    return found


def _collected(release: Release) -> dict[str, str | list[str]]:
    revisions = Revision.objects.filter(frozen__release=release)
    span = revisions.aggregate(first=Min("created_at"), last=Max("created_at"))
    if span["first"] is None:
        return {}
    people = revisions.aggregate(
        questions=Count("question_author", distinct=True), answers=Count("answer_author", distinct=True)
    )
    origins = dict(revisions.order_by().values_list("origin").annotate(number=Count("pk")))
    words = {"typed": "written here", "imported": "imported", "machine": "drafted by a model"}
    told = ", ".join(f"{origins[key]} {words[key]}" for key in words if origins.get(key))
    return {
        "dataCollection": f"Items by origin of their text: {told}. Questions by {people['questions']} and answers by "
        f"{people['answers']} people known to the system.",
        "dataCollectionTimeFrame": [f"{span['first']:%Y-%m-%d}", f"{span['last']:%Y-%m-%d}"],
    }


def _reviewed(release: Release) -> dict[str, str | list[str]]:
    reviews = Review.objects.filter(item__frozen__release=release, created_at__lte=release.frozen_at)
    counted = reviews.aggregate(
        people=Count("pk", filter=Q(kind=Review.Kind.PERSON)),
        imported=Count("pk", filter=Q(kind=Review.Kind.IMPORT)),
        reviewers=Count("reviewer", distinct=True),
    )
    if not counted["people"] and not counted["imported"]:
        return {}
    guideline = release.snapshot.get("guideline")
    under = f" The guideline at the freeze was version {guideline}." if guideline is not None else ""
    return {
        "annotationsPerItem": f"{counted['people'] / release.size:.2f} reviews by people on average",
        "dataAnnotationProtocol": f"{counted['people']} reviews by {counted['reviewers']} people, none of their own "
        f"work; {counted['imported']} items were approved where they came from.{under}",
    }
