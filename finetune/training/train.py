"""A training run from top to bottom: job, model, data, loop, save.

Started by `python -m finetune.training JOB_DIR`.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from finetune.training.checkpoint import Lineage, make_lineage, restore, save
from finetune.training.data import Corpus, Order, describe, encode_examples, refuse_too_long, trained_sample
from finetune.training.environment import Stop
from finetune.training.errors import BadConfig
from finetune.training.files import write_json
from finetune.training.job import Job, read_examples
from finetune.training.loop import StepResult, evaluate, make_optimizer, take_step
from finetune.training.manifest import KEEP, latest_complete
from finetune.training.model import base_folder, load_model, prepare_torch
from finetune.training.report import Report
from finetune.training.schedule import learning_rate_at
from finetune.training.tokenizer import FolderTokenizer


@dataclass(kw_only=True, slots=True)
class Run:
    """A run under way."""

    job: Job
    report: Report
    stop: Stop
    device: torch.device
    base: Path
    lineage: Lineage
    corpus: Corpus
    order: Order
    model: Any
    optimizer: torch.optim.Optimizer
    step: int
    """Optimizer steps done."""
    saved: int
    """Step of the newest checkpoint on disk."""


def train(job: Job, *, report: Report, stop: Stop) -> dict[str, Any]:
    """Train until done or asked to stop, resuming from the newest complete checkpoint.

    Returns the fields of outcome.json ("outcome" is "succeeded" or "cancelled"). Raises what
    `errors.classify` names.
    """
    run = start(job, report=report, stop=stop)
    if run.step == 0:
        measure_before(run)
    while run.step < run.order.steps and not stop.requested:
        advance(run)
    finished = run.step == run.order.steps
    if run.saved < run.step:
        checkpoint(run)
    newest = latest_complete(job.checkpoints)
    return {
        "outcome": "succeeded" if finished else "cancelled",
        "step": run.step,
        "steps": run.order.steps,
        "checkpoint": newest.folder.name if newest else None,
        "manifest_sha256": newest.sha256 if newest else None,
    }


def start(job: Job, *, report: Report, stop: Stop) -> Run:
    """Everything before the first step: device, data, model, optimizer, and the checkpoint to go on from."""
    recipe = job.recipe
    report.beat("starting", force=True)
    device = prepare_torch(recipe.seed)
    base = base_folder(job)

    tokenizer = FolderTokenizer(base)
    corpus, order, index = examples_of(job, tokenizer)
    lineage = make_lineage(job, base=base, tokenizer_sha256=tokenizer.sha256, index_sha256=index)

    report.beat("loading", force=True)
    found = latest_complete(job.checkpoints)
    if found is not None:
        lineage.require_same(found)
    model = load_model(found.folder if found else base, device=device)
    require_disk(job, model)
    optimizer = make_optimizer(model, recipe)
    torch.manual_seed(recipe.seed)
    if found is not None:
        restore(found, model=model, optimizer=optimizer)
    step = found.step if found else 0
    report.beat("training", force=True, step=step, steps=order.steps)
    return Run(
        job=job,
        report=report,
        stop=stop,
        device=device,
        base=base,
        lineage=lineage,
        corpus=corpus,
        order=order,
        model=model,
        optimizer=optimizer,
        step=step,
        saved=step,
    )


def examples_of(job: Job, tokenizer: FolderTokenizer) -> tuple[Corpus, Order, str]:
    """What is trained on, in which order, and its hash; data.json has it before a row that is too long can refuse."""
    corpus = encode_examples(read_examples(job.examples), recipe=job.recipe, tokenizer=tokenizer)
    order = Order(corpus.trained, recipe=job.recipe)
    facts = describe(corpus, epochs=order.epoch_of(order.steps))
    write_json(job.folder / "data.json", {**facts, "steps": order.steps}, durable=True)
    refuse_too_long(corpus, recipe=job.recipe)
    return corpus, order, str(facts["index_sha256"])


def advance(run: Run) -> None:
    """One step, its measurement and its checkpoint where they are due, and its line in metrics.jsonl."""
    recipe, step, steps = run.job.recipe, run.step + 1, run.order.steps
    began = time.monotonic()
    rate = learning_rate_at(
        step=step, steps=steps, peak=recipe.learning_rate, warmup=recipe.warmup, schedule=recipe.schedule
    )
    result = take_step(
        run.model,
        run.optimizer,
        run.order.batch(step),
        recipe=recipe,
        learning_rate=rate,
        step=step,
        device=run.device,
    )
    seconds = time.monotonic() - began
    run.step = step
    due = step % recipe.evaluate_every == 0 or step == steps
    measured = measure(run) if due else {}
    write_step(run, result, rate=rate, seconds=seconds, measured=measured)
    if step % recipe.checkpoint_every == 0 and step < steps:
        checkpoint(run)


def write_step(
    run: Run, result: StepResult, *, rate: float, seconds: float, measured: dict[str, float]
) -> None:
    """The step's line in metrics.jsonl and the heartbeat."""
    speed = result.tokens / seconds if seconds > 0 else None
    run.report.metric(
        step=run.step,
        steps=run.order.steps,
        epoch=round(run.order.epoch_of(run.step), 4),
        loss=result.loss,
        lr=rate,
        gradient_norm=result.gradient_norm,
        tokens=result.tokens,
        supervised_tokens=result.supervised_tokens,
        tokens_per_second=speed,
        **measured,
    )
    run.report.beat(
        "training", step=run.step, steps=run.order.steps, loss=result.loss, tokens_per_second=speed
    )


def measure_before(run: Run) -> None:
    """Held-out loss of the untrained model, as step 0."""
    measured = measure(run)
    if measured:
        run.report.metric(step=0, steps=run.order.steps, epoch=0.0, **measured)


def measure(run: Run) -> dict[str, float]:
    """Loss on held-out answers and on as many trained ones.

    Empty where nothing is held out or a stop was asked for.
    """
    if not run.corpus.held_out:
        return {}
    run.report.beat("evaluating", force=True, step=run.step, steps=run.order.steps)
    sets = {
        "heldout_loss": run.corpus.held_out,
        "trained_loss": trained_sample(run.corpus, seed=run.job.recipe.seed),
    }
    measured = {}
    for name, rows in sets.items():
        value = evaluate(
            run.model, rows, recipe=run.job.recipe, device=run.device, stopped=lambda: run.stop.requested
        )
        if value is not None:
            measured[name] = value
    return measured


def checkpoint(run: Run) -> None:
    """Save the run as it stands."""
    run.report.beat("checkpointing", force=True, step=run.step, steps=run.order.steps)
    position = {"steps": run.order.steps, "epoch": run.order.epoch_of(run.step), "seed": run.job.recipe.seed}
    save(
        run.job,
        lineage=run.lineage,
        model=run.model,
        optimizer=run.optimizer,
        tokenizer_folder=run.base,
        step=run.step,
        position=position,
    )
    run.saved = run.step
    run.report.beat("training", force=True, step=run.step, steps=run.order.steps)


def require_disk(job: Job, model: Any) -> None:
    """Refuse to start where the checkpoints (weights and two moments in fp32) would not fit the disk.

    Raises: BadConfig with the sizes.
    """
    needed = (KEEP + 1) * 3 * 4 * sum(parameter.numel() for parameter in model.parameters())
    free = shutil.disk_usage(job.folder).free
    if free < needed:
        raise BadConfig(
            "job folder",
            f"has {free / 2**30:.1f} GiB free, and the checkpoints need {needed / 2**30:.1f} GiB.",
        )
