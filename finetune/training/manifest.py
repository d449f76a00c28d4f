"""Folders that count only when complete: a manifest with every file's hash, written last. No torch here."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.training.errors import BadConfig
from finetune.training.files import sha256_of_file, sync_file, sync_folder, write_json
from finetune.training.job import read_object

MANIFEST = "manifest.json"
STEP_FOLDER = re.compile(r"step-(\d{8})")
KEEP = 2


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint: all files of its manifest are there with the hashes it names."""

    folder: Path
    step: int
    manifest: Mapping[str, Any]
    sha256: str
    """Hash of manifest.json, and so of everything in the folder."""


def seal(folder: Path, *, facts: Mapping[str, Any]) -> None:
    """Hash every file of a folder, sync them, and write the manifest last: `facts` and `files`."""
    files = {}
    for path in sorted(folder.iterdir()):
        sync_file(path)
        files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
    write_json(folder / MANIFEST, {**facts, "files": files}, durable=True)


def publish(building: Path, *, final: Path) -> None:
    """Give a sealed folder its final name; an incomplete folder of that name is cleared away first."""
    if final.exists():
        shutil.rmtree(final)
    building.rename(final)
    sync_folder(final.parent)


def building_folder(final: Path) -> Path:
    """A fresh empty folder beside the final one, under a name that never counts."""
    building = final.with_name(f".{final.name}.{os.getpid()}.tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    return building


def verified_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest if every file it lists has its size and hash.

    None if anything is missing, cut or changed.
    """
    try:
        manifest = read_object(folder / MANIFEST)
    except (BadConfig, OSError):
        return None
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        return None
    for name, facts in files.items():
        path = folder / Path(name).name
        if path.name != name or not isinstance(facts, dict) or not path.is_file():
            return None
        if path.stat().st_size != facts.get("bytes") or sha256_of_file(path) != facts.get("sha256"):
            return None
    return manifest


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint in a folder named step-NNNNNNNN, or None if it does not count."""
    name = STEP_FOLDER.fullmatch(folder.name)
    manifest = verified_manifest(folder) if name else None
    if name is None or manifest is None or manifest.get("step") != int(name[1]):
        return None
    return Checkpoint(
        folder=folder, step=int(name[1]), manifest=manifest, sha256=sha256_of_file(folder / MANIFEST)
    )


def step_folders(checkpoints: Path) -> list[Path]:
    """Folders with a checkpoint's name, newest first, complete or not."""
    if not checkpoints.is_dir():
        return []
    found = [path for path in checkpoints.iterdir() if STEP_FOLDER.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def latest_complete(checkpoints: Path) -> Checkpoint | None:
    """The newest checkpoint that counts; broken ones are passed over.

    Reads and hashes the files it looks at.
    """
    for folder in step_folders(checkpoints):
        checkpoint = read_checkpoint(folder)
        if checkpoint is not None:
            return checkpoint
    return None


def prune(checkpoints: Path, *, keep: int = KEEP) -> None:
    """Remove leftovers of cut writes, folders without manifest, and all but the newest `keep` checkpoints."""
    for path in checkpoints.iterdir():
        if path.name.startswith(".step-") and path.name.endswith(".tmp"):
            shutil.rmtree(path, ignore_errors=True)
    sealed = 0
    for folder in step_folders(checkpoints):
        complete = (folder / MANIFEST).is_file()
        sealed += complete
        if not complete or sealed > keep:
            shutil.rmtree(folder, ignore_errors=True)
