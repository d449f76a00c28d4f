"""Writing: start an item, save its draft, submit it, revise it, take it back."""

from curation.actions.holding import hold
from curation.actions.items.beginning import add_answer, begin, start_item
from curation.actions.items.drafts import draft_of, save_draft
from curation.actions.items.revisions import Wording, add_revision, pointing_at, refuse_unusable
from curation.actions.items.submitting import reopen, submit, withdraw

__all__ = [
    "Wording",
    "add_answer",
    "add_revision",
    "begin",
    "draft_of",
    "hold",
    "pointing_at",
    "refuse_unusable",
    "reopen",
    "save_draft",
    "start_item",
    "submit",
    "withdraw",
]
