"""The installation that a story is told in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.rig.served import served
from tests.rig.story import Story


@pytest.fixture
def story(tmp_path: Path, chromium: Browser, copy_migrated: Callable[[Path], None]) -> Iterator[Story]:
    """Served from a migrated database."""
    copy_migrated(tmp_path)
    with served(tmp_path) as house:
        told = Story(house, chromium, tmp_path)
        yield told
        for page in told.pages.values():
            page.context.close()
    assert told.wrong == []
