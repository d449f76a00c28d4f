"""From examples to the rows of each step.

The order is a function of seed, epoch and step: nothing to save or restore.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from finetune.training.chat import BadConversation, Tokenizer, render
from finetune.training.config import Recipe
from finetune.training.errors import BadConfig
from finetune.training.job import Example


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One encoded example: its ids and, for each id, 1 where it is a target of the loss. No text is kept."""

    id: str
    source: str
    repeat: int
    question: bytes
    """Hash of the first question: items of one question are held out together."""
    ids: array[int]
    mask: bytes

    @property
    def supervised(self) -> int:
        """Number of targets of the loss."""
        return sum(self.mask)


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """All examples of a run, sorted out."""

    trained: list[Row]
    held_out: list[Row]
    too_long: list[Row]


def encode_examples(examples: Iterable[Example], *, recipe: Recipe, tokenizer: Tokenizer) -> Corpus:
    """Render every example, set aside what is too long and what is held out.

    Raises: BadConfig naming the id (never the text) of an example that cannot be rendered, an id that
    stands twice in a source, a source with two repeat factors, or a corpus with nothing left to train on.
    """
    rows: list[Row] = []
    too_long: list[Row] = []
    seen: set[tuple[str, str]] = set()
    repeats: dict[str, int] = {}
    for example in examples:
        place = f"examples.jsonl id {example.id}"
        if (example.source, example.id) in seen:
            raise BadConfig(place, "stands twice in its source; use repeat instead.")
        if repeats.setdefault(example.source, example.repeat) != example.repeat:
            raise BadConfig(place, "has another repeat factor than its source.")
        seen.add((example.source, example.id))
        try:
            row = encode(example, system=recipe.system, tokenizer=tokenizer)
        except BadConversation as error:
            raise BadConfig(place, str(error)) from None
        (too_long if len(row.ids) > recipe.max_length else rows).append(row)
    held_out = choose_held_out(rows, count=recipe.held_out, seed=recipe.seed)
    chosen = {(row.source, row.id) for row in held_out}
    trained = [row for row in rows if (row.source, row.id) not in chosen]
    if not trained and not too_long:
        raise BadConfig("examples.jsonl", "leaves no example to train on.")
    return Corpus(trained=trained, held_out=held_out, too_long=too_long)


def encode(example: Example, *, system: str, tokenizer: Tokenizer) -> Row:
    """One example as a row. Raises: BadConversation."""
    rendered = render(example.messages, system=system, tokenizer=tokenizer)
    question = next(message["content"] for message in example.messages if message["role"] == "user")
    return Row(
        id=example.id,
        source=example.source,
        repeat=example.repeat,
        question=hashlib.sha256(question.encode()).digest(),
        ids=array("I", rendered.ids),
        mask=bytes(rendered.mask),
    )


def refuse_too_long(corpus: Corpus, *, recipe: Recipe) -> None:
    """End a run whose answers would have to be cut, unless the recipe leaves such examples out.

    Raises: BadConfig with their number, the length that would do, and the first ids (all are in data.json).
    """
    if corpus.too_long and recipe.when_too_long == "refuse":
        longest = max(len(row.ids) for row in corpus.too_long)
        ids = ", ".join(row.id for row in corpus.too_long[:5])
        raise BadConfig(
            "max_length",
            f"{len(corpus.too_long)} examples are longer than {recipe.max_length} tokens (the longest has "
            f"{longest}), and no answer may be cut. First ids: {ids}; all are in data.json. "
            'Raise max_length, or set when_too_long to "leave_out".',
        )
    if not corpus.trained:
        raise BadConfig("max_length", "leaves no example to train on.")


def choose_held_out(rows: Sequence[Row], *, count: int, seed: int) -> list[Row]:
    """At least `count` rows of the most repeated sources, whole questions at a time, chosen by hash.

    Raises: BadConfig where that would take more than half of those sources.
    """
    if count == 0 or not rows:
        return []
    most = max(row.repeat for row in rows)
    by_question: dict[bytes, list[Row]] = defaultdict(list)
    for row in rows:
        by_question[row.question].append(row)
    eligible = [group for group in by_question.values() if all(row.repeat == most for row in group)]
    eligible.sort(key=lambda group: digest("held out", seed, group[0].question.hex()))
    chosen: list[Row] = []
    for group in eligible:
        if len(chosen) >= count:
            break
        chosen += group
    if len(chosen) * 2 > sum(row.repeat == most for row in rows) or len(chosen) < count:
        raise BadConfig("held_out", "must leave at least half of the most repeated source for training.")
    return chosen


def trained_sample(corpus: Corpus, *, seed: int) -> list[Row]:
    """As many trained rows of the most repeated sources as are held out, for the loss beside theirs."""
    most = max(row.repeat for row in corpus.trained)
    rows = [row for row in corpus.trained if row.repeat == most]
    rows.sort(key=lambda row: digest("trained sample", seed, row.source, row.id))
    return rows[: len(corpus.held_out)]


def digest(*parts: object) -> bytes:
    """A hash to order by: the same on every machine and version of Python."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).digest()


class Order:
    """Which rows each step sees.

    One epoch is `repeat` passes over every source, each pass its own permutation, the passes of all sources
    spread evenly over the epoch. No row stands twice in one step where that can be avoided. The last step
    of an epoch may be smaller.
    """

    def __init__(self, rows: Sequence[Row], *, recipe: Recipe) -> None:
        """`rows` are the trained ones.

        Their order in the list does not matter to which examples a step sees.
        """
        self.rows = rows
        self.seed = recipe.seed
        self.batch_size = recipe.batch_size
        exposures = sum(row.repeat for row in rows)
        self.steps_per_epoch = max(1, -(-exposures // recipe.batch_size))
        steps = recipe.epochs * self.steps_per_epoch
        self.steps = steps if recipe.max_steps is None else min(steps, recipe.max_steps)
        self._epoch = lru_cache(maxsize=1)(self._batches_of_epoch)

    def batch(self, step: int) -> list[Row]:
        """Rows of optimizer step `step` (1 to `steps`)."""
        epoch, index = divmod(step - 1, self.steps_per_epoch)
        return [self.rows[number] for number in self._epoch(epoch)[index]]

    def epoch_of(self, step: int) -> float:
        """Epochs completed after `step`, as a fraction."""
        return step / self.steps_per_epoch

    def _batches_of_epoch(self, epoch: int) -> list[list[int]]:
        return separate_copies(
            epoch_order(self.rows, seed=self.seed, epoch=epoch), batch_size=self.batch_size
        )


def epoch_order(rows: Sequence[Row], *, seed: int, epoch: int) -> list[int]:
    """Row numbers in the order an epoch sees them, each `repeat` times.

    Pass k of a source with n rows and repeat r fills the k-th of r equal parts of the epoch, its rows evenly
    spaced.
    """
    by_source: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_source[row.source].append(number)
    placed: list[tuple[float, str, str, int]] = []
    for source, numbers in by_source.items():
        repeat = rows[numbers[0]].repeat
        for k in range(repeat):
            keyed = sorted((digest(seed, epoch, source, k, rows[number].id), number) for number in numbers)
            for rank, (_, number) in enumerate(keyed):
                position = (k + (rank + 0.5) / len(numbers)) / repeat
                placed.append((position, source, rows[number].id, number))
    return [number for _, _, _, number in sorted(placed)]


def separate_copies(order: Sequence[int], *, batch_size: int) -> list[list[int]]:
    """Cut an order into batches; a second copy of a row changes places with a row of another batch."""
    batches = [list(order[at : at + batch_size]) for at in range(0, len(order), batch_size)]
    if len(set(order)) < batch_size:
        return batches
    for at, batch in enumerate(batches):
        seen: set[int] = set()
        for slot in range(len(batch)):
            if batch[slot] in seen:
                _exchange(batches, at=at, slot=slot)
            seen.add(batch[slot])
    return batches


_REACH = 256  # batches: farther than that, a copy is better left where it is than searched for


def _exchange(batches: list[list[int]], *, at: int, slot: int) -> None:
    batch, row = batches[at], batches[at][slot]
    for distance in range(1, min(_REACH, len(batches))):
        for other in (at + distance, at - distance):
            if not 0 <= other < len(batches) or row in batches[other]:
                continue
            for place, candidate in enumerate(batches[other]):
                if candidate not in batch:
                    batch[slot], batches[other][place] = candidate, row
                    return


def describe(corpus: Corpus, *, epochs: float) -> dict[str, Any]:
    """What the run really trains on, for data.json: counts, tokens, shares per source of an epoch; no text.

    `epochs` is the number the run will go through (a fraction where max_steps cuts it): with the repeat factor it
    gives how often each row is seen.

    `index_sha256` is the hash of all token ids and masks: equal hashes, equal training data.
    """
    sources = []
    total = sum(len(row.ids) * row.repeat for row in corpus.trained)
    supervised = sum(row.supervised * row.repeat for row in corpus.trained)
    names = sorted({row.source for row in (*corpus.trained, *corpus.held_out, *corpus.too_long)})
    for name in names:
        rows = [row for row in corpus.trained if row.source == name]
        tokens = sum(len(row.ids) * row.repeat for row in rows)
        targets = sum(row.supervised * row.repeat for row in rows)
        sources.append(
            {
                "source": name,
                "rows": len(rows),
                "repeat": rows[0].repeat if rows else None,
                "exposures_per_row": rows[0].repeat * epochs if rows else 0,
                "held_out": sum(row.source == name for row in corpus.held_out),
                "too_long": sum(row.source == name for row in corpus.too_long),
                "tokens": tokens,
                "supervised_tokens": targets,
                "share_of_tokens": tokens / total if total else None,
                "share_of_supervised_tokens": targets / supervised if supervised else None,
            }
        )
    return {
        "sources": sources,
        "too_long": [{"id": row.id, "source": row.source, "tokens": len(row.ids)} for row in corpus.too_long],
        "held_out": [{"id": row.id, "source": row.source} for row in corpus.held_out],
        "index_sha256": index_sha256(corpus.trained),
    }


def index_sha256(rows: Sequence[Row]) -> str:
    """Hash of rows in order of source and id: ids, tokens and masks."""
    total = hashlib.sha256()
    for row in sorted(rows, key=lambda row: (row.source, row.id)):
        tokens = ",".join(map(str, row.ids)).encode()
        total.update(digest(row.source, row.id, row.repeat, tokens.hex(), row.mask.hex()))
    return total.hexdigest()
