"""Commands called in the test's own process, and what they leave behind."""

import io
from typing import Any

from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

FLOORS = ("curation", "annotation", "judging", "finetune")


def counts() -> dict[str, int]:
    """Rows of every table of the project, in one query: it is asked after each of some hundred calls."""
    models = [model for floor in FLOORS for model in apps.get_app_config(floor).get_models()]
    table_of = {model._meta.label: connection.ops.quote_name(model._meta.db_table) for model in models}
    each = [f"SELECT '{label}', COUNT(*) FROM {table}" for label, table in table_of.items()]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return dict(cursor.fetchall())


def ended(*call: Any) -> tuple[int, str]:
    """Exit code and everything printed; a traceback would fail the test. What argparse refuses is 2 as well."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*map(str, call), stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), err.getvalue() + out.getvalue()
    except CommandError as error:
        return 2, str(error)
    return 0, err.getvalue() + out.getvalue()
