"""Texts that must not be where they are: twice in a release, or in dev and in an earlier test part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.gates.plan import Plan
from curation.models import Release, ReleaseItem
from curation.queries import datasets_of, texts_by_hash
from curation.registry import Finding, Gate
from curation.splits import DEV, TEST

if TYPE_CHECKING:
    from curation.lookalikes import Twin


SAME_AS = gettext_noop("The same question as %(other)s.")
NEARLY = gettext_noop("Nearly the same as the test question %(other)s (%(score)s of 100).")
# With the release's name, and where it is another dataset's, which findings never name.
IN_RELEASE = (
    gettext_noop("A test question of %(other)s."),
    gettext_noop("A test question of another dataset's release."),
)
NEARLY_IN_RELEASE = (
    gettext_noop("Nearly a test question of %(other)s (%(score)s of 100)."),
    gettext_noop("Nearly a test question of another dataset's release (%(score)s of 100)."),
)
MEANS = (
    gettext_noop("In other words a test question of %(other)s (%(score)s of 100)."),
    gettext_noop("In other words a test question of another dataset's release (%(score)s of 100)."),
)


def duplicates(plan: Plan) -> Gate:
    """No two questions are the same after folding."""
    seen: dict[str, dict[int, str]] = defaultdict(dict)
    for item in plan.items:
        seen[item.folded_hash].setdefault(item.question, item.external_id)
    findings = []
    for item in plan.items:
        others = [other for key, other in seen[item.folded_hash].items() if key != item.question]
        if others and item.folded_hash:
            findings.append(_finding(item.external_id, SAME_AS, min(others)))
    return Gate(
        key="duplicates",
        title=_("Duplicates"),
        green=not findings,
        sentence=_("Some questions are repeated.") if findings else _("No question is repeated."),
        findings=findings,
    )


def near_duplicates(plan: Plan) -> Gate:
    """No question of dev is nearly the same as one of test. Those within one split are counted, and let be."""
    from curation import lookalikes

    asked = plan.asked
    clusters, twins = asked.twins
    split = {key: {plan.split(item) for item in asked.items[key]} for key in clusters}
    of_cluster: dict[str, set[str]] = defaultdict(set)
    for key, cluster in clusters.items():
        of_cluster[cluster] |= split[key]
    mixed = [key for key, cluster in clusters.items() if len(of_cluster[cluster]) > 1]
    dev, test = ({key: asked.texts[key] for key in mixed if one in split[key]} for one in (DEV, TEST))
    found = {key: twin for key, twin in lookalikes.near_of(dev, test).items() if twin.of != key}
    findings = [
        _finding(item, NEARLY, asked.ids([twin.of])[0], twin.score)
        for key, twin in found.items()
        for item in asked.ids([key])
    ]
    sentence = (
        _("Dev questions that are nearly the same as a test question: %(n)d.") % {"n": len(found)}
        if found
        else _("No dev question is nearly the same as a test question.")
    )
    within = len(twins.keys() - found.keys() - {twin.of for twin in found.values()})
    if within:
        more = _("Questions with a near-duplicate in their own split: %(n)d.") % {"n": within}
        sentence = f"{sentence} {more}"
    return Gate(
        key="near_duplicates",
        title=_("Near-duplicates"),
        green=not found,
        sentence=sentence,
        findings=sorted(findings, key=lambda found: found.key),
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
    names = _Names.of(plan, {release for _folded, release in found})
    # Two releases of other datasets are one finding.
    told = {(item, names.own.get(release, "")) for folded, release in found for item in dev[folded]}
    sentence = (
        _("Some dev questions are test questions of: %(releases)s.") % {"releases": names.shown()}
        if found
        else _("No dev question is a test question of an earlier release.")
    )
    return Gate(
        key="leaks",
        title=_("Leaks"),
        green=not found,
        sentence=sentence,
        findings=[_finding(item, IN_RELEASE[not release], release) for item, release in sorted(told)],
    )


def near_leaks(plan: Plan) -> Gate:
    """No dev question is nearly a test question of any earlier or imported release, by letters or by meaning.

    What is the same after folding is not repeated here. A release of a dataset the viewer cannot see has no name.
    """
    from curation import lookalikes, meaning

    questions = (item for held in plan.asked.items.values() for item in held)
    asked = plan.asked.among(item for item in questions if plan.split(item) == DEV)
    tests = _Tests.of_server()
    by_letters = lookalikes.near_of(asked.texts, tests.texts)
    nearly = {key: twin for key, twin in by_letters.items() if asked.texts[key] != tests.texts[twin.of]}
    reworded: dict[str, Twin] = {}
    looked = _("Letters alone were compared: the optional package for meaning is not installed.")
    if not settings.TEINEI_MEANING:
        looked = _("Letters alone were compared: comparing meaning is switched off.")
    elif meaning.installed():
        if tests.texts:
            dev = dict(texts_by_hash(key for key in asked.texts if key not in by_letters))
            reworded = lookalikes.same_meaning_of(dev, dict(texts_by_hash(tests.texts)), told=plan.embedded)
        looked = _("Letters and meaning were compared.")
    found = {**nearly, **reworded}
    names = _Names.of(plan, {release for twin in found.values() for release in tests.releases[twin.of]})
    findings = [
        _finding(item, (MEANS if key in reworded else NEARLY_IN_RELEASE)[not release], release, twin.score)
        for key, twin in found.items()
        for item in asked.ids([key])
        for release in sorted({names.own.get(release, "") for release in tests.releases[twin.of]})
    ]
    sentence = (
        _("Some dev questions are nearly test questions of: %(releases)s.") % {"releases": names.shown()}
        if found
        else _("No dev question is nearly a test question of an earlier release.")
    )
    return Gate(
        key="near_leaks",
        title=_("Near leaks"),
        green=not found,
        sentence=f"{looked} {sentence}",
        findings=sorted(findings, key=lambda found: (found.key, found.other)),
    )


def _finding(item: str, why: str, other: str, score: float = 100.0) -> Finding:
    return Finding(key=item, why=_(why) % {"other": other, "score": round(score)}, other=other)


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
        return cls({key: folded for key, folded in texts_by_hash(releases, "folded") if folded}, releases)


@dataclass(frozen=True)
class _Names:
    """Names of releases: as findings tell them, and as this viewer may see them.

    Findings name no release of another dataset, so that they are the same whoever looks: waivers are bound to them.
    """

    own: dict[int, str]
    seen: frozenset[str]

    @classmethod
    def of(cls, plan: Plan, releases: Collection[int]) -> _Names:
        mine = set(datasets_of(plan.viewer).values_list("pk", flat=True)) if plan.viewer else set()
        rows = list(Release.objects.filter(pk__in=releases).values_list("pk", "name", "dataset"))
        hidden = _("one you cannot see")
        return cls(
            {pk: name for pk, name, dataset in rows if dataset == plan.dataset.pk},
            frozenset(name if dataset in mine | {plan.dataset.pk} else hidden for _pk, name, dataset in rows),
        )

    def shown(self) -> str:
        return ", ".join(sorted(self.seen))
