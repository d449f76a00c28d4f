"""What the study's page shows, from a kept result and, for the violations that were missed, the rows behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from annotation.models import RatingTask
from curation.queries import named_steps
from judging import drawing, tables
from judging.actions.studies import DEFAULTS
from judging.models import Study
from judging.panels import Block, Reading, blocks_of
from judging.panels.verdict import sentence
from judging.queries import study_data
from judging.views.choose import Chosen

MISSED_SHOWN = 6
KEPT = 24 * 3600  # seconds; what is kept belongs to one study, which never changes
SEPARATOR = " > "


def reading_of(what: Chosen, study: Study) -> Reading:
    """The study with the addresses of the rows behind its numbers."""
    named, cut = names_of(what.task, study.result), what.task.rubric.violation_at_most
    return Reading(result=study.result, rows=what.rows_url, named=named, cut=cut)


def names_of(task: RatingTask, result: dict[str, Any]) -> Callable[[str], str]:
    """The display names of category paths; the study itself keeps the exact labels."""
    paths = list({*result["by_category"], *(result.get("leaves") or {})})
    steps = named_steps(task.dataset, ["\t".join(path.split(SEPARATOR)) for path in paths]) if paths else []
    known = {path: " › ".join(found) for path, found in zip(paths, steps, strict=True)}
    return lambda path: known.get(path, path)


@dataclass(frozen=True)
class Shown:
    """A block as the templates draw it."""

    block: Block
    what: Chosen | None = None
    study: Study | None = None

    @cached_property
    def svg(self) -> SafeString:
        """The server's picture: every text in it is escaped by `drawing`."""
        figure = self.block.figure
        return mark_safe(drawing.svg(figure) if figure and figure.drawn else "")  # noqa: S308

    @cached_property
    def legend(self) -> list[tuple[SafeString, str]]:
        figure = self.block.figure
        return [(mark_safe(key), words) for key, words in drawing.legend(figure)] if figure else []  # noqa: S308

    @cached_property
    def urls(self) -> dict[str, str]:
        """json, svg, png and csv; no pictures where nothing draws them."""
        if self.what is None or self.study is None:
            return {}
        forms = ["csv", "json", *(("svg", "png") if pictures() else ())]
        language = "ja" if (get_language() or "ja").startswith("ja") else "en"
        return {form: self.what.figure_url(self.study.pk, self.block.name, form, language) for form in forms}


def pictures() -> bool:
    """Whether SVG and PNG files can be made (requirements/analysis.txt)."""
    return find_spec("vl_convert") is not None


def context(what: Chosen, study: Study) -> dict[str, Any]:
    """Everything the template draws."""
    reading = reading_of(what, study)
    blocks = blocks_of(reading)
    return {
        "result": study.result,
        "study": study,
        "sentence": sentence(reading),
        "weights_note": reading.weights_note,
        "blocks": {name: Shown(block, what, study) for name, block in blocks.items()},
        "further": [
            Shown(blocks[name]) for name in ("judge_human", "human_human", "judge_judge", "system_level")
        ],
        "missed_url": what.rows_url(rate="violation", cell="people_only"),
        "behind": {"all": what.url("judging:study_responses"), "both": what.rows_url(both=1)},
        "pictures": pictures(),
    }


def missed(what: Chosen, study: Study) -> list[int]:
    """Ids of the worst missed violations; found once for a study, since its rows are the same ever after."""

    def found() -> list[int]:
        assert what.judge is not None
        data = study_data(what.task, what.judge, what.mode)
        rows = tables.missed(data, tables.rows_of(data), DEFAULTS)
        return [int(str(row.response.id)) for row in rows[:MISSED_SHOWN]]

    return cache.get_or_set(f"missed-{study.pk}", found, KEPT) or []
