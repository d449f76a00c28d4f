"""A study as one HTML file: its own style and pictures inside, no script, no request to anywhere."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from judging.charts import FONT, PAPER
from judging.models import Study
from judging.panels import Reading, blocks_of
from judging.panels.shown import Shown, names_of
from judging.panels.verdict import sentence

LANGUAGES = ("ja", "en")
LIBRARIES = ("numpy", "scipy", "Django")
SECTIONS: dict[str, tuple[str, ...]] = {
    "finding": ("verdict", "judge_human", "human_human", "judge_judge", "system_level"),
    "rates": ("violation", "acceptable", "shares", "agreement"),
    "fails": ("heat", "calibration", "decision_violation", "decision_acceptable", "categories", "leaves"),
    "why": ("noise", "modes", "bias", "raters", "alt_test"),
    "next": ("plan", "strata"),
    "health": ("health", "excluded"),
}


def html(study: Study, language: str) -> str:
    """The report in Japanese (`ja`) or English (`en`). Raters stand under their pseudonyms; every name is escaped."""
    with translation.override(language):
        named = names_of(study.task, study.result)
        cut = study.task.rubric.violation_at_most
        reading = Reading(result=study.result, rows=_nowhere, named=named, cut=cut)
        blocks = blocks_of(reading)
        shown: dict[str, Any] = {
            name: [Shown(blocks[block]) for block in names if block in blocks]
            for name, names in SECTIONS.items()
        }
        context = {
            "study": study,
            "result": study.result,
            "language": language,
            "sentence": sentence(reading),
            "weights_note": reading.weights_note,
            "sections": shown,
            "style": style(),
            "versions": versions(),
        }
        return render_to_string("judging/report.html", context)


def _nowhere(**_filters: Any) -> str:
    """The address of a number's rows: a file has none."""
    return ""


def versions() -> list[tuple[str, str]]:
    """What the numbers were computed with."""
    found = [("Python", platform.python_version())]
    for name in LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


@cache
def style() -> SafeString:
    """The report's own style, with the light theme's colours as the variables that the pictures use: no word of others is in it."""
    colours = "".join(f"--{name}:{value};" for name, value in PAPER.items())
    rules = (Path(__file__).parent / "templates" / "judging" / "report.css").read_text(encoding="utf-8")
    return SafeString(f"<style>:root{{{colours}--font:{FONT}}}\n{rules}</style>")
