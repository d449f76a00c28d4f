"""The installation that a story is told in; a dataset and its people before their pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from curation.models import Category, Dataset
from tests.factories.curation import make_dataset, make_member, make_person
from tests.flows.people_at_work import DO, DONT, Desk
from tests.rig.databases import database_url
from tests.rig.served import served
from tests.rig.story import Story

PATIENCE = 30_000  # milliseconds: a busy machine answers late


@pytest.fixture
def stored(tmp_path: Path, database: str, copy_migrated: Callable[[Path], None]) -> dict[str, str]:
    """The environment of an installation whose database is migrated and empty: SQLite, where the test has no other."""
    if database == "postgres":
        secrets = ("TEINEI_SECRET_KEY", "TEINEI_FIELD_KEY")  # none are made up beside a database of one's own
        return {"DATABASE_URL": database_url()} | dict.fromkeys(secrets, "x" * 50)
    copy_migrated(tmp_path)
    return {}


@pytest.fixture
def story(tmp_path: Path, chromium: Browser, stored: dict[str, str]) -> Iterator[Story]:
    """Served from a migrated database."""
    with served(tmp_path, **stored) as house:
        told = Story(house, chromium, tmp_path)
        yield told
        for page in told.pages.values():
            page.context.close()
    assert told.wrong == []


@pytest.fixture
def home() -> Dataset:
    """Three leaves, with what to do and not to do in Japanese, and the shipped guideline."""
    dataset = make_dataset("home", name="丁寧の家")
    hints = {"do_ja": DO, "dont_ja": DONT}
    Category.objects.filter(taxonomy=dataset.taxonomy, level=3).update(hints=hints)
    return dataset


@pytest.fixture
def sits_down(new_page: Any, sign_in: Any, home: Dataset) -> Iterator[Callable[..., Desk]]:
    """sits_down(name, role, ...): a person of the dataset, signed in on its first page. `warned`: they have read the warning."""

    def sit(name: str, *roles: str, warned: bool = True) -> Desk:
        person = make_person(name, locale="ja")
        make_member(home, *roles, person=person, warned=warned)
        page = new_page()
        page.context.set_default_timeout(PATIENCE)
        sign_in(page, person)
        page.goto("/d/home/")
        return Desk(person, page)

    expect.set_options(timeout=PATIENCE)
    yield sit
    expect.set_options(timeout=5_000)
