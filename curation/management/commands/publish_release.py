from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.jobs import run_job
from curation.actions.publishing import plan_for, plan_publication
from curation.actions.publishing_jobs import queue_publish, run_publish
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.management.releases import release_named
from curation.models import Dataset, Job, Publication


class Command(BenchCommand):
    help = "Plan what of a release would go out to a hub; with --publish, carry out exactly that plan."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="N")
        parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="the dataset repository")
        seen = parser.add_mutually_exclusive_group()
        seen.add_argument("--private", action="store_true", help="only its owner sees it (the default)")
        seen.add_argument("--public", action="store_true", help="everybody sees it; its gate stays")
        parser.add_argument("--publish", action="store_true", help="carry out the plan made before")

    def act(self, *, actor: Actor, dataset: Dataset, name: str, **options: Any) -> Outcome:
        release = release_named(dataset, name)
        if not options["publish"]:
            return _told(plan_publication(actor, release, options["repo"], private=not options["public"]))
        plan = plan_for(release, options["repo"])
        if plan is None:
            raise Unusable(f"There is no plan of {name} for {options['repo']}: run without --publish first.")
        if plan.plan["private"] == options["public"] and (options["public"] or options["private"]):
            raise Unusable("The plan says otherwise who sees the repository: plan again.")
        job = queue_publish(actor, plan, typed=options["repo"], here=True)
        run_job(job.pk, run_publish)
        job.refresh_from_db()
        plan.refresh_from_db()
        return _told(plan, failed=job.state != Job.State.SUCCEEDED)


def _told(plan: Publication, *, failed: bool = False) -> Outcome:
    said = plan.plan
    lines = [f"{one['sha256']}  {one['bytes']:>12}  {one['path']}" for one in said["files"]]
    seen = "private" if said["private"] else "public"
    what = f"{len(lines)} files, {said['bytes']} bytes, to {plan.repo} ({seen}, gate: {said['gated']}), tag {said['tag']}"
    ends = {
        Publication.State.PLANNED: f"Planned, nothing was sent: {what}.",
        Publication.State.PUBLISHED: f"Published: {what}. Commit {plan.revision}, {plan.url}",
    }
    sentence = ends.get(Publication.State(plan.state), f"Not published. {plan.message}")
    payload = {
        "release": said["release"],
        "repo": plan.repo,
        "state": plan.state,
        "private": said["private"],
        "gated": said["gated"],
        "tag": said["tag"],
        "root_hash": said["root_hash"],
        "rights": said["rights"],
        "files": [{key: one[key] for key in ("path", "bytes", "sha256")} for one in said["files"]],
        "bytes": said["bytes"],
        "revision": plan.revision,
        "url": plan.url,
        "message": plan.message,
    }
    listing = [] if plan.state == Publication.State.PUBLISHED else lines
    return Outcome(sentence="\n".join([*listing, sentence]), payload=payload, failed=failed)
