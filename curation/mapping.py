"""How a taxonomy stands to others, category by category, and whether a domain expert has signed it as it stands now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from curation.models import Category, CategoryMapping, MappingSignOff, Taxonomy
from curation.models.taxonomy import LEVELS
from curation.release_hashes import content_digest

Kind = CategoryMapping.Kind


@dataclass(frozen=True)
class Pair:
    """A leaf of the taxonomy, what it stands to in the other one, and how; no leaf where one was dropped."""

    kind: str
    leaf: Category | None
    others: list[Category] = field(default_factory=list)

    @property
    def tone(self) -> str:
        """Of the badge: what was taken over as it is stands out least."""
        return {Kind.SAME: "", Kind.DROPPED: "bad"}.get(Kind(self.kind), "warn")

    @property
    def icon(self) -> str:
        return {Kind.SAME: "check", Kind.NEW: "plus", Kind.DROPPED: "cross"}.get(Kind(self.kind), "link")

    @property
    def label(self) -> str:
        return str(Kind(self.kind).label)


def compared_with(taxonomy: Taxonomy) -> list[Taxonomy]:
    """The taxonomies to which it has a mapping."""
    there = CategoryMapping.objects.filter(target__taxonomy=taxonomy).values("source__taxonomy")
    back = CategoryMapping.objects.filter(source__taxonomy=taxonomy).values("target__taxonomy")
    found = Taxonomy.objects.filter(Q(pk__in=there) | Q(pk__in=back)).exclude(pk=taxonomy.pk)
    return list(found.order_by("pk"))


def pairs(taxonomy: Taxonomy, other: Taxonomy) -> list[Pair]:
    """Every leaf of the taxonomy in its order, then what of the other one stands in no mapping.

    A leaf without a counterpart is new, one of the other taxonomy without a place here dropped; a counterpart with
    several places here was split.
    """
    rows = CategoryMapping.objects.filter(
        Q(source__taxonomy=other, target__taxonomy=taxonomy)
        | Q(source__taxonomy=taxonomy, target__taxonomy=other)
    )
    kinds: dict[int, str] = {}
    others: dict[int, list[Category]] = defaultdict(list)
    known = {c.pk: c for c in _leaves(other)}
    for source, target, kind in rows.order_by("pk").values_list("source", "target", "kind"):
        here, there = (target, source) if source in known else (source, target)
        if there in known:
            kinds[here] = kind
            others[here].append(known[there])
    found = [Pair(kinds.get(leaf.pk, Kind.NEW), leaf, others.get(leaf.pk, [])) for leaf in _leaves(taxonomy)]
    placed = {category.pk for categories in others.values() for category in categories}
    return found + [Pair(Kind.DROPPED, None, [c]) for pk, c in known.items() if pk not in placed]


def _leaves(taxonomy: Taxonomy) -> list[Category]:
    rows = taxonomy.categories.filter(level=LEVELS).select_related("parent__parent")
    return list(rows.order_by("position"))


def content_of(taxonomy: Taxonomy) -> dict[str, Any]:
    """What is signed: every name and definition, and every pair with the definitions on the other side."""
    return {
        "taxonomy": taxonomy.name,
        "categories": [_words(category) for category in taxonomy.categories.order_by("position")],
        "mappings": {
            other.name: [
                [pair.kind, pair.leaf.path if pair.leaf else None, [_words(each) for each in pair.others]]
                for pair in pairs(taxonomy, other)
            ]
            for other in compared_with(taxonomy)
        },
    }


def _words(category: Category) -> list[str]:
    return [
        category.path,
        category.name_ja,
        category.name_en,
        category.definition_ja,
        category.definition_en,
    ]


def content_hash(taxonomy: Taxonomy) -> str:
    """SHA-256 of what is signed, as it stands now."""
    return content_digest(content_of(taxonomy))


def standing_sign_off(taxonomy: Taxonomy) -> MappingSignOff | None:
    """The newest signature under the taxonomy as it stands; None where it was never signed, or changed since."""
    rows = taxonomy.sign_offs.filter(content_hash=content_hash(taxonomy))
    return rows.select_related("person").first()


def told(taxonomy: Taxonomy) -> dict[str, Any]:
    """What a release keeps of it: no name of a person, since its snapshot may be published."""
    signed = standing_sign_off(taxonomy)
    return {
        "content_hash": content_hash(taxonomy),
        "signed_at": signed.signed_at.isoformat() if signed else None,
    }
