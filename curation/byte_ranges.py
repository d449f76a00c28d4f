"""Parts of a file as a browser that goes on with a download asks for them (RFC 9110, 14). No Django."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
BLOCK = 1 << 16


class Unreadable(Exception):
    """The part lies outside the file."""


def asked_for(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte, or None for the whole file: also where several parts or another unit are asked for."""
    found = ONE.fullmatch(header.strip())
    if not found or found[0] == "bytes=-":
        return None
    if not found[1]:  # the last so many bytes
        if not int(found[2]) or not size:
            raise Unreadable
        return max(size - int(found[2]), 0), size - 1
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    if first >= size:
        raise Unreadable
    return first, last


def piece(file: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    """The bytes from `first` to `last`, some at a time; closes the file."""
    with file:
        file.seek(first)
        left = last - first + 1
        while left and (block := file.read(min(BLOCK, left))):
            left -= len(block)
            yield block
