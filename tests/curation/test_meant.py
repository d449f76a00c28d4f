"""Vectors that are asked again and again: plain numbers, no model; and that nothing is compared where it is switched off."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from curation.meaning import DIMENSIONS, Memory, Shelf
from curation.meant import MEANT, embed_new, vectors_file
from curation.sketches import Sketches
from tests.factories.curation import make_dataset, make_item


def towards(*parts: float) -> np.ndarray:
    """A vector of length one whose first numbers stand in the proportion given."""
    row = np.zeros(DIMENSIONS, np.float32)
    row[: len(parts)] = parts
    return row / np.linalg.norm(row)


def test_shelf_tells_what_is_close_best_first_and_equals_by_key() -> None:
    shelf = Shelf()
    assert shelf.close(towards(1), limit=9) == []
    shelf.add(["far", "near"], np.stack([towards(1, 1), towards(4, 1)]))
    shelf.add(["same", "again"], np.stack([towards(1), towards(1)]))
    found = shelf.close(towards(1), limit=9, cutoff=0.9)
    assert [key for key, _score in found] == ["again", "same", "near"]
    assert [score for _key, score in found] == pytest.approx([100, 100, 100 * 4 / 17**0.5], abs=0.1)
    assert [key for key, _score in shelf.close(towards(1), limit=1)] == ["again"]
    assert len(shelf) == 4


def test_shelf_of_more_than_a_block_loses_nothing_at_its_seams() -> None:
    rows = np.random.default_rng(1).normal(size=(4100, DIMENSIONS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    shelf = Shelf()
    shelf.add([str(at) for at in range(4100)], rows)
    for at in (0, 2047, 2048, 4095, 4096, 4099):
        assert [key for key, _score in shelf.close(rows[at], limit=2)] == [str(at)]


def test_shelf_that_grows_by_handfuls_copies_nothing_that_stands_in_it() -> None:
    rows = np.random.default_rng(2).normal(size=(4100, DIMENSIONS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    at_once, grown = Shelf(), Shelf()
    at_once.add([str(at) for at in range(4100)], rows)
    for start in range(0, 4099, 300):
        part = rows[start : min(start + 300, 4099)]
        grown.add([str(start + n) for n in range(len(part))], part)
    tracemalloc.start()
    grown.add(["4099"], rows[4099:])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000  # bytes; all that stands there is 4 MB
    for at in (0, 299, 300, 2047, 2048, 4096, 4099):
        assert grown.close(rows[at], limit=9, cutoff=0.1) == at_once.close(rows[at], limit=9, cutoff=0.1)


def test_memory_reads_what_it_has_and_makes_nothing(tmp_path) -> None:
    memory = Memory(tmp_path / "vectors.sqlite3")
    memory._keep(["aa"], np.asarray([2 * towards(1, 1)], np.float16))
    keys, rows = memory.read(["bb", "aa"])
    assert keys == ["aa"]
    assert rows[0] == pytest.approx(towards(1, 1), abs=0.001)
    assert memory.read([]) == ([], pytest.approx(np.zeros((0, DIMENSIONS))))


def test_sketches_tell_what_came_since_in_its_order() -> None:
    sketches = Sketches()
    one, two = "1" * 64, "2" * 64
    sketches.add([two], ["一つ目の質問"])
    sketches.add([one], ["二つ目の質問"])
    assert [sketches.hashes(since) for since in (0, 1, 2, 3)] == [[two, one], [one], [], []]


@pytest.mark.django_db
def test_where_meaning_is_switched_off_nothing_is_embedded_and_nothing_found(settings) -> None:
    assert settings.TEINEI_MEANING is False
    make_item(make_dataset("home"), state="in_review")
    assert (embed_new(), MEANT.near("何か", limit=5)) == (0, [])
    assert not vectors_file().exists()
