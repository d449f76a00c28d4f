"""A frozen release as the exporters want it: rows from the database as they are needed, and what is known about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from curation.actions.export_refusals import carried_terms
from curation.formats.writing import Changes, ReleaseDescription, ReleaseRow
from curation.models import Release, Review, Revision, Text, TranslationRevision

CHUNK = 2000  # rows read at a time
OLDEST = 20  # versions that the change log goes back
COMPARED = 3  # of them, as many as are compared with the one before: each costs a pass over both
TEXTS = ("question_text", "answer_text")
JSON = ("labels", "attributes", "sources", "translations")
PARTS = ("question", "answer")


def rows_of(release: Release) -> Iterator[ReleaseRow]:
    """Its rows in their order, some at a time; they carry the hashes that the database knows."""
    translated = [(locale, part) for locale in _locales(release) for part in PARTS]
    columns: dict[str, Any] = {f"{name}_json": Cast(name, TextField()) for name in JSON}
    for at, (locale, part) in enumerate(translated):
        # By the hash inside the JSON: a query for each piece's hashes costs three times as much.
        bodies = Text.objects.filter(hash=OuterRef(f"hash_{at}"), redacted_at=None).values("body")
        columns[f"hash_{at}"] = KT(f"translations__{locale}__{part}")
        columns[f"text_{at}"] = Subquery(bodies[:1])
    rows = release.items.alias(
        **{name: columns.pop(name) for name in list(columns) if name.startswith("hash_")}
    )
    names = ["position", "external_id", "split", "rights_name", "content_hash"]
    names += [f"{text}_id" for text in TEXTS] + [f"{text}__body" for text in TEXTS]
    names += [f"{text}__redacted_at" for text in TEXTS] + [f"{name}_json" for name in JSON]
    names += [f"text_{at}" for at in range(len(translated))]
    ordered = rows.annotate(**columns).order_by("position").values_list(*names)
    loads = lru_cache(4096)(json.loads)  # labels and attributes are alike in many rows
    last = -1
    while found := list(ordered.filter(position__gt=last)[:CHUNK]):
        for row in found:
            yield _row(row, translated, loads)
        last = found[-1][0]


def _row(row: tuple[Any, ...], translated: list[tuple[str, str]], loads: Callable[[str], Any]) -> ReleaseRow:
    position, external_id, split, rights, content, question_hash, answer_hash, question, answer = row[:9]
    lost = bool(row[9] or row[10])
    labels, attributes, sources = (loads(text) for text in row[11:14])
    hashes = json.loads(row[14]) if row[14] != "{}" else {}
    translations: dict[str, dict[str, str | None]] = {}
    if hashes:
        for (locale, part), text in zip(translated, row[15:], strict=True):
            if locale in hashes:
                translations.setdefault(locale, {})[part] = text
    return ReleaseRow(
        position=position,
        external_id=external_id,
        question="" if lost else question,
        answer="" if lost else answer or "",
        labels=tuple(labels),
        split=split,
        attributes=attributes,
        sources=sources,
        translations=translations,
        rights_name=rights,
        content_hash=content,
        redacted=lost,
        question_sha256=question_hash,
        answer_sha256=answer_hash or "",
        translations_sha256=hashes,
    )


def _locales(release: Release) -> list[str]:
    """The locales of its translations: counted at the freeze, else looked up."""
    counted = release.counts.get("translations")
    if counted is None:
        found = release.items.exclude(translations={}).values_list("translations", flat=True)
        counted = {locale for translations in found.iterator() for locale in translations}
    return sorted(counted)


def describe(release: Release) -> ReleaseDescription:
    """What was known of a release when it was frozen: its files come out the same whenever they are written."""
    dataset, rights = release.dataset, release.rights
    title = f"{release.snapshot.get('title', dataset.name)} {release.name}"
    return ReleaseDescription(
        name=release.name,
        dataset=dataset.slug,
        taxonomy=str(release.snapshot.get("taxonomy", "")),
        licence=rights.get("licence") or rights.get("name", ""),
        terms=carried_terms(release),
        citation=f"{title}, {release.frozen_at:%Y}. sha256:{release.root_hash}",
        created=f"{release.frozen_at:%Y-%m-%d}",
        summary=release.snapshot.get("summary", dataset.description),
        version=release.version,
        locales=tuple(_locales(release)),
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
    for number in range(OLDEST):
        if one is None:
            return
        lines = [line.strip() for line in one.note.splitlines() if line.strip()]
        # An erratum that led to this version was there before it; a later one is told by its own successor.
        errata = one.corrects.order_by("created_at", "pk")
        lines += [f"Withdrawn: {', '.join(erratum.withdrawn_ids)}. {erratum.reason}" for erratum in errata]
        if one.predecessor and number < COMPARED:
            lines.append(_compared(one.predecessor, one))
        counts = one.counts
        lines.append(
            f"{counts.get('items', one.size)} items: {counts.get('dev', 0)} dev, {counts.get('test', 0)} test"
        )
        yield Changes(one.name, one.version, f"{one.frozen_at:%Y-%m-%d}", tuple(lines))
        one = one.predecessor


def _compared(old: Release, new: Release) -> str:
    before = old.items.filter(external_id=OuterRef("external_id")).values("content_hash")[:1]
    rows = new.items.annotate(before=Subquery(before))
    same = Q(before=F("content_hash"))
    found = rows.aggregate(kept=Count("before"), same=Count("pk", filter=same), now=Count("pk"))
    gone = old.items.count() - found["kept"]
    told = f"Compared with {old.name}: {found['now'] - found['kept']} items added, {gone} removed"
    if old.hash_version == new.hash_version:
        told += f", {found['kept'] - found['same']} changed"
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
    if "personal_data" in told:
        found["personalSensitiveInformation"] = f"Automatic check before the freeze: {told['personal_data']}"
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
