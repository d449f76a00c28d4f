"""What the writer is told of a text before anybody else reads it."""

from __future__ import annotations

from curation.checks import check


def told(question: str) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(f.key, f.count, f.found) for f in check(question, "") if f.key in ("contact", "personal")]


def test_a_persons_data_is_pointed_at_by_what_to_do_about_it() -> None:
    assert told("田中太郎さんの電話は090-3141-5926、mari@dummy-corp.jpでしょうか。") == [
        ("contact", 2, ("mari@dummy-corp.jp", "090-3141-5926")),
        ("personal", 1, ("田中太郎さん",)),
    ]


def test_a_text_without_is_left_alone() -> None:
    assert told("田中さんに090-0000-0000から電話があったら、どう答えるとよいでしょうか。") == []
