"""Before and after: the base model's and a checkpoint's answers to the same frozen test questions.

The answers become responses that people rate and judges judge; nothing here calls them safe or unsafe.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Response
from curation.access import require_access
from curation.actions.texts import keep_texts
from curation.errors import Conflict, Invalid, TeineiError
from curation.log import OPERATOR, Actor
from curation.log import record as log
from curation.models import Release, ReleaseItem
from curation.rules import require
from curation.similar import text_hash
from curation.supervision import die_with_parent
from curation.workflow import advance
from finetune.actions.runs import folder_of
from finetune.actions.supervision import missing_packages
from finetune.models import Evaluation, TrainingRun

LONGEST = 256  # new tokens


@transaction.atomic
def queue_evaluation(actor: Actor, run: TrainingRun, *, send: bool = True) -> Evaluation:
    """Ask for before/after on the test split of the mixture's first release.

    Raises Invalid where the run has no complete checkpoint or the release no test question.
    """
    require(actor, "evaluate", run)
    checkpoint = run.checkpoints.order_by("-step").first()
    if checkpoint is None:
        raise Invalid(_("The run has no complete checkpoint yet."))
    name = run.mixture.spec[0]["release"]
    release = Release.objects.get(dataset=run.dataset, name=name)
    require_access(release)
    if not release.items.filter(split="test").exists():
        raise Invalid(_("%(name)s has no test question.") % {"name": name})
    evaluation = Evaluation.objects.create(run=run, release=release, checkpoint=checkpoint)
    log(actor, "evaluate", run, evaluation=evaluation.pk)
    if send:
        transaction.on_commit(lambda: _tell_worker(evaluation.pk))
    return evaluation


def _tell_worker(evaluation: int) -> None:
    from finetune.tasks import evaluate  # a task imports its actions

    try:
        evaluate.delay(evaluation)
    except Exception as error:  # kombu raises whatever its transport raises
        message = _("No worker could be reached (%(error)s).") % {"error": error}
        Evaluation.objects.filter(pk=evaluation).update(message=message)


def carry_out(evaluation_id: int) -> Evaluation | None:
    """Generate with both models, keep the responses, count. One that is missing or taken already is left alone."""
    evaluation = (
        Evaluation.objects.select_related("run__dataset", "release", "checkpoint")
        .filter(pk=evaluation_id, state=Evaluation.State.QUEUED)
        .first()
    )
    if evaluation is None or evaluation.checkpoint is None:
        return None
    try:
        advance(evaluation, "start", actor=OPERATOR, log=False)
    except Conflict:
        return None
    try:
        result = _answer(evaluation)
    except TeineiError as error:
        _fail(evaluation, error.sentence)
    except Exception as error:
        _fail(evaluation, f"{type(error).__name__}: {error}")
        raise
    else:
        changes = {"result": result, "message": "", "finished_at": timezone.now()}
        advance(evaluation, "succeed", actor=OPERATOR, changes=changes)
    return evaluation


def _fail(evaluation: Evaluation, message: str) -> None:
    advance(evaluation, "fail", actor=OPERATOR, changes={"message": message, "finished_at": timezone.now()})


def _answer(evaluation: Evaluation) -> dict[str, Any]:
    """Both models' answers, kept and counted. Raises Invalid with the generating program's own sentence."""
    if missing := missing_packages():
        message = _("Training needs %(what)s: install requirements/train.txt, then compare again.")
        raise Invalid(message % {"what": ", ".join(missing)})
    assert evaluation.checkpoint is not None
    readable = evaluation.release.items.filter(split="test", question_text__redacted_at=None)
    items = list(readable.select_related("question_text"))
    folder, step = folder_of(evaluation.run), evaluation.checkpoint.step
    _write_prompts(folder, items)
    result: dict[str, Any] = {"questions": len(items), "models": {}}
    for model, label in {"base": "base", f"step-{step:08d}": f"step {step}"}.items():
        code = _generate(folder, model, evaluation.pk)
        if code != 0:
            raise Invalid(_outcome(folder).get("message") or f"exit code {code}")
        rows = read_answers(folder / _out(model, evaluation.pk))
        _keep_responses(evaluation, items, rows, label)
        result["models"][label] = summary(rows)
    return result


def _out(model: str, evaluation: int) -> str:
    return f"responses-{evaluation}-{model}.jsonl"


def _write_prompts(folder: Path, items: list[ReleaseItem]) -> None:
    lines = [
        {"id": item.external_id, "messages": [{"role": "user", "content": item.question}]} for item in items
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "prompts.jsonl").write_text(text, encoding="utf-8")


def _generate(folder: Path, model: str, evaluation: int) -> int:
    with (folder / "generate.log").open("ab") as out:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "finetune.training.generate", str(folder)),
                *("--model", model, "--out", _out(model, evaluation), "--max-new-tokens", str(LONGEST)),
            ],
            cwd=settings.BASE_DIR,
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
            env={
                **os.environ,
                "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
                "HF_HUB_OFFLINE": "1",
            },
            check=False,
        )
    return done.returncode


def _outcome(folder: Path) -> dict[str, Any]:
    try:
        value = json.loads((folder / "generate-outcome.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_answers(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of answers, as a database can keep them.

    A model may write any character: U+2028 is no end of a line here, and NUL, which PostgreSQL refuses, becomes U+FFFD.
    """
    rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    return [row | {"response": row["response"].replace("\0", "\ufffd")} for row in rows]


@transaction.atomic
def _keep_responses(
    evaluation: Evaluation, items: list[ReleaseItem], rows: list[dict[str, Any]], label: str
) -> None:
    by_id = {item.external_id: item for item in items}
    keep_texts(row["response"] for row in rows)
    Response.objects.bulk_create(
        (
            Response(
                dataset=evaluation.run.dataset,
                item_id=by_id[row["id"]].item_id,
                item_key=row["id"],
                question_hash=by_id[row["id"]].question_text_id,
                question_text=by_id[row["id"]].question_text,
                labels=by_id[row["id"]].labels,
                model=f"{evaluation.run.name} #{evaluation.run.pk} ({label})",
                model_hash=row["model_sha256"],
                settings_hash=row["settings_sha256"],
                text_id=text_hash(row["response"]),
            )
            for row in rows
        ),
        ignore_conflicts=True,
        batch_size=500,
    )


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """n, share of answers that ended by themselves (Wilson, 95 %), mean length in characters and its spread."""
    from curation.stats.intervals import wilson  # scipy: only who has answers to count waits for it

    n = len(rows)
    stopped = sum(row["finish"] == "stop" for row in rows)
    lengths = [len(row["response"]) for row in rows]
    mean = sum(lengths) / n
    spread = math.sqrt(sum((length - mean) ** 2 for length in lengths) / (n - 1)) if n > 1 else None
    low, high = wilson(stopped, n)
    return {
        "n": n,
        "stopped": {"value": stopped / n, "low": low, "high": high, "n": n},
        "characters": {"mean": mean, "sd": spread, "n": n},
    }
