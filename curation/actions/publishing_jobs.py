"""Planning a publication, and publishing, as jobs: from the release's page, or at once from a command."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.export_jobs import teller
from curation.actions.jobs import queue_job, told_in_english
from curation.actions.publishing import plan_publication, publish, refuse
from curation.errors import Conflict, Invalid
from curation.log import OPERATOR, Actor
from curation.models import Job, Publication, Release
from curation.rules import require

PLAN = "plan_publication"
PUBLISH = "publish_release"
UNDER_WAY = (Job.State.QUEUED, Job.State.RUNNING)
SHARES_OF_PLAN = {"write": (0, 50), "check": (50, 100)}
SHARES = {"check": (0, 10), "ask": (10, 20), "upload": (20, 90), "tag": (90, 100)}


class Here:
    """Stands for a task where whoever queues the job runs it at once."""

    @staticmethod
    def delay(_job: int) -> None:
        return None


def jobs_of(release: Release) -> Any:
    """Jobs that plan or publish the release, the newest first."""
    kinds = [PLAN, PUBLISH]
    return Job.objects.filter(dataset=release.dataset_id, kind__in=kinds, arguments__release=release.pk)


def _alone(release: Release) -> None:
    """One at a time: two plans, or a plan and a publication, would write to the same rows."""
    Release.objects.select_for_update().get(pk=release.pk)
    if jobs_of(release).filter(state__in=UNDER_WAY).exists():
        raise Conflict(_("This release is being planned or published already."))


@transaction.atomic
def queue_plan(actor: Actor, release: Release, repo: str, *, private: bool, target_url: str) -> Job:
    from curation.tasks import plan_publication as task

    require(actor, "publish", release)
    refuse(release, repo)
    _alone(release)
    return queue_job(
        actor,
        release.dataset,
        kind=PLAN,
        title=_("Plan to publish %(release)s") % {"release": release.name},
        task=task,
        arguments={"release": release.pk, "repo": repo, "private": private},
        target_url=target_url,
    )


@transaction.atomic
def queue_publish(
    actor: Actor, publication: Publication, *, typed: str, target_url: str = "", here: bool = False
) -> Job:
    """Ask for a plan to be carried out; the repository's name is typed, for it cannot be taken back."""
    from curation.tasks import publish_release as task

    release = publication.release
    require(actor, "publish", release)
    if typed.strip() != publication.repo:
        raise Invalid(_("Type the repository's name exactly to publish."), field="typed")
    refuse(release, publication.repo)
    _alone(release)
    return queue_job(
        actor,
        release.dataset,
        kind=PUBLISH,
        title=_("Publish %(release)s") % {"release": release.name},
        task=Here if here else task,
        arguments={"release": release.pk, "publication": publication.pk},
        target_url=target_url,
    )


@told_in_english
def run_plan(job: Job) -> dict[str, Any]:
    given = job.arguments
    release = Release.objects.select_related("dataset").get(pk=given["release"])
    told = teller(job, SHARES_OF_PLAN)
    made = plan_publication(
        job.person or OPERATOR, release, given["repo"], private=given["private"], told=told
    )
    return {"publication": made.pk, "files": len(made.plan["files"]), "bytes": made.plan["bytes"]}


@told_in_english
def run_publish(job: Job) -> dict[str, Any]:
    found = Publication.objects.select_related("release__dataset").filter(pk=job.arguments["publication"])
    publication = found.first()
    if publication is None:
        raise Invalid(_("The plan was replaced by another. Look at it first."))
    publish(job.person or OPERATOR, publication, told=teller(job, SHARES))
    return {"revision": publication.revision, "url": publication.url}
