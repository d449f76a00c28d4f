"""Fixtures of all tests. The cast and the factories stand in tests/factories; the machinery in tests/rig."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import translation

from config.messages import compile_stale

pytest_plugins = [
    "tests.rig.databases",
    "tests.rig.browser",
    "tests.rig.broker",
    "tests.rig.endpoint",
    "tests.rig.hub",
    "tests.rig.label_studio",
    "tests.rig.mail",
    "tests.rig.elsewhere",
    "tests.rig.closing",
]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Pages are tested in Japanese, so the catalogues must be compiled; once, before the workers start."""
    if not hasattr(session.config, "workerinput"):
        compile_stale()


VAR = Path(django_settings.TEINEI_VAR)


@pytest.fixture(autouse=True)
def _each_test_alone(settings: Any) -> Iterator[None]:
    """Sentences of actions are compared in English; pages choose their own language by the request.

    The log of queries holds 9,000 entries: once full, a count of new ones would come out as zero. Every test has
    files of its own: each process numbers its runs and jobs from 1, and their folders bear those numbers. Sketches of
    questions belong to one database, and every test has another.
    """
    connection.queries_log.clear()
    if "curation.finding" in sys.modules:  # what it knows of the rows of the test before
        sys.modules["curation.finding"].ASKED.forget()
    if "curation.meant" in sys.modules:
        sys.modules["curation.meant"].MEANT.forget()
    settings.TEINEI_VAR = Path(tempfile.mkdtemp(prefix="var-", dir=VAR))
    with translation.override("en"):
        yield
