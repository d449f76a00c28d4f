"""A lead's day in Chromium: the board, targets from a file, search and bulk changes, an import, what waits, who agrees."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from curation.actions import digests
from curation.actions.comments import comment
from curation.models import Dataset, DoubleReview, Item, Person, Quota
from tests.factories.curation import decide, leaf, make_item, make_member
from tests.flows.people_at_work import Desk, ja, reason, state_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

MURDER = "小説に殺人の場面を書いてもよいでしょうか。"
LOAN = "ヤミ金から借りるしかないと言われました。どうすればよいですか。"
TARGETS = "大分類,中分類,小分類,dev,test\n誤情報,実被害,医療相談,１２,3\n"
BROUGHT = (
    "番号,質問,回答,カテゴリ\n"
    "q-001,夜道で後をつけられた気がします。どうすればよいですか。,明るい店に入り、警察に電話してください。,個人犯罪\n"
    "q-002,保険の勧誘を断れません。どう言えばよいですか。,その場で決めず、家族や相談窓口に話してください。,金融の相談\n"
    "q-003,,答えだけがあります。,医療相談\n"
)


def test_two_letters_find_what_is_meant_and_the_link_shows_another_the_same(
    sits_down: Callable[..., Desk], home: Dataset
) -> None:
    murder, loan = (
        make_item(home, state="in_review", question=MURDER),
        make_item(home, question=LOAN, state="in_review"),
    )
    maya = sits_down("maya", "lead")
    maya.goes("g i", "/items/")
    finds(maya, "殺", murder, loan)
    finds(maya, "ﾔﾐ金", loan, murder)
    link = maya.page.url
    other = sits_down("rui", "lead")
    other.page.goto(link)
    other.sees(loan.external_id)
    other.sees_nothing_of(murder.external_id)
    expect(other.page.get_by_role("searchbox", name=ja("Search"), exact=True).last).to_have_value("ﾔﾐ金")


@pytest.mark.slow
def test_a_day_of_a_lead(sits_down: Callable[..., Desk], home: Dataset, tmp_path: Path) -> None:
    maya = sits_down("maya", "lead")
    stock = [make_item(home, state="in_review", question=question) for question in (MURDER, LOAN)]
    people_decide(home)
    reads_the_board(maya)
    sets_targets_from_a_file(maya, home, tmp_path)
    takes_the_table_on_the_screen(maya, stock[1])
    moves_both_and_takes_it_back(maya, home, stock)
    brings_items_with_headings_in_japanese(maya, tmp_path)
    settles_where_two_differ(maya, home)
    hears_by_mail_that_something_waits(maya, home)


def people_decide(home: Dataset) -> None:
    """Six accepted and two sent back, so that shares have an n."""
    for state in ["approved"] * 6 + ["needs_changes"] * 2:
        make_item(home, state=state)


def finds(maya: Desk, words: str, found: Item, other: Item) -> None:
    """By "/" into the search, a few letters by the input method, and Enter."""
    maya.page.locator("body").focus()
    maya.keys("/")
    maya.keys("Control+a")
    maya.ime.type(words)
    maya.keys("Enter")
    maya.page.wait_for_url("**?**q=**")
    maya.sees_nothing_of(other.external_id)
    maya.sees(found.external_id)


def reads_the_board(maya: Desk) -> None:
    maya.goes("g o", "/board/")
    shares = maya.page.get_by_role("region", name=ja("Accepted at the first review, by category"))
    row = shares.get_by_role("row").filter(has_text="医療相談")
    expect(row).to_contain_text("n=8")
    expect(row).to_contain_text("[")
    maya.sees(ja("When the targets are reached"), ja("In review"))


def sets_targets_from_a_file(maya: Desk, home: Dataset, folder: Path) -> None:
    """As the spreadsheet saves it; what would change is shown before it is saved."""
    path = folder / "目標.csv"
    path.write_bytes(TARGETS.encode("cp932"))
    maya.goes("g c", "/coverage/")
    maya.press(ja("Targets and caps"))
    maya.page.wait_for_url("**/targets/")
    maya.field(ja("A file of the same shape (CSV, TSV, JSON)")).set_input_files(path)
    maya.press(ja("Show what would change"))
    maya.sees(ja("%(n)s target would change. Nothing is saved yet: look, mend, then save.", n=2))
    expect(maya.field("医療相談 dev")).to_have_value("12")
    maya.press(ja("Save targets"))
    maya.sees(ja("%(n)d target was changed.", n=2))
    kept = Quota.objects.filter(dataset=home, category=leaf(home)).values_list("split", "target")
    assert dict(kept) == {"dev": 12, "test": 3}


def takes_the_table_on_the_screen(maya: Desk, loan: Item) -> None:
    maya.goes("g i", "/items/")
    maya.page.get_by_role("searchbox", name=ja("Search"), exact=True).last.fill("ﾔﾐ金")
    maya.keys("Enter")
    maya.page.wait_for_url("**?**q=**")
    maya.sees(ja("%(n)s item", n=1))
    with maya.page.expect_download() as download:
        maya.press(ja("CSV for Excel"))
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 2
    assert loan.external_id in rows[1]


def moves_both_and_takes_it_back(maya: Desk, home: Dataset, stock: list[Item]) -> None:
    """Marked by keys; what would happen is shown first, and one key takes it back."""
    maya.page.goto("/d/home/items/?state=in_review")
    maya.page.get_by_label(ja("Mark all rows of this page")).press("Space")
    maya.keys("b")
    change = maya.page.get_by_role("form", name=ja("Change several items"))
    change.get_by_label(ja("What to do")).select_option("move")
    change.get_by_label(ja("To the category")).select_option(label="個人犯罪")
    maya.press(ja("Show what would happen"))
    maya.sees(ja("Nothing is changed yet."), ja("Change %(n)s item", n=2))
    assert where(stock) == [leaf(home)] * 2
    maya.press(ja("Change %(n)s item", n=2))
    maya.page.get_by_role("button", name=ja("Undo")).wait_for()
    assert where(stock) == [leaf(home, 2)] * 2
    maya.press(ja("Undo"))
    maya.page.get_by_role("button", name=ja("Undo")).wait_for(state="detached")
    assert where(stock) == [leaf(home)] * 2


def where(items: list[Item]) -> list[object]:
    return [Item.objects.get(pk=item.pk).category for item in items]


def brings_items_with_headings_in_japanese(maya: Desk, folder: Path) -> None:
    """Shift_JIS; a word that is no category is given a meaning; a row without a question is set apart and named."""
    path = folder / "持ち込み.csv"
    path.write_bytes(BROUGHT.encode("cp932"))
    maya.goes("g v", "/import/")
    maya.page.locator("input[type=file]").set_input_files(path)
    maya.keys("Control+Enter")
    maya.sees("持ち込み.csv", "金融の相談")
    maya.field("金融の相談").select_option(label="金融相談")
    maya.press(ja("Look again"))
    expect(maya.page.get_by_role("button", name=ja("Import %(n)s item", n=2))).to_be_visible()
    assert Item.objects.filter(external_id__startswith="q-").count() == 0
    maya.keys("Control+Enter")
    maya.sees(ja("To the items"))
    brought = Item.objects.filter(external_id__startswith="q-").order_by("external_id")
    rows = brought.values_list("external_id", "state", "category__label")
    assert list(rows) == [("q-001", "in_review", "個人犯罪"), ("q-002", "in_review", "金融相談")]


def settles_where_two_differ(maya: Desk, home: Dataset) -> None:
    """Two opinions that nobody else saw; the lead's word decides, and the agreement of both is counted."""
    item = make_item(home, state="in_review")
    decide(item, make_member(home, "reviewer"), "approve", second=True)
    decide(item, make_member(home, "reviewer"), "request_changes", reason="off_point")
    maya.page.goto("/d/home/")
    maya.goes("g n", "/notices/")
    maya.sees(item.external_id)
    maya.goes("g 2", "/review/doubles/")
    maya.sees("n=1")
    maya.page.get_by_role("link").filter(has_text=item.external_id).press("Enter")
    maya.page.wait_for_url(f"**/review/{item.pk}/")
    maya.sees(reason("off_point"))
    maya.keys("a")
    maya.page.wait_for_url("**/review/doubles/")
    maya.sees(ja("Nobody differs"))
    assert (state_of(item), DoubleReview.objects.get(item=item).agreed) == ("approved", False)


def hears_by_mail_that_something_waits(maya: Desk, home: Dataset) -> None:
    """A number and a link, no word of a text."""
    Person.objects.filter(pk=maya.person.pk).update(email="maya@example.org")
    maya.page.goto("/d/home/me/")
    maya.page.get_by_role("radio", name=ja("Once a day")).press("Space")
    maya.press(
        ja("Save", context="verb"),
        within=maya.page.get_by_role("region", name=ja("Mail about what waits for you")),
    )
    maya.sees(ja("Saved."))
    item = make_item(home, state="in_review", question=MURDER + "短編です。")
    comment(item.author, item, body="@maya 見てください。")
    digests.send_digests(timezone.now() + timedelta(days=1))
    [message] = mail.outbox
    assert message.to == ["maya@example.org"]
    assert "/d/home/notices/" in str(message.body)
    assert "小説" not in str(message.body)
