from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.management.edges import release_named, task_named
from curation.actions.endpoints import MOST_IN_FLIGHT
from curation.actions.jobs import run_job
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable, whole
from curation.models import Dataset
from judging.actions.calling import carry_out
from judging.actions.reparsing import reparse
from judging.actions.runs import MOST_TOKENS, cancel, estimate_run, pause, resume, settle, start_run
from judging.actions.turns import send_next
from judging.costs import priced
from judging.estimates import pace_of, soundness_of
from judging.management.edges import judge_named
from judging.models import Judge, JudgeRun, Mode
from judging.queries import verdict_counts

VERBS = {"pause": pause, "cancel": cancel}
ENDED_BADLY = (JudgeRun.State.FAILED, JudgeRun.State.CANCELLED, JudgeRun.State.PAUSED)


class Command(BenchCommand):
    help = (
        "Run a judge over a task's or a release's responses, or resume: only what has no verdict yet is called. "
        "The work is done here; --queue hands it to the worker."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--task", metavar="T")
        where.add_argument("--release", metavar="N")
        parser.add_argument("--models", metavar="A,B", default="", help="all models where left out")
        parser.add_argument("--judge", metavar="J", required=True)
        parser.add_argument("--mode", choices=[*Mode.values, "both"], default=Mode.REF)
        parser.add_argument("--repeats", type=int, default=3)
        parser.add_argument(
            "--parallel", type=whole(1, MOST_IN_FLIGHT), help="calls at a time, below the endpoint's limit"
        )
        parser.add_argument(
            "--max-tokens", type=whole(1, MOST_TOKENS), metavar="N", help="pause at so many tokens"
        )
        parser.add_argument("--max-money", type=float, metavar="X", help="pause at so much money")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--wait", action="store_true", help="do the work here and wait for its end (the default)"
        )
        how.add_argument(
            "--queue", action="store_true", help="leave the work to the worker and return at once"
        )
        how.add_argument(
            "--dry-run", action="store_true", help="say what it would take; nothing is written or asked"
        )
        how.add_argument("--status", action="store_true", help="say how the judge's last run stands")
        how.add_argument("--pause", action="store_true", help="let the judge's run stop for now")
        how.add_argument("--cancel", action="store_true", help="let the judge's run stop for good")
        how.add_argument(
            "--resume", action="store_true", help="go on, here, with the judge's last run that stopped"
        )
        how.add_argument(
            "--reparse", action="store_true", help="read the stored replies again; nobody is asked"
        )

    def act(self, *, actor: Actor, dataset: Dataset, judge: str, **options: Any) -> Outcome:
        named = judge_named(dataset, judge)
        if options["reparse"]:
            return _reparsed(actor, named)
        if any(options[verb] for verb in ("status", "pause", "cancel", "resume")):
            return self._steer(actor, named, options)
        if not options["task"] and not options["release"]:
            raise Unusable("Name the responses: --task T, or --release N.", field="task")
        if options["dry_run"]:
            return _estimated(named, estimate_run(actor, **_population(dataset, named, options)))
        run = start_run(
            actor, **_population(dataset, named, options), **_caps(options), send=options["queue"]
        )
        return self._done(run, options)

    def _steer(self, actor: Actor, judge: Judge, options: dict[str, Any]) -> Outcome:
        """Pause, cancel or resume the judge's last run, or say how it stands."""
        runs = JudgeRun.objects.filter(judge=judge).select_related("judge__dataset", "judge__endpoint", "job")
        run = runs.first()
        if run is None:
            raise Unusable(f"The judge {judge.name} has no run yet.", field="judge")
        settle(run)
        if options["resume"]:
            return self._done(resume(actor, run, **_caps(options), send=False), options)
        for verb, act in VERBS.items():
            if options[verb]:
                act(actor, run)
        return _told(runs.get(pk=run.pk), failing=())

    def _done(self, run: JudgeRun, options: dict[str, Any]) -> Outcome:
        if not options["queue"]:
            assert run.job_id is not None
            try:
                run_job(run.job_id, lambda job: carry_out(job, at_once=options["parallel"]))
            finally:
                send_next()
            run = JudgeRun.objects.select_related("judge__dataset", "job").get(pk=run.pk)
        return _told(run)


def _population(dataset: Dataset, judge: Judge, options: dict[str, Any]) -> dict[str, Any]:
    task, release = options["task"], options["release"]
    return {
        "judge": judge,
        "task": task_named(dataset, task) if task else None,
        "release": release_named(dataset, release) if release else None,
        "models": [name.strip() for name in options["models"].split(",") if name.strip()],
        "modes": Mode.values if options["mode"] == "both" else [options["mode"]],
        "repeats": options["repeats"],
    }


def _caps(options: dict[str, Any]) -> dict[str, Any]:
    return {"most_tokens": options["max_tokens"], "most_money": options["max_money"]}


def _told(run: JudgeRun, *, failing: tuple[str, ...] = ENDED_BADLY) -> Outcome:
    counts, sound = verdict_counts(run), soundness_of(run)
    told = ", ".join(f"{n} {name}" for name, n in sorted(counts.items())) or "none yet"
    publishable = "may be published" if sound["publishable"] else "are not complete enough to be published"
    sentence = (
        f"Run {run.pk} of {run.judge.name} {run.state}; verdicts: {told}. {sound['parsed']} of {sound['calls']} calls "
        f"ended in a score: they {publishable}.{f' {run.note}' if run.note else ''}"
    )
    payload = {
        "run": run.pk,
        "judge": run.judge.name,
        "mode": "both" if len(run.modes) > 1 else run.modes[0],
        "state": run.state,
        "note": run.note,
        "verdicts": counts,
        "publishable": sound["publishable"],
        "parsed": sound,
        "pace": pace_of(run),
    }
    return Outcome(sentence=sentence, payload=payload, failed=run.state in failing)


def _estimated(judge: Judge, found: dict[str, Any]) -> Outcome:
    money = "" if found["money"] is None else f", about {priced(found['money'], found['currency'])}"
    basis = f"measured on {found['measured']} answers" if found["measured"] else "guessed from characters"
    sentence = (
        f"{judge.name}: {found['to_make']} calls to make, {found['stored']} stored already. About "
        f"{found['tokens_in']:,} tokens in and {found['tokens_out']:,} out ({basis}){money}. Nothing was written."
    )
    return Outcome(sentence=sentence, payload={"judge": judge.name, "estimate": found})


def _reparsed(actor: Actor, judge: Judge) -> Outcome:
    done = reparse(actor, judge)
    sentence = (
        f"{judge.name}: {done['read']} stored replies read again by parser {done['parser']}, "
        f"{done['changed']} verdicts changed."
    )
    return Outcome(sentence=sentence, payload={"judge": judge.name, "reparsed": done})
