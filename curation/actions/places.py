"""Files that a person has brought and not yet imported: in a place of their own, bounded, gone after the import.

A place is a folder below TEINEI_VAR/<room>/<person>: the files under fixed names, `state.json` (what the person said
about them), `report.json` (what would be taken) and, after the import, `done.json`. Nothing in it is reached by
anybody else, and a day later it is gone. Several windows may show one place: who acts on it first holds it `alone`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.models import Dataset, Person

LARGEST = 64 << 20  # bytes of one file
KEPT_SECONDS = 24 * 3600
_KEY = re.compile(r"[a-z0-9]{24}")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder of what was brought together; `key` stands in the address."""

    room = ""
    folder: Path
    key: str

    @classmethod
    def new(cls, person: Person) -> Self:
        """An empty place. What anybody left lying for a day is deleted on the way."""
        sweep(cls.room)
        key = secrets.token_hex(12)
        place = cls(folder=_home(cls.room, person) / key, key=key)
        place.folder.mkdir(parents=True, mode=0o700)
        return place

    @classmethod
    def of(cls, person: Person, dataset: Dataset, key: str) -> Self | None:
        """The person's own place of that key, None for any other."""
        folder = _home(cls.room, person) / key
        if not _KEY.fullmatch(key) or not (folder / "state.json").is_file():
            return None
        place = cls(folder=folder, key=key)
        return place if place.state.get("dataset") == dataset.pk else None

    @property
    def state(self) -> dict[str, Any]:
        """What was said about the files; after the import also what `finish` was told."""
        return {**(_read(self.folder / "state.json") or {}), **(_read(self.folder / "done.json") or {})}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody else acts on these files, and let the others wait. Raises FileNotFoundError: they are gone."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self.folder.stat()  # who held it may have deleted it
            yield
        finally:
            os.close(folder)

    @property
    def report(self) -> dict[str, Any] | None:
        """What would be taken, or `{"error", "values"}`; None while it is not known."""
        return _read(self.folder / "report.json")

    def say(self, **changes: Any) -> None:
        """Change what the state says."""
        _write(self.folder / "state.json", {**self.state, **changes})

    def keep_report(self, report: Mapping[str, Any] | None) -> None:
        if report is None:
            (self.folder / "report.json").unlink(missing_ok=True)
        else:
            _write(self.folder / "report.json", report)

    def end(self, *names: str, **told: Any) -> None:
        """Delete these files of the place; what is told of the import stays known for a day.

        In a file of its own, so that a window which changes what the state says at this moment loses nothing of it.
        """
        _write(self.folder / "done.json", told)
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def store(self, name: str, given: UploadedFile, *, command: str) -> None:
        """Keep an uploaded file. Raises Invalid for one that is too large, naming the command that takes it."""
        if (given.size or 0) > LARGEST:
            message = _("The file is larger than %(most)d MB. Use the command %(command)s.")
            raise Invalid(message % {"most": LARGEST >> 20, "command": command}, field=name)
        path = self.folder / name
        with path.open("xb") as stream:
            path.chmod(0o600)
            for chunk in given.chunks():
                stream.write(chunk)

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def sweep(room: str) -> None:
    """Delete what anybody left lying for a day."""
    oldest = time.time() - KEPT_SECONDS
    for folder in (Path(settings.TEINEI_VAR) / room).glob("*/*"):
        try:
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            continue


def _home(room: str, person: Person) -> Path:
    return Path(settings.TEINEI_VAR) / room / str(person.pk)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_suffix(f".{secrets.token_hex(4)}.json")
    draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)
