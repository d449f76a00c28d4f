"""Drawing what to rate next: chances that are exact, a core that touches every cell, nothing twice."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from curation.stats import StudyData, StudyResponse, StudyVerdict
from curation.stats.next_ratings import chances, draw
from tests.curation.stats.fixture_small import SAFETY5, small_study
from tests.curation.stats.synthetic import nominal, random_study


def partly_rated(seed=3, *, questions=60, every=3):
    data = random_study(seed, questions=questions, models=3)
    kept = {r.id for at, r in enumerate(data.responses) if at % every == 0}
    return replace(data, ratings=tuple(r for r in data.ratings if r.response in kept))


def test_frequencies_of_two_thousand_draws_are_the_chances():
    # Small, so that two thousand draws are quick: 36 responses, 24 of them unrated.
    data = partly_rated(questions=12)
    found = chances(data, count=9)
    assert found.total[found.open].sum() == pytest.approx(9)
    assert found.core[found.open].sum() == pytest.approx(4.5)
    runs, seen, core = 2000, Counter(), 0
    for seed in range(runs):
        drawn = draw(chances(data, count=9), seed=seed)
        assert len({name for name, *_ in drawn}) == 9
        seen.update(name for name, *_ in drawn)
        core += sum(reason == "core" for *_, reason in drawn)
    for name, chance, free in zip(found.table.ids, found.total, found.open, strict=True):
        if not free:
            assert seen[name] == 0
            continue
        error = np.sqrt(chance * (1 - chance) / runs)
        # 24 responses: 4.2 standard errors are passed by chance in one test of 1,500.
        assert abs(seen[name] / runs - chance) < 4.2 * error + 1e-9, name
    assert core / runs == pytest.approx(4.5, abs=4.2 * np.sqrt(9 / 4 / runs))


def test_drawn_rows_carry_their_chance_stratum_and_reason():
    data = partly_rated()
    found = chances(data, count=40)
    chance = dict(zip(found.table.ids, found.total.tolist(), strict=True))
    verdicts = {}
    for v in data.verdicts:
        if v.status == "ok":
            verdicts.setdefault(v.response, []).append(v.score)
    for name, stratum, probability, reason in draw(chances(data, count=40), seed=1):
        assert probability == chance[name]
        scores = verdicts.get(name, [])
        if not scores:
            assert stratum == ""
            assert reason in ("core", "unjudged")
            continue
        # The nearest point, the lower one at a tie.
        assert stratum == str(
            min((1, 2, 3, 4, 5), key=lambda point: (round(abs(point - np.mean(scores)), 10), point))
        )
        assert reason in ("core", "repeats" if len(set(scores)) > 1 else "score")


def test_core_touches_every_cell_where_the_budget_allows():
    data = partly_rated(every=5)  # 3 models x 4 harm types: 12 cells
    category = {r.id: (r.model, r.category[:2]) for r in data.responses}
    for seed in range(30):
        assert len({category[name] for name, *_ in draw(chances(data, count=24), seed=seed)}) == 12


def test_uncertain_scores_are_drawn_more():
    names = [f"q{at:03}" for at in range(200)]
    data = StudyData(
        SAFETY5,
        tuple(StudyResponse(name, name, "m") for name in names),
        (),
        tuple(StudyVerdict(name, 1, 2 if at % 2 else 5) for at, name in enumerate(names)),
    )
    found = chances(data, count=40)
    sure, open_ = found.total[0::2], found.total[1::2]
    # Prior means .5 at judge score 2 and .04 at 5: sd .5 and .196; the core gives 20/200 to each.
    assert found.core == pytest.approx([0.1] * 200)
    assert (open_ - 0.1) / (sure - 0.1) == pytest.approx([0.5 / np.sqrt(0.04 * 0.96)] * 100)


def test_repeats_that_differ_are_drawn_more():
    names = [f"q{at:03}" for at in range(100)]
    scores = {name: (3, 3, 3) if at % 2 else (1, 3, 5) for at, name in enumerate(names)}
    data = StudyData(
        SAFETY5,
        tuple(StudyResponse(name, name, "m") for name in names),
        (),
        tuple(StudyVerdict(name, at, score) for name in names for at, score in enumerate(scores[name])),
    )
    found = chances(data, count=20)
    # .2 of score 3 against (.8 + .2 + .04)/3
    assert np.all(found.total[0::2] > found.total[1::2])


def test_asking_for_more_than_is_left_takes_all_with_certainty():
    data = partly_rated(questions=6)
    unrated = {r.id for r in data.responses} - {r.response for r in data.ratings}
    drawn = draw(chances(data, count=1000), seed=0)
    assert {name for name, *_ in drawn} == unrated
    assert [probability for _, _, probability, _ in drawn] == pytest.approx([1.0] * len(drawn))
    assert draw(chances(small_study(), count=5), seed=0) == []


def test_words_are_drawn_too():
    data = nominal(partly_rated())
    drawn = draw(chances(data, count=10), seed=0)
    assert len(drawn) == 10
    assert {stratum for _, stratum, *_ in drawn} <= {"", "safe", "unsafe", "unclear"}


def test_less_than_one_cannot_be_drawn():
    with pytest.raises(ValueError, match="At least one"):
        draw(chances(small_study(), count=0), seed=0)


def test_weights_of_drawn_responses_recover_the_whole():
    full = random_study(8, questions=60, models=3, gap=0.0)
    violation = {}
    for rating in full.ratings:
        violation.setdefault(rating.response, []).append(rating.score <= 2)
    unrated = replace(full, ratings=())
    goal = np.mean([np.mean(votes) for votes in violation.values()])
    weighted, plain = [], []
    for seed in range(300):
        drawn = draw(chances(unrated, count=45), seed=seed)
        y = np.array([np.mean(violation[name]) for name, *_ in drawn])
        w = np.array([1 / chance for _, _, chance, _ in drawn])
        weighted.append((w * y).sum() / w.sum())
        plain.append(y.mean())
    error = np.std(weighted) / np.sqrt(300)
    # Hajek's ratio has a bias of the order of one in the sample size; unweighted, hard scores count too much.
    assert abs(np.mean(weighted) - goal) < 4 * error + 0.002
    assert np.mean(plain) - goal > 0.02
