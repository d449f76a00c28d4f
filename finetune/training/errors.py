"""What can go wrong, in words that may be shown: no message of this package holds training text."""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path


class BadConfig(ValueError):
    """The recipe or the job folder cannot be used as it is; `field` names the place to repair."""

    def __init__(self, field: str, sentence: str) -> None:
        """Message: "field: sentence"."""
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


class NotFinite(ArithmeticError):
    """Loss or gradient norm became NaN or infinite; the weights were not touched by that step."""


class Superseded(Exception):
    """job.json names another token: a later attempt owns the folder, so nothing more may be written."""


class FolderInUse(Exception):
    """Another trainer holds the folder's lock."""


def classify(error: BaseException) -> tuple[str, str]:
    """Class and sentence of a failure, for outcome.json.

    Returns: one of "bad_config", "nan", "out_of_memory", "error", and a sentence. The text of an unknown
    exception is left out, because it may quote an example; its type and the place in the code are named
    instead.
    """
    if isinstance(error, BadConfig):
        return "bad_config", str(error)
    if isinstance(error, NotFinite):
        return "nan", str(error)
    if is_out_of_memory(error):
        return (
            "out_of_memory",
            "The memory did not suffice: lower micro_batch or max_length, or take a smaller model.",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "error", "The disk is full: free space for the checkpoints, then resume."
    if isinstance(error, OSError) and error.errno is not None:
        return (
            "error",
            f"A file could not be read or written: {os.strerror(error.errno)} (at {place_of(error)}).",
        )
    return "error", f"{type(error).__name__} at {place_of(error)}."


def is_out_of_memory(error: BaseException) -> bool:
    """True for Python's, CUDA's and the CPU allocator's way of saying so."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def place_of(error: BaseException) -> str:
    """File name and line of the innermost frame."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


def frames_of(error: BaseException) -> str:
    """The call stack as file:line in function, one a line, without source lines and without the message."""
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
