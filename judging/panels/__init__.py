"""The panels of a study, in the order in which they are read: each a list of blocks of figure and table."""

from __future__ import annotations

from curation.reading import Block, Reading
from judging.panels.fails import blocks as fails
from judging.panels.following import blocks as following
from judging.panels.rates import blocks as rates
from judging.panels.verdict import blocks as verdict
from judging.panels.why import blocks as why

__all__ = ["Block", "Reading", "blocks_of"]


def blocks_of(reading: Reading) -> dict[str, Block]:
    """Every block by name, in the order of the page; what the rubric or the data do not have is left out."""
    found = [
        *verdict(reading),
        *rates(reading),
        *fails(reading),
        *why(reading),
        *following(reading),
    ]
    return {block.name: block for block in found}
