"""Laws of the draw: complete, permanent, the same in any order, never more test questions than asked for."""

from hypothesis import given
from hypothesis import strategies as st

from curation.splits import DEV, TEST, Candidate, assign

LEAVES = ("a", "b", "c")


@st.composite
def questions(draw):
    rows = draw(st.lists(st.tuples(st.sampled_from(LEAVES), st.sampled_from(["", DEV, TEST])), max_size=40))
    return [
        Candidate(question=number, key=f"key{number}", leaf=leaf, split=split)
        for number, (leaf, split) in enumerate(rows)
    ]


K = st.integers(0, 8)
SEED = st.integers(-(2**40), 2**40)


@given(questions(), K, SEED)
def test_exactly_the_questions_without_a_split_get_one(rows, k, seed) -> None:
    chosen = assign(rows, test_per_leaf=k, seed=seed)
    assert set(chosen) == {row.question for row in rows if not row.split}
    assert set(chosen.values()) <= {DEV, TEST}


@given(questions(), K, SEED, st.randoms(use_true_random=False))
def test_order_does_not_matter(rows, k, seed, chance) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert assign(rows, test_per_leaf=k, seed=seed) == assign(shuffled, test_per_leaf=k, seed=seed)


@given(questions(), K, SEED)
def test_a_leaf_is_filled_up_to_k_as_far_as_dev_keeps_one(rows, k, seed) -> None:
    chosen = assign(rows, test_per_leaf=k, seed=seed)
    for leaf in LEAVES:
        mine = [row for row in rows if row.leaf == leaf]
        fresh = [row for row in mine if not row.split]
        before = sum(row.split == TEST for row in mine)
        drawn = sum(chosen[row.question] == TEST for row in fresh)
        room = max(0, min(k - before, len(fresh)))
        needs_dev = fresh and not any(row.split == DEV for row in mine)
        assert drawn == (min(room, len(fresh) - 1) if needs_dev else room)


@given(questions(), K, SEED, st.sampled_from(LEAVES))
def test_questions_of_one_leaf_do_not_move_those_of_another(rows, k, seed, leaf) -> None:
    alone = assign([row for row in rows if row.leaf == leaf], test_per_leaf=k, seed=seed)
    whole = assign(rows, test_per_leaf=k, seed=seed)
    assert {question: whole[question] for question in alone} == alone


def test_another_seed_draws_others() -> None:
    rows = [Candidate(question=n, key=f"key{n}", leaf="a") for n in range(40)]
    drawn = {seed: assign(rows, test_per_leaf=10, seed=seed) for seed in (1, 2)}
    assert [sum(split == TEST for split in each.values()) for each in drawn.values()] == [10, 10]
    assert drawn[1] != drawn[2]
