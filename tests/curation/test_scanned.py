"""A text in which no personal data was found is not read again; one that holds some always is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curation import scanned
from curation.similar import text_hash

MAIL = "返事は hanako.k@mail-sample.jp にください。"


class Texts:
    """Texts by hash, and how many were read."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.by_hash = {text_hash(text): text for text in texts}
        self.count = 0

    def read(self, hashes: Iterable[str]) -> Iterator[tuple[str, str]]:
        for key in hashes:
            self.count += 1
            yield key, self.by_hash[key]

    def found(self, dataset: int = 1) -> list[str]:
        """The texts that hold something."""
        found = scanned.found_in(self.by_hash, self.read, dataset=dataset)
        return [self.by_hash[key] for key, hits in found.items() if [hit.kind for hit in hits] == ["mail"]]


def test_only_texts_with_data_and_new_ones_are_read_again(settings) -> None:
    first = Texts([*(f"{n}番目の質問です。" for n in range(2500)), MAIL])
    assert (first.found(), first.count) == ([MAIL], 2501)
    file = settings.TEINEI_VAR / "near" / "clean-1"
    # A line for the rules and one for each clean text; which text holds something stands nowhere.
    assert file.stat().st_size == 32 * 2501
    assert bytes.fromhex(text_hash(MAIL)) not in file.read_bytes()
    first.count = 0
    assert (first.found(), first.count) == ([MAIL], 1)
    more = Texts([*first.by_hash.values(), MAIL.replace("hanako", "jiro"), "もう一つの質問です。"])
    assert (sorted(more.found()), more.count) == (sorted([MAIL, MAIL.replace("hanako", "jiro")]), 3)


def test_what_other_rules_or_another_dataset_found_counts_for_nothing(settings) -> None:
    texts = Texts(f"{n}番目の質問です。" for n in range(2000))
    assert (texts.found(), texts.count) == ([], 2000)
    assert (texts.found(dataset=2), texts.count) == ([], 4000)
    file = settings.TEINEI_VAR / "near" / "clean-1"
    kept = file.read_bytes()
    for other in (bytes(32) + kept[32:], kept[:-1]):  # of other rules, cut off
        file.write_bytes(other)
        texts.count = 0
        assert (texts.found(), texts.count) == ([], 2000)
        assert file.read_bytes() == kept


def test_few_texts_are_searched_every_time(settings) -> None:
    texts = Texts(["一つの質問です。", MAIL])
    assert (texts.found(), texts.found(), texts.count) == ([MAIL], [MAIL], 4)
    assert not (settings.TEINEI_VAR / "near" / "clean-1").exists()
