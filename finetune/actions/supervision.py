"""One attempt of a run: the lease, the trainer's process, what it reports, how it ends.

The lease in the database owns the work, not the queue's message: a message that comes twice finds the lease and does
nothing, and a run whose supervisor died is found by its expired lease.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.errors import Conflict
from curation.log import OPERATOR
from curation.supervision import die_with_parent
from curation.workflow import advance
from finetune.actions.runs import folder_of, resume, tell_worker
from finetune.models import Checkpoint, TrainingRun
from finetune.training.files import sha256_of_file
from finetune.training.manifest import MANIFEST, read_checkpoint, step_folders
from finetune.training.report import by_step, read_metrics

LEASE = timedelta(seconds=30)
LOOK_EVERY = 1.0  # seconds
GRACE = 60.0  # seconds from SIGTERM to SIGKILL
ATTEMPTS = 3
NOT_OURS = 75
# A failure of these classes would only repeat itself.
FINAL = ("bad_config", "nan", "out_of_memory")


def take_lease(run_id: int) -> TrainingRun | None:
    """Claim a waiting run for a new attempt; None where somebody has it or it is not waiting."""
    run = TrainingRun.objects.select_related("dataset", "mixture").filter(pk=run_id).first()
    if run is None or run.state != TrainingRun.State.QUEUED:
        return None
    token = secrets.token_hex(16)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    taken = TrainingRun.objects.filter(free, pk=run.pk, state=TrainingRun.State.QUEUED, attempt=run.attempt)
    now = timezone.now()
    if taken.update(token=token, attempt=F("attempt") + 1, lease_until=now + LEASE) != 1:
        return None
    run.refresh_from_db()
    advance(
        run, "start", actor=OPERATOR, log=False, changes={"started_at": run.started_at or now, "message": ""}
    )
    return run


def supervise(run: TrainingRun) -> str:
    """Start the trainer and stay beside it until it ends; returns the state the run ended in."""
    if missing := missing_packages():
        message = _("Training needs %(what)s: install requirements/train.txt, then resume the run.")
        values = {"failure": "not_installed", "message": message % {"what": ", ".join(missing)}}
        advance(
            run,
            "fail",
            actor=OPERATOR,
            changes={**values, "finished_at": timezone.now(), "lease_until": None},
        )
        return str(run.state)
    folder = folder_of(run)
    _write_job(run, folder)
    with (folder / "trainer.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "finetune.training", str(folder)],
            cwd=settings.BASE_DIR,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no Python lock is taken between fork and exec
            env={
                **os.environ,
                "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
                "HF_HUB_OFFLINE": "1",
            },
        )
    (folder / "trainer.pid").write_text(str(process.pid), encoding="ascii")
    try:
        return _watch(run, folder, process)
    finally:
        if process.poll() is None:
            _signal(process, signal.SIGKILL)
            process.wait()


def missing_packages() -> list[str]:
    """What the trainer needs and this installation lacks; the packages themselves are not imported here."""
    return [
        name for name in ("torch", "transformers", "tokenizers", "safetensors") if find_spec(name) is None
    ]


def _write_job(run: TrainingRun, folder: Path) -> None:
    job = {
        "run": run.pk,
        "attempt": run.attempt,
        "token": run.token,
        "recipe": run.recipe,
        "mixture": run.mixture.resolved,
        "examples": "examples.jsonl",
    }
    draft = folder / "job.json.part"
    draft.write_text(json.dumps(job, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(folder / "job.json")


def _watch(run: TrainingRun, folder: Path, process: subprocess.Popen[bytes]) -> str:
    asked_at: float | None = None
    while process.poll() is None:
        if not _renew(run, folder):
            _signal(process, signal.SIGKILL)
            process.wait()
            return "superseded"
        _register_checkpoints(run, folder)
        wanted = TrainingRun.objects.filter(pk=run.pk, cancel_requested=True).exists()
        if wanted and asked_at is None:
            asked_at = time.monotonic()
            _signal(process, signal.SIGTERM)
        if asked_at is not None and time.monotonic() - asked_at > GRACE:
            _signal(process, signal.SIGKILL)
        close_old_connections()
        _wait(process, LOOK_EVERY)
    if not _renew(run, folder):
        return "superseded"
    _register_checkpoints(run, folder)
    return _end(run, folder, process.returncode)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _renew(run: TrainingRun, folder: Path) -> bool:
    """Prolong the lease and take over what the trainer says; False where a later attempt has the run."""
    beat = _object(folder / "heartbeat.json")
    values: dict[str, Any] = {"lease_until": timezone.now() + LEASE}
    if beat.get("token") == run.token:
        for name in ("step", "steps", "loss", "tokens_per_second"):
            if isinstance(beat.get(name), int | float):
                values[name] = beat[name]
    mine = TrainingRun.objects.filter(pk=run.pk, token=run.token, state=TrainingRun.State.RUNNING)
    return mine.update(**values) == 1


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _register_checkpoints(run: TrainingRun, folder: Path) -> None:
    """Rows for checkpoints whose manifest proves them complete; those the trainer has pruned go."""
    known = dict(run.checkpoints.values_list("step", "manifest_hash"))
    present = set()
    for place in step_folders(folder / "checkpoints"):
        step = int(place.name.rpartition("-")[2])
        present.add(step)
        if step in known and _hash_of_manifest(place) == known[step]:
            continue
        found = read_checkpoint(place)
        if found is not None:  # a resumed run may have written the step again
            Checkpoint.objects.update_or_create(
                run=run,
                step=step,
                defaults={
                    "folder": f"checkpoints/{place.name}",
                    "manifest": dict(found.manifest),
                    "manifest_hash": found.sha256,
                },
            )
    run.checkpoints.exclude(step__in=present).filter(evaluation__isnull=True).delete()


def _hash_of_manifest(folder: Path) -> str:
    try:
        return sha256_of_file(folder / MANIFEST)
    except OSError:
        return ""


def _end(run: TrainingRun, folder: Path, code: int) -> str:
    outcome = _object(folder / "outcome.json")
    if outcome.get("token") != run.token:
        outcome = {}
    run.refresh_from_db()
    now = timezone.now()
    kind = outcome.get("outcome")
    changes: dict[str, Any] = {"finished_at": now, "lease_until": None, **_last_numbers(folder)}
    if isinstance(outcome.get("step"), int):
        changes["step"] = outcome["step"]
    if kind == "succeeded":
        verb = "succeed"
    elif kind == "cancelled":
        verb = "cancel"
    elif kind == "failed":
        verb = "fail"
        changes |= {"failure": outcome.get("class", "error"), "message": outcome.get("message", "")}
    elif run.cancel_requested:
        # It was to end, so nothing takes it up again by itself. SIGTERM ends a trainer that does not listen yet.
        verb = "cancel"
        if code != -signal.SIGTERM:
            changes["message"] = _("It did not stop in time and was ended; the last checkpoint counts.")
    else:
        verb = "lose"
        changes["message"] = _("The trainer ended without a word (exit code %(code)d).") % {"code": code}
    advance(run, verb, actor=OPERATOR, changes=changes)
    return str(run.state)


def _last_numbers(folder: Path) -> dict[str, Any]:
    """Loss and speed of the last step: a short run is over before its heartbeat is looked at."""
    rows = [row for row in by_step(read_metrics(folder / "metrics.jsonl")[0]) if row.get("loss") is not None]
    return {name: rows[-1].get(name) for name in ("loss", "tokens_per_second")} if rows else {}


def reconcile() -> list[int]:
    """Find runs whose supervisor died, end what is left of them, and take them up again, at most three times.

    Waiting runs whose message was lost are sent again. Returns the ids that were taken up.
    """
    taken_up = []
    now = timezone.now()
    for run in TrainingRun.objects.filter(state=TrainingRun.State.RUNNING, lease_until__lt=now):
        with suppress(Conflict):  # another reconciler, or the supervisor after all
            _give_up(run)
    for run in TrainingRun.objects.filter(state=TrainingRun.State.LOST, attempt__lt=ATTEMPTS):
        with suppress(Conflict):
            resume(OPERATOR, run)
            taken_up.append(run.pk)
    # A claim that died before its first step leaves a lease on a waiting run.
    unclaimed = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    stuck = TrainingRun.objects.filter(
        unclaimed, state=TrainingRun.State.QUEUED, created_at__lt=now - timedelta(minutes=2)
    )
    for pk in stuck.exclude(pk__in=taken_up).values_list("pk", flat=True):
        tell_worker(pk)
    return taken_up


def _give_up(run: TrainingRun) -> None:
    _end_trainer(folder_of(run))
    changes: dict[str, Any] = {"lease_until": None, "finished_at": timezone.now()}
    if run.cancel_requested:
        changes["message"] = _("The process beside the trainer ended before the run had stopped.")
        advance(run, "cancel", actor=OPERATOR, changes=changes)
        return
    changes["message"] = _("The process beside the trainer ended.")
    advance(run, "lose", actor=OPERATOR, changes=changes)


def _end_trainer(folder: Path) -> None:
    """Kill the trainer of a lost attempt, if the process of that number is still one of this folder's."""
    try:
        pid = int((folder / "trainer.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return
    if str(folder).encode() in command:
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
