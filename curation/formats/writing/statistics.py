"""Counts and lengths of a release, taken as its rows go by."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .rows import SPLITS, ReleaseDescription, ReleaseRow

WIDTHS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)  # of the bars that lengths are drawn in


@dataclass(slots=True)
class Tally:
    """What was counted: items per split and leaf, and, where `measured`, characters per part, translations and terms."""

    measured: bool = True  # only a folder for the hub tells of it, and it takes a tenth of the time
    found: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    redacted: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, Counter[int]] = field(default_factory=dict)
    translated: Counter[tuple[str, str]] = field(default_factory=Counter)
    rights: Counter[str] = field(default_factory=Counter)
    attributes: Counter[str] = field(default_factory=Counter)
    sourced: int = 0

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Count a piece."""
        readable = [row for row in rows if not row.redacted]
        self.redacted.update(row.split for row in rows if row.redacted)
        self.found.update([(row.split, row.labels) for row in readable])
        if self.measured:
            self._measure(readable)

    def _measure(self, readable: Sequence[ReleaseRow]) -> None:
        self.rights.update([row.rights_name for row in readable])
        self.sourced += sum(bool(row.sources) for row in readable)
        self._of("question").update([len(row.question) for row in readable])
        self._of("answer").update([len(row.answer) for row in readable if row.answer])
        for row in readable:
            if row.attributes:
                self.attributes.update(row.attributes.keys())
        for locale in {locale for row in readable for locale in row.translations}:
            held = [row.translations[locale] for row in readable if locale in row.translations]
            for part in ("question", "answer"):
                texts = [text for parts in held if (text := parts.get(part))]
                if texts:
                    self._of(f"{part}_{locale}").update(map(len, texts))
                    self.translated[locale, part] += len(texts)

    def _of(self, part: str) -> Counter[int]:
        return self.lengths.setdefault(part, Counter())

    @property
    def cells(self) -> Counter[tuple[str, ...]]:
        """Items by split and labels."""
        return Counter({(split, *labels): n for (split, labels), n in self.found.items()})

    def counts(self, *, redacted: bool) -> dict[str, int]:
        """Items of each split, with or without those that were redacted."""
        found = dict.fromkeys(SPLITS, 0)
        for key, number in self.cells.items():
            found[key[0]] += number
        return {split: n + (self.redacted[split] if redacted else 0) for split, n in found.items()}

    def redacted_counts(self) -> dict[str, int]:
        """Redacted items of each split."""
        return {split: self.redacted[split] for split in SPLITS}

    def leaves(self) -> list[dict[str, Any]]:
        """Items of each split and leaf that stand in the files."""
        return [
            {"split": key[0], "labels": list(key[1:]), "items": n} for key, n in sorted(self.cells.items())
        ]


def statistics_of(tally: Tally, description: ReleaseDescription) -> dict[str, Any]:
    """What `statistics.json` holds; lengths in characters (code points)."""
    items = sum(tally.counts(redacted=False).values())
    return {
        "items": items,
        "splits": tally.counts(redacted=False),
        "redacted": tally.redacted_counts(),
        "leaves": tally.leaves(),
        "lengths": {part: summary(found) for part, found in sorted(tally.lengths.items()) if found},
        "translations": {
            locale: {part: tally.translated[locale, part] for part in ("question", "answer")}
            for locale in sorted({locale for locale, _ in tally.translated})
        },
        "items_with_sources": tally.sourced,
        "attributes": dict(sorted(tally.attributes.items())),
        "rights": {name: n for name, n in sorted(tally.rights.items()) if name},
        **dict(sorted(description.statistics.items())),
    }


def summary(found: Counter[int]) -> dict[str, float]:
    """n, least, quartiles (the value at rank ceil(q n)), most, and the mean."""
    total = found.total()
    mean = sum(length * n for length, n in found.items()) / total
    ranks = {
        "min": 1,
        "p25": -(-total // 4),
        "median": -(-total // 2),
        "p75": -(-3 * total // 4),
        "max": total,
    }
    values, seen = {}, 0
    wanted = list(ranks.items())
    for length, n in sorted(found.items()):
        seen += n
        while wanted and wanted[0][1] <= seen:
            values[wanted.pop(0)[0]] = length
    return {"n": total, **values, "mean": round(mean, 1)}


def histogram(found: Counter[int]) -> list[tuple[int, int]]:
    """(where a bar begins, how many lengths fall into it); at most 20 bars of equal width over the lower 99 %."""
    if not found:
        return []
    total, seen, most = found.total(), 0, 0
    for length, n in sorted(found.items()):
        seen, most = seen + n, length
        if seen >= 0.99 * total:
            break
    width = next((width for width in WIDTHS if (most + 1) / width <= 20), WIDTHS[-1])
    bars = [0] * min(20, most // width + 1)
    for length, n in found.items():
        if length // width < len(bars):
            bars[length // width] += n
    return [(at * width, n) for at, n in enumerate(bars)]
