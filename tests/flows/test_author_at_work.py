"""An author's day in Chromium: from the warning to what came back, and another person's who writes the answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from curation.actions.comments import comment
from curation.models import Comment, Dataset, Dismissal, Draft, Item, Notice, Person, Review, Revision
from tests.factories.curation import decide, leaf, make_item, make_member, make_person
from tests.flows.people_at_work import DO, DONT, Desk, state_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

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
    hanako.write("質問", QUESTION)
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
    hears_of_it_and_asks_ichiro(hanako, item)
    mends_what_came_back(ichiro, item)
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
    unwanted = hanako.page.get_by_role("region", name="見たくない分類")
    closed = unwanted.locator("details:not([open]) > summary")
    while closed.count():
        closed.first.press("Enter")
    unwanted.get_by_label(LEFT_OUT, exact=True).press("Space")
    hanako.press("保存する", within=unwanted)
    hanako.sees("今後、選んだ分類の回答はお出ししません")
    for keys, to, seen in (
        ("g w", "/write/", "回答待ちの質問はありません"),
        ("g c", "/coverage/", "見ないことにした分類が1件あり"),
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
    jiro.sees("確保1")


def has_help_at_hand(hanako: Desk, approved: Item) -> None:
    beside = hanako.page.get_by_role("complementary")
    for words in (f"{TAKEN}の定義。", DO, DONT):
        expect(beside).to_contain_text(words)
    beside.get_by_text("承認済みの例").press("Enter")
    assert approved.approved_revision
    expect(beside.get_by_text(approved.approved_revision.question)).to_be_visible()
    expect(hanako.page.get_by_role("combobox", name="分類")).not_to_contain_text(LEFT_OUT)


def writes_and_sees_the_twin(hanako: Desk, twin: Item) -> None:
    """The whole question first without what a check would find, then that."""
    hanako.write("質問", QUESTION[: len(TWIN)])
    near = hanako.page.get_by_role("link", name=TWIN)
    expect(near).to_be_visible()
    expect(near.locator("xpath=..")).to_contain_text("レビュー中")
    hanako.write("質問", QUESTION[len(TWIN) :])
    hanako.waits_until_saved()


def understands_a_check_and_dismisses_one(hanako: Desk) -> None:
    found = hanako.page.get_by_role("group").filter(has_text="電話番号")
    found.locator("summary").press("Enter")
    hanako.sees("直し方")
    reason = found.get_by_label("このままでよい理由")
    reason.fill("どこにもつながらない架空の番号です。")
    reason.press("Enter")
    hanako.sees("確認済みの指摘：1件")
    assert [row.reason for row in Dismissal.objects.all()] == ["どこにもつながらない架空の番号です。"]


def names_criteria_and_sources(hanako: Desk) -> None:
    hanako.press("行を追加する")  # the first: what the answer must
    hanako.ime.type("相談先を挙げる")
    hanako.write("出典", "薬の飲み方の手引き")
    hanako.waits_until_saved()
    draft = Draft.objects.get(person=hanako.person)
    assert (draft.criteria["must"], draft.sources) == (["相談先を挙げる"], ["薬の飲み方の手引き"])


def writes_on_through_a_cut(hanako: Desk) -> None:
    context = hanako.page.context
    context.set_offline(True)
    hanako.write("質問", DURING_CUT)
    expect(hanako.page.locator(".actions [data-saved]")).to_have_attribute("data-state", "offline")
    assert Draft.objects.get(person=hanako.person).question == QUESTION
    context.set_offline(False)
    hanako.waits_until_saved()
    assert Draft.objects.get(person=hanako.person).question == QUESTION + DURING_CUT


def hands_in_the_question_alone(hanako: Desk) -> Item:
    """Ctrl+Enter with no answer: somebody else is to write it."""
    item = Draft.objects.get(person=hanako.person).item
    hanako.field("質問").press("Control+Enter")
    hanako.page.wait_for_url("**/write/?again=*")
    hanako.sees(f"{item.external_id}を提出しました")
    assert state_of(item) == "awaiting_answer"
    return item


def answers_the_first_open_question(ichiro: Desk) -> None:
    """It is theirs to answer and not to change."""
    ichiro.goes("g w", "/write/")
    waiting = ichiro.page.get_by_role("link").filter(has_text=QUESTION[:20])
    waiting.press("Enter")
    ichiro.sees(QUESTION, "質問は承認済みです。回答だけを書いてください")
    expect(ichiro.page.get_by_role("textbox", name="質問")).to_have_count(0)
    ichiro.write("参考回答", ANSWER)
    ichiro.waits_until_saved()
    ichiro.field("参考回答").press("Control+Enter")
    ichiro.sees("を提出しました")


def hears_of_it_and_asks_ichiro(hanako: Desk, item: Item) -> None:
    """By the bell to the list of notices, by keys to what was said there, and an answer to a person by name."""
    hanako.page.goto("/d/home/")
    hanako.goes("g n", "/notices/")
    hanako.sees("renさんからメンションされました", "差し戻されました")
    with hanako.page.expect_navigation():
        hanako.keys("j", "Enter")
    hanako.sees("夜中に読む人を思い浮かべてください。")
    hanako.page.get_by_text("返信する").first.press("Enter")
    field = hanako.field("返信")
    field.focus()
    hanako.page.keyboard.type("@ich")
    expect(hanako.page.get_by_role("option")).to_have_count(1)
    hanako.keys("Enter")
    hanako.ime.type("救急の窓口を書き足してください。")
    with hanako.page.expect_navigation():
        hanako.keys("Control+Enter")
    said = Comment.objects.latest("pk")
    assert (said.person, said.body) == (hanako.person, "@ichiro 救急の窓口を書き足してください。")
    assert Notice.objects.filter(person__username="ichiro", kind="mentioned", item=item).count() == 1


def mends_what_came_back(ichiro: Desk, item: Item) -> None:
    """It comes back to whoever answered, who has the item since."""
    ichiro.press("後で続ける")  # the next question, which is there at once
    ichiro.page.wait_for_url("**/write/")
    ichiro.goes("1", f"/write/{item.pk}/")
    ichiro.sees("意味が一つに定まらない", "質問に答えていない", REASON)
    ichiro.write("参考回答", ADDED)
    ichiro.waits_until_saved()
    ichiro.field("参考回答").press("Control+Enter")
    ichiro.sees("を提出しました")
    assert state_of(item) == "in_review"
    newest = Revision.objects.filter(item=item).latest("number")
    assert newest.answer == ANSWER + ADDED


def sees_what_changed(hanako: Desk, item: Item) -> None:
    hanako.page.goto(f"/d/home/items/{item.pk}/")
    newest = hanako.page.get_by_role("group").filter(has_text="第3版")
    newest.locator("summary").press("Enter")
    expect(newest.get_by_role("insertion")).to_have_text([ADDED])
    assert Review.objects.filter(item=item).count() == 1


def is_offered_a_break(hanako: Desk) -> None:
    hanako.page.goto("/d/home/me/")
    minutes = hanako.field("休憩を提案するまでの作業時間（分）")
    minutes.fill("1")
    minutes.press("Enter")
    hanako.sees("保存しました")
    page = hanako.page
    page.clock.install()
    page.goto("/d/home/coverage/")
    hanako.goes("t", "/write/*/")
    for _part in range(6):
        page.clock.run_for(20_000)
        hanako.keys("Shift")
    hanako.sees("少し休憩しませんか")
    hanako.press("休憩する")
    hanako.page.wait_for_url("**/me/rest/")


def reads_her_own_page(hanako: Desk) -> None:
    hanako.page.goto("/d/home/me/")
    back = hanako.page.get_by_role("region", name="差し戻された理由")
    expect(back).to_contain_text("意味が一つに定まらない")
    expect(back).not_to_contain_text("質問に答えていない")
    items = hanako.page.get_by_role("region", name="あなたの項目")
    expect(items.get_by_role("row").filter(has_text="レビュー中")).to_contain_text("1")
    worked = (
        hanako.page.get_by_role("region", name="あなたが向き合った時間")
        .get_by_role("row")
        .filter(has_text="今日")
    )
    expect(worked.get_by_role("cell").first).not_to_have_text("0")
