"""Files that survive a power cut: written beside, synced, renamed; and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path


def canonical_json(value: object) -> bytes:
    """The one spelling of a JSON value that hashes are taken of: sorted keys, no spaces, UTF-8, no NaN."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def sha256_of_json(value: object) -> str:
    """sha256 (hex) of the canonical spelling."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def sha256_of_file(path: Path) -> str:
    """sha256 (hex) of a file, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Force a written file to disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Force a folder's entries (renames, new names) to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: object, *, durable: bool) -> None:
    """Replace `path` by the JSON of `value` in one step: a reader sees the old or the new file, never a half.

    `durable` also waits for the disk; a heartbeat can do without.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    beside.write_text(text, encoding="utf-8")
    if durable:
        sync_file(beside)
    beside.replace(path)
    if durable:
        sync_folder(path.parent)
