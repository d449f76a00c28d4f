"""What the comparisons of the engine with other people's arithmetic share."""

import pytest

from curation.stats import study

SEEDS = [1, 2, 3]


def near(number):
    """Equal but for the last digits: the others sum in another order."""
    return pytest.approx(number, rel=1e-10, abs=1e-10)


def point(data, **options):
    """The study where only its values count: few resamples."""
    return study(data, resamples=20, **options)


def values(block):
    """Name -> value of the leaves of a block."""
    return {name: leaf["value"] for name, leaf in block.items()}
