"""Fixtures of all tests. The cast and the factories stand in tests/factories; the machinery in tests/rig."""

import pytest

from config.messages import compile_stale

pytest_plugins = ["tests.rig.databases", "tests.rig.browser", "tests.rig.broker", "tests.rig.closing"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Pages are tested in Japanese, so the catalogues must be compiled; once, before the workers start."""
    if not hasattr(session.config, "workerinput"):
        compile_stale()
