"""A block as a page or a report draws it, with its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from annotation.models import RatingTask
from curation import reading
from curation.queries import path_words

Address = Callable[[str, str], str]


@dataclass(frozen=True)
class Shown(reading.Shown):
    """`address` gives the address of a block's file by (block, form); a report has none."""

    address: Address | None = None

    @cached_property
    def urls(self) -> dict[str, str]:
        """csv, json, and where they can be made svg and png."""
        if self.address is None:
            return {}
        forms = ("csv", "json", *(("svg", "png") if pictures() else ()))
        return {form: self.address(self.block.name, form) for form in forms}


def pictures() -> bool:
    """Whether SVG and PNG files can be made (requirements/analysis.txt)."""
    return find_spec("vl_convert") is not None


def names_of(task: RatingTask, result: dict[str, Any]) -> Callable[[str], str]:
    """The display names of category paths; the study itself keeps the exact labels."""
    known = path_words(task.dataset, [*result["by_category"], *(result.get("leaves") or {})])
    return lambda path: known.get(path, path)
