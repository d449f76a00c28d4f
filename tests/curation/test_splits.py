"""Laws of the draw: complete, permanent, the same in any order, clusters together, never more test questions than asked."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from curation.splits import DEV, TEST, Candidate, assign

LEAVES = ("a", "b", "c")
CLUSTERS = ("", "", "", "x", "y", "z")


@st.composite
def questions(draw, clusters=CLUSTERS):
    kinds = st.tuples(
        st.sampled_from(LEAVES), st.sampled_from(["", "", DEV, TEST]), st.sampled_from(clusters)
    )
    return [
        Candidate(
            question=number,
            key=f"key{number}",
            leaf=leaf,
            split=split,
            cluster=cluster,
            twin=f"of {cluster}" if cluster else "",
            score=90.04,
        )
        for number, (leaf, split, cluster) in enumerate(draw(st.lists(kinds, max_size=40)))
    ]


ALONE = questions(clusters=("",))
K = st.integers(0, 8)
SEED = st.integers(-(2**40), 2**40)


def splits(rows, k, seed) -> dict[int, str]:
    return {question: given.split for question, given in assign(rows, test_per_leaf=k, seed=seed).items()}


@given(questions(), K, SEED)
def test_exactly_the_questions_without_a_split_get_one(rows, k, seed) -> None:
    chosen = splits(rows, k, seed)
    assert set(chosen) == {row.question for row in rows if not row.split}
    assert set(chosen.values()) <= {DEV, TEST}


@given(questions(), K, SEED, st.randoms(use_true_random=False))
def test_order_does_not_matter(rows, k, seed, chance) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert assign(rows, test_per_leaf=k, seed=seed) == assign(shuffled, test_per_leaf=k, seed=seed)


@given(ALONE, K, SEED)
def test_a_leaf_is_filled_up_to_k_as_far_as_dev_keeps_one(rows, k, seed) -> None:
    chosen = splits(rows, k, seed)
    for leaf in LEAVES:
        mine = [row for row in rows if row.leaf == leaf]
        fresh = [row for row in mine if not row.split]
        before = sum(row.split == TEST for row in mine)
        drawn = sum(chosen[row.question] == TEST for row in fresh)
        room = max(0, min(k - before, len(fresh)))
        needs_dev = fresh and not any(row.split == DEV for row in mine)
        assert drawn == (min(room, len(fresh) - 1) if needs_dev else room)


@given(questions(), K, SEED)
def test_the_fresh_of_a_cluster_go_the_same_way_as_one_that_has_a_split(rows, k, seed) -> None:
    chosen = splits(rows, k, seed)
    for cluster in set(CLUSTERS) - {""}:
        mine = [row for row in rows if row.cluster == cluster]
        went = {chosen[row.question] for row in mine if not row.split}
        had = {row.split for row in mine if row.split}
        assert len(went) <= 1
        if went and had:
            assert went == {TEST if TEST in had else DEV}


@given(questions(), K, SEED)
def test_the_draw_never_takes_more_than_k_nor_the_last_of_dev(rows, k, seed) -> None:
    made = assign(rows, test_per_leaf=k, seed=seed)
    led = {row.cluster for row in rows if row.split and row.cluster}
    for leaf in LEAVES:
        mine = [row for row in rows if row.leaf == leaf]
        drawn = [row for row in mine if not row.split and row.cluster not in led]
        before = sum(
            (row.split or made[row.question].split) == TEST for row in mine if row not in drawn
        )  # with what had to follow a test question
        taken = sum(made[row.question].split == TEST for row in drawn)
        assert taken <= max(0, k - before)
        if drawn:
            assert any((row.split or made[row.question].split) == DEV for row in mine)


@given(questions(), K, SEED)
def test_a_cluster_stays_out_of_test_only_where_a_leaf_has_too_few_places_for_it(rows, k, seed) -> None:
    """Nothing that was left in dev would have fitted beside what went to test."""
    made = assign(rows, test_per_leaf=k, seed=seed)
    led = {row.cluster for row in rows if row.split and row.cluster}
    went = {row.question: row.split or made[row.question].split for row in rows}
    test, dev = (Counter(r.leaf for r in rows if went[r.question] == split) for split in (TEST, DEV))
    groups: dict[str, list[Candidate]] = {}
    for row in rows:
        if not row.split and row.cluster not in led and went[row.question] == DEV:
            groups.setdefault(row.cluster or str(row.question), []).append(row)
    for group in groups.values():
        sizes = Counter(row.leaf for row in group)
        assert any(test[leaf] + number > k or dev[leaf] - number < 1 for leaf, number in sizes.items())


@given(ALONE, K, SEED, st.sampled_from(LEAVES))
def test_questions_of_one_leaf_do_not_move_those_of_another(rows, k, seed, leaf) -> None:
    alone = assign([row for row in rows if row.leaf == leaf], test_per_leaf=k, seed=seed)
    whole = assign(rows, test_per_leaf=k, seed=seed)
    assert {question: whole[question] for question in alone} == alone


@given(questions(), K, SEED)
def test_what_was_drawn_stays_when_it_is_drawn_again(rows, k, seed) -> None:
    """A question that has a split keeps it, and nothing is left to be drawn."""
    made = splits(rows, k, seed)
    settled = [
        Candidate(question=row.question, key=row.key, leaf=row.leaf, split=row.split or made[row.question])
        for row in rows
    ]
    assert assign(settled, test_per_leaf=k, seed=seed) == {}


def test_another_seed_draws_others() -> None:
    rows = [Candidate(question=n, key=f"key{n}", leaf="a") for n in range(40)]
    drawn = {seed: splits(rows, 10, seed) for seed in (1, 2)}
    assert [sum(split == TEST for split in each.values()) for each in drawn.values()] == [10, 10]
    assert drawn[1] != drawn[2]


def test_every_question_says_why_it_is_where_it_is() -> None:
    rows = [
        Candidate(question=1, key="k1", leaf="a", split=TEST, cluster="x"),
        Candidate(question=2, key="k2", leaf="a", cluster="x", twin="item-1", score=91.26),
        Candidate(question=3, key="k3", leaf="a"),
        Candidate(question=4, key="k4", leaf="a", cluster="y", twin="item-5", score=88.0),
        Candidate(question=5, key="k5", leaf="a", cluster="y", twin="item-4", score=88.0),
        Candidate(question=6, key="k6", leaf="a"),
    ]
    made = assign(rows, test_per_leaf=3, seed=1)
    assert (made[2].split, made[2].why) == (TEST, {"by": "twin", "of": "item-1", "score": 91.3})
    # Three groups are drawn: 3, 6, and 4 with 5. Two places are in test already, so one is open.
    drawn = [made[question].why for question in (3, 4, 5, 6) if made[question].why["by"] == "draw"]
    common = {"by": "draw", "seed": 1, "of": 3, "places": 1}
    assert sorted(drawn, key=lambda why: why["rank"]) == [common | {"rank": rank} for rank in (1, 2, 3)]
    follower = made[5] if made[4].why["by"] == "draw" else made[4]
    assert follower.why in [{"by": "twin", "of": of, "score": 88.0} for of in ("item-4", "item-5")]
    assert made[4].split == made[5].split == DEV  # two questions do not fit into one place
    assert [made[3].split, made[6].split].count(TEST) == 1


def test_question_near_both_a_dev_and_a_test_question_goes_to_test() -> None:
    rows = [
        Candidate(question=1, key="k1", leaf="a", split=DEV, cluster="x"),
        Candidate(question=2, key="k2", leaf="a", split=TEST, cluster="x"),
        Candidate(question=3, key="k3", leaf="b", cluster="x", twin="item-2", score=95.0),
    ]
    assert splits(rows, 1, 0) == {3: TEST}
