"""Where the public data sets lie that some tests read; none of them is part of the project."""

import os
from pathlib import Path

import pytest

_BESIDE_THE_PROJECT = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def data_folder() -> Path | None:
    """The folder of public data sets, or None where there is none.

    The variable TEINEI_DATA names it; a folder that is named but cannot be read fails the test, because whoever
    named it wants those tests to run. Without the variable, `../shared/data` beside the project is taken.
    """
    named = os.environ.get("TEINEI_DATA")
    if named:
        folder = Path(named)
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            pytest.fail(f"TEINEI_DATA names {named}, which is not a readable folder.")
        return folder
    return _BESIDE_THE_PROJECT if _BESIDE_THE_PROJECT.is_dir() else None


def data_set(name: str) -> Path:
    """The folder of one public data set; skips the test where the data are absent, fails it where they should be."""
    folder = data_folder()
    if folder is None:
        pytest.skip("the public data sets are not beside the project (see TEINEI_DATA)")
    found = folder / name
    if not found.is_dir():
        if os.environ.get("TEINEI_DATA"):
            pytest.fail(f"TEINEI_DATA has no folder {name}.")
        pytest.skip(f"the public data sets have no folder {name}")
    return found
