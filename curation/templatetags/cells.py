"""A leaf of the coverage map in HTML, drawn once for the same numbers and words: a map has dozens, and few of them change."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.translation import get_language

register = template.Library()


@dataclass(frozen=True)
class _Asked:
    """What `_cell.html` shows, to the last word and number; the cell itself is a means to draw it."""

    language: str | None
    offer: tuple[bool, bool, bool, str]
    leaf: tuple[int, str, str]
    counts: tuple[int, int, int, int]
    standing: str
    rank: int
    cell: Any = field(compare=False)


@register.simple_tag
def leaf_cell(cell: Any, *, take: bool, key: bool, items: str = "") -> str:
    """The cell; `take`: offered to this person, `key`: the neediest has one, `items`: the address of the list."""
    leaf = cell.category
    asked = _Asked(
        language=get_language(),
        offer=(take, cell.mine, key, items),
        leaf=(leaf.pk, leaf.name, leaf.definition),
        counts=(cell.target, cell.approved, cell.in_work, cell.reserved),
        standing=cell.standing,
        rank=cell.rank,
        cell=cell,
    )
    return _drawn(asked)


@lru_cache(maxsize=1024)
def _drawn(asked: _Asked) -> str:
    take, mine, key, items = asked.offer
    shown = {"cell": asked.cell, "take": take, "mine": mine, "key": key, "items": items}
    return render_to_string("curation/_cell.html", shown)
