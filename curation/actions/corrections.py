"""Correcting a release: a successor without what was wrong, and an erratum on the old page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation import registry
from curation.actions.datasets import take_turns
from curation.actions.jobs import progress, queue_job
from curation.actions.releases import counts_of, latest_version, root_of
from curation.errors import Invalid
from curation.log import OPERATOR, Actor, person_of, record
from curation.models import Erratum, Item, Job, Release, ReleaseItem
from curation.registry import Withdrawn
from curation.release_rows import keep_rows
from curation.release_versions import MAJOR, next_version, revision_name
from curation.rules import require
from curation.workflow import advance

KIND = "correct_release"
AT_ONCE = 5000  # items of a release up to which a page corrects it itself
LISTED = 20  # unknown ids named in a refusal


def affected_by(release: Release, ids: Collection[str]) -> list[dict[str, Any]]:
    """What used the items until now: other versions, files, tasks, runs, studies, as the fields of `registry.Use`."""
    rows = release.items.filter(external_id__in=ids).order_by()
    found = list(rows.values_list("external_id", "item", "question_text"))
    return registry.usages(
        Withdrawn(
            release=release,
            items={item: name for name, item, _text in found if item},
            texts={text: name for name, _item, text in found},
        )
    )


def check_withdrawal(release: Release, ids: Collection[str]) -> list[str]:
    """The ids, each once and in order; Invalid where one is not in the release, or nothing would be left."""
    listed = sorted(set(ids))
    known = set(release.items.filter(external_id__in=listed).values_list("external_id", flat=True))
    missing = [name for name in listed if name not in known]
    if missing or not listed:
        message = _("%(release)s holds no item named %(ids)s.")
        named = {"release": release.name, "ids": ", ".join(missing[:LISTED]) or "-"}
        raise Invalid(message % named, field="withdraw")
    if len(listed) == release.items.count():
        raise Invalid(_("Nothing would be left: a release holds at least one item."), field="withdraw")
    return listed


@transaction.atomic
def correct(
    actor: Actor, release: Release, *, withdraw: Collection[str], reason: str
) -> tuple[Release, Erratum]:
    """Freeze a successor without some items and put an erratum on the old page; both stay readable.

    The items are withdrawn with it, so that the next release does not bring them back. The successor takes the next
    MAJOR number after every version of the dataset, and its rows are the old ones, hashed as they were.
    """
    require(actor, "correct", release)
    take_turns(release.dataset)  # corrections of a day share a name
    if not reason.strip():
        raise Invalid(_("Say why the items are withdrawn."), field="reason")
    gone = check_withdrawal(release, withdraw)
    affected = affected_by(release, gone)
    successor = _successor(actor, release, set(gone), reason.strip())
    _withdraw_items(actor, release, gone)
    erratum = Erratum.objects.create(
        release=release,
        successor=successor,
        withdrawn_ids=gone,
        reason=reason.strip(),
        affected=affected,
        person=person_of(actor),
    )
    record(actor, "correct", release, successor=successor.pk, withdrawn=len(gone))
    return successor, erratum


def _successor(actor: Actor, release: Release, gone: set[str], reason: str) -> Release:
    kept = [row for row in release.items.order_by("position") if row.external_id not in gone]
    for position, row in enumerate(kept):
        row.pk, row.position, row._state.adding = None, position, True
    dataset = release.dataset
    taken = set(Release.objects.filter(dataset=dataset).values_list("name", flat=True))
    copied = ("imported", "seed", "test_per_leaf", "hash_version", "snapshot", "gates", "terms", "rights")
    successor = Release.objects.create(
        dataset=dataset,
        name=revision_name(release.name, timezone.localdate(), taken),
        predecessor=release,
        root_hash=root_of(kept),
        # An older release may be corrected after newer ones: its successor's number is nobody else's.
        version=next_version(latest_version(dataset), MAJOR) if release.version else "",
        size=len(kept),
        counts=_counts(release, kept),
        note=reason,
        frozen_by=person_of(actor),
        **{name: getattr(release, name) for name in copied},
    )
    keep_rows(successor, kept)
    return successor


def _counts(release: Release, kept: Iterable[ReleaseItem]) -> dict[str, Any]:
    """Counted anew; of a release published elsewhere no more than its page had before."""
    counts = counts_of(kept)
    return {key: counts[key] for key in counts if key in release.counts} if release.imported else counts


def _withdraw_items(actor: Actor, release: Release, gone: list[str]) -> None:
    rows = release.items.filter(external_id__in=gone, item__isnull=False)
    items = Item.objects.filter(pk__in=rows.values("item"))
    for item in items.exclude(state=Item.State.WITHDRAWN):
        advance(item, "withdraw", actor=actor, release=release.pk)


def correct_or_queue(
    actor: Actor, release: Release, *, withdraw: Collection[str], reason: str, target_url: str
) -> Release | Job:
    """Correct at once, or by a job where the release is large; refused at once in either case."""
    from curation.tasks import correct_release as task  # a task imports its action

    if release.size <= AT_ONCE:
        return correct(actor, release, withdraw=withdraw, reason=reason)[0]
    require(actor, "correct", release)
    if not reason.strip():
        raise Invalid(_("Say why the items are withdrawn."), field="reason")
    gone = check_withdrawal(release, withdraw)
    return queue_job(
        actor,
        release.dataset,
        kind=KIND,
        title=_("Correction of %(release)s") % {"release": release.name},
        task=task,
        arguments={"release": release.pk, "withdraw": gone, "reason": reason},
        target_url=target_url,
    )


def run_correction(job: Job) -> dict[str, Any]:
    """The job's work."""
    release = Release.objects.select_related("dataset").get(pk=job.arguments["release"])
    progress(job, 0, 1)
    given = {name: job.arguments[name] for name in ("withdraw", "reason")}
    successor, erratum = correct(job.person or OPERATOR, release, **given)
    progress(job, 1, 1)
    return {"successor": successor.name, "affected": len(erratum.affected)}
