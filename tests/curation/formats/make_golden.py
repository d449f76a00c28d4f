"""The golden files of every format. `python -m tests.curation.formats.make_golden` writes them anew: read the difference.

Parquet's bytes are those of the pyarrow that requirements/analysis.txt pins.
"""

from pathlib import Path

from curation.formats.writing import export
from tests.curation.formats.release_rows import DESCRIPTION, ROWS, TABLES

GOLDEN = Path(__file__).parent / "golden"


def golden_export(folder: Path) -> None:
    """Every format of the made-up release with its tables."""
    export(ROWS, DESCRIPTION, folder, formats=["all"], tables=TABLES)


if __name__ == "__main__":
    golden_export(GOLDEN)
