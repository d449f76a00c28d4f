"""The learning rate as a function of the step alone: resuming needs no scheduler state."""

from __future__ import annotations

import math

FLOOR = 0.1


def learning_rate_at(*, step: int, steps: int, peak: float, warmup: float, schedule: str) -> float:
    """Learning rate of optimizer step `step` (1 to `steps`).

    Rises linearly over round(warmup * steps) steps, reaching `peak` at the last of them; then "cosine"
    falls to FLOOR * peak at the last step, "constant" stays at `peak`.
    """
    rising = round(warmup * steps)
    if step <= rising:
        return peak * step / rising
    if schedule == "constant":
        return peak
    progress = (step - rising) / max(1, steps - rising)
    return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress)))
