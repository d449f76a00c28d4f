"""From a recipe's mixture to the examples a run sees: frozen dev items, and nothing that any test holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from curation.access import require_access
from curation.errors import Invalid
from curation.models import Dataset, Person, Release, ReleaseItem
from curation.queries import datasets_of
from finetune.models import Mixture
from finetune.training.config import MixturePart, Recipe


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A mixture with its rows: what is written into the manifest, and the examples themselves."""

    facts: dict[str, Any]
    examples: list[dict[str, Any]]
    releases: list[Release]

    @property
    def hash(self) -> str:
        return hash_of(self.facts)


def hash_of(value: Any) -> str:
    """sha256 of canonical JSON."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def resolve(dataset: Dataset, recipe: Recipe, *, viewer: Person | None = None) -> Resolved:
    """Look the parts up in frozen releases, refuse every test question, count and hash.

    Raises Invalid, naming the part, for an unknown release, a part without rows, the same release twice, or a
    question that any release on this server holds as a test question.
    """
    names = [part.release for part in recipe.mixture]
    if len(set(names)) != len(names):
        raise Invalid(_("A release stands in the mixture twice: give it one repeat factor."), field="mixture")
    tests = test_hashes()
    sources: list[dict[str, Any]] = []
    examples: list[dict[str, Any]] = []
    releases: list[Release] = []
    for part in recipe.mixture:
        release, rows = _rows(dataset, part)
        _refuse_tests(rows, tests, viewer, dataset)
        releases.append(release)
        examples.extend(_examples(release, part, rows))
        sources.append(_source(release, part, rows))
    whole = sum(source["examples"] for source in sources)
    for source in sources:
        source["share"] = source["examples"] / whole
    return Resolved(facts={"sources": sources, "examples": whole}, examples=examples, releases=releases)


def _rows(dataset: Dataset, part: MixturePart) -> tuple[Release, list[ReleaseItem]]:
    release = Release.objects.filter(dataset=dataset, name=part.release).first()
    if release is None:
        raise Invalid(
            _("There is no release named %(name)s.") % {"name": part.release}, field="mixture.release"
        )
    require_access(release, field="mixture.release")
    if part.split != "dev":
        raise Invalid(_("Only the dev split can be trained on."), field="mixture.split")
    found = release.items.filter(split="dev", answer_text__isnull=False).select_related(
        "question_text", "answer_text"
    )
    rows = [row for row in found.order_by("position") if row.question and row.answer]
    if not rows:
        message = _("%(name)s has no dev item with an answer.")
        raise Invalid(message % {"name": part.release}, field="mixture.release")
    return release, rows[: part.max_items]


def test_hashes() -> dict[str, tuple[str, int]]:
    """Folded hashes of every test question on this server, with a release that holds it and its dataset."""
    rows = (
        ReleaseItem.objects.filter(split="test")
        .exclude(question_text__folded_hash="")
        .values_list("question_text__folded_hash", "release__name", "release__dataset")
    )
    return {folded: (name, dataset) for folded, name, dataset in rows.iterator()}


def _refuse_tests(
    rows: list[ReleaseItem], tests: dict[str, tuple[str, int]], viewer: Person | None, dataset: Dataset
) -> None:
    leaked = [row for row in rows if row.question_text.folded_hash in tests]
    if not leaked:
        return
    seen = set(datasets_of(viewer).values_list("pk", flat=True)) if viewer else {dataset.pk}
    name, owner = tests[leaked[0].question_text.folded_hash]
    words = {"n": len(leaked), "id": leaked[0].external_id, "release": name}
    if owner in seen:
        said = _(
            "%(n)d of the questions are test questions (%(id)s is one of %(release)s). Nothing was started."
        )
    else:
        said = _(
            "%(n)d of the questions are test questions (%(id)s is one of a release you cannot see). "
            "Nothing was started."
        )
    raise Invalid(said % words, field="mixture")


def _examples(release: Release, part: MixturePart, rows: list[ReleaseItem]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "id": row.external_id,
            "source": release.name,
            "repeat": part.repeat,
            "messages": [
                {"role": "user", "content": row.question},
                {"role": "assistant", "content": row.answer},
            ],
        }


def _source(release: Release, part: MixturePart, rows: list[ReleaseItem]) -> dict[str, Any]:
    return {
        "release": release.name,
        "sha256": release.root_hash,
        "split": part.split,
        "items": len(rows),
        "repeat": part.repeat,
        "examples": len(rows) * part.repeat,
        "content_sha256": hash_of([row.content_hash for row in rows]),
    }


def keep(dataset: Dataset, recipe: Recipe, resolved: Resolved) -> Mixture:
    """The mixture's immutable row, found by its hash where it is known."""
    spec = [
        {"release": p.release, "split": p.split, "repeat": p.repeat, "max_items": p.max_items}
        for p in recipe.mixture
    ]
    mixture, new = Mixture.objects.get_or_create(
        dataset=dataset, hash=resolved.hash, defaults={"spec": spec, "resolved": resolved.facts}
    )
    if new:
        mixture.releases.set(resolved.releases)
    return mixture
