"""Saving and restoring a run: weights, optimizer, random state, position. No pickle is written or read."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from finetune.training.chat import TEMPLATE_SHA256
from finetune.training.errors import BadConfig
from finetune.training.files import sha256_of_json
from finetune.training.job import Job
from finetune.training.manifest import (
    KEEP,
    Checkpoint,
    building_folder,
    latest_complete,
    prune,
    publish,
    seal,
)
from finetune.training.model import OPTIMIZER, sha256_of_model
from finetune.training.tokenizer import copy_tokenizer

__all__ = ["Lineage", "latest_complete", "restore", "save"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """Where a checkpoint comes from: what must be equal for a resumed run to be the same run."""

    recipe_sha256: str
    mixture_sha256: str
    index_sha256: str
    base_sha256: str
    tokenizer_sha256: str
    template_sha256: str = TEMPLATE_SHA256

    def facts(self) -> dict[str, str]:
        """The hashes by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def require_same(self, checkpoint: Checkpoint) -> None:
        """Refuse to go on from a checkpoint of other data, another recipe or another model.

        Raises: BadConfig.
        """
        different = [name for name, value in self.facts().items() if checkpoint.manifest.get(name) != value]
        if different:
            raise BadConfig(
                "checkpoints",
                f"{checkpoint.folder.name} differs from this job in {', '.join(different)}: start a new run "
                "instead of resuming this one.",
            )


def save(
    job: Job,
    *,
    lineage: Lineage,
    model: Any,
    optimizer: torch.optim.Optimizer,
    tokenizer_folder: Path,
    step: int,
    position: Mapping[str, Any],
) -> str:
    """Write the checkpoint of a step, keep the newest KEEP, and return the folder's name.

    Everything goes to a folder beside, is synced and hashed, the manifest comes last, then the folder is
    renamed: at no moment does a half checkpoint count. `position` (steps, epoch, tokens seen) is for the
    reader; the order itself is a function of the step. Raises: Superseded where a later attempt owns the
    job, OSError where the disk is full.
    """
    job.require_token()
    final = job.checkpoints / f"step-{step:08d}"
    building = building_folder(final)
    try:
        model.save_pretrained(building)
        copy_tokenizer(tokenizer_folder, to=building)
        write_optimizer(building / OPTIMIZER, model=model, optimizer=optimizer)
        facts = {"kind": "checkpoint", "step": step, "position": dict(position), **lineage.facts()}
        seal(building, facts={**facts, **origin_of(job), "versions": versions()})
        job.require_token()
        publish(building, final=final)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    prune(job.checkpoints, keep=KEEP)
    return final.name


def restore(checkpoint: Checkpoint, *, model: Any, optimizer: torch.optim.Optimizer) -> None:
    """Put optimizer moments and random states back; the weights were loaded with the model."""
    from safetensors.torch import load_file

    tensors = load_file(checkpoint.folder / OPTIMIZER)
    for name, parameter in model.named_parameters():
        state = {}
        for key in ("exp_avg", "exp_avg_sq"):
            state[key] = tensors[f"{key}/{name}"].to(parameter.device)
        state["step"] = tensors[f"step/{name}"]
        optimizer.state[parameter] = state
    torch.set_rng_state(tensors["random/cpu"])
    if torch.cuda.is_available() and "random/cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random/cuda"])


def write_optimizer(path: Path, *, model: Any, optimizer: torch.optim.Optimizer) -> None:
    """Moments by the parameter's name, and the random states, as safetensors: nothing to unpickle."""
    from safetensors.torch import save_file

    tensors = {"random/cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        tensors["random/cuda"] = torch.cuda.get_rng_state()
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{key}/{name}"] = value.detach().cpu().contiguous()
    save_file(tensors, path)


def origin_of(job: Job) -> dict[str, Any]:
    """Run, recipe and mixture (counts, shares, hashes; no text) as they stand in a manifest."""
    sources = job.mixture.get("sources", [])
    releases = {
        str(source["release"]): source.get("sha256")
        for source in (sources if isinstance(sources, list) else [])
        if isinstance(source, Mapping) and "release" in source
    }
    return {
        "run": job.run,
        "attempt": job.attempt,
        "recipe": job.recipe.as_json(),
        "mixture": dict(job.mixture),
        "releases": releases,
    }


def mixture_sha256(job: Job) -> str:
    """Hash of the resolved mixture's canonical JSON."""
    return sha256_of_json(dict(job.mixture))


def versions() -> dict[str, str]:
    """Versions that decide numbers.

    This package's own code (a hash), torch, transformers, Python, the device.
    """
    import transformers

    cuda = torch.cuda.is_available()
    return {
        "code_sha256": code_sha256(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if cuda else f"cpu {platform.machine()}",
        "threads": str(torch.get_num_threads()),
    }


def code_sha256() -> str:
    """Hash over the source files of this package, so that a manifest tells which code wrote it."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def make_lineage(job: Job, *, base: Path, tokenizer_sha256: str, index_sha256: str) -> Lineage:
    """The lineage of a run that starts from `base`."""
    return Lineage(
        recipe_sha256=job.recipe.sha256(),
        mixture_sha256=mixture_sha256(job),
        index_sha256=index_sha256,
        base_sha256=sha256_of_model(base),
        tokenizer_sha256=tokenizer_sha256,
    )
