"""Checking a release and freezing it in the background. The job of a check is the draft: its id is the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import gates
from curation.actions.datasets import take_turns
from curation.actions.jobs import fail, progress, queue_job
from curation.actions.releases import Choice, Draft, counts_of_draft, draw_up, freeze, refuse_name, said_of
from curation.errors import Invalid
from curation.log import OPERATOR, Actor, person_of
from curation.models import Dataset, Item, Job, LogEntry, Release, Rights
from curation.rules import require

CHECK, FREEZE = "check_release", "freeze_release"
LOST_AFTER = timedelta(seconds=90)  # the watch takes silent jobs up again before that, where any worker runs
LOST = gettext_noop("The worker went away. Nothing was frozen.")
CHOOSING = gettext_noop("Choosing the items and drawing their splits.")
ASKING = gettext_noop("Asking the gates, one after the other.")
EMBEDDING = gettext_noop("Reading new texts for their meaning. This happens once for each text.")
# What the log says of acts that a draft follows from, beside items that came to be approved or were until then.
MATTERS = ("release", "rights", "guideline", "codebook", "redaction", "dataset")


def plain(choice: Choice) -> dict[str, Any]:
    """The choice as a job keeps it."""
    return asdict(replace(choice, rights=None)) | {
        "rights": choice.rights.pk if choice.rights else None,
        "locales": None if choice.locales is None else list(choice.locales),
    }


def choice_of(job: Job) -> Choice:
    kept = dict(job.arguments["choice"])
    rights = Rights.objects.filter(dataset=job.dataset, pk=kept["rights"]).first() if kept["rights"] else None
    locales = None if kept["locales"] is None else tuple(kept["locales"])
    return Choice(**(kept | {"rights": rights, "locales": locales}))


@transaction.atomic
def queue_check(actor: Actor, dataset: Dataset, choice: Choice) -> Job:
    """Ask the gates about a release. The same question asked again while it is looked into is the same job."""
    from curation.tasks import check_release  # a task imports its action

    require(actor, "freeze", dataset)
    refuse_name(dataset, choice.name)
    take_turns(dataset)
    arguments = {"choice": plain(choice)}
    asked = _under_way(dataset, CHECK, arguments=arguments).filter(person=person_of(actor)).first()
    if asked is not None and not lost(asked):
        return asked
    title = _("Check of %(release)s") % {"release": choice.name}
    job = queue_job(actor, dataset, kind=CHECK, title=title, task=check_release, arguments=arguments)
    return _addressed(job, job)


@transaction.atomic
def queue_freeze(actor: Actor, check: Job) -> Job:
    """Freeze what was checked. Asked for twice, by one or by two people, it is one job."""
    from curation.tasks import freeze_release  # a task imports its action

    dataset = check.dataset
    assert dataset is not None
    require(actor, "freeze", dataset)
    choice = choice_of(check)
    if check.state != Job.State.SUCCEEDED:
        raise Invalid(_("Let the gates say first what they find."))
    refuse_name(dataset, choice.name)
    take_turns(dataset)
    arguments = {"check": check.pk, "choice": plain(choice)}
    asked = _under_way(dataset, FREEZE, arguments__choice__name=choice.name).first()
    if asked is not None and not give_up(asked):
        return asked
    title = _("Freeze of %(release)s") % {"release": choice.name}
    job = queue_job(actor, dataset, kind=FREEZE, title=title, task=freeze_release, arguments=arguments)
    return _addressed(job, check)


def _under_way(dataset: Dataset, kind: str, **what: Any) -> Any:
    waiting = [Job.State.QUEUED, Job.State.RUNNING]
    return Job.objects.filter(dataset=dataset, kind=kind, state__in=waiting, **what).order_by("pk")


def _addressed(job: Job, draft: Job) -> Job:
    assert job.dataset is not None
    where = {"dataset": job.dataset.slug, "pk": draft.pk}
    job.target_url = reverse("curation:release_draft", kwargs=where)
    job.save(update_fields=["target_url"])
    return job


def lost(job: Job) -> bool:
    """Whether the worker that had the job is gone: a living one says so every few seconds."""
    since = job.heartbeat_at or job.created_at
    return job.state == Job.State.RUNNING and since < timezone.now() - LOST_AFTER


def give_up(job: Job) -> bool:
    """Let a job whose worker is gone fail; whether it was one. A freeze that was cut off has written nothing."""
    gone = lost(job)
    if gone:
        fail(job, message=LOST)
    return gone


def run_check(job: Job) -> dict[str, Any]:
    """The work of a check: everything that the draft's page shows."""
    assert job.dataset is not None
    mark = LogEntry.objects.filter(dataset=job.dataset).order_by("-pk").values_list("pk", flat=True).first()
    progress(job, 0, len(gates.all_gates()), CHOOSING)
    actor = job.person or OPERATOR
    draft = draw_up(actor, job.dataset, choice_of(job), told=telling(job), embedded=telling_of_texts(job))
    return described(draft) | {"log": mark or 0}


def described(draft: Draft) -> dict[str, Any]:
    """What a draft would be, as plain data."""
    return {
        "gates": said_of(draft.gates, []),
        "counts": counts_of_draft(draft),
        "version": draft.version,
        "level": draft.level,
        "previous": draft.predecessor.name if draft.predecessor else "",
        "test_per_leaf": draft.plan.test_per_leaf,
        "locales": list(draft.plan.locales),
        "stands_on": draft.stands_on,
    }


def run_freeze(job: Job) -> dict[str, Any]:
    """The work of a freeze: of what was checked, or of nothing."""
    assert job.dataset is not None
    check = Job.objects.get(pk=job.arguments["check"])
    choice = choice_of(job)
    release = _frozen_before(job, choice.name)
    if release is None:
        progress(job, 0, len(gates.all_gates()), CHOOSING)
        actor, expected = job.person or OPERATOR, check.result["stands_on"]
        told, embedded = telling(job), telling_of_texts(job)
        release = freeze(actor, job.dataset, choice, told=told, embedded=embedded, expected=expected)
    return {"release": release.name, "root_hash": release.root_hash}


def _frozen_before(job: Job, name: str) -> Release | None:
    """What this very job has frozen, where its worker died between that and saying so."""
    mine = Release.objects.filter(dataset=job.dataset, name=name, frozen_by=job.person)
    return mine.filter(frozen_at__gte=job.created_at).first()


def telling(job: Job) -> Callable[[int, str], None]:
    return lambda done, _gate: progress(job, done, len(gates.all_gates()), ASKING)


def telling_of_texts(job: Job) -> Callable[[int, int], None]:
    return lambda done, total: progress(job, done, total, EMBEDDING)


def changed_since(check: Job) -> bool:
    """Whether anything was logged since that may change what the gates say. The freeze itself looks at everything."""
    settled = [Item.State.APPROVED, Item.State.WITHDRAWN, Item.State.REJECTED]
    later = LogEntry.objects.filter(dataset=check.dataset, pk__gt=check.result.get("log", 0))
    moved = Q(object_type__in=["item", "translation"]) & (Q(to_state__in=settled) | Q(from_state__in=settled))
    return later.filter(moved | Q(object_type__in=MATTERS)).exists()
