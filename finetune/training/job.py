"""The job folder: what the launching action wrote, and where the trainer puts what it makes."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.training.config import Recipe, require_integer
from finetune.training.errors import BadConfig, FolderInUse, Superseded


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """job.json, read and checked."""

    folder: Path
    """The job folder."""
    run: int | str
    """Identity of the training run in the database."""
    attempt: int
    """Which attempt of the run this is, from 1."""
    token: str
    """Fencing string: who finds another one in job.json has been replaced and stops writing."""
    recipe: Recipe
    """What to do."""
    mixture: Mapping[str, Any]
    """The resolved mixture as the launching action counted and hashed it; copied into every manifest."""
    examples: Path
    """JSONL of conversations."""

    @property
    def base(self) -> Path:
        """The untrained tiny model (a recipe of kind "folder" trains from its own path)."""
        return self.folder / "base"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints."""
        return self.folder / "checkpoints"

    def require_token(self) -> None:
        """Stop a trainer that a later attempt has replaced. Raises: Superseded."""
        if read_object(self.folder / "job.json").get("token") != self.token:
            raise Superseded


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One line of examples.jsonl."""

    id: str
    source: str
    repeat: int
    messages: list[dict[str, str]]


def read_job(folder: Path) -> Job:
    """The job in a folder. Raises: BadConfig naming the key that is missing or wrong."""
    value = read_object(folder / "job.json")
    for key in ("run", "attempt", "token", "recipe", "mixture", "examples"):
        if key not in value:
            raise BadConfig(f"job.json {key}", "is missing.")
    require_integer("job.json attempt", value["attempt"], low=1, high=10**6)
    if not isinstance(value["token"], str) or not value["token"]:
        raise BadConfig("job.json token", "must be a text that is not empty.")
    if not isinstance(value["mixture"], Mapping):
        raise BadConfig("job.json mixture", "must be a JSON object.")
    return Job(
        folder=folder,
        run=value["run"],
        attempt=value["attempt"],
        token=value["token"],
        recipe=Recipe.from_json(value["recipe"]),
        mixture=value["mixture"],
        examples=file_inside(folder, value["examples"], field="job.json examples"),
    )


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises: BadConfig naming the file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadConfig(path.name, "is missing.") from None
    except ValueError:
        raise BadConfig(path.name, "is not valid JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise BadConfig(path.name, "must be a JSON object.")
    return value


def file_inside(folder: Path, name: object, *, field: str) -> Path:
    """A plain file name inside the job folder, never a path out of it."""
    if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\0" in name:
        raise BadConfig(field, "must be the name of a file in the job folder.")
    return folder / name


def read_examples(path: Path) -> Iterator[Example]:
    """The examples, one at a time: the file is never in memory as a whole.

    Raises: BadConfig naming the line, never quoting it.
    """
    for number, line in numbered_objects(path):
        place = f"{path.name} line {number}"
        if not isinstance(line.get("id"), str | int) or not isinstance(line.get("source"), str):
            raise BadConfig(place, "must have an id and a source.")
        repeat = line.get("repeat", 1)
        require_integer(f"{place} repeat", repeat, low=1, high=1000)
        if not isinstance(line.get("messages"), list):
            raise BadConfig(f"{place} messages", "must be a list.")
        yield Example(id=str(line["id"]), source=line["source"], repeat=repeat, messages=line["messages"])


def numbered_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers (from 1) and JSON objects of a JSONL file; blank lines are passed over."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise BadConfig(path.name, "is missing.") from None
    with stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError:
                raise BadConfig(f"{path.name} line {number}", "is not valid JSON in UTF-8.") from None
            if not isinstance(value, dict):
                raise BadConfig(f"{path.name} line {number}", "must be a JSON object.")
            yield number, value


@contextmanager
def locked(folder: Path, *, name: str = "lock") -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however the process ends.

    Raises: FolderInUse at once where another process holds it.
    """
    with (folder / name).open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse from None
        yield
