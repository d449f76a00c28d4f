"""Near twins: all that stand anywhere, as soon as they are written, and to nobody more than they may read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from curation.actions import items as act
from curation.actions import redactions
from curation.actions.care import set_opt_outs
from curation.finding import ASKED, _Feed, _Gap
from curation.models import Dataset, Item, Person, Question, Release, Revision
from curation.queries import near_twins
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member
from tests.factories.releases import make_frozen, row

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

# Twelve pairs of letters each; a letter in the middle that differs takes two: 100 * 2 * 10 / 24.
TEXT, NEAR, APART = "薬を二倍飲んでもよいですか", "薬を三倍飲んでもよいですか", "天気はどうなりますか"
SCORE = 100 * 20 / 24
TERMS = {"name": "registered", "redistributable": False, "gate": "granted"}


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset("home")


@pytest.fixture
def author(dataset: Dataset) -> Person:
    return make_member(dataset, "author")


def told(person: Person, dataset: Dataset, text: str = NEAR, **more: Any) -> list[tuple[Any, ...]]:
    """(text, score, split, id) of each twin."""
    return [
        (
            twin.text,
            twin.score and round(twin.score, 4),
            twin.split,
            twin.item.external_id if twin.item else twin.row and twin.row.external_id,
        )
        for twin in near_twins(person, dataset, text, **more)
    ]


def test_item_is_found_as_soon_as_it_is_submitted_and_no_longer_once_it_is_gone(
    dataset: Dataset, author: Person
) -> None:
    assert told(author, dataset) == []
    make_item(dataset, state="in_review", question=APART)
    item = make_item(dataset, state="in_review", author=author, question=TEXT)
    assert told(author, dataset) == [(TEXT, round(SCORE, 4), "none", item.external_id)]
    assert told(author, dataset, "ｸｽﾘ") == []
    reviewer = make_member(dataset, "reviewer")
    decide(item, reviewer, "request_changes")
    act.submit(
        author, item, act.Wording(question="別の質問に変えました", answer="回答", category=leaf(dataset))
    )
    assert told(author, dataset) == []
    second = make_item(dataset, state="in_review", question=TEXT)
    assert len(told(author, dataset)) == 1
    decide(second, reviewer, "reject")
    assert told(author, dataset) == []


def test_question_itself_and_its_siblings_are_no_twins(dataset: Dataset, author: Person) -> None:
    item = make_item(dataset, state="in_review", question=TEXT)
    make_frozen(dataset, "v1", [row("one", question=TEXT, item=item)])
    assert told(author, dataset, TEXT, but=item.question) == []


def test_one_wording_is_told_once_and_as_a_test_question_where_it_is_one(
    dataset: Dataset, author: Person
) -> None:
    first = make_item(dataset, state="in_review", question=TEXT)
    second = make_item(dataset, state="in_review", question=APART)
    Revision.objects.filter(item=second).update(question_text=first.current_revision.question_text)
    Question.objects.filter(pk=second.question_id).update(split="test")
    make_frozen(dataset, "v1", [row("one", question=TEXT, item=first)])
    assert told(author, dataset, TEXT) == [(TEXT, 100.0, "test", second.external_id)]


def test_frozen_row_whose_item_moved_on_is_told_with_its_release(dataset: Dataset, author: Person) -> None:
    make_frozen(dataset, "v1", [row("one", question=TEXT, split="test"), row("two", question=APART)])
    (twin,) = near_twins(author, dataset, NEAR)
    assert (twin.text, twin.split, twin.row and twin.row.release.name) == (TEXT, "test", "v1")
    assert (twin.near, twin.same, twin.hidden, twin.item) == (True, False, False, None)


def registered(dataset: Dataset) -> Release:
    return make_frozen(
        dataset, "elsewhere", [row("one", question=TEXT, split="test")], imported=True, rights=TERMS
    )


def test_registered_release_shows_its_text_to_those_who_may_read_it_alone(dataset: Dataset) -> None:
    registered(dataset)
    manager, author = make_member(dataset, "release_manager"), make_member(dataset, "author")
    assert told(manager, dataset) == [(TEXT, round(SCORE, 4), "test", "one")]
    # No score either: with it, one could type until the text is there.
    assert told(author, dataset) == [("", None, "test", "one")]
    assert [twin.near for twin in near_twins(author, dataset, NEAR)] == [True]
    assert told(author, dataset, "薬を四倍に増やして飲んでもよいですか") == []  # between 60 and 83


def test_release_of_a_dataset_that_one_is_no_member_of_is_told_without_anything(
    dataset: Dataset, author: Person
) -> None:
    other = make_dataset("other")
    make_frozen(other, "v1", [row("one", question=TEXT, split="test"), row("two", question=TEXT + "ね")])
    make_item(other, state="in_review", question=NEAR)
    assert told(author, dataset) == [("", None, "", None)]
    assert told(make_member(other, "rater", person=author), dataset) == [("", None, "", None)]
    assert told(make_member(other, "translator", person=author), dataset)[0] == (
        TEXT,
        round(SCORE, 4),
        "test",
        "one",
    )


def test_stranger_and_rater_find_nothing(dataset: Dataset) -> None:
    make_item(dataset, state="in_review", question=TEXT)
    assert told(make_member(make_dataset("other"), "author"), dataset) == []
    assert told(make_member(dataset, "rater"), dataset) == []


def test_category_that_one_opted_out_of_is_told_without_anything_and_only_where_it_is_near(
    dataset: Dataset, author: Person
) -> None:
    closed, other = leaf(dataset), leaf(dataset, 2)
    item = make_item(dataset, state="in_review", question=TEXT, category=closed)
    labels = closed.path.split("\t")
    make_frozen(dataset, "v1", [row("one", question=TEXT + "ね", labels=labels)])
    assert [
        len(told(author, dataset)),
        len(told(author, dataset, "薬を四倍に増やして飲んでもよいですか")),
    ] == [2, 2]
    set_opt_outs(author, author, dataset, {closed.parent_id})
    assert told(author, dataset) == [("", None, "", None)]
    assert [(twin.near, twin.spared) for twin in near_twins(author, dataset, NEAR)] == [(True, True)]
    assert told(author, dataset, "薬を四倍に増やして飲んでもよいですか") == []
    assert len(told(make_member(dataset, "author"), dataset)) == 2
    Item.objects.filter(pk=item.pk).update(category=other)
    assert told(author, dataset)[0] == (TEXT, round(SCORE, 4), "none", item.external_id)


def test_redacted_text_is_never_found(dataset: Dataset, author: Person) -> None:
    item = make_item(dataset, state="in_review", question=TEXT)
    assert len(told(author, dataset)) == 1
    lead, manager = make_member(dataset, "lead"), make_member(dataset, "release_manager")
    (asked,) = redactions.ask(lead, dataset, [item.current_revision.question_text_id], reason="A name.")
    redactions.confirm(manager, asked)
    assert told(author, dataset, TEXT) == []


def test_rows_that_become_visible_late_are_found(dataset: Dataset, author: Person) -> None:
    """A long transaction ends after others that began later: its numbers lie below the last that was read."""
    feed = _Feed(Revision)
    feed.start()
    feed.fresh()
    late, early = (make_item(dataset, state="in_review") for _ in range(2))
    numbers = [item.current_revision_id for item in (late, early)]
    hidden = Revision.objects.filter(pk=numbers[0])
    base, kept = feed.last, hidden.get()
    Item.objects.filter(pk=late.pk).update(current_revision=None)
    kept.delete()
    assert feed.fresh() == [early.current_revision.question_text_id]
    assert [(gap.first, gap.last) for gap in feed.gaps] == [(base + 1, numbers[1] - 1)]
    kept.pk = numbers[0]
    kept.save(force_insert=True)
    assert feed.fresh() == [kept.question_text_id]
    assert feed.fresh() == []
    feed.gaps = [_Gap(numbers[0], numbers[0], until=0.0)]
    assert (feed.fresh(), feed.gaps) == ([], [])


def signed_in(person: Person) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_api_says_what_comes_near_a_text_that_is_typed(dataset: Dataset, author: Person) -> None:
    test = make_item(dataset, state="in_review", question=TEXT)
    Question.objects.filter(pk=test.question_id).update(split="test")
    item = make_item(dataset, author=author)
    address = f"/api/d/home/items/{item.pk}/twins/"
    answer = signed_in(author).post(address, {"question": NEAR}, content_type="application/json")
    assert answer.json() == {
        "twins": [
            {
                "near": True,
                "same": False,
                "score": 83.3,
                "question": TEXT,
                "split": "test",
                "item": test.pk,
                "state": "in_review",
                "external_id": test.external_id,
                "release": None,
                "dataset": "home",
            }
        ]
    }
    assert signed_in(author).post(address, {}, content_type="application/json").json() == {"twins": []}
    stranger = signed_in(make_member(make_dataset("other"), "author"))
    assert stranger.post(address, {}, content_type="application/json").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_asking_costs_the_same_number_of_queries(
    dataset: Dataset, author: Person, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        make_item(dataset, state="in_review", question=TEXT + "ね" * number)
    make_frozen(dataset, "v1", [row(str(n), question=NEAR + "よ" * n) for n in range(rows)])
    near_twins(author, dataset, TEXT)
    # New revisions and new rows of releases; texts; items and rows of releases with them; what the person opted out of.
    # Roles are known already.
    with django_assert_num_queries(6):
        assert len(near_twins(author, dataset, TEXT)) == min(2 * rows, 5)


def test_page_marks_a_near_twin_of_a_test_question_for_writer_and_reviewer(
    dataset: Dataset, author: Person
) -> None:
    test = make_item(dataset, state="in_review", question=TEXT)
    Question.objects.filter(pk=test.question_id).update(split="test")
    written = make_item(dataset, author=author)
    client = signed_in(author)
    address = f"/d/home/write/{written.pk}/twins/"
    warned = f"{test.external_id} is a test question and nearly the same."
    assert warned in client.post(address, {"question": NEAR, "answer": "回答"}).content.decode()
    page = client.post(address, {"question": APART, "answer": "回答"}).content.decode()
    assert (warned in page, "No question of this dataset or of a release comes near it." in page) == (
        False,
        True,
    )
    assert client.get(address).status_code == 405
    reviewed = make_item(dataset, state="in_review", question=NEAR)
    reviewer = signed_in(make_member(dataset, "reviewer"))
    address_of_review = f"/d/home/review/{reviewed.pk}/twins/"
    assert (
        f'data-twins-url="{address_of_review}"'
        in reviewer.get(f"/d/home/review/{reviewed.pk}/").content.decode()
    )
    assert warned in reviewer.post(address_of_review).content.decode()
    fixed = reviewer.post(address_of_review, {"question": APART})
    assert warned not in fixed.content.decode()
    assert reviewer.post(address, {"question": NEAR}).status_code == 404


def test_page_shows_no_text_of_a_release_that_is_not_for_the_writer(dataset: Dataset, author: Person) -> None:
    registered(dataset)
    make_frozen(make_dataset("other"), "secret-1", [row("h-77", question=NEAR + "ね")])
    item = make_item(dataset, author=author)
    page = signed_in(author).post(f"/d/home/write/{item.pk}/twins/", {"question": NEAR}).content.decode()
    assert "its text is not for everybody" in page
    assert "A question in a release that you cannot see" in page
    assert [word in page for word in (TEXT, "83 %", "secret-1", "h-77")] == [False] * 4


def test_nobody_waits_while_another_reads_all_questions(dataset: Dataset, author: Person) -> None:
    item = make_item(dataset, author=author, question=NEAR, answer="")
    make_item(dataset, state="in_review", question=TEXT)
    client = Client()
    client.force_login(author)
    page, api = f"/d/home/write/{item.pk}/twins/", f"/api/d/home/items/{item.pk}/twins/"
    with ASKED._lock:
        waiting = client.post(page, {"question": NEAR})
        assert (waiting.status_code, TEXT in waiting.text) == (202, False)
        assert "still being read" in waiting.text
        answer = client.post(api, {"question": NEAR}, content_type="application/json")
        assert answer.status_code == 503
    told = client.post(page, {"question": NEAR})
    assert (told.status_code, TEXT in told.text) == (200, True)


def test_what_was_read_ahead_is_found_once(dataset: Dataset, author: Person) -> None:
    make_item(dataset, state="in_review", question=TEXT)
    release = make_frozen(dataset, "1.0.0", [row("r1", question=TEXT), row("r2", question=APART)])
    ASKED.forget()
    ASKED.read()
    assert ASKED._sketches is not None
    assert (len(ASKED._sketches), release.items.count()) == (2, 2)
