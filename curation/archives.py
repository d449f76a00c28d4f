"""A folder as one file: the same bytes for the same files, and never a whole file in memory. No Django."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

PACKED_ALREADY = {".parquet", ".png", ".gz", ".zip"}
LONG_AGO = (1980, 1, 1, 0, 0, 0)
BLOCK = 1 << 20


def pack(folder: Path, target: Path, *, told: Callable[[str, int, int], None] | None = None) -> Path:
    """Write the folder's files, by path, into a ZIP file at `target`, under the folder's name.

    `told` hears each file's name, its number from 0 and how many there are; what it raises ends the packing. The
    archive appears under its name when it is whole.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    draft = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", allowZip64=True) as archive:
            for number, path in enumerate(paths):
                name = path.relative_to(folder).as_posix()
                if told:
                    told(name, number, len(paths))
                with path.open("rb") as file, archive.open(_entry(folder, path, name), "w") as packed:
                    shutil.copyfileobj(file, packed, BLOCK)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _entry(folder: Path, path: Path, name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{folder.name}/{name}", LONG_AGO)
    entry.compress_type = zipfile.ZIP_STORED if path.suffix in PACKED_ALREADY else zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    entry.file_size = path.stat().st_size  # decides about ZIP64 before the first byte
    return entry
