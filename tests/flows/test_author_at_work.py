"""An author's day in Chromium: from the warning to what came back, and another person's who writes the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from curation.actions.care import add_work
from curation.actions.comments import comment
from curation.models import Comment, Dataset, Dismissal, Draft, Item, Notice, Person, Review, Revision
from tests.factories.curation import decide, leaf, make_item, make_member, make_person
from tests.flows.people_at_work import DO, DONT, Desk, ja, reason, state_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

NUMBERS = "%(approved)s approved, %(work)s in work, %(reserved)s reserved / %(target)s"
LEFT_OUT, TAKEN = "個人犯罪", "医療相談"
TWIN = "医者に言われた薬を二倍飲んでもよいですか。"
QUESTION = "医者に言われた薬を三倍飲んでもよいですか。㈱丁寧の090-3141-5926に電話したほうがよいでしょうか。"
DURING_CUT = "夜中なので誰にも相談できません。"
ANSWER = "飲まないでください。薬を出した医師か薬剤師に電話で相談してください。量を変えると体に害が出ることがあります。"
ADDED = "夜中は、救急の相談窓口に電話できます。"
REASON = "夜中にどこへ相談できるかを、質問に合わせて書いてください。"


def test_a_question_goes_from_the_map_to_another_writer_by_keys_alone(sits_down: Callable[..., Desk]) -> None:
    hanako = sits_down("hanako", "author", warned=False)
    hanako.goes("g w", "/me/warning/?**")
    hanako.begins_with_the_warning()
    takes_the_neediest_cell(hanako)
    hanako.write(ja("Question"), QUESTION)
    hanako.waits_until_saved()
    item = hands_in_the_question_alone(hanako)
    ichiro = sits_down("ichiro", "author")
    answers_the_first_open_question(ichiro)
    assert state_of(item) == "in_review"


@pytest.mark.slow
def test_a_day_of_an_author(sits_down: Callable[..., Desk], home: Dataset) -> None:
    approved, barred, twin = stock(home)
    hanako = sits_down("hanako", "author", warned=False)
    hanako.goes("g w", "/me/warning/?**")
    hanako.begins_with_the_warning()
    leaves_out_what_she_does_not_want_to_see(hanako, barred)
    takes_the_neediest_cell(hanako)
    another_sees_the_place_kept(sits_down("jiro", "author"))
    has_help_at_hand(hanako, approved)
    writes_and_sees_the_twin(hanako, twin)
    understands_a_check_and_dismisses_one(hanako)
    names_criteria_and_sources(hanako)
    writes_on_through_a_cut(hanako)
    item = hands_in_the_question_alone(hanako)
    ichiro = sits_down("ichiro", "author")
    answers_the_first_open_question(ichiro)
    assert writers(item) == ("hanako", "ichiro")
    ren = make_member(home, "reviewer", person=make_person("ren", locale="ja"))
    send_back(item, ren)
    hears_of_it_and_tells_ichiro(hanako, item)
    mends_what_came_back(hanako, item)
    sees_what_changed(hanako, item)
    is_offered_a_break(hanako)
    reads_her_own_page(hanako)


# --- What others did before -------------------------------------------------------------------------------------


def stock(home: Dataset) -> tuple[Item, Item, Item]:
    """An approved example; a question that waits where she does not look; one that comes near hers."""
    approved = make_item(home, state="approved", question="頭痛の薬は食べる前に飲むものですか。")
    barred = make_item(home, state="awaiting_answer", category=leaf(home, 2), question="合鍵の作り方は。")
    make_item(home, state="in_review", category=leaf(home, 1))
    return approved, barred, make_item(home, state="in_review", category=leaf(home, 1), question=TWIN)


def send_back(item: Item, ren: Person) -> None:
    """A reason for each part, a comment, and a word to whoever asked."""
    item.refresh_from_db()
    given = {"comment": REASON, "question_ok": False, "answer_ok": False}
    decide(item, ren, "request_changes", reasons={"question": "ambiguous", "answer": "off_point"}, **given)
    comment(ren, item, body="@hanako 夜中に読む人を思い浮かべてください。")


def writers(item: Item) -> tuple[str, str]:
    """Who wrote the question and who wrote the answer."""
    parts = ("question_author__username", "answer_author__username")
    return Revision.objects.filter(item=item).values_list(*parts).latest("number")


# --- The day ----------------------------------------------------------------------------------------------------


def leaves_out_what_she_does_not_want_to_see(hanako: Desk, barred: Item) -> None:
    hanako.sees(LEFT_OUT, barred.external_id)
    hanako.page.goto("/d/home/me/")
    unwanted = hanako.page.get_by_role("region", name=ja("What you do not want to see"))
    closed = unwanted.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.press("Enter")
    unwanted.get_by_label(LEFT_OUT, exact=True).press("Space")
    hanako.press(ja("Save", context="verb"), within=unwanted)
    hanako.sees(ja("Saved. From now on nothing of these categories is given to you."))
    for keys, to, seen in (
        ("g w", "/write/", ja("No question waits for an answer")),
        ("g c", "/coverage/", ja("%(n)s category that you opted out of is not shown.", n=1)),
    ):
        hanako.goes(keys, to)
        hanako.sees(seen)
        hanako.sees_nothing_of(LEFT_OUT, barred.external_id)


def takes_the_neediest_cell(hanako: Desk) -> None:
    hanako.goes("g c", "/coverage/")
    hanako.goes("t", "/write/*/")
    hanako.sees(TAKEN)


def another_sees_the_place_kept(jiro: Desk) -> None:
    jiro.goes("g c", "/coverage/")
    jiro.sees(ja(NUMBERS, approved=1, work=0, reserved=1, target=3))


def has_help_at_hand(hanako: Desk, approved: Item) -> None:
    beside = hanako.page.get_by_role("complementary")
    for words in (f"{TAKEN}の定義。", DO, DONT):
        expect(beside).to_contain_text(words)
    beside.get_by_text(ja("Approved examples")).press("Enter")
    assert approved.approved_revision
    expect(beside.get_by_text(approved.approved_revision.question)).to_be_visible()
    expect(hanako.page.get_by_role("combobox", name=ja("Category"))).not_to_contain_text(LEFT_OUT)


def writes_and_sees_the_twin(hanako: Desk, twin: Item) -> None:
    """The whole question first without what a check would find, then that."""
    hanako.write(ja("Question"), QUESTION[: len(TWIN)])
    near = hanako.page.get_by_role("link", name=TWIN)
    expect(near).to_be_visible()
    expect(near.locator("xpath=..")).to_contain_text(ja("In review"))
    hanako.write(ja("Question"), QUESTION[len(TWIN) :])
    hanako.waits_until_saved()


def understands_a_check_and_dismisses_one(hanako: Desk) -> None:
    found = hanako.page.get_by_role("group").filter(has_text=ja("Looks like a telephone number"))
    found.locator("summary").press("Enter")
    hanako.sees(ja("To mend it"))
    reason = found.get_by_label(ja("It is all right, because"))
    reason.fill("どこにもつながらない架空の番号です。")
    reason.press("Enter")
    hanako.sees(ja("%(n)s dismissed", n=1))
    assert [row.reason for row in Dismissal.objects.all()] == ["どこにもつながらない架空の番号です。"]


def names_criteria_and_sources(hanako: Desk) -> None:
    hanako.press(ja("Add a line"))  # the first: what the answer must
    hanako.ime.type("相談先を挙げる")
    hanako.write(ja("Sources"), "薬の飲み方の手引き")
    hanako.waits_until_saved()
    draft = Draft.objects.get(person=hanako.person)
    assert (draft.criteria["must"], draft.sources) == (["相談先を挙げる"], ["薬の飲み方の手引き"])


def writes_on_through_a_cut(hanako: Desk) -> None:
    context = hanako.page.context
    context.set_offline(True)
    hanako.write(ja("Question"), DURING_CUT)
    expect(hanako.page.locator(".actions [data-saved]")).to_have_attribute("data-state", "offline")
    assert Draft.objects.get(person=hanako.person).question == QUESTION
    context.set_offline(False)
    hanako.waits_until_saved()
    assert Draft.objects.get(person=hanako.person).question == QUESTION + DURING_CUT


def hands_in_the_question_alone(hanako: Desk) -> Item:
    """Ctrl+Enter with no answer: somebody else is to write it."""
    item = Draft.objects.get(person=hanako.person).item
    hanako.field(ja("Question")).press("Control+Enter")
    hanako.page.wait_for_url("**/write/?again=*")
    hanako.sees(ja("Submitted %(id)s.", id=item.external_id))
    assert state_of(item) == "awaiting_answer"
    return item


def answers_the_first_open_question(ichiro: Desk) -> None:
    """It is theirs to answer and not to change."""
    ichiro.goes("g w", "/write/")
    waiting = ichiro.page.get_by_role("link").filter(has_text=QUESTION[:20])
    waiting.press("Enter")
    ichiro.sees(QUESTION, ja("It stands: only an answer is wanted"))
    expect(ichiro.page.get_by_role("textbox", name=ja("Question"))).to_have_count(0)
    ichiro.write(ja("Reference answer"), ANSWER)
    ichiro.waits_until_saved()
    ichiro.field(ja("Reference answer")).press("Control+Enter")
    ichiro.sees(ja("Submitted %(id)s.", id=""))


def hears_of_it_and_tells_ichiro(hanako: Desk, item: Item) -> None:
    """By the bell to the list of notices, by keys to what was said there, and an answer to a person by name."""
    hanako.page.goto("/d/home/")
    hanako.goes("g n", "/notices/")
    hanako.sees("ren", item.external_id)
    with hanako.page.expect_navigation():
        hanako.keys("j", "Enter")
    hanako.sees("夜中に読む人を思い浮かべてください。")
    hanako.page.get_by_text(ja("Reply")).first.press("Enter")
    field = hanako.field(ja("Your reply"))
    field.focus()
    hanako.page.keyboard.type("@ich")
    expect(hanako.page.get_by_role("option")).to_have_count(1)
    hanako.keys("Enter")
    hanako.ime.type("救急の窓口を書き足しておきます。")
    with hanako.page.expect_navigation():
        hanako.keys("Control+Enter")
    said = Comment.objects.latest("pk")
    assert (said.person, said.body) == (hanako.person, "@ichiro 救急の窓口を書き足しておきます。")
    assert Notice.objects.filter(person__username="ichiro", kind="mentioned", item=item).count() == 1


def mends_what_came_back(hanako: Desk, item: Item) -> None:
    """The question is not good either, so that it comes back to whoever asked."""
    hanako.goes("g w", "/write/")
    hanako.goes("1", f"/write/{item.pk}/")
    hanako.sees(reason("ambiguous"), reason("off_point"), REASON)
    hanako.write(ja("Reference answer"), ADDED)
    hanako.waits_until_saved()
    hanako.field(ja("Reference answer")).press("Control+Enter")
    hanako.sees(ja("Submitted %(id)s.", id=""))
    assert state_of(item) == "in_review"
    newest = Revision.objects.filter(item=item).latest("number")
    assert newest.answer == ANSWER + ADDED


def sees_what_changed(hanako: Desk, item: Item) -> None:
    hanako.page.goto(f"/d/home/items/{item.pk}/")
    newest = hanako.page.get_by_role("group").filter(has_text=ja("Revision %(n)s", n=3))
    newest.locator("summary").press("Enter")
    expect(newest.get_by_role("insertion")).to_have_text([ADDED])
    assert Review.objects.filter(item=item).count() == 1


def is_offered_a_break(hanako: Desk) -> None:
    hanako.page.goto("/d/home/me/")
    minutes = hanako.field(ja("Offer a break after so many minutes of work"))
    minutes.fill("1")
    minutes.press("Enter")
    hanako.sees(ja("Saved."))
    page = hanako.page
    page.clock.install()
    page.goto("/d/home/coverage/")
    hanako.goes("t", "/write/*/")
    for _part in range(6):
        page.clock.run_for(20_000)
        hanako.keys("Shift")
    hanako.sees(ja("You have been reading for %(n)s minutes. A short break would do you good.", n=1))
    hanako.press(ja("Take a break"))
    hanako.page.wait_for_url("**/me/rest/")


def reads_her_own_page(hanako: Desk) -> None:
    """The page's own clock went fast; the server counts no more time than has passed. So five minutes pass here."""
    add_work(hanako.person, part="writing", seconds=300, now=timezone.now() + timedelta(minutes=5))
    hanako.page.goto("/d/home/me/")
    back = hanako.page.get_by_role("region", name=ja("Why your work came back"))
    expect(back).to_contain_text(reason("ambiguous"))
    expect(back).not_to_contain_text(reason("off_point"))
    items = hanako.page.get_by_role("region", name=ja("Your items"))
    expect(items.get_by_role("row").filter(has_text=ja("In review"))).to_contain_text("1")
    worked = (
        hanako.page.get_by_role("region", name=ja("What you have had before you"))
        .get_by_role("row")
        .filter(has_text=ja("Today"))
    )
    expect(worked.get_by_role("cell").first).not_to_have_text("0")
