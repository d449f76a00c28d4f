"""Freezing versions: what would go in, what the gates say of it, and the freeze."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import gates, registry
from curation.access import as_it_stands
from curation.actions.codebooks import codebook_of
from curation.actions.datasets import take_turns
from curation.actions.waivers import Waiver, refuse_own, standing
from curation.collection import paused
from curation.errors import Conflict, Invalid
from curation.gates import Plan, PlanItem
from curation.log import Actor, person_of, record
from curation.mapping import told
from curation.models import Codebook, Dataset, Guideline, Release, ReleaseItem, Rights
from curation.registry import Gate
from curation.release_hashes import VERSION as HASH_VERSION
from curation.release_hashes import content_digest, root_hash, row_hash
from curation.release_rows import FrozenRow, keep_rows, keep_splits
from curation.release_versions import VERSION as VERSION_NUMBER
from curation.release_versions import as_numbers, level_of, next_version
from curation.retold import retold
from curation.rules import require
from curation.splits import assign

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
RESERVED = {"freeze", "new", "latest"}
ATTEMPTS = 3  # of asking the gates while people go on working
CHANGED = gettext_noop("Items changed since the gates were asked. Nothing was frozen: ask them again.")
KEPT = 300  # of what a gate found, in the frozen row: the rest is counted


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the manager chooses about a release; None where the dataset or the system decides.

    `locales` are the translations that go along; `leave_out` lets items go whose translation is not ready, without
    it. `rights` are the terms the release goes out under, `terms` their text where it has no row of its own.
    """

    name: str
    seed: int = 0
    test_per_leaf: int | None = None
    version: str | None = None
    locales: tuple[str, ...] | None = None
    leave_out: bool = False
    rights: Rights | None = None
    terms: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A release as it would be frozen: the plan, what the gates said (in English), and the version's number.

    `hashes` are the content hashes by item; `stands_on` is that of what all of it follows from.
    """

    choice: Choice
    plan: Plan
    gates: list[Gate]
    hashes: dict[int, str]
    predecessor: Release | None
    level: str
    version: str
    stands_on: str

    @property
    def name(self) -> str:
        return self.choice.name

    def red(self, waivers: list[Waiver]) -> list[Gate]:
        waived = {waiver.gate for waiver in waivers} - gates.NEVER_WAIVED
        return [gate for gate in self.gates if not gate.green and gate.key not in waived]


def default_test_per_leaf(dataset: Dataset) -> int:
    """K from the dataset's quota: its most common target for test, 0 where it has none."""
    targets = list(dataset.quotas.filter(split="test", target__gt=0).values_list("target", flat=True))
    return max(set(targets), key=lambda target: (targets.count(target), target)) if targets else 0


@paused()
def draw_up(
    actor: Actor,
    dataset: Dataset,
    choice: Choice,
    *,
    told: Callable[[int, str], None] | None = None,
    embedded: Callable[[int, int], None] | None = None,
    expected: str = "",
) -> Draft:
    """Choose the items, draw the missing splits, number the version and ask the gates. Writes nothing.

    `told` hears how many gates have answered and which one is asked next, `embedded` how many texts were embedded (of
    how many) where meaning is compared. Raises Conflict where it would stand on something else than `expected`.
    """
    require(actor, "freeze", dataset)
    refuse_name(dataset, choice.name)
    stands_on = what_it_stands_on(dataset, choice)
    if expected and stands_on != expected:
        raise Conflict(_(CHANGED))
    plan = _plan(actor, dataset, choice, embedded)
    hashes = {item.item: hash_of(plan, item) for item in plan.items}
    predecessor = _newest(dataset)
    level, version = _numbered(predecessor, plan, hashes, choice)
    return Draft(
        choice=choice,
        plan=plan,
        gates=gates.check(plan, told),
        hashes=hashes,
        predecessor=predecessor,
        level=level,
        version=version,
        stands_on=stands_on,
    )


def what_it_stands_on(dataset: Dataset, choice: Choice) -> str:
    """SHA-256 over everything that a draft follows from: as long as it is the same, the gates say the same."""
    chosen = repr((replace(choice, rights=None), choice.rights and choice.rights.pk))
    return f"{content_digest(chosen)[:32]}{gates.fingerprint(dataset)[:32]}"


def _plan(
    actor: Actor, dataset: Dataset, choice: Choice, embedded: Callable[[int, int], None] | None = None
) -> Plan:
    k = default_test_per_leaf(dataset) if choice.test_per_leaf is None else choice.test_per_leaf
    items = gates.releasable(dataset)
    categories = {row.pk: row for row in dataset.taxonomy.categories.all()}
    splits = gates.known_splits(items)
    asked = gates.Asked.of(gates.first_items(items))
    drawn = assign(gates.candidates(asked, categories), test_per_leaf=k, seed=choice.seed)
    locales, translations, unfinished = gates.translations_of(dataset, items, choice.locales)
    return Plan(
        dataset=dataset,
        name=choice.name,
        items=items,
        asked=asked,
        splits=splits | {key: given.split for key, given in drawn.items()},
        why={
            key: given.why | ({"release": choice.name} if given.why["by"] == "draw" else {})
            for key, given in drawn.items()
        },
        test_per_leaf=k,
        categories=categories,
        locales=locales,
        translations=translations,
        unfinished=unfinished,
        left_out=choice.leave_out,
        rights=choice.rights,
        viewer=person_of(actor),
        embedded=embedded,
    )


def _newest(dataset: Dataset) -> Release | None:
    """The version that the next one follows: the newest, in its newest correction. A corrected older one is not it."""
    own = Release.objects.filter(dataset=dataset, imported=False)
    found = own.filter(corrects=None).first()
    while found and (corrected := own.filter(corrects__release=found).first()):
        found = corrected
    return found


def latest_version(dataset: Dataset) -> str:
    """The highest number that any version of the dataset has, "" where none has one."""
    versions = Release.objects.filter(dataset=dataset).exclude(version="").values_list("version", flat=True)
    return max(versions, key=as_numbers, default="")


def _numbered(
    predecessor: Release | None, plan: Plan, hashes: dict[int, str], choice: Choice
) -> tuple[str, str]:
    """What happened since the last version (major, minor or patch), and the number that follows from it."""
    before: dict[str, tuple[str, str]] = {}
    if predecessor and predecessor.hash_version == HASH_VERSION:
        rows = predecessor.items.order_by().values_list("external_id", "content_hash", "split")
        before = {key: (content, split) for key, content, split in rows.iterator(2000)}
    after = {item.external_id: (hashes[item.item], plan.split(item)) for item in plan.items}
    level = level_of(before, after)
    previous = latest_version(plan.dataset)
    if choice.version is None:
        return level, next_version(previous, level)
    if not VERSION_NUMBER.fullmatch(choice.version):
        raise Invalid(_("A version has three numbers, such as 1.2.0."), field="version")
    if as_numbers(choice.version) <= as_numbers(previous):
        message = _("The version must come after %(previous)s.")
        raise Invalid(message % {"previous": previous}, field="version")
    return level, choice.version


def refuse_name(dataset: Dataset, name: str) -> None:
    """Raises Invalid for a name that cannot be a release's, or is one already."""
    if not NAME.fullmatch(name) or name in RESERVED:
        message = _(
            "“%(name)s” cannot be a release's name: use small letters, digits, dots and dashes, such as xs-0.1."
        )
        raise Invalid(message % {"name": name}, field="name")
    if Release.objects.filter(dataset=dataset, name=name).exists():
        message = _("%(name)s is frozen already. A changed version needs a new name.")
        raise Invalid(message % {"name": name}, field="name")


@paused()
def freeze(
    actor: Actor,
    dataset: Dataset,
    choice: Choice,
    *,
    waivers: list[Waiver] | None = None,
    told: Callable[[int, str], None] | None = None,
    embedded: Callable[[int, int], None] | None = None,
    expected: str = "",
    drawn: Draft | None = None,
) -> Release:
    """Freeze what is approved now, under a name.

    The gates are asked first, which may take minutes; the transaction that writes then makes sure that nothing they
    looked at has changed, and they are asked again where something has. Raises Invalid, naming the gates, where one
    is red and not waived by somebody else: leaks and missing approval cannot be. With `expected`, what an earlier
    draft stood on, Conflict where that is no longer so. `drawn` is a draft that was just drawn up of the same choice.
    """
    given = waivers or []
    refuse_own(actor, given)
    for _attempt in range(ATTEMPTS):
        draft = drawn or draw_up(actor, dataset, choice, told=told, embedded=embedded, expected=expected)
        drawn = None
        counting = [*given, *standing(dataset, choice.name, draft.gates, freezer=actor)]
        _refuse_red(draft, counting)
        with transaction.atomic():
            # Two freezes at once would each draw splits of their own for the same questions: they take turns.
            take_turns(dataset)
            refuse_name(dataset, choice.name)
            if what_it_stands_on(dataset, choice) == draft.stands_on:
                return _write(actor, draft, counting)
    raise Conflict(_(CHANGED))


def _refuse_red(draft: Draft, waivers: list[Waiver]) -> None:
    if red := draft.red(waivers):
        sentences = " ".join(f"[{gate.key}] {retold(gate.sentence)}" for gate in red)
        raise Invalid(_("The release cannot be frozen: %(why)s") % {"why": sentences}, field="gates")


def _write(actor: Actor, draft: Draft, waivers: list[Waiver]) -> Release:
    dataset, choice = draft.plan.dataset, draft.choice
    fresh = {item.question for item in draft.plan.items if not item.split}
    keep_splits({question: draft.plan.splits[question] for question in fresh}, draft.plan.why)
    rows = list(_rows(draft))
    release = Release.objects.create(
        dataset=dataset,
        name=choice.name,
        version=draft.version,
        size=len(rows),
        seed=choice.seed,
        test_per_leaf=draft.plan.test_per_leaf,
        predecessor=draft.predecessor,
        root_hash=root_of(rows),
        hash_version=HASH_VERSION,
        snapshot=_snapshot(dataset),
        gates=said_of(draft.gates, waivers),
        counts=counts_of(rows),
        terms=choice.terms or (choice.rights.terms if choice.rights else ""),
        rights=as_it_stands(choice.rights),
        note=choice.note,
        frozen_by=person_of(actor),
    )
    keep_rows(release, rows)
    record(actor, "freeze", release, items=len(rows), root_hash=release.root_hash)
    return release


def hash_of(plan: Plan, item: PlanItem) -> str:
    """The content hash of an item as it would be frozen."""
    return row_hash(
        question=item.question_hash,
        answer=item.answer_hash,
        labels=plan.category(item).labels,
        attributes=item.attributes,
        sources=item.sources,
        translations=plan.translations.get(item.item, {}),
    )


def _rows(draft: Draft) -> Iterator[FrozenRow]:
    plan = draft.plan
    names = dict(plan.dataset.rights.values_list("pk", "name"))
    labels = {key: category.labels for key, category in plan.categories.items()}
    for position, item in enumerate(plan.items):
        yield FrozenRow(
            position=position,
            external_id=item.external_id,
            item_id=item.item,
            revision_id=item.revision,
            question_text_id=item.question_hash,
            answer_text_id=item.answer_hash,
            labels=labels[item.category],
            split=plan.split(item),
            attributes=item.attributes,
            sources=item.sources,
            rights_name=names.get(item.rights or 0, ""),
            translations=plan.translations.get(item.item, {}),
            content_hash=draft.hashes[item.item],
        )


def root_of(rows: Iterable[FrozenRow | ReleaseItem]) -> str:
    return root_hash((row.position, row.external_id, row.split, row.content_hash) for row in rows)


def _snapshot(dataset: Dataset) -> dict[str, Any]:
    """Everything a reader of the release needs to know what its labels and decisions meant, as it stood.

    Each part carries its SHA-256; rubrics and the like are added by the floors that have them.
    """
    guideline = dataset.guidelines.order_by("-version").first()
    codes = codebook_of(dataset)
    leaves = dataset.taxonomy.categories.filter(level=3).order_by("position")
    definitions = [
        {"labels": leaf.labels, "definition_ja": leaf.definition_ja, "definition_en": leaf.definition_en}
        for leaf in leaves
    ]
    parts = {
        "definitions": definitions,
        "guideline_text": {"ja": guideline.text_ja, "en": guideline.text_en} if guideline else {},
        "reasons": [asdict(reason) for reason in codes.book.reasons],
        "taxonomy_signed": told(dataset.taxonomy),
        "signed": {"guideline": _signature(guideline), "reasons": _signature(codes)},
        "rights": [as_it_stands(row) for row in dataset.rights.order_by("name")],
        **registry.snapshot(dataset),
    }
    return {
        "title": dataset.name,
        "summary": dataset.description,
        "taxonomy": dataset.taxonomy.name,
        "labels": [leaf.labels for leaf in leaves],
        "guideline": guideline.version if guideline else None,
        "codebook": codes.version,
        **parts,
        "sha256": {key: content_digest(value) for key, value in parts.items()},
    }


def _signature(version: Guideline | Codebook | None) -> dict[str, Any] | None:
    """When the version was signed; by whom, its own page tells.

    No name, since a snapshot may be published; and no pseudonym, since beside the page's name it would be none.
    """
    if version is None:
        return None
    signed_at = version.signed_at.isoformat() if version.signed_at else None
    return {"version": version.version, "signed_at": signed_at}


def said_of(said: list[Gate], waivers: list[Waiver], most: int | None = KEPT) -> list[dict[str, Any]]:
    """What the gates said as plain data: the first of what each found, its state, and who let a red one through."""
    by_gate = {waiver.gate: asdict(waiver) for waiver in waivers if waiver.gate not in gates.NEVER_WAIVED}
    kept = []
    for gate in said:
        waived = None if gate.green else by_gate.get(gate.key)
        state = "green" if gate.green else "waived" if waived else "red"
        kept.append({**gate.said(most), "state": state, "finding": gate.fingerprint(), "waived": waived})
    return kept


def counts_of_draft(draft: Draft) -> dict[str, Any]:
    """What counts_of would say of the release that the draft becomes."""
    return counts_of(_rows(draft))


def counts_of(rows: Iterable[FrozenRow | ReleaseItem]) -> dict[str, Any]:
    """How many rows there are, by split, leaf and locale."""
    found: dict[str, Any] = {"items": 0, "dev": 0, "test": 0, "translations": {}, "leaves": {}}
    for row in rows:
        found["items"] += 1
        found[row.split] += 1
        for locale in row.translations:
            found["translations"][locale] = found["translations"].get(locale, 0) + 1
        found["leaves"].setdefault("\t".join(row.labels), {"dev": 0, "test": 0})[row.split] += 1
    return found
