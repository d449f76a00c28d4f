"""One step over a batch: its loss and gradient, how rows become tensors, and what a row takes in memory."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
import torch

from finetune.training.config import Recipe
from finetune.training.data import Row
from finetune.training.loop import collate, evaluate, make_optimizer, summed_loss, take_step

from .conftest import recipe


def some_rows() -> list[Row]:
    """Eight rows of different lengths with random tokens and at least two targets."""
    generator = torch.Generator().manual_seed(1)
    rows = []
    for number in range(8):
        length = 6 + 5 * number
        ids = torch.randint(4, 90, (length,), generator=generator).tolist()
        mask = bytes([0] * (length - 2 - number) + [1] * (2 + number))
        rows.append(Row(id=str(number), source="s", repeat=1, question=b"", ids=array("I", ids), mask=mask))
    return rows


def small_model() -> Any:
    """A one-layer Llama of 96 words."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=96,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    return LlamaForCausalLM(shape)


def gradients(**changes: Any) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of one step over `some_rows`."""
    model = small_model()
    settings = Recipe.from_json(recipe(batch_size=8, **changes))
    result = take_step(
        model,
        make_optimizer(model, settings),
        some_rows(),
        recipe=settings,
        learning_rate=0.0,
        step=1,
        device=torch.device("cpu"),
    )
    return result.loss, {name: parameter.grad for name, parameter in model.named_parameters()}


def test_step_micro_batches_have_the_gradient_of_the_whole() -> None:
    """1 x 8, 8 x 1 and 3 + 3 + 2 rows of unequal length: one loss, one gradient."""
    loss, whole = gradients()
    for size in (1, 3):
        split_loss, split = gradients(micro_batch=size)
        assert split_loss == pytest.approx(loss, rel=1e-6)
        for name, gradient in whole.items():
            torch.testing.assert_close(split[name], gradient, rtol=1e-5, atol=1e-7)


def test_step_bf16_computes_in_bf16_and_keeps_fp32_weights() -> None:
    """Weights and gradients stay fp32, so that small updates are not lost; the loss is near."""
    loss, _ = gradients()
    low, gradient = gradients(precision="bf16")
    assert low == pytest.approx(loss, rel=0.02)
    assert low != loss
    assert {value.dtype for value in gradient.values()} == {torch.float32}


def test_evaluate_is_the_mean_over_supervised_tokens_and_ignores_padding() -> None:
    """The loss in one padded batch equals the sum of the rows alone, over the tokens counted."""
    model, cpu, settings = small_model(), torch.device("cpu"), Recipe.from_json(recipe(batch_size=8))
    rows = some_rows()
    alone = sum(summed_loss(model, [row], recipe=settings, device=cpu).item() for row in rows)
    # 2 + 3 + ... + 9 supervised tokens.
    assert sum(row.supervised for row in rows) == 44
    together = evaluate(model, rows, recipe=settings, device=cpu, stopped=lambda: False)
    assert together == pytest.approx(alone / 44, rel=1e-5)
    assert evaluate(model, rows, recipe=settings, device=cpu, stopped=lambda: True) is None


def test_collate_masks_padding_by_length_so_an_end_token_counts() -> None:
    """Two rows of 4 and 2: the end token 0 of the short one is a target although padding is 0 too."""
    rows = [
        Row(
            id="a", source="s", repeat=1, question=b"", ids=array("I", [5, 6, 7, 0]), mask=bytes([0, 0, 1, 1])
        ),
        Row(id="b", source="s", repeat=1, question=b"", ids=array("I", [5, 0]), mask=bytes([0, 1])),
    ]
    ids, attention, labels = collate(rows, device=torch.device("cpu"))
    assert ids.tolist() == [[5, 6, 7, 0], [5, 0, 0, 0]]
    assert attention.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert labels.tolist() == [[-100, -100, 7, 0], [-100, 0, -100, -100]]


def test_corpus_keeps_four_bytes_a_token(tokenizer: Any) -> None:
    """Rows hold packed integers and no text: 1,000 tokens are 4,000 bytes of ids and 1,000 of mask."""
    row = some_rows()[-1]
    assert row.ids.itemsize * len(row.ids) == 4 * 41
    assert len(row.mask) == 41
    assert not hasattr(row, "__dict__")
