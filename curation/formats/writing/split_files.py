"""What every writer is, and files of one split each that rows are added to as they come."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Protocol

from .rows import SPLITS, ReleaseRow


class Writer(Protocol):
    """One format being written: rows come in pieces and in order, `close` ends its files."""

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Write a piece; no row of it is redacted, but for `ids`."""
        ...

    def close(self) -> None:
        """End the files. Called once, also after an error."""
        ...


class SplitFiles:
    """A text file for each split: `first`, the rows with `between` between them, `last`."""

    def __init__(
        self,
        folder: Path,
        ending: str,
        encode: Callable[[ReleaseRow], str],
        *,
        first: str = "",
        between: str = "",
        last: str = "",
        splits: Sequence[str] = SPLITS,
    ) -> None:
        self.encode, self.between, self.last = encode, between, last
        self.files: dict[str, IO[str]] = {}
        self.begun: set[str] = set()
        for split in SPLITS:
            if split in splits:
                path = folder / f"{split}.{ending}"
                self.files[split] = path.open("w", encoding="utf-8", newline="")
                self.files[split].write(first)

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Write a piece, each row to its split's file; splits that have none are left out."""
        for split, stream in self.files.items():
            encoded = self.between.join(self.encode(row) for row in rows if row.split == split)
            if encoded:
                stream.write((self.between if split in self.begun else "") + encoded)
                self.begun.add(split)

    def close(self) -> None:
        """Write what ends the files."""
        for stream in self.files.values():
            stream.write(self.last)
            stream.close()
