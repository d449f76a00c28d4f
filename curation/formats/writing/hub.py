"""A folder for the Hugging Face hub: parquet, card, statistics, figures, how to cite, change log, Croissant."""

from collections.abc import Sequence
from pathlib import Path

from .card import DATA_NAME, card_text, changelog_text, citation_cff
from .croissant import croissant_of
from .figures import figures_of
from .manifest import Options, write_terms, written_json
from .parquet import ParquetFiles
from .rows import SPLITS, ReleaseDescription
from .statistics import Tally, statistics_of
from .tables import HumanTable

STATISTICS = "statistics.json"
CROISSANT = "croissant.json"


def hub_files(folder: Path, *, locales: Sequence[str], options: Options) -> ParquetFiles:
    """data/{dev,test}-00000-of-00001.parquet; a split without rows has none and is named nowhere."""
    (folder / "data").mkdir()
    return ParquetFiles(
        folder / "data",
        locales=locales,
        output_field=options.output_field,
        meta_order=options.order("hf"),
        name=DATA_NAME,
        empty=False,
    )


def write_hub(
    folder: Path,
    description: ReleaseDescription,
    *,
    tally: Tally,
    locales: Sequence[str],
    tables: Sequence[HumanTable],
    options: Options,
) -> None:
    """What stands beside the data once that is written: README.md, croissant.json and the rest."""
    present = [split for split in SPLITS if tally.counts(redacted=False)[split]]
    figures = figures_of(tally)
    (folder / "figures").mkdir()
    texts = {f"figures/{name}": drawn for name, drawn in figures.items()}
    texts["README.md"] = card_text(description, tally, locales=locales, tables=tables, figures=figures)
    texts["CITATION.cff"] = citation_cff(description)
    texts["CHANGELOG.md"] = changelog_text(description)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    write_terms(folder, description)
    written_json(folder / STATISTICS, statistics_of(tally, description), indent=2)
    described = croissant_of(
        folder, description, present=present, locales=locales, tables=tables, options=options
    )
    written_json(folder / CROISSANT, described, indent=2)
