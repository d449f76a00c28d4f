"""What used items of a release on this floor: other versions, publications and downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as in_words
from django.utils.translation import gettext_noop

from curation.models import Dataset, Erratum, LogEntry, Publication, Release, ReleaseItem
from curation.registry import Use, Withdrawn


def used_in(withdrawn: Withdrawn) -> Iterator[Use]:
    yield from _other_versions(withdrawn)
    release = withdrawn.release
    items = sorted({*withdrawn.items.values(), *withdrawn.texts.values()})
    for row in Publication.objects.filter(release=release, state=Publication.State.PUBLISHED).order_by("pk"):
        yield Use(
            kind=gettext_noop("publication"),
            key=row.pk,
            name=row.repo,
            url=row.url or _address(release),
            items=items,
            means=gettext_noop("Published with the withdrawn items. Revision there: %(revision)s."),
            values={"revision": row.revision[:12] or "–"},
        )
    taken = LogEntry.objects.filter(object_type="release", object_id=str(release.pk), dataset=release.dataset)
    links = [str(pk) for pk in release.links.values_list("pk", flat=True)]
    by_link = LogEntry.objects.filter(object_type="downloadlink", object_id__in=links, details__first=0)
    downloads = taken.filter(verb="download").count() + by_link.filter(verb="download").count()
    exports = taken.filter(verb="export").count()
    if downloads or exports:
        yield Use(
            kind=gettext_noop("files"),
            key=release.pk,
            name=release.name,
            url=f"{_address(release)}#files",
            items=items,
            means=gettext_noop(
                "Files with the withdrawn items: written %(exports)s times, downloaded %(downloads)s times."
            ),
            values={"exports": exports, "downloads": downloads},
        )


def _address(release: Release) -> str:
    return reverse("curation:release", kwargs={"dataset": release.dataset.slug, "name": release.name})


def _other_versions(withdrawn: Withdrawn) -> Iterator[Use]:
    """Other releases of the dataset that hold the same rows still."""
    same = Q(item__in=list(withdrawn.items)) | Q(item=None, question_text__in=list(withdrawn.texts))
    rows = ReleaseItem.objects.filter(same, release__dataset=withdrawn.release.dataset_id)
    held: dict[int, list[tuple[int | None, str]]] = {}
    others = rows.exclude(release=withdrawn.release).order_by("release")
    for release, item, text in others.values_list("release", "item", "question_text"):
        held.setdefault(release, []).append((item, text))
    for other in Release.objects.filter(pk__in=held).select_related("dataset").order_by("pk"):
        found = withdrawn.names(held[other.pk])
        yield Use(
            kind=gettext_noop("release"),
            key=other.pk,
            name=other.name,
            url=_address(other),
            items=found,
            means=gettext_noop("Holds withdrawn items too: %(items)s."),
            values={"items": len(found)},
        )


def told(use: dict[str, Any]) -> dict[str, Any]:
    """A use as it was kept, its words in the reader's language. Errata of older versions say no more than kind and name."""
    means = use.get("means", "")
    return use | {
        "kind": in_words(use["kind"]),
        "means": in_words(means) % use.get("values", {}) if means else "",
    }


def errata_about(
    dataset: Dataset, kind: str, key: int, releases: Callable[[], Iterable[int]]
) -> list[Erratum]:
    """Errata that concern something: it was named when they were written, or it rests on the release they mend.

    `releases` are asked for where there is any erratum at all.
    """
    rows = Erratum.objects.filter(release__dataset=dataset).select_related("release__dataset")
    found = list(rows.defer("release__snapshot", "release__gates"))
    rests_on = set(releases()) if found else set()
    return [
        erratum
        for erratum in found
        if erratum.release_id in rests_on
        or any(use["kind"] == kind and use.get("key") == key for use in erratum.affected)
    ]
