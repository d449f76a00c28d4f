"""Correcting a release: a successor without what was wrong, and an erratum on the old page."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation import registry
from curation.actions.datasets import take_turns
from curation.actions.releases import counts_of, keep_rows, refuse_name, root_of
from curation.errors import Invalid
from curation.log import Actor, person_of, record
from curation.models import Erratum, Item, Release, ReleaseItem
from curation.release_versions import MAJOR, next_version
from curation.rules import require
from curation.workflow import advance


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
    refuse_name(release.dataset, name)
    for position, row in enumerate(kept):
        row.pk, row.position, row._state.adding = None, position, True
    successor = Release.objects.create(
        dataset=release.dataset,
        name=name,
        predecessor=release,
        seed=release.seed,
        test_per_leaf=release.test_per_leaf,
        root_hash=root_of(kept),
        hash_version=release.hash_version,
        version=next_version(release.version, MAJOR) if release.version else "",
        size=len(kept),
        snapshot=release.snapshot,
        gates=release.gates,
        counts=counts_of(kept),
        terms=release.terms,
        rights=release.rights,
        note=reason.strip(),
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
