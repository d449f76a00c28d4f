"""One verb for many items: looked at, carried out a piece at a time, taken back."""

from curation.actions.batches.carrying import carry_out
from curation.actions.batches.preparing import MOST, prepare
from curation.actions.batches.undoing import undo

__all__ = ["MOST", "carry_out", "prepare", "undo"]
