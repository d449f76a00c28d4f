"""What belongs to no dataset is the operator's: a role in some dataset does not reach it."""

from __future__ import annotations

import pytest

from curation.models import Dataset
from tests.bad_input.test_commands_of_annotation import ended
from tests.factories.curation import make_dataset, make_member

pytestmark = pytest.mark.django_db


def test_dataset_is_made_by_administrators_alone() -> None:
    dataset = make_dataset(slug="demo")
    person = make_member(dataset, "lead", "release_manager", name="lead")
    call = ("create_dataset", "other", "--taxonomy", dataset.taxonomy.name, "--as-user", "lead")
    code, said = ended(*call)
    assert (code, "administrators" in said, Dataset.objects.count()) == (2, True, 1)
    person.is_superuser = True
    person.save()
    assert (ended(*call)[0], Dataset.objects.count()) == (0, 2)
