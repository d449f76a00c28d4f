"""Writing a release's rows leaves the connection as it was."""

from __future__ import annotations

import pytest
from django.db import connection

from curation.release_rows import room

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def cache_size() -> int:
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        return int(cursor.fetchone()[0])


def test_sqlite_has_more_room_inside_alone_even_after_an_error() -> None:
    before = cache_size()
    with pytest.raises(LookupError):
        failing()
    assert cache_size() == before


@room()
def failing() -> None:
    assert cache_size() == (-65536 if connection.vendor == "sqlite" else 0)
    raise LookupError
