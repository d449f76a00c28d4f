"""Whether people have said yes to what would go out, and whether it is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext as _

from curation.gates.plan import Approval, Plan, PlanItem
from curation.models import Category, Guideline, Quota, Review
from curation.queries import newest_codebook, newest_guideline
from curation.registry import Finding, Gate

Kind = Review.Kind


def approved(plan: Plan) -> Gate:
    """Every item has a revision with an answer that somebody accepted; nothing unapproved is ever a candidate."""
    accepted = plan.approvals
    findings = [
        Finding(key=item.external_id, why=why)
        for item in plan.items
        if (why := _not_approved(item, item.item in accepted))
    ]
    empty = not plan.items
    sentence = (
        _("There is no approved item yet.")
        if empty
        else _("Some items lack an answer or an acceptance.")
        if findings
        else _("Every item has an approved question and answer.")
    )
    return Gate(
        key="approved",
        title=_("Approved"),
        green=not findings and not empty,
        sentence=sentence,
        findings=findings,
    )


def _not_approved(item: PlanItem, accepted: bool) -> str:
    if not item.answer_hash:
        return _("It has no answer.")
    if not accepted:
        return _("Nobody has accepted this revision.")
    return ""


def guideline(plan: Plan) -> Gate:
    """Every item was accepted under the guideline that is in force now.

    What was accepted elsewhere names no guideline: whoever imported it vouched for it under the one of that day. That a
    version is unsigned is told and stops nothing, as it stops nobody's work: there is no item to mend.
    """
    newest = newest_guideline(plan.dataset)
    findings, imported = [], 0
    if newest:
        versions = dict(Guideline.objects.filter(dataset=plan.dataset).values_list("pk", "version"))
        accepted = plan.approvals
        for item in plan.items:
            approval = accepted.get(item.item)
            imported += approval is not None and approval[0] == Kind.IMPORT
            if approval and (why := _out_of_date(approval, newest, versions)):
                findings.append(Finding(key=item.external_id, why=why))
    return Gate(
        key="guideline",
        title=_("Guideline"),
        green=not findings,
        sentence=" ".join([_guideline_sentence(newest, len(findings), imported), *_unsigned(plan, newest)]),
        findings=findings,
    )


def _out_of_date(approval: Approval, newest: Guideline, versions: dict[int, int]) -> str:
    kind, under, when = approval
    if kind == Kind.IMPORT:
        if when >= newest.created_at:
            return ""
        message = _("It was imported as accepted before guideline %(new)d.")
        return message % {"new": newest.version}
    if under == newest.pk:
        return ""
    if under is None:
        return _("It was accepted when there was no guideline.")
    message = _("It was accepted under guideline %(old)d; the newest is %(new)d.")
    return message % {"old": versions.get(under, 0), "new": newest.version}


def _guideline_sentence(newest: Guideline | None, late: int, imported: int) -> str:
    if newest is None:
        return _("The dataset has no guideline.")
    message = (
        _("Some items were accepted under an earlier guideline than %(new)d.")
        if late
        else _("Every item was accepted under guideline %(new)d.")
    )
    sentence = message % {"new": newest.version}
    if imported:
        sentence += " " + _("Accepted elsewhere and imported: %(n)d.") % {"n": imported}
    return sentence


def _unsigned(plan: Plan, newest: Guideline | None) -> list[str]:
    """A sentence for each version in force that nobody has signed."""
    said = []
    if newest and newest.signed_at is None:
        said.append(_("Guideline %(n)d is not signed yet.") % {"n": newest.version})
    reasons = newest_codebook(plan.dataset)
    if reasons and reasons.signed_at is None:
        said.append(_("Version %(n)d of the reasons is not signed yet.") % {"n": reasons.version})
    return said


def quota(plan: Plan) -> Gate:
    """Every leaf that has a target holds as many questions: K for test, the dataset's own number for dev.

    A release that asks for no test questions (K of 0) is a trial and is held to no target.
    """
    held: dict[tuple[int, str], set[int]] = defaultdict(set)
    for item in plan.items:
        held[item.category, plan.split(item)].add(item.question)
    asked, findings = 0, []
    for leaf, split, wanted in _targets(plan) if plan.test_per_leaf else ():
        asked += 1
        have = len(held[leaf.pk, split])
        if have < wanted:
            message = _("%(split)s: %(have)d of %(wanted)d questions.")
            why = message % {"split": split, "have": have, "wanted": wanted}
            findings.append(Finding(key=leaf.path, kind="category", why=why, other=split))
    return Gate(
        key="quota",
        title=_("Quota"),
        green=not findings,
        sentence=_quota_sentence(plan, asked, len(findings)),
        findings=findings,
    )


def _quota_sentence(plan: Plan, asked: int, short: int) -> str:
    if not plan.test_per_leaf:
        return _("No target is asked of a release without test questions of its own.")
    if not short:
        return _("Every category reaches its targets for dev and test.")
    message = _("%(short)d of %(all)d targets of the categories for dev and test are not reached.")
    return message % {"short": short, "all": asked}


def _targets(plan: Plan) -> Iterator[tuple[Category, str, int]]:
    """(leaf, split, how many) of every target above nothing, in the order of the tree."""
    rows = Quota.objects.filter(dataset=plan.dataset, target__gt=0, category__provisional=False)
    for row in rows.select_related("category").order_by("category__position", "split"):
        yield row.category, row.split, plan.test_per_leaf if row.split == "test" else row.target


def provisional(plan: Plan) -> Gate:
    """No item stands in a category whose label is not settled."""
    why = _("Its category is provisional.")
    findings = [
        Finding(key=item.external_id, why=why) for item in plan.items if plan.category(item).provisional
    ]
    sentence = (
        _("Some items stand in a provisional category.")
        if findings
        else _("No item stands in a provisional category.")
    )
    return Gate(
        key="provisional",
        title=_("Labels"),
        green=not findings,
        sentence=sentence,
        findings=findings,
    )
