"""A dataset and its people, each with a signed-in client."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from curation.models import Dataset, Person
from tests.factories.curation import make_dataset, make_member, make_person
from tests.rig.clients import signed_in


@pytest.fixture
def dataset(db: Any) -> Dataset:
    return make_dataset("home")


@pytest.fixture
def author(dataset: Dataset) -> Person:
    return make_member(dataset, "author", name="akari")


@pytest.fixture
def reviewer(dataset: Dataset) -> Person:
    return make_member(dataset, "reviewer", name="ren")


@pytest.fixture
def as_author(author: Person) -> Client:
    return signed_in(author)


@pytest.fixture
def as_reviewer(reviewer: Person) -> Client:
    return signed_in(reviewer)


@pytest.fixture
def as_stranger(db: Any) -> Client:
    """Somebody who works in another dataset only."""
    other = make_dataset("elsewhere")
    roles = ("author", "reviewer", "translator", "bilingual_reviewer")
    return signed_in(make_member(other, *roles, person=make_person("stranger")))
