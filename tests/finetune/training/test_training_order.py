"""The order of examples: a function of seed, epoch and step, with copies kept apart; what is refused or set aside."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

import pytest

from finetune.training.config import Recipe
from finetune.training.data import (
    Order,
    Row,
    choose_held_out,
    encode_examples,
    epoch_order,
    index_sha256,
    refuse_too_long,
    separate_copies,
    trained_sample,
)
from finetune.training.job import Example

from .conftest import conversations, recipe


def rows_of(source: str, *, count: int, repeat: int) -> list[Row]:
    """Rows with nothing but an identity."""
    return [
        Row(
            id=f"{source}{number}",
            source=source,
            repeat=repeat,
            question=bytes([number]),
            ids=array("I", [1, 2, 3]),
            mask=bytes([0, 1, 1]),
        )
        for number in range(count)
    ]


def order_of(rows: list[Row], **changes: Any) -> Order:
    """The order of rows under the test recipe."""
    return Order(rows, recipe=Recipe.from_json(recipe(**changes)))


def test_epoch_sees_each_row_as_often_as_its_repeat_factor() -> None:
    """16 copies of 10 rows and one of 40 others: 200 exposures in all."""
    rows = rows_of("safe", count=10, repeat=16) + rows_of("general", count=40, repeat=1)
    seen = Counter(epoch_order(rows, seed=7, epoch=0))
    assert seen == {**dict.fromkeys(range(10), 16), **dict.fromkeys(range(10, 50), 1)}


def test_epoch_passes_are_complete_and_interleaved_evenly() -> None:
    """Each tenth of the epoch holds a tenth of both sources, and each 10 safe rows in a row are one permutation."""
    rows = rows_of("safe", count=10, repeat=16) + rows_of("general", count=40, repeat=1)
    order = epoch_order(rows, seed=7, epoch=0)
    safe = [number for number in order if number < 10]
    passes = [safe[at : at + 10] for at in range(0, 160, 10)]
    assert all(sorted(one) == list(range(10)) for one in passes)
    assert len({tuple(one) for one in passes}) == 16
    # 200 exposures in tenths of 20: 16 safe and 4 general each.
    tenths = [order[at : at + 20] for at in range(0, 200, 20)]
    assert [sum(number < 10 for number in tenth) for tenth in tenths] == [16] * 10


def test_order_no_row_twice_in_a_step_where_it_can_be_avoided() -> None:
    """10 rows 16 times beside 40 others, 8 a step: 25 steps, and 16 copies of a row fit in 16 different ones."""
    rows = rows_of("safe", count=10, repeat=16) + rows_of("general", count=40, repeat=1)
    order = order_of(rows, batch_size=8, epochs=2, max_steps=None)
    assert (order.steps_per_epoch, order.steps) == (25, 50)
    batches = [[row.id for row in order.batch(step)] for step in range(1, 51)]
    assert all(len(set(batch)) == len(batch) for batch in batches)
    assert Counter(name for batch in batches[:25] for name in batch)["safe3"] == 16


def test_separate_copies_keeps_what_cannot_be_avoided() -> None:
    """One row six times and one other: batches of three must repeat, and nothing is lost."""
    batches = separate_copies([0, 0, 0, 0, 1, 0, 0], batch_size=3)
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert Counter(number for batch in batches for number in batch) == {0: 6, 1: 1}


def test_order_is_a_function_of_seed_epoch_and_step() -> None:
    """A fresh Order asked for step 17 alone gives what the other gave on its way; the file's order does not matter."""
    rows = rows_of("safe", count=12, repeat=3)
    walked = order_of(rows, epochs=3, max_steps=None)
    seen = [[row.id for row in walked.batch(step)] for step in range(1, walked.steps + 1)]
    jumped = order_of(list(reversed(rows)), epochs=3, max_steps=None)
    assert [row.id for row in jumped.batch(17)] == seen[16]
    # 36 exposures in steps of 4: 9 steps an epoch.
    assert seen[:9] != seen[9:18]
    other = order_of(rows, epochs=3, max_steps=None, seed=8)
    assert [row.id for row in other.batch(1)] != seen[0]


def test_order_max_steps_and_short_last_step() -> None:
    """10 exposures in steps of 4: 4, 4, 2; max_steps cuts the run."""
    rows = rows_of("safe", count=10, repeat=1)
    order = order_of(rows, epochs=2, max_steps=None)
    assert [len(order.batch(step)) for step in range(1, 7)] == [4, 4, 2, 4, 4, 2]
    assert order_of(rows, epochs=2, max_steps=5).steps == 5


def examples(count: int, **fields: Any) -> list[Example]:
    """Our conversations as examples of one source."""
    return [
        Example(
            **{"source": "xs-0.1/dev", "repeat": 2, "id": row["id"], "messages": row["messages"], **fields}
        )
        for row in conversations(count)
    ]


def test_encode_too_long_is_refused_with_count_and_ids(tokenizer: Any) -> None:
    """No answer is cut: the run is refused, or the example is left out and listed."""
    long = Example(
        id="long",
        source="xs-0.1/dev",
        repeat=2,
        messages=[{"role": "user", "content": "なぜ?"}, {"role": "assistant", "content": "鉄" * 300}],
    )
    settings = Recipe.from_json(recipe())
    corpus = encode_examples([*examples(3), long], recipe=settings, tokenizer=tokenizer)
    assert [row.id for row in corpus.too_long] == ["long"]
    assert len(corpus.trained) == 3
    with pytest.raises(
        ValueError, match=r"^max_length: 1 examples are longer than 256 tokens .* First ids: long;"
    ):
        refuse_too_long(corpus, recipe=settings)
    refuse_too_long(corpus, recipe=Recipe.from_json(recipe(when_too_long="leave_out")))


def test_encode_refuses_repeated_ids_and_mixed_repeats(tokenizer: Any) -> None:
    """One row, one line: copies are made by the schedule."""
    settings = Recipe.from_json(recipe())
    with pytest.raises(ValueError, match="id q-001: stands twice"):
        encode_examples([*examples(1), *examples(1)], recipe=settings, tokenizer=tokenizer)
    with pytest.raises(ValueError, match="id q-000: has another repeat factor"):
        encode_examples(
            [*examples(1), *examples(1, id="q-000", repeat=3)], recipe=settings, tokenizer=tokenizer
        )


def test_encode_bad_conversation_names_the_id_only(tokenizer: Any) -> None:
    """The sentence must be safe to log."""
    bad = examples(1, messages=[{"role": "user", "content": "秘密の質問"}])
    with pytest.raises(ValueError, match="id q-001: has a question without") as refusal:
        encode_examples(bad, recipe=Recipe.from_json(recipe()), tokenizer=tokenizer)
    assert "秘密" not in str(refusal.value)


def test_held_out_keeps_items_of_one_question_together_and_out_of_training(tokenizer: Any) -> None:
    """Siblings (q-001 and its twin) are both held out or both trained; only the most repeated source gives."""
    twin = examples(1, id="twin")
    general = [
        Example(
            id=f"g-{number}",
            source="general",
            repeat=1,
            messages=[
                {"role": "user", "content": f"{number}の次は?"},
                {"role": "assistant", "content": f"{number + 1}"},
            ],
        )
        for number in range(10)
    ]
    settings = Recipe.from_json(recipe(held_out=8))
    corpus = encode_examples([*examples(20), *twin, *general], recipe=settings, tokenizer=tokenizer)
    held = {row.id for row in corpus.held_out}
    assert len(held) in (8, 9)
    assert ("q-001" in held) == ("twin" in held)
    assert {row.source for row in corpus.held_out} == {"xs-0.1/dev"}
    assert held.isdisjoint(row.id for row in corpus.trained)
    sample = trained_sample(corpus, seed=7)
    assert len(sample) == len(held)
    assert {row.source for row in sample} == {"xs-0.1/dev"}


def test_held_out_more_than_half_is_refused() -> None:
    """There must be something left to train on."""
    with pytest.raises(ValueError, match=r"^held_out: "):
        choose_held_out(rows_of("safe", count=4, repeat=1), count=3, seed=0)


def test_index_sha256_follows_content_not_order() -> None:
    """The hash of the training data changes with a token, not with the file's order."""
    rows = rows_of("safe", count=3, repeat=1)
    assert index_sha256(rows) == index_sha256(rows[::-1])
    changed = Row(
        id=rows[0].id, source="safe", repeat=1, question=b"", ids=array("I", [1, 2, 4]), mask=rows[0].mask
    )
    assert index_sha256([changed, *rows[1:]]) != index_sha256(rows)
