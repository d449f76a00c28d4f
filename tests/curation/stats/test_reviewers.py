"""Agreement of two reviewers, by hand."""

import pytest

from curation.stats.reviewers import agreement


def test_agreement_of_ten_pairs_by_hand() -> None:
    # Seven accepted by both, one by neither, two by one of them.
    pairs = [(True, True)] * 7 + [(False, False)] + [(True, False), (False, True)]
    found = agreement(pairs)
    assert found.exact.value == 0.8  # (7 + 1) / 10
    # q = (7 + 2 / 2) / 10 = .8; e = 2 * .8 * .2 = .32; (.8 - .32) / .68 = .705882...
    assert found.ac1.value == pytest.approx(0.48 / 0.68)
    # Wilson of 8 in 10: centre (.8 + 1.92073 / 10) / 1.384146, half 1.959964 * sqrt(.16 / 10 + 3.841459 / 400) / 1.384146
    assert (found.exact.low, found.exact.high) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert (found.ac1.low, found.ac1.high) == pytest.approx((0.2, 1.0))  # 2,000 draws of seed 0
    assert (found.exact.n, found.ac1.n) == (10, 10)


def test_order_of_the_two_does_not_matter() -> None:
    pairs = [(True, False), (True, True), (False, False), (True, False)]
    assert agreement(pairs) == agreement([(b, a) for a, b in pairs])


def test_full_agreement_is_one_and_no_pairs_say_why() -> None:
    full = agreement([(True, True)] * 5)
    assert (full.exact.value, full.ac1.value) == (1.0, 1.0)
    empty = agreement([])
    assert (empty.exact.value, empty.ac1.value) == (None, None)
    assert empty.exact.note == "No text has been read by two people yet."
