"""One optimizer step and one evaluation.

The loss is summed over answer tokens and divided by the whole step's count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from finetune.training.config import Recipe
from finetune.training.data import Row
from finetune.training.errors import NotFinite

IGNORED = -100
BETAS = (0.9, 0.95)
EPSILON = 1e-8
CLIP = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """What one optimizer step was like."""

    loss: float
    """Mean over the supervised tokens of the step, before the update."""
    gradient_norm: float
    """L2 norm before clipping."""
    tokens: int
    """Tokens without padding."""
    supervised_tokens: int
    """Tokens the loss counts."""


def make_optimizer(model: Any, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW, betas .9/.95; weight decay on matrices only."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=BETAS, eps=EPSILON)


def collate(rows: Sequence[Row], *, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, attention mask and labels, each [rows, longest], padded on the right.

    Padding is known by length, not by id, so an end token is never taken for padding. Labels stand at the
    position of their token (not shifted) and are IGNORED where the loss does not count.
    """
    longest = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    attention = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), IGNORED, dtype=torch.long)
    for at, row in enumerate(rows):
        length = len(row.ids)
        tokens = torch.tensor(row.ids.tolist(), dtype=torch.long)
        counts = torch.tensor(list(row.mask), dtype=torch.bool)
        ids[at, :length] = tokens
        attention[at, :length] = 1
        labels[at, :length] = torch.where(counts, tokens, IGNORED)
    return ids.to(device), attention.to(device), labels.to(device)


def summed_loss(model: Any, rows: Sequence[Row], *, recipe: Recipe, device: torch.device) -> torch.Tensor:
    """Cross-entropy summed over the supervised tokens of the rows (scalar, fp32)."""
    ids, attention, labels = collate(rows, device=device)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=recipe.precision == "bf16"):
        logits = model(input_ids=ids, attention_mask=attention, use_cache=False).logits
    targets = labels[:, 1:]
    counted = targets != IGNORED
    return cross_entropy(logits[:, :-1][counted].float(), targets[counted], reduction="sum")


def take_step(
    model: Any,
    optimizer: torch.optim.Optimizer,
    rows: Sequence[Row],
    *,
    recipe: Recipe,
    learning_rate: float,
    step: int,
    device: torch.device,
) -> StepResult:
    """One optimizer step over the rows.

    Micro-batches only split the work: each adds its summed loss divided by the supervised tokens of the
    whole step, so 1 x 8 and 8 x 1 rows have the same gradient. Raises: NotFinite before the weights are
    touched.
    """
    model.train()
    supervised = sum(row.supervised for row in rows)
    ordered = sorted(rows, key=lambda row: len(row.ids))
    size = recipe.micro_batch or recipe.batch_size
    optimizer.zero_grad(set_to_none=True)
    loss = 0.0
    for at in range(0, len(ordered), size):
        part = summed_loss(model, ordered[at : at + size], recipe=recipe, device=device) / supervised
        part.backward()
        loss += part.item()
    norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP))
    if not math.isfinite(loss) or not math.isfinite(norm):
        what = "loss" if not math.isfinite(loss) else "gradient"
        raise NotFinite(
            f"The {what} was not a finite number at step {step} (learning rate {learning_rate:.3g}). "
            "The weights before it are intact; lower the learning rate or look at this step's examples."
        )
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    tokens = sum(len(row.ids) for row in rows)
    return StepResult(loss=loss, gradient_norm=norm, tokens=tokens, supervised_tokens=supervised)


def evaluate(
    model: Any, rows: Sequence[Row], *, recipe: Recipe, device: torch.device, stopped: Callable[[], bool]
) -> float | None:
    """Mean loss over the supervised tokens of the rows; None without rows or where a stop was asked for."""
    model.eval()
    total = 0.0
    size = recipe.micro_batch or recipe.batch_size
    ordered = sorted(rows, key=lambda row: (len(row.ids), row.source, row.id))
    for at in range(0, len(ordered), size):
        if stopped():
            return None
        with torch.no_grad():
            total += summed_loss(model, ordered[at : at + size], recipe=recipe, device=device).item()
    return total / sum(row.supervised for row in rows) if rows else None
