"""Which responses a campaign takes: all, a question of each leaf, or a sample spread over leaves and models.

Pure: a response is anything with labels, question_hash and model. What is drawn depends on the seed and the rows alone,
not on their order.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

PLANS = ("all", "one_per_leaf", "stratified", "drawn")


class Drawable(Protocol):
    labels: list[str]
    question_hash: str
    item_key: str
    model: str


R = TypeVar("R", bound=Drawable)
Cell = tuple[str, str]  # the leaf's labels in one, the model


def lot(seed: int, *parts: str) -> bytes:
    """A draw's number for something, the same for the same seed."""
    return hashlib.sha256("/".join([str(seed), *parts]).encode()).digest()


def cells_of(responses: Iterable[R]) -> dict[Cell, list[R]]:
    """The responses of each leaf and model, in the order of the cells' names."""
    cells: dict[Cell, list[R]] = defaultdict(list)
    for response in responses:
        cells[("\t".join(response.labels), response.model)].append(response)
    return dict(sorted(cells.items()))


def one_per_leaf(responses: Sequence[R], *, seed: int) -> list[tuple[R, float]]:
    """One question of each leaf with the answers of all models; of n questions each has the chance 1/n."""
    leaves: dict[tuple[str, ...], dict[str, list[R]]] = defaultdict(lambda: defaultdict(list))
    for response in responses:
        leaves[tuple(response.labels)][response.question_hash].append(response)
    drawn: list[tuple[R, float]] = []
    for labels, questions in sorted(leaves.items()):
        chosen = min(questions, key=lambda question: lot(seed, "\t".join(labels), question))
        drawn += [(response, 1 / len(questions)) for response in questions[chosen]]
    return drawn


def stratified(
    responses: Sequence[R], *, seed: int, per_cell: int | None = None, total: int | None = None
) -> list[tuple[R, float]]:
    """A sample by leaf and model: `per_cell` of each cell, or `total` spread evenly over the cells.

    A cell of N gets min(N, per_cell), or of a total its even share min(N, s), with s such that the shares sum to the
    total; shares that are no whole numbers are rounded up or down by a systematic draw (Madow 1949), so that the chance
    of each response is share / N. Within a leaf the questions stand in one order for all models: where they answered
    the same questions, the same ones are drawn, and models are compared on them. Raises ValueError unless exactly one
    of the two is given.
    """
    if (per_cell is None) == (total is None):
        raise ValueError("Give per_cell or total.")
    cells = cells_of(responses)
    share = even_share([len(rows) for rows in cells.values()], total) if total is not None else per_cell
    assert share is not None
    wanted = {cell: min(len(rows), share) for cell, rows in cells.items()}
    numbers = _rounded(wanted, seed)
    drawn: list[tuple[R, float]] = []
    for cell, rows in cells.items():
        order = sorted(rows, key=lambda row: (lot(seed, cell[0], row.question_hash), row.item_key))
        drawn += [(row, wanted[cell] / len(rows)) for row in order[: numbers[cell]]]
    return drawn


def even_share(sizes: Sequence[int], total: int) -> float:
    """The share s for which the sum of min(size, s) is the total; the largest size where the total is over the sum."""
    left, cells = float(min(total, sum(sizes))), len(sizes)
    for size in sorted(sizes):
        if size * cells >= left:
            return left / cells
        left, cells = left - size, cells - 1
    return float(max(sizes, default=0))


def _rounded(wanted: dict[Cell, float], seed: int) -> dict[Cell, int]:
    """Each share rounded up with the chance of its fraction, down otherwise; the sum stays what it is."""
    order = sorted(wanted, key=lambda cell: lot(seed, "round", *cell))
    at = int.from_bytes(lot(seed, "start")[:6]) / 2**48
    numbers, ends = {}, 0.0
    for cell in order:
        begin, ends = ends, ends + wanted[cell]
        # Ticks at start, start + 1, ...: how many fall on the cell. A whole share must not lose one to rounding.
        numbers[cell] = math.ceil(round(ends - at, 9)) - math.ceil(round(begin - at, 9))
    return numbers
