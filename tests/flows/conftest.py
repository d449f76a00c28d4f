"""The installation that a story is told in."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.rig.databases import databases
from tests.rig.served import served
from tests.rig.story import Story


@pytest.fixture
def story(
    request: pytest.FixtureRequest, tmp_path: Path, chromium: Browser, django_db_blocker: Any
) -> Iterator[Story]:
    """Served from a migrated database: that it migrates an empty folder by itself, test_serve.py says."""
    with django_db_blocker.unblock():
        migrated = databases(request.config).migrated_file()
    (tmp_path / "var").mkdir(mode=0o700)
    shutil.copyfile(migrated, tmp_path / "var" / "teinei.sqlite3")
    with served(tmp_path) as house:
        told = Story(house, chromium, tmp_path)
        yield told
        for page in told.pages.values():
            page.context.close()
    assert told.wrong == []
