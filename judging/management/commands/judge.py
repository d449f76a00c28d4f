from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.management.edges import release_named, task_named
from curation.actions.jobs import run_job
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from judging.actions.runs import AT_ONCE, carry_out, start_run
from judging.management.edges import judge_named
from judging.models import JudgeRun, Mode
from judging.queries import verdict_counts


class Command(BenchCommand):
    help = (
        "Run a judge over a task's or a release's responses, or resume: only what has no verdict yet is called. "
        "The work is done here; --queue hands it to the worker."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--task", metavar="T")
        where.add_argument("--release", metavar="N")
        parser.add_argument("--models", metavar="A,B", default="", help="all models where left out")
        parser.add_argument("--judge", metavar="J", required=True)
        parser.add_argument("--mode", choices=[*Mode.values, "both"], default=Mode.REF)
        parser.add_argument("--repeats", type=int, default=3)
        parser.add_argument("--parallel", type=int, default=AT_ONCE, help="calls at a time")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--wait", action="store_true", help="do the work here and wait for its end (the default)"
        )
        how.add_argument(
            "--queue", action="store_true", help="leave the work to the worker and return at once"
        )

    def act(
        self, *, actor: Actor, dataset: Dataset, task: str | None, release: str | None, **options: Any
    ) -> Outcome:  # type: ignore[override]
        run = start_run(
            actor,
            judge=judge_named(dataset, options["judge"]),
            task=task_named(dataset, task) if task else None,
            release=release_named(dataset, release) if release else None,
            models=[name.strip() for name in options["models"].split(",") if name.strip()],
            modes=Mode.values if options["mode"] == "both" else [options["mode"]],
            repeats=options["repeats"],
            send=options["queue"],
        )
        if not options["queue"]:
            assert run.job_id is not None
            at_once = max(1, min(options["parallel"], 64))
            run_job(run.job_id, lambda job: carry_out(job, at_once=at_once))
            run = JudgeRun.objects.select_related("judge", "job").get(pk=run.pk)
        return self._told(run, options["mode"])

    def _told(self, run: JudgeRun, mode: str) -> Outcome:
        counts = verdict_counts(run)
        told = ", ".join(f"{n} {name}" for name, n in sorted(counts.items())) or "none yet"
        message = run.job.message if run.job else ""
        return Outcome(
            sentence=f"Run {run.pk} of {run.judge.name} {run.state}; verdicts: {told}.{f' {message}' if message else ''}",
            payload={
                "run": run.pk,
                "judge": run.judge.name,
                "mode": mode,
                "state": run.state,
                "verdicts": counts,
            },
            failed=run.state in (JudgeRun.State.FAILED, JudgeRun.State.CANCELLED),
        )
