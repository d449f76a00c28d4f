"""Near twins of a question, and how much of each a person may be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from curation.models import Dataset, Item, Person, Question, Release, ReleaseItem
from curation.queries.coverage import opted_out
from curation.queries.datasets import ITEM_ROLES
from curation.rules import allows, roles_of
from curation.similar import fold

if TYPE_CHECKING:
    from curation.finding import Near

GONE = (Item.State.REJECTED, Item.State.WITHDRAWN)
LONGEST = 20_000  # characters; no text that is kept is longer
_CONSIDERED = 12  # texts; of some nothing stands any more, or only the question itself


@dataclass(frozen=True, kw_only=True)
class NearTwin:
    """A question nearly the same as another: an item, a row of a release, or one that the person cannot see.

    `near`: whether it counts as a near-duplicate; `meant`: by its meaning, not by its letters. Without the right to read it there is no `text`, and no `score`
    either: with a score, somebody could type until they have the text. `spared`: it stands in a category of which the
    person wants to see nothing.
    """

    near: bool
    score: float | None = None
    text: str = ""
    split: str = ""
    item: Item | None = None
    row: ReleaseItem | None = None
    spared: bool = False
    meant: bool = False

    @property
    def hidden(self) -> bool:
        return self.item is None and self.row is None

    @property
    def same(self) -> bool:
        """Whether letter by letter the same is asked."""
        return self.score is not None and self.score >= 100 and not self.meant


def near_twins(
    person: Person, dataset: Dataset, text: str, *, but: Question | None = None, limit: int = 5
) -> list[NearTwin]:
    """Questions most like the text, best first: of the dataset's items, and of every release on this server.

    One for each wording. Left out: the question `but`, rejected and withdrawn items. What the person may not read is
    told from the cutoff of near-duplicates on, without its text; so is what stands in a category they opted out of.
    """
    folded = fold(text[:LONGEST])
    if not folded or not roles_of(person, dataset) & ITEM_ROLES:
        return []
    found = _found(text[:LONGEST], folded)
    hashes = [near.text for near in found]
    items = _items(dataset, hashes, but) if found else {}
    rows = _rows(hashes, but) if found else {}
    readable = _readable(person, {row.release for some in rows.values() for row in some})
    twins = [
        twin
        for near in found
        if (twin := _twin(near, items.get(near.text), rows.get(near.text, []), dataset, readable))
    ]
    return _once(_spare(twins, person))[:limit]


def _found(text: str, folded: str) -> list[Near]:
    """By letters and by meaning: near-duplicates by letters first, then by meaning, then what only resembles it."""
    from curation.finding import ASKED
    from curation.meant import MEANT
    from curation.near import NEAR

    by_letters = ASKED.near(folded, limit=_CONSIDERED)
    close = {near.text for near in by_letters if near.score >= NEAR}
    meant = [near for near in MEANT.near(text, limit=_CONSIDERED) if near.text not in close]
    known = {near.text for near in meant}
    others = [near for near in by_letters if near.text not in known]
    return sorted(others + meant, key=lambda near: (near.text not in close, not near.meant))


def _items(dataset: Dataset, hashes: list[str], but: Question | None) -> dict[str, Item]:
    """One item for each text: the oldest of a test question before others."""
    standing = Item.objects.filter(dataset=dataset, current_revision__question_text__in=hashes)
    standing = standing.exclude(state__in=GONE).exclude(question=but)
    rows = standing.select_related("dataset", "question", "current_revision__question_text").order_by("-pk")
    rows = rows.defer("current_revision__attributes", "current_revision__sources")
    ordered = sorted(rows, key=lambda item: item.question.split == Question.Split.TEST)
    return {item.current_revision.question_text_id: item for item in ordered if item.current_revision}


def _rows(hashes: list[str], but: Question | None) -> dict[str, list[ReleaseItem]]:
    """Rows of releases with each text, newest release first."""
    rows = ReleaseItem.objects.filter(question_text__in=hashes)
    if but is not None:
        rows = rows.filter(Q(item=None) | ~Q(item__question=but))
    found: dict[str, list[ReleaseItem]] = defaultdict(list)
    wanted = rows.select_related("release__dataset", "question_text").order_by("-release")
    for row in wanted.defer("release__snapshot", "release__gates", "attributes", "sources", "translations"):
        found[row.question_text_id].append(row)
    return found


def _readable(person: Person, releases: Iterable[Release]) -> dict[int, bool]:
    """Releases that exist for the person, and whether they may read their texts."""
    by_dataset = {release.dataset for release in releases}
    seen = {dataset.pk for dataset in by_dataset if roles_of(person, dataset) & ITEM_ROLES}
    return {
        release.pk: allows(person, "read_texts", release)
        for release in releases
        if release.dataset_id in seen
    }


def _twin(
    near: Near, item: Item | None, rows: list[ReleaseItem], dataset: Dataset, readable: dict[int, bool]
) -> NearTwin | None:
    from curation.near import NEAR

    close = near.meant or near.score >= NEAR
    told: dict[str, Any] = {"near": close, "meant": near.meant, "score": near.score}
    if item is not None and item.current_revision is not None:
        split, text = item.question.split, item.current_revision.question
        return NearTwin(**told, text=text, split=split, item=item)
    row = _best(rows, dataset, readable)
    if row is None:
        return NearTwin(near=True) if close and rows else None
    if readable[row.release_id]:
        return NearTwin(**told, text=row.question, split=row.split, row=row)
    return NearTwin(near=True, split=row.split, row=row) if close else None


def _best(rows: list[ReleaseItem], dataset: Dataset, readable: dict[int, bool]) -> ReleaseItem | None:
    """Of the rows the person may see: one they may read, of this dataset, of a test question, in this order."""
    seen = [row for row in rows if row.release_id in readable]
    return max(
        seen,
        key=lambda row: (
            readable[row.release_id],
            row.release.dataset_id == dataset.pk,
            row.split == Question.Split.TEST,
        ),
        default=None,
    )


def _spare(twins: list[NearTwin], person: Person) -> list[NearTwin]:
    """Nothing of a category that the person opted out of is shown; what is nearly the same there is told of."""
    places = [twin.item or (twin.row and twin.row.release) for twin in twins]
    taxonomies = {place.dataset.taxonomy_id for place in places if place}
    closed = {taxonomy: opted_out(person, taxonomy) for taxonomy in taxonomies}
    told = [NearTwin(near=True, spared=True) if _is_closed(twin, closed) else twin for twin in twins]
    return [new for twin, new in zip(twins, told, strict=True) if not new.spared or twin.near]


def _is_closed(twin: NearTwin, closed: dict[int, dict[int, str]]) -> bool:
    if twin.item is not None:
        return twin.item.category_id in closed[twin.item.dataset.taxonomy_id]
    row = twin.row
    return row is not None and "\t".join(row.labels) in closed[row.release.dataset.taxonomy_id].values()


def _once(twins: list[NearTwin]) -> list[NearTwin]:
    """At most one of each kind that cannot be seen: they would all read the same."""
    first = {twin.spared: twin for twin in reversed(twins) if twin.hidden}
    return [twin for twin in twins if not twin.hidden or twin is first[twin.spared]]
