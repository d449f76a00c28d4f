"""Parts of a file as RFC 9110 (14.1.2, 14.2) describes them."""

import pytest

from curation.byte_ranges import Unreadable, asked_for


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=0-0", (0, 0)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=-", None),
        ("bytes=5-2", None),  # not a range: the header is ignored
        ("bytes=0-1,5-6", None),  # several: the whole is a right answer too
        ("items=0-1", None),
        ("bytes=٣-", None),  # digits of another script
    ],
)
def test_part(header: str, part: tuple[int, int] | None) -> None:
    assert asked_for(header, 100) == part


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=-5", 0)])
def test_outside(header: str, size: int) -> None:
    with pytest.raises(Unreadable):
        asked_for(header, size)
