"""What higher floors hang into the pages, gates and commands of the ground floor, filled at start.

Lower floors never name a higher one: a side-bar entry, a panel on the item's page, a gate of a release or the list of
what used an item is registered here by the app that knows about it, from its `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from curation.release_hashes import content_digest

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from curation.formats.writing import HumanTable
    from curation.gates.plan import Plan
    from curation.log import Actor
    from curation.models import Dataset, Person, Release


@dataclass(frozen=True)
class NavEntry:
    """A line of the side bar, for everybody where it names no roles.

    `count` says how many pieces wait for the person, or None for no number. `waits` is the sentence of the home page's card, for entries that are work to be done. `also` names other addresses
    whose pages belong to the entry. `only_waiting` entries are there only while something waits.
    """

    key: str
    label: str | _StrPromise
    icon: str
    url_name: str
    shortcut: str
    _: KW_ONLY
    roles: frozenset[str] = frozenset()
    section: int = 0
    order: int = 0
    count: Callable[[Person, Dataset], int | None] | None = None
    waits: str | _StrPromise = ""
    also: tuple[str, ...] = ()
    only_waiting: bool = False


@dataclass(frozen=True)
class Panel:
    """A piece of a page: `page` names it, `context` answers what the template needs, or None to leave it out."""

    page: str
    key: str
    template: str
    context: Callable[..., dict[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a gate found: what it concerns and why, in a sentence that repeats no text of an item.

    `kind` says what `key` names: an "item" by its id, a "category" by its path, a "translation" by its item's id (with
    the locale in `other`) or "rights" by their name. `other` is the twin's id or the release it was found in.
    """

    key: str
    kind: str = "item"
    why: str = ""
    other: str = ""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What one check of a release said; red stops the freeze unless waived.

    `items` are the keys of what was found, each once; a gate that names them alone gets a finding for each.
    """

    key: str
    title: str
    green: bool
    sentence: str
    findings: list[Finding] = field(default_factory=list)
    items: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.findings:
            object.__setattr__(self, "items", list(dict.fromkeys(found.key for found in self.findings)))
        else:
            object.__setattr__(
                self, "findings", [Finding(key=item, why=self.sentence) for item in self.items]
            )

    def said(self, most: int | None = None) -> dict[str, Any]:
        """As plain data: `count` is of all findings, of which at most so many are kept."""
        kept = self.findings[:most]
        return {
            "key": self.key,
            "title": self.title,
            "green": self.green,
            "sentence": self.sentence,
            "count": len(self.findings),
            "items": list(dict.fromkeys(found.key for found in kept)),
            "findings": [asdict(found) for found in kept],
        }

    def fingerprint(self) -> str:
        """SHA-256 of what was found, in whatever order: what a waiver is bound to."""
        rows = sorted([f.kind, f.key, f.other, f.why] for f in self.findings)
        return content_digest([self.key, rows])


@dataclass(frozen=True, kw_only=True)
class RedactedText:
    """A text that is being taken out: its hash, its words, and further words that belong to it (a conversation's turns)."""

    hash: str
    body: str
    pieces: tuple[str, ...]
    releases: frozenset[int]
    actor: Actor


@dataclass(frozen=True, kw_only=True)
class Redactor:
    """What a floor does about a text that two people take out.

    `datasets` names those that hold the text, by its hash. `remove` takes its copies out inside the caller's transaction
    and answers how many, by kind. `by_hand` says afterwards, by the hash, what a person must see to: copies that no
    program here reaches.
    """

    key: str
    datasets: Callable[[str], set[int]]
    remove: Callable[[RedactedText], dict[str, int]]
    by_hand: Callable[[str], list[str]]


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """Rows of a release that are taken out of it: external ids by item, and by the hash of the question.

    Rows of a release published elsewhere have no item; whatever is bound to their question's hash used them.
    """

    release: Release
    items: Mapping[int, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def names(self, pairs: Iterable[tuple[int | None, str | None]]) -> list[str]:
        """External ids of (item, question hash) pairs, each once."""
        found = {self.items.get(item or 0) or self.texts.get(text or "") for item, text in pairs}
        return sorted(name for name in found if name)


@dataclass(frozen=True, kw_only=True)
class Use:
    """Something that used withdrawn rows: what it is, where its page is, and what that means.

    `kind` and `means` are English messages of the catalogue (`means` with places for `values`), so that an erratum
    keeps them and every reader gets them in their own language. `key` finds it again among what used the items.
    """

    kind: str
    key: int
    name: str
    url: str
    items: list[str]
    means: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HumanSource:
    """A floor's records of what people did on a release, for exports with people.

    `people` names those in them (`person:KEY` for who signs in); `tables` puts their pseudonyms in, which are given;
    `figures` are numbers for the card. No name, address or free text may stand in a table.
    """

    key: str
    people: Callable[[Release], set[str]]
    tables: Callable[[Release, Mapping[str, str]], list[HumanTable]]
    figures: Callable[[Release], dict[str, Any]]


@dataclass
class _Registry:
    nav: list[NavEntry] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    usages: list[tuple[int, Callable[[Withdrawn], Iterable[Use]]]] = field(default_factory=list)
    blinds: list[Callable[[Person, Dataset], bool]] = field(default_factory=list)
    snapshots: dict[str, Callable[[Dataset], Any]] = field(default_factory=dict)
    gates: list[Callable[[Plan], Gate]] = field(default_factory=list)
    redactors: dict[str, Redactor] = field(default_factory=dict)
    humans: dict[str, HumanSource] = field(default_factory=dict)
    demo: list[tuple[int, Callable[[Dataset, dict[str, Person]], str]]] = field(default_factory=list)


_registry = _Registry()


def add_nav(*entries: NavEntry) -> None:
    """Put lines into the side bar (once per key, so that a repeated `ready` does no harm)."""
    known = {entry.key for entry in _registry.nav}
    _registry.nav += [entry for entry in entries if entry.key not in known]
    _registry.nav.sort(key=lambda entry: (entry.section, entry.order))


def nav() -> list[NavEntry]:
    return list(_registry.nav)


def waiting(person: Person, dataset: Dataset, roles: set[str]) -> list[dict[str, Any]]:
    """The home page's cards: `{"key", "label", "sentence", "icon", "url_name", "count"}` for the person's own work."""
    found = [
        (
            entry,
            {
                "key": entry.key,
                "label": entry.label,
                "sentence": entry.waits,
                "icon": entry.icon,
                "url_name": entry.url_name,
                "count": entry.count(person, dataset),
            },
        )
        for entry in _registry.nav
        if entry.waits and entry.count and (not entry.roles or entry.roles & roles)
    ]
    return [card for entry, card in found if card["count"] or not entry.only_waiting]


def add_panel(panel: Panel) -> None:
    """Hang a panel on a page of a lower floor."""
    if all((known.page, known.key) != (panel.page, panel.key) for known in _registry.panels):
        _registry.panels.append(panel)


def panels(page: str, **subject: Any) -> list[dict[str, Any]]:
    """The panels of a page that have something to show: `[{"key", "template", "context"}]`."""
    shown = []
    for panel in _registry.panels:
        if panel.page == page:
            context = panel.context(**subject)
            if context is not None:
                shown.append({"key": panel.key, "template": panel.template, "context": context})
    return shown


def add_usage(order: int, usage: Callable[[Withdrawn], Iterable[Use]]) -> None:
    """Register who can say where items of a release were used; lists follow the order."""
    if (order, usage) not in _registry.usages:
        _registry.usages.append((order, usage))
        _registry.usages.sort(key=lambda known: known[0])


def usages(withdrawn: Withdrawn) -> list[dict[str, Any]]:
    """Every task, run and study that used the rows, as the fields of `Use`: plain data that an erratum keeps."""
    return [asdict(use) for _order, usage in _registry.usages for use in usage(withdrawn)]


def add_blind(blind: Callable[[Person, Dataset], bool]) -> None:
    """Register a reason for which a person must not see results of a dataset now (open rating work)."""
    if blind not in _registry.blinds:
        _registry.blinds.append(blind)


def add_snapshot(key: str, part: Callable[[Dataset], Any]) -> None:
    """Register what a release keeps of a floor above, such as its rubrics: a dataset in, plain data out."""
    _registry.snapshots[key] = part


def snapshot(dataset: Dataset) -> dict[str, Any]:
    """What the floors above put into a release frozen now."""
    return {key: part(dataset) for key, part in sorted(_registry.snapshots.items())}


def add_gate(gate: Callable[[Plan], Gate]) -> None:
    """Let a floor above look at every release before it is frozen; its name is the key of the gate it answers."""
    if gate not in _registry.gates:
        _registry.gates.append(gate)


def gates() -> list[Callable[[Plan], Gate]]:
    return list(_registry.gates)


def blind_to(person: Person, dataset: Dataset) -> bool:
    """Whether the person must not see what people gave in the dataset now."""
    return any(blind(person, dataset) for blind in _registry.blinds)


def add_human_source(source: HumanSource) -> None:
    """Register a floor's records of people's work on a release."""
    _registry.humans[source.key] = source


def human_sources() -> list[HumanSource]:
    """In a fixed order, whichever floor was there first."""
    return [source for _key, source in sorted(_registry.humans.items())]


def add_redactor(redactor: Redactor) -> None:
    """Register what a floor does about a text that is redacted."""
    _registry.redactors[redactor.key] = redactor


def redactors() -> list[Redactor]:
    """In a fixed order, whichever floor was there first."""
    return [redactor for _key, redactor in sorted(_registry.redactors.items())]


def add_demo(order: int, part: Callable[[Dataset, dict[str, Person]], str]) -> None:
    """Register a floor's part of the demo: the dataset and the cast in, a sentence about what was made out."""
    if (order, part) not in _registry.demo:
        _registry.demo.append((order, part))
        _registry.demo.sort(key=lambda known: known[0])


def demo_parts() -> list[Callable[[Dataset, dict[str, Person]], str]]:
    return [part for _order, part in _registry.demo]
