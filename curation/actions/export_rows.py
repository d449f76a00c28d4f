"""A frozen release as the exporters want it: rows from the database as they are needed, and what is known about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Count, Expression, Func, Max, Min, OuterRef, Q, Subquery, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from curation.access import terms_used
from curation.actions.export_refusals import carried_terms
from curation.change_log import changes_until, lines_of
from curation.formats.writing import Changes, ReleaseDescription, ReleaseRow
from curation.models import Release, Review, Revision, Text, TranslationRevision

CHUNK = 2000  # rows read at a time
COMPARED = 3  # versions of the change log that are compared with the one before: each costs a pass over both
TEXTS = ("question_text", "answer_text")
JSON = ("labels", "attributes", "sources", "translations")
PARTS = ("question", "answer")


def rows_of(release: Release) -> Iterator[ReleaseRow]:
    """Its rows in their order, some at a time; they carry the hashes that the database knows."""
    translated = [(locale, part) for locale in _locales(release) for part in PARTS]
    columns: dict[str, Any] = {f"{name}_json": Cast(name, TextField()) for name in JSON}
    columns["lost"] = Cast(Coalesce(*(f"{text}__redacted_at" for text in TEXTS)), TextField())
    for at, (locale, part) in enumerate(translated):
        # By the hash inside the JSON: a query for each piece's hashes costs three times as much.
        bodies = Text.objects.filter(hash=OuterRef(f"hash_{at}"), redacted_at=None).values("body")
        columns[f"hash_{at}"] = _hash_of(locale, part)
        columns[f"text_{at}"] = Subquery(bodies[:1])
    rows = release.items.alias(
        **{name: columns.pop(name) for name in list(columns) if name.startswith("hash_")}
    )
    names = ["position", "external_id", "split", "rights_name", "content_hash"]
    names += [f"{text}_id" for text in TEXTS] + [f"{text}__body" for text in TEXTS]
    names += ["lost", *(f"{name}_json" for name in JSON), *(f"text_{at}" for at in range(len(translated)))]
    ordered = rows.annotate(**columns).order_by("position").values_list(*names)
    labels = lru_cache(4096)(lambda text: tuple(json.loads(text)))  # alike in many rows
    last = -1
    while found := list(ordered.filter(position__gt=last)[:CHUNK]):
        yield from _rows(found, translated, labels)
        last = found[-1][0]


def _hash_of(locale: str, part: str) -> Expression:
    """Which text a row's translations name. SQLite is asked once: the ORM asks it for the value's kind twice before."""
    if connection.vendor != "sqlite":
        return KT(f"translations__{locale}__{part}")
    path = Value(f"$.{json.dumps(locale)}.{json.dumps(part)}")
    return Func("translations", path, function="JSON_EXTRACT", output_field=TextField())


def _rows(
    found: list[tuple[Any, ...]],
    translated: list[tuple[str, str]],
    labels: Callable[[str], tuple[str, ...]],
) -> Iterator[ReleaseRow]:
    """The rows of a piece. Its JSON is read a column at a time: a call for each cell costs twice as much."""
    first = len(found[0]) - len(translated)
    columns = list(zip(*found, strict=True))[first - 3 : first]
    values = zip(*(json.loads(f"[{','.join(column)}]") for column in columns), strict=True)
    for row, (attributes, sources, hashes) in zip(found, values, strict=True):
        position, external_id, split, rights, content, question_hash, answer_hash, question, answer, lost = (
            row[:10]
        )
        translations: dict[str, dict[str, str | None]] = {}
        for (locale, part), text in zip(translated, row[first:], strict=True):
            if locale in hashes:
                translations.setdefault(locale, {})[part] = text
        yield ReleaseRow(
            position=position,
            external_id=external_id,
            question="" if lost else question,
            answer="" if lost else answer or "",
            labels=labels(row[10]),
            split=split,
            attributes=attributes,
            sources=sources,
            translations=translations,
            rights_name=rights,
            content_hash=content,
            redacted=lost is not None,
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


def describe(release: Release, *, hub: bool = True) -> ReleaseDescription:
    """What was known of a release when it was frozen: its files come out the same whenever they are written.

    What only a folder for the hub says (origin, change log, facts) is looked for with `hub` alone.
    """
    dataset, rights = release.dataset, release.rights
    title = f"{release.snapshot.get('title', dataset.name)} {release.name}"
    created = _day(release.frozen_at)
    return ReleaseDescription(
        name=release.name,
        dataset=dataset.slug,
        taxonomy=str(release.snapshot.get("taxonomy", "")),
        licence=rights.get("licence") or rights.get("name", ""),
        terms=carried_terms(release),
        citation=f"{title}, {created[:4]}. sha256:{release.root_hash}",
        created=created,
        summary=release.snapshot.get("summary", dataset.description),
        version=release.version,
        locales=tuple(_locales(release)),
        gated=rights.get("gate") != "open",
        root_hash=release.root_hash,
        hash_version=release.hash_version,
        rights={key: rights[key] for key in RIGHTS if key in rights},
        derived_from=_derived_from(release) if hub else (),
        changes=_changes(release) if hub else (),
        facts=_facts(release) if hub else {},
    )


RIGHTS = ("purpose", "attribution", "inherits", "redistributable")


def _derived_from(release: Release) -> tuple[str, ...]:
    """The version before it, and the sets that its items came with, as they want to be named."""
    before = [f"{release.dataset.slug} {release.predecessor.name}"] if release.predecessor else []
    terms = {row["name"]: row for row in release.snapshot.get("rights", [])}
    return (
        *before,
        *(str(terms.get(name, {}).get("attribution") or name) for name in sorted(terms_used(release))),
    )


def _changes(release: Release) -> tuple[Changes, ...]:
    """What its line knew at its freeze."""
    return tuple(
        Changes(entry["release"], entry["version"], entry["date"], tuple(lines_of(entry)))
        for entry in changes_until(release, compared=COMPARED)
    )


def _day(moment: datetime) -> str:
    """The day where the installation is, as its pages and its change log tell it."""
    return f"{timezone.localdate(moment):%Y-%m-%d}"


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
        origin=TranslationRevision.Origin.MACHINE, created_at__lte=release.frozen_at
    )
    # Where there are none at all, nothing is joined.
    if drafts.exists() and drafts.filter(translation__item__in=release.items.values("item")).exists():
        found["machineAnnotationTools"] = (
            "Drafts of translations by a language model; people decided on each before it was released."
        )
    return found


def _collected(release: Release) -> dict[str, str | list[str]]:
    words = {"typed": "written here", "imported": "imported", "machine": "drafted by a model"}
    found = Revision.objects.filter(pk__in=release.items.values("revision")).aggregate(
        first=Min("created_at"),
        last=Max("created_at"),
        questions=Count("question_author", distinct=True),
        answers=Count("answer_author", distinct=True),
        **{origin: Count("pk", filter=Q(origin=origin)) for origin in words},
    )
    if found["first"] is None:
        return {}
    told = ", ".join(f"{found[key]} {words[key]}" for key in words if found[key])
    return {
        "dataCollection": f"Items by origin of their text: {told}. Questions by {found['questions']} and answers by "
        f"{found['answers']} people known to the system.",
        "dataCollectionTimeFrame": [_day(found["first"]), _day(found["last"])],
    }


def _reviewed(release: Release) -> dict[str, str | list[str]]:
    decisions = Review.objects.filter(item__in=release.items.values("item"), decides=True)
    reviews = decisions.filter(created_at__lte=release.frozen_at)
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
