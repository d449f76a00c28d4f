"""Questions that are nearly the same as one that is being typed, among all that stand anywhere on this server.

Every process that answers such a question keeps the sketches of all questions (see `sketches`), 104 bytes each, and
takes in what was written since at every ask. Texts are fetched only where their sketches come into question, so what was
redacted is never found. Import it where it is needed: it loads numpy.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from curation.errors import NotReady
from curation.models import Item, ReleaseItem, Revision, Text
from curation.near import likenesses
from curation.sketches import Sketches

SHOWN = 60.0  # from here on a text is shown beside the one that is typed; `near.NEAR` and above are near-duplicates
_READ, _FETCH, _MOST = 5000, 400, 800
# A row becomes visible when its transaction ends, after others with higher numbers perhaps. Numbers that were jumped
# over are asked for again for this long; an import of 20,000 rows takes a minute.
_PATIENCE = 900.0  # seconds
_GAPS = 200
_WAIT = 0.2  # seconds; what was written since the last ask is read in a few milliseconds
_BEHIND = 20_000  # rows before the last that are looked at once more after everything was read


@dataclass(frozen=True)
class Near:
    """A text by its hash, and how alike it is, 0 to 100: by its letters, or by its meaning where only that is near."""

    text: str
    score: float
    meant: bool = False


@dataclass
class _Gap:
    first: int
    last: int
    until: float


@dataclass
class _Feed:
    """The rows of a table that point to a question's text, from the last one that was read."""

    model: Any
    last: int = 0
    gaps: list[_Gap] = field(default_factory=list)

    def start(self) -> None:
        newest = self.model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.last = max(newest - _BEHIND, 0)

    def fresh(self) -> list[str]:
        """Hashes of the questions of rows that were not there before."""
        now = time.monotonic()
        self.gaps = [gap for gap in self.gaps if gap.until > now][-_GAPS:]
        wanted = Q(pk__gt=self.last)
        for gap in self.gaps:
            wanted |= Q(pk__range=(gap.first, gap.last))
        rows = self.model._default_manager.filter(wanted).order_by("pk").values_list("pk", "question_text")
        found = list(rows)
        self._note([pk for pk, _text in found], now)
        return [text for _pk, text in found]

    def _note(self, numbers: list[int], now: float) -> None:
        """Remember which numbers are still missing."""
        for number in numbers:
            if number > self.last:
                if number > self.last + 1:
                    self.gaps.append(_Gap(self.last + 1, number - 1, now + _PATIENCE))
                self.last = number
            else:
                self.gaps = list(_without(self.gaps, number))


def _without(gaps: Iterable[_Gap], number: int) -> Iterator[_Gap]:
    for gap in gaps:
        if not gap.first <= number <= gap.last:
            yield gap
            continue
        if gap.first < number:
            yield _Gap(gap.first, number - 1, gap.until)
        if number < gap.last:
            yield _Gap(number + 1, gap.last, gap.until)


class Asked:
    """All questions of items and releases of this server, as far as they can be told by their sketches."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as where another database takes the place of this one."""
        self._sketches: Sketches | None = None
        self._feeds = [_Feed(Revision), _Feed(ReleaseItem)]

    def read(self) -> None:
        """Read all that stands, so that who asks first need not wait for it: some seconds for 200,000 questions."""
        self._up_to_date(patience=-1)

    def hashes(self, since: int = 0) -> list[str]:
        """The questions that stand, those that came later last, but for the first `since` of them."""
        return self._up_to_date(patience=-1).hashes(since)

    def near(self, folded: str, *, limit: int, cutoff: float = SHOWN) -> list[Near]:
        """The texts most like a folded one, best first, equals by hash.

        Exact where no more than 800 sketches come into question; else those 800 that are closest are compared.
        Raises NotReady while another thread still reads what stands: whoever waited would keep others from saving.
        """
        hashes, most = self._up_to_date(patience=_WAIT).close(folded, cutoff=cutoff, limit=_MOST)
        found: list[Near] = []
        for start in range(0, len(hashes), _FETCH):
            # The rest cannot be more alike than its sketches say.
            if len(found) >= limit and found[limit - 1].score >= most[start]:
                break
            found += _compared(folded, hashes[start : start + _FETCH], cutoff)
            found.sort(key=lambda near: (-near.score, near.text))
        return found[:limit]

    def _up_to_date(self, patience: float) -> Sketches:
        if not self._lock.acquire(timeout=patience):
            raise NotReady(
                _("The questions that stand here are still being read. They are searched in a moment.")
            )
        try:
            if self._sketches is None:
                for feed in self._feeds:
                    feed.start()
                self._sketches = _read_all()
            fresh = [text for feed in self._feeds for text in feed.fresh()]
            unknown = self._sketches.unknown(fresh) if fresh else []
            for start in range(0, len(unknown), _FETCH):
                rows = Text.objects.filter(pk__in=unknown[start : start + _FETCH], redacted_at=None)
                _take(self._sketches, list(rows.values_list("pk", "folded")))
            return self._sketches
        finally:
            self._lock.release()


def _read_all() -> Sketches:
    """The questions that stand now; earlier revisions of them are left out."""
    made = Sketches()
    current = Item.objects.filter(current_revision__isnull=False).values("current_revision__question_text")
    frozen = ReleaseItem.objects.order_by().values("question_text")
    # One after the other: a list of 200,000 in an OR is gone through for every text by PostgreSQL, which takes minutes.
    for hashes in (current, frozen):
        standing = Text.objects.filter(pk__in=hashes, redacted_at=None).values_list("pk", "folded")
        rows = standing.iterator(chunk_size=_READ)
        while some := list(islice(rows, _READ)):
            new = set(made.unknown([text for text, _folded in some]))
            _take(made, [row for row in some if row[0] in new])
    return made


def _take(sketches: Sketches, rows: list[tuple[str, str]]) -> None:
    sketches.add([text for text, _folded in rows], [folded for _text, folded in rows])


def _compared(folded: str, hashes: list[str], cutoff: float) -> list[Near]:
    rows = Text.objects.filter(pk__in=hashes, redacted_at=None).exclude(folded="").values_list("pk", "folded")
    texts = dict(rows)
    if not texts:
        return []
    scores = likenesses(folded, list(texts.values()))
    return [
        Near(text, float(score)) for text, score in zip(texts, scores, strict=True) if score >= cutoff - 1e-9
    ]


ASKED = Asked()
