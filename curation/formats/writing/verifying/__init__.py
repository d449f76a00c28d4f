"""Checks of an export from its files alone: sums, hashes, shapes, counts, every text, and loading it back.

`python -m curation.formats.writing.verifying DIR` does the same without Django and without a database.
"""

from pathlib import Path

from .contents import check_format
from .listing import check_sums, read_manifest
from .loading import load_back
from .report import Problem, Verification

__all__ = ["Problem", "Verification", "verification", "verify"]


def verify(folder: str | Path, *, deep: bool = True) -> list[Problem]:
    """Every problem of an export; [] where there is none. See `verification`."""
    return verification(folder, deep=deep).problems


def verification(folder: str | Path, *, deep: bool = True) -> Verification:
    """Check sums, list, root hash, and each format's shape, order, counts and texts; with `deep` load all back as users do.

    Nothing in the folder is trusted: listed paths must stay inside it, links are problems, a broken file is a problem
    and no exception, and where the sums are wrong no library gets to see the files.
    """
    place, found = Path(folder), Verification()
    if not place.is_dir():
        found.wrong(place.name, "is not a folder")
        return found
    check_sums(place, found)
    manifest = read_manifest(place, found)
    if manifest is None:
        return found
    for name, inner in manifest.formats.items():
        check_format(name, place, inner, manifest, found)
        found.checked.append(name)
    if deep and not found.problems:
        load_back(place, manifest, found)
    return found
