"""`python -m finetune.training.generate JOB_DIR`: greedy answers of the base model or a checkpoint.

Reads prompts.jsonl ({"id", "messages"}), appends to the output file what is missing there. The same
template and system sentence as in training; exit codes as `python -m finetune.training`, outcome in
generate-outcome.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.training.chat import TEMPLATE_SHA256, BadConversation, render_prompt
from finetune.training.environment import Stop, prepare_environment
from finetune.training.errors import BadConfig
from finetune.training.files import sha256_of_json
from finetune.training.job import Job, file_inside, numbered_objects
from finetune.training.manifest import latest_complete, read_checkpoint
from finetune.training.outcome import run_to_outcome
from finetune.training.report import Report
from finetune.training.tokenizer import FolderTokenizer

PREFIX = "generate-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What the command line asks for."""

    model: str = "latest"
    """"base", "latest", or the name of a checkpoint (step-NNNNNNNN)."""
    prompts: str = "prompts.jsonl"
    """File of the job folder with the questions."""
    out: str = "responses.jsonl"
    """File of the job folder the answers are appended to: one file per model."""
    max_new_tokens: int = 256
    """Longest answer."""
    batch_size: int = 8
    """Prompts per forward pass. Part of the settings: padding can change the last digits of a logit."""


def main(arguments: list[str] | None = None) -> int:
    """Generate for the folder named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m finetune.training.generate", description=__doc__)
    parser.add_argument("job_dir", type=Path)
    parser.add_argument("--model", default="latest", help="base, latest, or step-NNNNNNNN")
    parser.add_argument("--prompts", default="prompts.jsonl")
    parser.add_argument("--out", default="responses.jsonl")
    parser.add_argument("--max-new-tokens", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=8)
    given = vars(parser.parse_args(arguments))
    folder = given.pop("job_dir")
    if not folder.is_dir() or given["max_new_tokens"] < 1 or given["batch_size"] < 1:
        parser.error("JOB_DIR must be a folder, --max-new-tokens and --batch-size at least 1.")
    request = Request(**given)
    prepare_environment()
    stop = Stop()
    stop.listen()
    return run_to_outcome(
        folder, lambda job, report: generate(job, request, report=report, stop=stop), prefix=PREFIX
    )


def generate(job: Job, request: Request, *, report: Report, stop: Stop) -> dict[str, Any]:
    """Answer every prompt that has no line yet; returns the fields of the outcome.

    Prompts are batched by their place in the file, answered or not, so an interrupted run ends with the
    same answers as an uninterrupted one. Raises: BadConfig where the output holds answers of another model
    or other settings.
    """
    from finetune.training.model import load_model, prepare_torch

    report.beat("loading", force=True)
    device = prepare_torch(job.recipe.seed)
    folder, identity = model_of(job, request.model)
    tokenizer = FolderTokenizer(folder)
    prompts = read_prompts(job, request, tokenizer)
    settings = settings_of(job, request, identity)
    out = file_inside(job.folder, request.out, field="--out")
    done = answered(out, settings_sha256=sha256_of_json(settings))
    model = load_model(folder, device=device).eval()
    require_room(model, prompts, request)
    total = len(prompts)
    for at in range(0, total, request.batch_size):
        batch = prompts[at : at + request.batch_size]
        if stop.requested:
            break
        if all(name in done for name, _ in batch):
            continue
        replies = greedy(model, [ids for _, ids in batch], tokenizer=tokenizer, limit=request.max_new_tokens)
        missing = [(name, reply) for (name, _), reply in zip(batch, replies, strict=True) if name not in done]
        append(out, missing, tokenizer=tokenizer, settings=settings)
        done |= {name for name, _ in missing}
        report.beat("generating", done=len(done), total=total)
    finished = all(name in done for name, _ in prompts)
    return {
        "outcome": "succeeded" if finished else "cancelled",
        "done": len(done),
        "total": total,
        **settings,
    }


def model_of(job: Job, name: str) -> tuple[Path, str]:
    """Folder and identity (hash) of the model asked for.

    Raises: BadConfig where no complete checkpoint is there.
    """
    from finetune.training.model import base_folder, sha256_of_model

    if name == "base":
        folder = base_folder(job)
        return folder, sha256_of_model(folder)
    if name == "latest":
        checkpoint = latest_complete(job.checkpoints)
    else:
        checkpoint = read_checkpoint(file_inside(job.checkpoints, name, field="--model"))
    if checkpoint is None:
        raise BadConfig("--model", "names no complete checkpoint of this job.")
    return checkpoint.folder, sha256_of_model(checkpoint.folder)


def read_prompts(job: Job, request: Request, tokenizer: FolderTokenizer) -> list[tuple[str, list[int]]]:
    """Id and token ids of every prompt. Raises: BadConfig naming the line."""
    path = file_inside(job.folder, request.prompts, field="--prompts")
    prompts: list[tuple[str, list[int]]] = []
    seen: set[str] = set()
    for number, line in numbered_objects(path):
        name = str(line.get("id", ""))
        if not name or name in seen:
            raise BadConfig(f"{path.name} line {number}", "must have an id of its own.")
        seen.add(name)
        try:
            ids = render_prompt(line.get("messages", []), system=job.recipe.system, tokenizer=tokenizer)
        except BadConversation as error:
            raise BadConfig(f"{path.name} line {number}", str(error)) from None
        prompts.append((name, ids))
    return prompts


def settings_of(job: Job, request: Request, identity: str) -> dict[str, Any]:
    """Everything that decides an answer; its hash stands on every line."""
    return {
        "model": request.model,
        "model_sha256": identity,
        "template_sha256": TEMPLATE_SHA256,
        "system_sha256": sha256_of_json(job.recipe.system),
        "decoding": "greedy",
        "max_new_tokens": request.max_new_tokens,
        "batch_size": request.batch_size,
    }


def answered(out: Path, *, settings_sha256: str) -> set[str]:
    """Ids with a line in the output; a last line that was cut short is removed.

    Raises: BadConfig where a line was made under other settings.
    """
    if not out.exists():
        return set()
    block = out.read_bytes()
    end = block.rfind(b"\n") + 1
    if end < len(block):
        with out.open("r+b") as stream:
            stream.truncate(end)
    done = set()
    for number, line in numbered_objects(out):
        if line.get("settings_sha256") != settings_sha256:
            raise BadConfig(
                f"{out.name} line {number}", "was made by another model or settings: name another --out."
            )
        done.add(str(line.get("id")))
    return done


def require_room(model: Any, prompts: Sequence[tuple[str, list[int]]], request: Request) -> None:
    """Refuse prompts that do not fit the model together with the longest answer.

    Raises: BadConfig with ids.
    """
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is None:
        return
    too_long = [name for name, ids in prompts if len(ids) + request.max_new_tokens > positions]
    if too_long:
        raise BadConfig(
            "--max-new-tokens",
            f"{len(too_long)} prompts leave no room in {positions} positions: {too_long[:5]}.",
        )


def greedy(
    model: Any, prompts: list[list[int]], *, tokenizer: FolderTokenizer, limit: int
) -> list[list[int]]:
    """The most probable continuation of each prompt, token by token, up to and including the end token.

    The folder's own generation settings (sampling, penalties) are put aside.
    """
    import torch
    from transformers import GenerationConfig

    longest = max(len(ids) for ids in prompts)
    # Padding on the left is known by the mask; its id is arbitrary but must not be read as an end token.
    filler = next(token for token in range(2) if token != tokenizer.eos)
    ids = torch.tensor([[filler] * (longest - len(p)) + p for p in prompts], device=model.device)
    attention = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=model.device)
    plain = GenerationConfig(
        do_sample=False, num_beams=1, max_new_tokens=limit, eos_token_id=tokenizer.eos, pad_token_id=filler
    )
    model.generation_config = plain
    with torch.no_grad():
        output = model.generate(input_ids=ids, attention_mask=attention, generation_config=plain)
    replies = []
    for row in output[:, longest:].tolist():
        end = row.index(tokenizer.eos) + 1 if tokenizer.eos in row else len(row)
        replies.append(row[:end])
    return replies


def append(
    out: Path,
    replies: Sequence[tuple[str, list[int]]],
    *,
    tokenizer: FolderTokenizer,
    settings: dict[str, Any],
) -> None:
    """Append one line per answer.

    `finish` is "stop" where the model ended it, "length" where the limit did.
    """
    with out.open("ab") as stream:
        for name, ids in replies:
            stopped = bool(ids) and ids[-1] == tokenizer.eos
            line = {
                "id": name,
                "response": tokenizer.answer(ids),
                "finish": "stop" if stopped else "length",
                "tokens": len(ids),
                "model": settings["model"],
                "model_sha256": settings["model_sha256"],
                "settings_sha256": sha256_of_json(settings),
            }
            stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
