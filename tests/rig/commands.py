"""Commands called in the test's own process, and what they leave behind."""

import io
from typing import Any

from django.apps import apps
from django.core.management import CommandError, call_command

FLOORS = ("curation", "annotation", "judging", "finetune")


def counts() -> dict[str, int]:
    """Rows of every table of the project."""
    models = [model for floor in FLOORS for model in apps.get_app_config(floor).get_models()]
    return {model._meta.label: model._default_manager.count() for model in models}


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
