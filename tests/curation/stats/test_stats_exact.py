"""The same bits, however the work is cut: threads of ours and of BLAS, groups side by side, sparse tables or dense."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from curation.stats import bootstrap, study
from curation.stats.bootstrap import Group, bca, estimates
from tests.curation.stats.synthetic import nominal, random_study

ONE_RUN = """
import hashlib, json
from curation.stats import study
from tests.curation.stats.synthetic import random_study
found = study(random_study(5, questions=120, models=6, probability=[0.3, 0.7, 1.0]), seed=1, resamples=1500)
print(hashlib.sha256(json.dumps(found).encode()).hexdigest())
"""


def means_group(rows, *, tables=None):
    """Ratios of neighbouring rows of sums, and of table totals where there are tables."""

    def evaluate(cells, sums):
        return np.concatenate([cells[1:] / cells[:-1], sums[1:] / sums[:-1]])

    count = len(rows) - 1 + (0 if tables is None else tables.shape[0] - 1)
    return Group(tuple(map(str, range(count))), 9, rows.shape[1], sums=rows, tables=tables, evaluate=evaluate)


@pytest.mark.parametrize("fold", [lambda data: data, nominal], ids=["ordinal", "nominal"])
def test_number_of_threads_changes_no_bit(monkeypatch, fold):
    data = fold(random_study(12, questions=50, models=4, probability=[0.4, 1.0]))
    found = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
        found.append(json.dumps(study(data, seed=2, resamples=4500)))
    assert found[1:] == found[:1] * 2


def test_threads_of_blas_change_no_bit():
    digests = set()
    for threads in ("1", "2", "3"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", ONE_RUN], env=environment, check=True, capture_output=True, text=True
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_a_group_gives_the_same_bits_alone_and_among_others():
    rng = np.random.default_rng(0)
    groups = {at: means_group(rng.uniform(1, 2, (3 + at, 200))) for at in range(12)}
    together = estimates(groups, seed=0, resamples=1200)
    for at, group in groups.items():
        assert estimates({at: group}, seed=0, resamples=1200)[at] == together[at]


def test_a_large_stack_is_cut_and_gives_the_same_bits(monkeypatch):
    rng = np.random.default_rng(1)
    groups = {at: means_group(rng.uniform(1, 2, (4, 60))) for at in range(5)}
    whole = estimates(groups, seed=0, resamples=1200)
    monkeypatch.setattr(bootstrap, "_CELLS_AT_ONCE", 3000)
    assert estimates(groups, seed=0, resamples=1200) == whole


def test_counts_in_sparse_tables_are_exact(monkeypatch):
    rng = np.random.default_rng(2)
    counts = csr_array(rng.binomial(1, 0.1, (40, 80)) * rng.integers(1, 9, (40, 80)).astype(float))
    group = means_group(rng.uniform(1, 2, (3, 80)), tables=counts)
    group = replace(group, evaluate=lambda cells, sums: np.concatenate([cells[1:] + cells[:-1], sums[1:]]))
    assert group.sparse_features() == 40
    first = estimates({"g": group}, seed=0, resamples=1000)
    monkeypatch.setattr(bootstrap, "_DENSE", 0.0)
    assert group.sparse_features() == 0
    assert estimates({"g": group}, seed=0, resamples=1000) == first


def test_whole_parts_in_single_precision_are_exact(monkeypatch):
    thirds = np.random.default_rng(5).integers(1, 9, (4, 100)) / 3
    group = replace(means_group(thirds), evaluate=lambda cells, sums: sums[1:] - sums[:-1])
    first = estimates({"g": group}, seed=0, resamples=1000)["g"]["0"]
    # Thirds are no multiples of 1/100: they go through the grid of double precision.
    monkeypatch.setattr(bootstrap, "_PARTS", 100)
    second = estimates({"g": group}, seed=0, resamples=1000)["g"]["0"]
    assert (second.low, second.high) == pytest.approx((first.low, first.high), rel=1e-12)


def test_bca_takes_draws_in_any_order():
    rng = np.random.default_rng(3)
    draws, left_out = rng.normal(size=999), rng.normal(size=40)
    assert bca(0.1, draws, left_out) == bca(0.1, np.sort(draws), left_out)


def test_weights_of_a_block_are_multinomial_and_its_own():
    first, again, other = (bootstrap.question_weights(seed=4, clusters=7, block=b) for b in (0, 0, 1))
    assert first.shape == (7, bootstrap.BLOCK)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first.sum(axis=0) == 7).all()
    # Each question is drawn Binomial(7, 1/7) times: variance 6/7.
    assert first.var() == pytest.approx(6 / 7, abs=0.05)
