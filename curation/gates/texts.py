"""Texts that must not be where they are: twice in a release, or in dev and in an earlier test part."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.gates.draw import Asked, first_items
from curation.gates.plan import Plan, bodies
from curation.models import Release, ReleaseItem
from curation.queries import datasets_of
from curation.registry import Gate
from curation.splits import DEV, TEST

if TYPE_CHECKING:
    from curation.lookalikes import Twin


def duplicates(plan: Plan) -> Gate:
    """No two questions are the same after folding."""
    seen: dict[str, set[int]] = defaultdict(set)
    for item in plan.items:
        seen[item.folded_hash].add(item.question)
    repeated = {folded for folded, questions in seen.items() if folded and len(questions) > 1}
    items = [i.external_id for i in plan.items if i.folded_hash in repeated]
    sentence = _("Some questions are repeated.") if items else _("No question is repeated.")
    return Gate(
        key="duplicates",
        title=_("Duplicates"),
        green=not items,
        sentence=sentence,
        items=items,
    )


def near_duplicates(plan: Plan) -> Gate:
    """No question of dev is nearly the same as one of test. Those within one split are counted, and let be."""
    from curation import lookalikes

    asked = Asked.of(first_items(plan.items))
    split = {key: {plan.split(item) for item in held} for key, held in asked.items.items()}
    clusters, twins = asked.twins()
    of_cluster: dict[str, set[str]] = defaultdict(set)
    for key, cluster in clusters.items():
        of_cluster[cluster] |= split[key]
    mixed = [key for key, cluster in clusters.items() if len(of_cluster[cluster]) > 1]
    dev, test = ({key: asked.texts[key] for key in mixed if one in split[key]} for one in (DEV, TEST))
    found = {key: twin for key, twin in lookalikes.near_of(dev, test).items() if twin.of != key}
    across = sorted({*found, *(twin.of for twin in found.values())})
    within = len(twins) - len(across)
    sentence = (
        ngettext(
            "%(n)d dev question is nearly the same as a test question.",
            "%(n)d dev questions are nearly the same as test questions.",
            len(found),
        )
        if found
        else _("No dev question is nearly the same as a test question.")
    ) % {"n": len(found)}
    if within:
        more = ngettext(
            "%(n)d more question has a near-duplicate in its own split.",
            "%(n)d more questions have a near-duplicate in their own split.",
            within,
        )
        sentence = f"{sentence} {more % {'n': within}}"
    return Gate(
        key="near_duplicates",
        title=_("Near-duplicates"),
        green=not found,
        sentence=sentence,
        items=asked.ids(across),
    )


def leaks(plan: Plan) -> Gate:
    """No dev question equals, after folding, a test question of any earlier or imported release on this server."""
    dev = defaultdict(list)
    for item in plan.items:
        if plan.split(item) == DEV and item.folded_hash:
            dev[item.folded_hash].append(item.external_id)
    rows = ReleaseItem.objects.filter(split=TEST).order_by()
    tests = rows.values_list("question_text__folded_hash", "release").distinct()
    found = [(folded, release) for folded, release in tests.iterator(chunk_size=5000) if folded in dev]
    releases = _names(plan, Counter(release for _folded, release in found))
    sentence = (
        _("Some dev questions are test questions of: %(releases)s.") % {"releases": releases}
        if found
        else _("No dev question is a test question of an earlier release.")
    )
    return Gate(
        key="leaks",
        title=_("Leaks"),
        green=not found,
        sentence=sentence,
        items=sorted({item for folded, _release in found for item in dev[folded]}),
    )


def near_leaks(plan: Plan) -> Gate:
    """No dev question is nearly a test question of any earlier or imported release, by letters or by meaning.

    What is the same after folding is not repeated here. A release of a dataset the viewer cannot see has no name.
    """
    from curation import lookalikes, meaning

    asked = Asked.of(item for item in first_items(plan.items) if plan.split(item) == DEV)
    tests = _Tests.of_server()
    by_letters = lookalikes.near_of(asked.texts, tests.texts)
    found = {key: twin for key, twin in by_letters.items() if asked.texts[key] != tests.texts[twin.of]}
    if meaning.installed():
        dev = dict(bodies([key for key in asked.texts if key not in by_letters]))
        found |= lookalikes.same_meaning_of(dev, dict(bodies(list(tests.texts))))
        looked = _("Meaning was compared too.")
    else:
        looked = _("Meaning was not compared: the optional package for it is not installed.")
    sentence = (
        ngettext(
            "%(n)d dev question is nearly a test question of: %(releases)s.",
            "%(n)d dev questions are nearly test questions of: %(releases)s.",
            len(found),
        )
        % {"n": len(found), "releases": tests.names(plan, found.values())}
        if found
        else _("No dev question is nearly a test question of an earlier release.")
    )
    return Gate(
        key="near_leaks",
        title=_("Near leaks"),
        green=not found,
        sentence=f"{sentence} {looked}",
        items=asked.ids(found),
    )


@dataclass(frozen=True)
class _Tests:
    """Test questions of every release on this server: folded texts by hash, and the releases that hold each."""

    texts: dict[str, str]
    releases: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of_server(cls) -> _Tests:
        releases: dict[str, list[int]] = defaultdict(list)
        rows = ReleaseItem.objects.filter(split=TEST).order_by().values_list("question_text", "release")
        for text, release in rows.distinct().iterator(chunk_size=5000):
            releases[text].append(release)
        return cls({key: folded for key, folded in bodies(list(releases), "folded") if folded}, releases)

    def names(self, plan: Plan, found: Iterable[Twin]) -> str:
        return _names(plan, Counter(release for twin in found for release in self.releases[twin.of]))


def _names(plan: Plan, releases: Mapping[int, int]) -> str:
    """The releases' names, those of datasets that the viewer cannot see as "one you cannot see"."""
    seen = set(datasets_of(plan.viewer).values_list("pk", flat=True)) if plan.viewer else {plan.dataset.pk}
    rows = Release.objects.filter(pk__in=list(releases)).values_list("name", "dataset")
    return ", ".join(sorted({name if dataset in seen else _("one you cannot see") for name, dataset in rows}))
