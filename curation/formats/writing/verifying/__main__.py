"""`python -m curation.formats.writing.verifying DIR`: for whoever has the files and this package, and nothing else."""

import argparse
import json
import sys

from . import verification


def main() -> int:
    """0 where everything is right, 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m curation.formats.writing.verifying", description=__doc__)
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    chosen = parser.parse_args()
    found = verification(chosen.folder)
    problems = [str(problem) for problem in found.problems]
    if chosen.json:
        told = {
            "folder": chosen.folder,
            "problems": problems,
            "checked": found.checked,
            "loaded": found.loaded,
            "skipped": found.skipped,
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(problems) or f"{chosen.folder}: every hash, schema and count is right.")
        if found.skipped:
            print(f"Not installed, so not tried: {', '.join(found.skipped)}.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
