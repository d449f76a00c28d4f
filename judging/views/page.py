"""What the study's page shows, from a kept result and, for the violations that were missed, the rows behind it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from judging import tables
from judging.models import Study
from judging.options import options_of
from judging.panels import Reading, blocks_of
from judging.panels.shown import Shown, names_of, pictures
from judging.panels.verdict import BLOCKS, sentence
from judging.views.choose import Chosen

MISSED_SHOWN = 6
KEPT = 24 * 3600  # seconds; what is kept belongs to one study, which never changes
DRAWN_FROM = ("curation", "annotation", "judging", "config")
DRAWN_WITH = {".py", ".html", ".mo", ".css", ".js", ".svg"}


def stamp(study: Study) -> str:
    """Names a study, among all that a process has ever seen, and the code that draws it: its kept pieces' name."""
    return f"{study.pk}-{study.created_at.timestamp()}-{drawn_by()}"


@lru_cache(maxsize=1)
def drawn_by() -> str:
    """Names the code, templates and translations that pages are made of: after an upgrade nothing old is shown."""
    digest = hashlib.sha256()
    for folder in DRAWN_FROM:
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.suffix in DRAWN_WITH and "vendor" not in path.parts:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def reading_of(what: Chosen, study: Study) -> Reading:
    """The study with the addresses of the rows behind its numbers."""
    what.options = options_of(study.result)
    named, cut = names_of(what.task, study.result), what.task.rubric.violation_at_most
    return Reading(result=study.result, rows=what.rows_url, named=named, cut=cut)


def context(what: Chosen, study: Study) -> dict[str, Any]:
    """Everything the template draws."""
    language = "ja" if (get_language() or "ja").startswith("ja") else "en"

    def address(name: str, form: str) -> str:
        return what.figure_url(study.pk, name, form, language)

    # Most of the page is kept as text with the study: what it needs is made only where it is not there yet.
    reading: Any = SimpleLazyObject(lambda: reading_of(what, study))
    blocks: Any = SimpleLazyObject(lambda: {n: Shown(b, address) for n, b in blocks_of(reading).items()})
    return {
        "kept": KEPT,
        "stamp": stamp(study),
        "result": SimpleLazyObject(lambda: study.result),
        "study": study,
        "sentence": SimpleLazyObject(lambda: sentence(reading)),
        "weights_note": SimpleLazyObject(lambda: reading.weights_note),
        "blocks": blocks,
        "further": SimpleLazyObject(lambda: [blocks[name] for name in BLOCKS]),
        "missed_url": what.rows_url(rate="violation", cell="people_only"),
        "pictures": pictures(),
    }


def missed(what: Chosen, study: Study) -> list[int]:
    """Ids of the worst missed violations; found once for a study, since its rows are the same ever after."""

    def found() -> list[int]:
        rows = tables.missed(what.data, tables.rows_of(what.data), what.options)
        return [int(str(row.response.id)) for row in rows[:MISSED_SHOWN]]

    return cache.get_or_set(f"missed-{stamp(study)}", found, KEPT) or []
