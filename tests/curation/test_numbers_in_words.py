"""A number with its interval as a page writes it, and how many responses an interval stands for."""

from django.utils import translation

from curation.reading import estimate, interval, number, pointer
from curation.stats.correlation import independent_responses


def test_numbers_in_words() -> None:
    leaf = {"value": 0.12345, "low": -0.001, "high": 0.25, "n": 7, "n_clusters": 3}
    with translation.override("en"):
        html = estimate(leaf, "a/b", digits=1, percent=True, url="/x/?a=1&b=2")
    with translation.override("ja"):
        assert ">12.3%</span>" in estimate(leaf, "a/b", digits=1, percent=True)
        assert interval(leaf, digits=1, percent=True) == "[-0.1, 25.0]"
    assert html == (
        '<a href="/x/?a=1&amp;b=2" class="estimate" data-at="a/b" data-digits="1" data-percent>'
        '<span class="estimate__value">12.3 %</span> <span class="estimate__rest">[-0.1, 25.0] n=7</span></a>'
    )
    assert number(-0.001) == "0.00"
    assert pointer(("a/b", "c~d", 1)) == "a~1b/c~0d/1"


def test_effective_n_of_independent_responses() -> None:
    # Fisher's z of r = .5 with n = 103: .5493 +- 1.96/10; back: tanh(.3533) = .3393, tanh(.7453) = .6325.
    assert independent_responses(0.33931, 0.63243) == 103
    assert independent_responses(None, None) is None
    assert independent_responses(0.9, 1.0) is None
