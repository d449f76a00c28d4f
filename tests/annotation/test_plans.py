"""What a plan draws, and with which chance."""

from collections import Counter
from dataclasses import dataclass

import pytest

from annotation.plans import even_share, one_per_leaf, stratified


@dataclass(frozen=True)
class Made:
    labels: tuple
    question_hash: str
    model: str
    item_key: str = ""


def made(sizes: dict[str, int], models: str = "ab") -> list[Made]:
    """`size` questions of each leaf, answered by every model."""
    return [
        Made(("area", leaf), f"{leaf}-{n}", model)
        for leaf, size in sizes.items()
        for n in range(size)
        for model in models
    ]


def test_per_cell_takes_that_many_of_each_leaf_and_model() -> None:
    drawn = stratified(made({"x": 5, "y": 2}), seed=1, per_cell=3)
    cells = Counter((row.labels[1], row.model) for row, _chance in drawn)
    assert cells == {("x", "a"): 3, ("x", "b"): 3, ("y", "a"): 2, ("y", "b"): 2}
    chances = {(row.labels[1], chance) for row, chance in drawn}
    assert chances == {("x", 3 / 5), ("y", 1.0)}


def test_models_are_compared_on_the_same_questions() -> None:
    drawn = stratified(made({"x": 20}), seed=4, per_cell=5)
    of = {model: {row.question_hash for row, _ in drawn if row.model == model} for model in "ab"}
    assert (len(of["a"]), of["a"]) == (5, of["b"])


def test_even_share_gives_what_small_cells_cannot_take_to_the_others() -> None:
    # Sizes 1, 4, 10 and a total of 9: the first takes 1, the two others (9 - 1) / 2 = 4 each
    assert even_share([1, 4, 10], 9) == 4.0
    assert even_share([1, 4, 10], 15) == 10.0  # all there is
    assert even_share([2, 2], 1) == 0.5


def test_total_is_met_exactly_and_the_chances_sum_to_it() -> None:
    rows = made({"x": 7, "y": 3, "z": 1}, models="abc")
    for seed in range(20):
        drawn = stratified(rows, seed=seed, total=11)
        assert len(drawn) == 11
    # 9 cells of 7, 3 and 1, three of each: 3 take 1 whole, (11 - 3) / 6 = 4/3 for the rest
    chances = {row.labels[1]: chance for row, chance in drawn}
    assert chances == {"x": pytest.approx(4 / 3 / 7), "y": pytest.approx(4 / 3 / 3), "z": 1.0}


def test_a_response_is_drawn_as_often_as_its_chance_says() -> None:
    rows = made({"x": 4, "y": 2}, models="a")
    drawn = Counter(
        row.question_hash for seed in range(3000) for row, _ in stratified(rows, seed=seed, total=3)
    )
    # An even share of 1.5: x has 4 questions (chance .375), y has 2 (chance .75); sd sqrt(3000 * .24) < 27
    for n in range(4):
        assert abs(drawn[f"x-{n}"] - 0.375 * 3000) < 110
    for n in range(2):
        assert abs(drawn[f"y-{n}"] - 0.75 * 3000) < 110


def test_the_same_seed_draws_the_same_whatever_the_order() -> None:
    rows = made({"x": 9, "y": 9})
    one, other = (stratified(list(given), seed=3, total=6) for given in (rows, reversed(rows)))
    assert sorted(map(repr, one)) == sorted(map(repr, other))
    assert sorted(map(repr, one)) != sorted(map(repr, stratified(rows, seed=4, total=6)))


def test_one_per_leaf_keeps_its_chance() -> None:
    drawn = one_per_leaf(made({"x": 5, "y": 1}), seed=2)
    assert sorted((row.labels[1], chance) for row, chance in drawn) == [
        ("x", 0.2),
        ("x", 0.2),
        ("y", 1.0),
        ("y", 1.0),
    ]


@pytest.mark.parametrize("given", [{}, {"per_cell": 1, "total": 1}])
def test_stratified_wants_one_number(given: dict) -> None:
    with pytest.raises(ValueError, match="per_cell or total"):
        stratified([], seed=0, **given)
