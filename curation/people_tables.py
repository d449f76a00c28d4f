"""People's work on a release as tables under pseudonyms: off unless asked for.

Pseudonyms are A1, A2, ... in an order that a keyed hash of the release and the person gives: it is not the order in which
people signed up, it differs from release to release, so that nobody can be followed from one dataset to another, and
without this system's secret key it cannot be made again. Within one release the same person has one pseudonym in
every table. Where more people come to a release later, all are numbered anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.crypto import salted_hmac

from curation import registry
from curation.formats.writing import HumanTable
from curation.models import Release, Review
from curation.registry import HumanSource

PERSON = (
    "person:%s"  # how a source names somebody who signs in; whoever does not has a name of the source's own
)


def pseudonyms_of(release: Release, people: Iterable[str]) -> dict[str, str]:
    """A pseudonym for each of the people (by the names that sources give them)."""

    def lot(person: str) -> str:
        drawn = salted_hmac("curation.people_tables", f"{release.root_hash}/{person}", algorithm="sha256")
        return drawn.hexdigest()

    ordered = sorted(set(people), key=lot)
    return {person: f"A{number}" for number, person in enumerate(ordered, start=1)}


def human_tables(release: Release) -> tuple[HumanTable, ...]:
    """The tables of every floor that have rows."""
    sources = registry.human_sources()
    names = pseudonyms_of(release, (person for source in sources for person in source.people(release)))
    return tuple(table for source in sources for table in source.tables(release, names) if table.rows)


def human_figures(release: Release) -> dict[str, Any]:
    """What is known of how people agree, by the floors' own keys."""
    return {
        key: value for source in registry.human_sources() for key, value in source.figures(release).items()
    }


def sentences_of(figures: Mapping[str, Any]) -> list[str]:
    """The figures of ratings as sentences for the card, each coefficient with its n and interval."""
    said = []
    for task, told in figures.get("ratings", {}).items():
        parts = [f"{told['ratings']} ratings of {told['responses']} responses by {told['raters']} raters"]
        for axis, coefficients in told["agreement"].items():
            parts += [f"{axis} {name} {_estimate(found)}" for name, found in coefficients.items()]
        said.append(f"{task} ({told['rubric']}): {'; '.join(parts)}.")
    return said


def _estimate(found: Mapping[str, Any]) -> str:
    if found.get("value") is None:
        return f"not estimable ({found.get('note', '')})"
    interval = f" [{found['low']:.3f}, {found['high']:.3f}]" if found.get("low") is not None else ""
    return f"{found['value']:.3f}{interval}, n = {found['n']}"


def _reviews(release: Release) -> Any:
    rows = Review.objects.filter(
        item__frozen__release=release,
        kind=Review.Kind.PERSON,
        decides=True,
        created_at__lte=release.frozen_at,
    )
    return rows.order_by("item__frozen__position", "created_at", "pk")


def _reviewers(release: Release) -> set[str]:
    return {PERSON % pk for pk in _reviews(release).values_list("reviewer", flat=True)}


def _review_tables(release: Release, names: Mapping[str, str]) -> list[HumanTable]:
    """One row for each decision before the freeze; comments stay here, for they may name anybody."""
    frozen = dict(release.items.values_list("item", "revision"))
    columns = ("item", "item__external_id", "reviewer", "decision", "reason", "question_ok", "answer_ok")
    rows = [
        [external, names[PERSON % reviewer], decision, reason, question, answer, frozen[item] == revision]
        for item, external, reviewer, decision, reason, question, answer, revision in _reviews(
            release
        ).values_list(*columns, "revision")
    ]
    return [
        HumanTable(
            name="reviews",
            columns={
                "item": "text",
                "reviewer": "text",
                "decision": "text",
                "reason": "text",
                "question_ok": "boolean",
                "answer_ok": "boolean",
                "of_released_text": "boolean",
            },
            rows=rows,
            about="Each decision of a reviewer before the freeze; of_released_text: on the very text that was released.",
        )
    ]


def _review_figures(release: Release) -> dict[str, Any]:
    rows = _reviews(release)
    return {
        "reviews": {"n": rows.count(), "reviewers": rows.order_by().values("reviewer").distinct().count()}
    }


SOURCE = HumanSource(key="curation", people=_reviewers, tables=_review_tables, figures=_review_figures)
