"""An index for one- and two-letter searches, on PostgreSQL alone. 400,000 texts take some minutes."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from curation.pairs import MADE, UNMADE


def make(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in MADE:
            editor.execute(statement)


def unmake(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in UNMADE:
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("curation", "0016_log_and_reviews_by_day")]

    operations = [migrations.RunPython(make, unmake)]
