"""Freezing versions, correcting them, and saying how two of them differ."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from curation import gates, registry
from curation.actions.datasets import take_turns
from curation.errors import Invalid
from curation.gates import Plan
from curation.log import Actor, person_of, record
from curation.models import (
    Dataset,
    Erratum,
    Item,
    Question,
    Release,
    ReleaseItem,
    Translation,
)
from curation.queries import stale
from curation.registry import Gate
from curation.rules import require
from curation.splits import Candidate, assign
from curation.workflow import advance

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
RESERVED = {"freeze", "new", "latest"}


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A red gate let through by a named person with a reason."""

    gate: str
    reason: str
    person: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A release as it would be frozen: the plan and what the gates said."""

    name: str
    seed: int
    plan: Plan
    gates: list[Gate]

    def red(self, waivers: list[Waiver]) -> list[Gate]:
        waived = {waiver.gate for waiver in waivers} - gates.NEVER_WAIVED
        return [gate for gate in self.gates if not gate.green and gate.key not in waived]


def default_test_per_leaf(dataset: Dataset) -> int:
    """K from the dataset's quota: its most common target for test, 0 where it has none."""
    targets = list(dataset.quotas.filter(split="test", target__gt=0).values_list("target", flat=True))
    return max(set(targets), key=lambda target: (targets.count(target), target)) if targets else 0


def draw_up(
    actor: Actor,
    dataset: Dataset,
    *,
    name: str,
    seed: int = 0,
    test_per_leaf: int | None = None,
) -> Draft:
    """Choose the items, draw the missing splits and ask the gates. Writes nothing."""
    require(actor, "freeze", dataset)
    _refuse_name(dataset, name)
    k = default_test_per_leaf(dataset) if test_per_leaf is None else test_per_leaf
    items = gates.releasable(dataset)
    splits = gates.known_splits(items)
    candidates = {
        item.question_id: Candidate(
            question=item.question_id,
            key=item.approved_revision.question_text_id if item.approved_revision else "",
            leaf=item.approved_revision.category.path if item.approved_revision else "",
            split=splits.get(item.question_id, ""),
        )
        for item in items
    }
    splits |= assign(candidates.values(), test_per_leaf=k, seed=seed)
    plan = Plan(
        dataset=dataset,
        items=items,
        splits=splits,
        test_per_leaf=k,
        viewer=person_of(actor),
    )
    return Draft(name=name, seed=seed, plan=plan, gates=gates.check(plan))


def _refuse_name(dataset: Dataset, name: str) -> None:
    if not NAME.fullmatch(name) or name in RESERVED:
        message = _(
            "“%(name)s” cannot be a release's name: use small letters, digits, dots and dashes, such as xs-0.1."
        )
        raise Invalid(message % {"name": name}, field="name")
    if Release.objects.filter(dataset=dataset, name=name).exists():
        message = _("%(name)s is frozen already. A changed version needs a new name.")
        raise Invalid(message % {"name": name}, field="name")


@transaction.atomic
def freeze(
    actor: Actor,
    dataset: Dataset,
    *,
    name: str,
    seed: int = 0,
    test_per_leaf: int | None = None,
    waivers: list[Waiver] | None = None,
    terms: str = "",
) -> Release:
    """Freeze what is approved now, under a name, in one transaction.

    Raises Invalid, naming the gates, where one is red and not waived. Leaks and missing approval cannot be waived.
    """
    # Two freezes at once would each draw splits of their own for the same questions: they take turns.
    take_turns(dataset)
    waivers = waivers or []
    draft = draw_up(actor, dataset, name=name, seed=seed, test_per_leaf=test_per_leaf)
    red = draft.red(waivers)
    if red:
        sentences = " ".join(f"[{gate.key}] {gate.sentence}" for gate in red)
        raise Invalid(
            _("The release cannot be frozen: %(why)s") % {"why": sentences},
            field="gates",
        )
    _set_splits(draft)
    rows = _rows(draft)
    release = Release.objects.create(
        dataset=dataset,
        name=name,
        seed=seed,
        test_per_leaf=draft.plan.test_per_leaf,
        predecessor=Release.objects.filter(dataset=dataset, imported=False).first(),
        root_hash=root_hash(rows),
        snapshot=_snapshot(dataset),
        gates=_said(draft.plan, waivers),
        counts=_counts(rows),
        terms=terms,
        frozen_by=person_of(actor),
    )
    keep_rows(release, rows)
    record(actor, "freeze", release, items=len(rows), root_hash=release.root_hash)
    return release


def keep_rows(release: Release, rows: list[ReleaseItem]) -> None:
    """Save the rows as the release's."""
    for row in rows:
        row.release = release
    ReleaseItem.objects.bulk_create(rows, batch_size=500)


def _set_splits(draft: Draft) -> None:
    why = {"by": "draw", "release": draft.name, "seed": draft.seed}
    fresh = {item.question_id for item in draft.plan.items if item.question.split == Question.Split.NONE}
    for split in ("dev", "test"):
        ids = sorted(question for question in fresh if draft.plan.splits[question] == split)
        for start in range(0, len(ids), 500):
            rows = Question.objects.filter(pk__in=ids[start : start + 500], split=Question.Split.NONE)
            rows.update(split=split, split_why=why)


def _rows(draft: Draft) -> list[ReleaseItem]:
    translations = _translations(draft.plan.dataset)
    rows = []
    for position, item in enumerate(draft.plan.items):
        revision = item.approved_revision
        assert revision is not None
        rows.append(
            ReleaseItem(
                position=position,
                external_id=item.external_id,
                item=item,
                revision=revision,
                question_text=revision.question_text,
                answer_text=revision.answer_text,
                labels=revision.category.labels,
                split=draft.plan.split(item),
                attributes=revision.attributes,
                translations=translations.get(item.pk, {}),
                content_hash=revision.content_hash,
            )
        )
    return rows


def _translations(dataset: Dataset) -> dict[int, dict[str, Any]]:
    """Approved translations that the source has not moved away from, per item and locale."""
    rows = Translation.objects.filter(item__dataset=dataset, state=Translation.State.APPROVED)
    fresh = rows.exclude(pk__in=stale(rows).values("pk")).select_related("approved_revision")
    found: dict[int, dict[str, Any]] = {}
    for row in fresh:
        if row.approved_revision:
            texts = {
                "question": row.approved_revision.question_text_id,
                "answer": row.approved_revision.answer_text_id,
            }
            found.setdefault(row.item_id, {})[row.locale] = texts
    return found


def root_hash(rows: list[ReleaseItem]) -> str:
    """sha256 over position, id, split and content hash of every row, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.position}\t{row.external_id}\t{row.split}\t{row.content_hash}\n".encode())
    return digest.hexdigest()


def _snapshot(dataset: Dataset) -> dict[str, Any]:
    guideline = dataset.guidelines.order_by("-version").first()
    return {
        "taxonomy": dataset.taxonomy.name,
        "labels": [
            category.labels for category in dataset.taxonomy.categories.filter(level=3).order_by("position")
        ],
        "guideline": guideline.version if guideline else None,
    }


def _said(plan: Plan, waivers: list[Waiver]) -> list[dict[str, Any]]:
    """What the gates said, kept in English whoever freezes: pages retell it in the reader's language."""
    by_gate = {waiver.gate: asdict(waiver) for waiver in waivers}
    with translation.override("en"):
        said = gates.check(plan)
    return [{**asdict(gate), "waived": None if gate.green else by_gate.get(gate.key)} for gate in said]


def _counts(rows: list[ReleaseItem]) -> dict[str, Any]:
    splits = {split: sum(row.split == split for row in rows) for split in ("dev", "test")}
    locales: dict[str, int] = {}
    leaves: dict[str, dict[str, int]] = {}
    for row in rows:
        for locale in row.translations:
            locales[locale] = locales.get(locale, 0) + 1
        cell = leaves.setdefault("\t".join(row.labels), {"dev": 0, "test": 0})
        cell[row.split] += 1
    return {"items": len(rows), **splits, "translations": locales, "leaves": leaves}


@transaction.atomic
def correct(actor: Actor, release: Release, *, withdraw: list[str], reason: str) -> tuple[Release, Erratum]:
    """Freeze a successor without some items and put an erratum on the old page; both stay readable.

    The items are withdrawn with it, so that the next release does not bring them back.
    """
    require(actor, "correct", release)
    take_turns(release.dataset)  # corrections of a day share a name
    if not reason.strip():
        raise Invalid(_("Say why the items are withdrawn."), field="reason")
    rows = list(release.items.order_by("position"))
    _refuse_unknown(release, withdraw, rows)
    kept = [row for row in rows if row.external_id not in set(withdraw)]
    name = f"{release.name}-rev{timezone.localdate():%Y%m%d}"
    _refuse_name(release.dataset, name)
    for position, row in enumerate(kept):
        row.pk, row.position, row._state.adding = None, position, True
    successor = Release.objects.create(
        dataset=release.dataset,
        name=name,
        predecessor=release,
        seed=release.seed,
        test_per_leaf=release.test_per_leaf,
        root_hash=root_hash(kept),
        snapshot=release.snapshot,
        gates=release.gates,
        counts=_counts(kept),
        terms=release.terms,
        frozen_by=person_of(actor),
    )
    keep_rows(successor, kept)
    gone = Item.objects.filter(pk__in=[row.item_id for row in rows if row.external_id in set(withdraw)])
    for item in gone.exclude(state=Item.State.WITHDRAWN):
        advance(item, "withdraw", actor=actor, release=release.pk)
    erratum = Erratum.objects.create(
        release=release,
        successor=successor,
        withdrawn_ids=sorted(withdraw),
        reason=reason.strip(),
        affected=registry.usages(gone),
        person=person_of(actor),
    )
    record(actor, "correct", release, successor=successor.pk, withdrawn=len(withdraw))
    return successor, erratum


def _refuse_unknown(release: Release, withdraw: list[str], rows: list[ReleaseItem]) -> None:
    missing = sorted(set(withdraw) - {row.external_id for row in rows})
    if missing or not withdraw:
        message = _("%(release)s holds no item named %(ids)s.")
        named = {"release": release.name, "ids": ", ".join(missing) or "-"}
        raise Invalid(message % named, field="withdraw")


def diff(old: Release, new: Release) -> dict[str, Any]:
    """What changed from one release to the other, cell by cell: ids added and removed, and cells that differ."""
    columns = (
        "question_text_id",
        "answer_text_id",
        "labels",
        "split",
        "attributes",
        "translations",
    )
    names = ("question", "answer", "category", "split", "attributes", "translations")
    before = {row.external_id: row for row in old.items.all()}
    after = {row.external_id: row for row in new.items.all()}
    changed = []
    for key in sorted(before.keys() & after.keys()):
        cells = [
            name
            for name, column in zip(names, columns, strict=True)
            if getattr(before[key], column) != getattr(after[key], column)
        ]
        if cells:
            changed.append({"id": key, "cells": cells})
    return {
        "old": old.name,
        "new": new.name,
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": changed,
    }
