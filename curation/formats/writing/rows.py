"""What a release is to an exporter: plain rows in their order, and a description."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from curation.errors import TeineiError
from curation.release_hashes import canonical, row_hash
from curation.similar import text_hash

SPLITS = ("dev", "test")
META_KEYS = ("risk-area", "harm-type", "specific-harm")
# The two orders seen in the wild: NII's JSON, and the struct of the Hugging Face parquet (reference: dataset, F22).
META_ORDERS: dict[str, tuple[str, ...]] = {"ac": META_KEYS, "hf": ("harm-type", "risk-area", "specific-harm")}
OUTPUT_FIELDS = ("output", "output-sample")
CHUNK = 2000  # rows that are checked and written at a time

Hashes = Mapping[str, Mapping[str, str | None]]


@dataclass(slots=True, kw_only=True)  # frozen, it would take three times as long to make
class ReleaseRow:
    """One item of a frozen release. `labels` are the three exact label strings from the top of the tree.

    `translations` maps a locale to {"question": text, "answer": text or None}; `sources` is a list of texts and
    objects. `redacted` rows stand in no file that holds texts. Hashes (SHA-256 of the UTF-8) that the caller knows
    are taken as they are, also of texts that are no longer there; the others are computed.
    """

    position: int
    external_id: str
    question: str
    answer: str
    labels: tuple[str, ...]
    split: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    sources: Sequence[Any] = ()
    translations: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    rights_name: str = ""
    content_hash: str = ""
    redacted: bool = False
    question_sha256: str = ""
    answer_sha256: str = ""
    translations_sha256: Hashes = field(default_factory=dict)

    def hashes(self) -> tuple[str, str | None, Hashes]:
        """SHA-256 of question, of answer (None where there is none) and of each translation."""
        answer = self.answer_sha256 or (text_hash(self.answer) if self.answer else None)
        translated: Hashes = self.translations_sha256 or {
            locale: {part: text_hash(text) if text else None for part, text in parts.items()}
            for locale, parts in self.translations.items()
        }
        return self.question_sha256 or text_hash(self.question), answer, translated

    def computed_hash(self) -> str:
        """The content hash of this row: `release_hashes.row_hash`."""
        question, answer, translated = self.hashes()
        return row_hash(
            question=question,
            answer=answer,
            labels=self.labels,
            attributes=self.attributes,
            sources=self.sources,
            translations=translated,
        )


@dataclass(frozen=True, slots=True)
class Changes:
    """What one version brought: a heading's words, and a line for each change."""

    release: str
    version: str = ""
    date: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDescription:
    """What a release says about itself; every export carries terms and citation. `created` is an ISO date.

    Only what is known is said: empty parts are left out of every file. `locales` are the locales of translations;
    with None they are looked up in the rows, which are then held in memory. `root_hash` is what the rows must hash to.
    `rights` has any of purpose, attribution, inherits, redistributable; `facts` RAI properties by their Croissant
    names; `statistics` figures that the rows do not tell.
    """

    name: str
    dataset: str
    taxonomy: str
    licence: str
    terms: str
    citation: str
    created: str
    summary: str = ""
    content_warning: str = ""
    homepage: str = ""
    version: str = "1.0.0"
    languages: tuple[str, ...] = ("ja",)
    locales: tuple[str, ...] | None = None
    gated: bool = True
    root_hash: str = ""
    hash_version: int = 2
    authors: tuple[str, ...] = ()
    publisher: str = ""
    bibtex: str = ""
    rights: Mapping[str, Any] = field(default_factory=dict)
    derived_from: tuple[str, ...] = ()
    changes: tuple[Changes, ...] = ()
    facts: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Dataset and name."""
        return f"{self.dataset} {self.name}"


class UnwritableRelease(TeineiError):
    """The rows cannot be exported as they are; nothing was written."""


@dataclass(slots=True)
class Checker:
    """Rows by position in pieces. UnwritableRelease names the first row that no reader could read back."""

    locales: frozenset[str]
    texts: bool = True  # ids alone need no texts and no labels
    _ids: set[str] = field(default_factory=set)
    _last: int | None = None

    def pieces(self, rows: Iterable[ReleaseRow]) -> Iterator[list[ReleaseRow]]:
        """The rows, `CHUNK` at a time, each piece checked before it is given."""
        given = iter(rows)
        while piece := list(islice(given, CHUNK)):
            sound = _encodable(piece)
            for row in piece:
                if fault := self._fault(row, sound=sound):
                    raise UnwritableRelease(f"Item {row.external_id!r} cannot be exported: {fault}")
            yield piece
        if self._last is None:
            raise UnwritableRelease("A release without items cannot be exported")

    def _fault(self, row: ReleaseRow, *, sound: bool) -> str:
        if not sound and (fault := _text_fault(row)):
            return fault
        if row.split not in SPLITS:
            return "its split is neither dev nor test"
        if self.texts and len(row.labels) != len(META_KEYS):
            return "it needs three labels"
        if not row.external_id or (self.texts and not row.question and not row.redacted):
            return "it has no question or no ID"
        if row.external_id in self._ids:
            return "its ID is that of another item too"
        if self._last is not None and row.position <= self._last:
            fits = row.position < self._last
            return (
                "it comes before the item ahead of it" if fits else "its position is that of another item too"
            )
        if not row.translations.keys() <= self.locales:
            return "it has a translation to a locale that the release does not name"
        self._ids.add(row.external_id)
        self._last = row.position
        return ""


def in_order(
    rows: Iterable[ReleaseRow], description: ReleaseDescription
) -> tuple[Iterable[ReleaseRow], tuple[str, ...]]:
    """Rows by position, and the locales. Only where the description names the locales are rows taken as they come."""
    if description.locales is not None and not isinstance(rows, Sequence):
        return rows, tuple(sorted(description.locales))
    kept = sorted(rows, key=lambda row: row.position)
    found = {locale for row in kept for locale in row.translations}
    return kept, tuple(sorted(found | set(description.locales or ())))


def _encodable(piece: Sequence[ReleaseRow]) -> bool:
    """Whether all texts can be written. Where it says no, each row is looked at by itself."""
    texts: list[str] = []
    for row in piece:
        texts += (row.external_id, row.question, row.answer, row.content_hash, row.rights_name, *row.labels)
        for parts in row.translations.values():
            texts += filter(None, parts.values())
    try:
        texts.append(canonical([[row.attributes, row.sources] for row in piece]))
        whole = "\n".join(texts)
        whole.encode()
    except (UnicodeEncodeError, TypeError):
        return False
    return "\0" not in whole and "\\u0000" not in whole


def _text_fault(row: ReleaseRow) -> str:
    given = [row.external_id, row.question, row.answer, row.content_hash, row.rights_name, *row.labels]
    given += [text for parts in row.translations.values() for text in parts.values() if text is not None]
    for text in (*given, *_strings([row.attributes, row.sources])):
        if not isinstance(text, str):
            return "one of its fields is not text"
        if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
            return "a text of it holds a NUL or half of a surrogate pair"
    return ""


def _strings(value: object) -> Iterator[str]:
    """Every text inside a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def by_split(rows: Iterable[ReleaseRow]) -> dict[str, list[ReleaseRow]]:
    """Rows of each split in release order; a split without rows is there with none."""
    found: dict[str, list[ReleaseRow]] = {split: [] for split in SPLITS}
    for row in rows:
        found[row.split].append(row)
    return found
