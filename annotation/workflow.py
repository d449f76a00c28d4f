"""States of tasks and of leases; `curation.workflow.advance` moves both."""

from __future__ import annotations

from annotation.models import Assignment, RatingTask
from curation.workflow import Table, add_table

T, A = RatingTask.State, Assignment.State

TASK: Table = {"close": {T.OPEN: T.CLOSED}, "reopen": {T.CLOSED: T.OPEN}}

# A late rating is taken where the place is still free; undoing gives the rater the lease back.
ASSIGNMENT: Table = {
    "rate": {A.LEASED: A.RATED, A.EXPIRED: A.RATED},
    "skip": {A.LEASED: A.SKIPPED, A.EXPIRED: A.SKIPPED},
    "expire": {A.LEASED: A.EXPIRED},
    "undo": {A.RATED: A.LEASED, A.SKIPPED: A.LEASED},
}

add_table(RatingTask, TASK)
add_table(Assignment, ASSIGNMENT)
