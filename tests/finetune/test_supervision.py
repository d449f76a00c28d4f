"""A run beside its trainer, for real: a random model of 30,000 parameters on six items."""

import hashlib
import importlib.metadata
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from curation.models import LogEntry
from finetune.actions.runs import cancel, folder_of, resume
from finetune.actions.supervision import missing_packages, supervise, take_lease
from finetune.models import TrainingRun
from finetune.training.report import by_step, read_metrics
from tests.factories.finetune import make_run, make_world
from tests.rig.broker import wait_until

# 3 steps an epoch: a minute or two, unless it is stopped
LONG = {"epochs": 1000, "checkpoint_every": 100_000}


def carry_out(run: TrainingRun) -> str:
    """Take the lease and stay until the end, as the worker does."""
    taken = take_lease(run.pk)
    assert taken is not None
    state = supervise(taken)
    run.refresh_from_db()
    return state


def beside(run: TrainingRun, act: Callable[[], object]) -> str:
    """Carry the run out while `act` happens after its first steps."""

    def once_it_runs() -> None:
        try:
            # A busy machine takes half a minute to import torch.
            wait_until(lambda: len(read_metrics(folder_of(run) / "metrics.jsonl")[0]) >= 3, seconds=120)
            act()
        finally:
            connection.close()

    other = threading.Thread(target=once_it_runs)
    other.start()
    state = carry_out(run)
    other.join()
    return state


def steps(run: TrainingRun) -> list[dict]:
    return by_step(read_metrics(folder_of(run) / "metrics.jsonl")[0])


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_run_succeeds_and_leaves_a_checkpoint_whose_hashes_hold() -> None:
    dataset, release, person = make_world()
    run = make_run(dataset, actor=person, epochs=4)
    assert (carry_out(run), run.failure, run.message) == ("succeeded", "", "")
    # 6 dev items x 2 = 12 examples an epoch, in batches of 4: 3 steps, x 4 epochs
    assert (run.state, run.step, run.steps, run.attempt, run.failure) == ("succeeded", 12, 12, 1, "")
    assert (run.lease_until, run.message) == (None, "")
    assert run.started_at < run.finished_at
    told = steps(run)
    assert [row["step"] for row in told] == list(range(1, 13))
    assert run.loss == told[-1]["loss"] < told[0]["loss"] - 0.2
    checkpoint = run.checkpoints.get()
    folder = folder_of(run) / checkpoint.folder
    assert (checkpoint.step, checkpoint.folder) == (12, "checkpoints/step-00000012")
    assert checkpoint.manifest_hash == sha256(folder / "manifest.json")
    assert checkpoint.manifest == json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert checkpoint.manifest["mixture"] == run.mixture.resolved
    assert checkpoint.manifest["releases"] == {"r-0.1": release.root_hash}
    weights = checkpoint.manifest["files"]["model.safetensors"]["sha256"]
    assert (
        weights == sha256(folder / "model.safetensors") != sha256(folder_of(run) / "base/model.safetensors")
    )
    verbs = LogEntry.objects.filter(object_type="trainingrun", object_id=run.pk).order_by("pk")
    assert list(verbs.values_list("verb", "actor")) == [("launch", person.username), ("succeed", "operator")]


@pytest.mark.slow  # the story in tests/flows stops a run and resumes it too, and test_training_run.py the trainer
@pytest.mark.django_db(transaction=True)
def test_run_cancelled_saves_a_checkpoint_and_goes_on_from_it() -> None:
    dataset, _release, person = make_world()
    run = make_run(dataset, max_steps=400, **LONG)
    # the person's page loaded its own row
    assert beside(run, lambda: cancel(person, TrainingRun.objects.get(pk=run.pk))) == "cancelled"
    saved = run.checkpoints.get()
    assert (run.state, run.step, run.cancel_requested) == ("cancelled", saved.step, True)
    assert 3 <= saved.step < 400
    resume(person, run, send=False)
    assert carry_out(run) == "succeeded"
    assert (run.attempt, run.step, run.cancel_requested) == (2, 400, False)
    assert sorted(run.checkpoints.values_list("step", flat=True)) == [saved.step, 400]
    attempts = {row["step"]: row["attempt"] for row in steps(run)}
    assert attempts == {step: 1 if step <= saved.step else 2 for step in range(1, 401)}


@pytest.mark.django_db(transaction=True)
def test_run_whose_trainer_was_killed_is_lost_and_can_be_resumed() -> None:
    dataset, _release, person = make_world()
    run = make_run(dataset, max_steps=200, epochs=1000, checkpoint_every=2)

    def kill() -> None:
        wait_until(lambda: list(folder_of(run).glob("checkpoints/step-*/manifest.json")))
        os.kill(int((folder_of(run) / "trainer.pid").read_text(encoding="ascii")), signal.SIGKILL)

    assert beside(run, kill) == "lost"
    assert (run.state, run.message) == ("lost", "The trainer ended without a word (exit code -9).")
    reached = run.checkpoints.first().step
    resume(person, run, send=False)
    assert (run.state, run.message, run.checkpoints.first().step) == ("queued", "", reached)


@pytest.mark.django_db(transaction=True)
def test_run_cancelled_before_the_trainer_listens_ends_without_a_checkpoint() -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset, **LONG)
    taken = take_lease(run.pk)
    assert taken is not None
    TrainingRun.objects.filter(pk=run.pk).update(cancel_requested=True)
    assert supervise(taken) == "cancelled"
    assert (taken.state, taken.step, taken.message, run.checkpoints.count()) == ("cancelled", 0, "", 0)


@pytest.mark.django_db(transaction=True)
def test_run_with_an_example_that_is_too_long_fails_before_its_first_step() -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset, max_length=8)
    assert carry_out(run) == "failed"
    assert (run.state, run.failure, run.step, run.checkpoints.count()) == ("failed", "bad_config", 0, 0)
    assert run.message.startswith("max_length: ")
    assert "金庫" not in run.message + (folder_of(run) / "trainer.log").read_text(encoding="utf-8")


@pytest.mark.django_db(transaction=True)
def test_run_with_a_later_attempt_is_left_to_it() -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset, **LONG)

    def supersede() -> None:
        TrainingRun.objects.filter(pk=run.pk).update(token="later")

    assert beside(run, supersede) == "superseded"
    assert (run.state, run.token, run.finished_at) == ("running", "later", None)


@pytest.mark.django_db(transaction=True)
def test_run_without_the_trainer_says_what_to_install() -> None:
    wanted = ("torch", "transformers", "tokenizers", "safetensors")
    present = {name.lower() for each in importlib.metadata.distributions() if (name := each.metadata["Name"])}
    absent = [name for name in wanted if name not in present]
    assert missing_packages() == absent
    if not absent:
        pytest.skip("the trainer is installed here")
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    assert carry_out(run) == "failed"
    assert (run.failure, run.message) == (
        "not_installed",
        f"Training needs {', '.join(absent)}: install requirements/train.txt, then resume the run.",
    )
