from datetime import timedelta

import pytest

from curation.actions.log_seals import broken_seals, seal_log
from curation.errors import WrongState
from curation.log import OPERATOR, record
from curation.models import LogEntry, LogSeal
from tests.factories.curation import make_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = timedelta(0)


def test_seal_covers_every_entry_once_and_chains() -> None:
    dataset = make_dataset()
    before = LogEntry.objects.count()
    first = seal_log(settled=NOW)
    record(OPERATOR, "start", dataset)

    second = seal_log(settled=NOW)

    assert first is not None
    assert second is not None
    assert (first.entries, first.previous) == (before, "")
    assert (second.entries, second.previous) == (1, first.hash)
    assert seal_log(settled=NOW) is None
    assert broken_seals() == []


def test_young_entries_wait() -> None:
    record(OPERATOR, "start", make_dataset())

    assert seal_log(settled=timedelta(hours=1)) is None
    assert LogSeal.objects.count() == 0


def test_entry_changed_behind_the_application_breaks_its_seal() -> None:
    dataset = make_dataset()
    record(OPERATOR, "start", dataset)
    seal = seal_log(settled=NOW)

    LogEntry.objects.filter(verb="start").update(actor="somebody-else")

    assert broken_seals() == [seal]


def test_entry_is_written_once() -> None:
    entry = record(OPERATOR, "start", make_dataset())
    entry.actor = "somebody-else"

    with pytest.raises(WrongState):
        entry.save()
    with pytest.raises(WrongState):
        entry.delete()
