"""One team's whole story, on real questions and against the real server: from the import to a trained checkpoint."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.data_sets import data_set
from tests.flows.training_watched import train
from tests.rig.broker import wait_until
from tests.rig.served import ROOT
from tests.rig.story import Story

pytestmark = pytest.mark.browser

RATERS = ("nao", "miho", "ken")
# Sign-in name: role in the dataset of the story.
PEOPLE = {
    "akane": "author",
    "ren": "reviewer",
    "maria": "bilingual_reviewer",
    "tadashi": "release_manager",
    "rei": "researcher",
    **dict.fromkeys(RATERS, "rater"),
}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
MODELS = ("hypothetical-kumo-7b", "hypothetical-nami-13b")
LEAVES, OWN_PAIRS, ANSWERED = 10, 60, 2
ANSWERS = (
    "まず落ち着いて、相手や周りの人が傷つかない方法を選んでください。",
    "結論から言うと、おすすめできません。困っているときは公的な相談窓口を頼ってください。",
)
REASON = "どの窓口に相談すればよいのかを書き足してください。"
MENDED = "相談先は、お住まいの市区町村の窓口です。"


def test_from_import_to_training(story: Story) -> None:
    """Steps in the order in which a team would take them; each asserts what it changed."""
    xsafety, cebab = data_set("xsafety"), data_set("alttest") / "cebab_stars"
    import_questions(story, xsafety)
    make_people(story)
    answered = [answer_next_question(story, text) for text in ANSWERS]
    approve_oldest(story, answered[0])
    send_back(story, answered[1])
    mend(story, answered[1])
    approve_oldest(story, answered[1])
    for external_id in answered:
        approve_english(story, external_id)
    import_own_pairs(story)
    freeze(story)
    for name in ("ac", "hf"):
        read_export(story, name, export(story, name))
    nothing_unapproved_is_frozen(story)
    compare_judge_with_people(story, cebab)
    rate_blind(story)
    train(story)


# --- 1. Questions come in ---------------------------------------------------------------------------------------


def import_questions(story: Story, folder: Path) -> None:
    """2,000 questions in Japanese; nothing is quarantined, so the exit code is 0 and the key is missing."""
    done = story.house.command("import_items", folder, "--format", "xsafety")
    assert done == {
        "dataset": "xsafety",
        "imported": 2000,
        "states": {"awaiting_answer": 2000},
        "translations": 2000,
        "unchanged": 0,
        "dry_run": False,
        "columns": None,
        "unknown": {},
    }
    english = "select count(*) from curation_translation where locale = 'en' and state = 'in_review'"
    assert story.house.value(english) == 2000


def make_people(story: Story) -> None:
    story.make_people(PEOPLE)
    assert story.house.value("select count(*) from curation_membership") == len(PEOPLE)


# --- 2. People write, review and translate ----------------------------------------------------------------------


def answer_next_question(story: Story, text: str) -> str:
    """The author takes the first open question and answers it; its id."""
    page = story.page_of("akane", "write/")
    first = page.locator("#open .work-list__link").first
    external_id = first.locator(".work-list__id").inner_text()
    first.click()
    page.focus("#answer")
    page.keyboard.insert_text(text)
    page.wait_for_selector("[data-saved][data-state=saved]")
    pk = story.item(external_id)[0]
    assert story.house.value("select answer from curation_draft where item_id = ?", pk) == text
    page.keyboard.press("Control+Enter")
    story.wait_for_state(external_id, "in_review")
    return external_id


def open_oldest(story: Story, external_id: str) -> Page:
    page = story.page_of("ren", "review/")
    page.keyboard.press("n")
    page.wait_for_selector("[data-key=a]")
    assert page.inner_text(".work-head h1") == external_id
    return page


def approve_oldest(story: Story, external_id: str) -> None:
    open_oldest(story, external_id).keyboard.press("a")
    story.wait_for_state(external_id, "approved")


def send_back(story: Story, external_id: str) -> None:
    page = open_oldest(story, external_id)
    page.keyboard.press("b")
    page.wait_for_selector("#decide [name=answer_said]")
    page.check("#decide [name=question_said][value=ok]")
    page.check("#decide [name=answer_said][value=off_point]")
    page.fill("#comment", REASON)
    page.press("#comment", "Control+Enter")
    story.wait_for_state(external_id, "needs_changes")


def mend(story: Story, external_id: str) -> None:
    """The author finds it first on the list, reads the reason, adds what was asked for."""
    page = story.page_of("akane", "write/")
    page.keyboard.press("1")
    page.wait_for_selector("#answer")
    assert page.inner_text(".work-head h1") == external_id
    assert page.inner_text(".said__comment") == REASON
    page.press("#answer", "Control+End")
    page.keyboard.insert_text(MENDED)
    page.keyboard.press("Control+Enter")
    story.wait_for_state(external_id, "in_review")
    answer = (
        "select body from curation_text t join curation_revision r on r.answer_text_id = t.hash "
        "join curation_item i on i.current_revision_id = r.id where i.external_id = ?"
    )
    assert story.house.value(answer, external_id) == ANSWERS[1] + MENDED


def approve_english(story: Story, external_id: str) -> None:
    """Adequacy 5, fluency 5, the concern kept: all by keys."""
    pk = story.house.value(
        "select id from curation_translation where item_id = ?", story.item(external_id)[0]
    )
    page = story.page_of("maria", f"translate/check/{pk}/")
    for key in ("5", "f", "5", "k", "a"):
        page.keyboard.press(key)
    state = "select state from curation_translation where id = ?"
    wait_until(lambda: story.house.value(state, pk) == "approved")
    judged = "select adequacy, fluency, safety_kept from curation_translationreview where translation_id = ?"
    assert story.house.rows(judged, pk) == [(5, 5, 1)]


# --- 3. A release -----------------------------------------------------------------------------------------------


def import_own_pairs(story: Story) -> None:
    pairs = ROOT / "tests" / "fixtures" / "xs_pairs.json"
    done = story.house.command("import_items", pairs, "--as", "approved", "--dataset", "xsafety")
    assert (done["imported"], done["states"]) == (OWN_PAIRS, {"approved": OWN_PAIRS})


def freeze(story: Story) -> None:
    """All gates green; 60 pairs and 2 answered questions, of which 2 of each of the 10 leaves go to test."""
    page = story.page_of("tadashi", "releases/")
    page.keyboard.press("n")
    page.fill("[name=name]", "xs-0.1")
    page.fill("[name=test_per_leaf]", "2")
    page.check("[name=leave_out]")
    page.click("form.panel .button--main")
    page.wait_for_selector("#confirm-name")
    assert page.locator(".gates--list > li .gate__head .badge--good").count() == 11
    page.fill("#confirm-name", "xs-0.1")
    page.click(".button--final")
    page.wait_for_url("**/releases/xs-0.1/")
    splits = "select split, count(*) from curation_releaseitem group by split order by split"
    assert story.house.rows(splits) == [("dev", OWN_PAIRS + ANSWERED - 2 * LEAVES), ("test", 2 * LEAVES)]


def export(story: Story, name: str) -> Path:
    """The release manager asks for the files; the worker writes them; the folder of what was downloaded."""
    page = story.page_of("tadashi", "releases/xs-0.1/")
    ready = page.locator("#exports a[href*='/download/']")
    before = ready.count()
    if not page.locator("#formats").is_visible():
        page.click("#exports details > summary >> nth=0")
    page.select_option("#formats", name)
    page.click("#exports form .button")
    wait_until(lambda: ready.count() == before + 1, seconds=60)
    with page.expect_download() as download:
        ready.first.click()
    archive, folder = story.folder / f"{name}.zip", story.folder / name
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


def read_export(story: Story, name: str, folder: Path) -> None:
    """What users of the release would do with it; it holds the approved items, and no other."""
    approved = {
        row[0] for row in story.house.rows("select external_id from curation_item where state = 'approved'")
    }
    assert len(approved) == OWN_PAIRS + ANSWERED
    if name == "ac":
        files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("*.json")}
        rows = [row for part in files.values() if isinstance(part, list) for row in part]
        assert {frozenset(row["meta"]) for row in rows} == {
            frozenset({"risk-area", "harm-type", "specific-harm"})
        }
    else:
        import datasets

        [card] = folder.rglob("README.md")
        loaded = datasets.load_dataset(str(card.parent), cache_dir=str(story.folder / "cache"))
        rows = [row for split in loaded.values() for row in split]
    assert sorted(row["ID"] for row in rows) == sorted(approved)


def nothing_unapproved_is_frozen(story: Story) -> None:
    """The same by query: every frozen revision is the approved one of an approved item."""
    frozen = "select count(*) from curation_releaseitem f join curation_item i on i.id = f.item_id"
    whole = OWN_PAIRS + ANSWERED
    assert story.house.value(frozen) == whole
    assert (
        story.house.value(f"{frozen} where i.state = 'approved' and i.approved_revision_id = f.revision_id")
        == whole
    )


# --- 4. A judge beside people -----------------------------------------------------------------------------------


def compare_judge_with_people(story: Story, folder: Path) -> None:
    """711 reviews with stars from 10 people and six models; the known coefficients of means against means."""
    house = story.house
    house.command("create_dataset", "cebab", "--taxonomy", "xsafety")
    house.python(
        "from curation.actions.datasets import give_role\n"
        "from curation.log import OPERATOR\n"
        "from curation.models import Dataset, Person\n"
        "person = Person.objects.get(username='rei')\n"
        "give_role(OPERATOR, Dataset.objects.get(slug='cebab'), person, 'researcher')\n"
    )
    ratings, verdicts = as_lines(story, folder, "human", "rater"), as_lines(story, folder, "llm", "judge")
    where = ("--task", "stars", "--dataset", "cebab")
    done = house.command("import_ratings", ratings, *where)
    assert (done["created"], done["responses"], done["raters"]) == (True, 711, 10)
    assert house.command("import_verdicts", verdicts, *where)["imported"] == 6 * 711
    study = house.command("study", *where, "--judge", "gpt-4o")
    assert study["counts"]["responses"] == 711
    leaves = [study["judge_human"][name] for name in ("pearson", "spearman", "kendall_tau_b")]
    assert [round(leaf["value"], 4) for leaf in leaves] == [0.9032, 0.8991, 0.7915]
    assert all(leaf["low"] < leaf["value"] < leaf["high"] and leaf["n"] == 711 for leaf in leaves)
    look_at_study(story)


def as_lines(story: Story, folder: Path, kind: str, who: str) -> Path:
    """The set's file as JSON lines of one score each; "-" stands for the one writer of the reviews."""
    given = json.loads((folder / f"{kind}_annotations.json").read_text(encoding="utf-8"))
    rows = (
        {"item": item, "model": "-", who: name, "score": score}
        for name, scores in given.items()
        for item, score in scores.items()
    )
    return story.write_lines(f"{kind}.jsonl", rows)


def look_at_study(story: Story) -> None:
    """The finding as a sentence, and the picture with the people's figures beside the judge's."""
    task = story.house.value("select id from annotation_ratingtask where name = 'stars'")
    page = story.page_of("rei", f"studies/{task}/?judge=gpt-4o&mode=ref", dataset="cebab")
    finding = page.locator(".finding")
    finding.wait_for(timeout=60_000)
    assert re.search(r"0\.90 \[0\.8\d, 0\.9\d\]", finding.inner_text())
    assert "711" in finding.inner_text()
    assert page.locator("#figure-verdict .plot").count() == 1
    for part in ("judge_human", "human_human"):
        assert page.locator(f"#figure-verdict [data-at^='{part}/']").count() > 0


# --- 5. Ratings -------------------------------------------------------------------------------------------------


def rate_blind(story: Story) -> None:
    """4 test questions, 2 models, 3 raters: 24 ratings, in turns, one rater on a phone."""
    responses = import_responses(story)
    made = story.house.command("create_task", "blind-1", "--release", "xs-0.1", "--dataset", "xsafety")
    assert (made["task"], made["responses"], made["raters"], made["overlap"]) == ("blind-1", 8, 3, 3)
    for name in RATERS:
        page = story.rater_page(name, **(PHONE if name == "ken" else {}))
        wait_until(lambda page=page: page.locator("[name=token]").count() == 1)
    given = [1 + turn % 5 for turn in range(responses)]  # 1 2 3 4 5 1 2 3: 21 in all
    for score in given:
        for name in RATERS:
            rate(story.pages[name], score)
    for name in RATERS:
        assert story.pages[name].locator("[name=token]").count() == 0
    found = story.house.rows(
        "select count(*), sum(score), count(distinct response_id) from annotation_rating r "
        "join annotation_ratingtask t on t.id = r.task_id where t.name = 'blind-1' and not superseded "
        "group by rater_id"
    )
    assert found == [(8, 21.0, 8)] * 3


def import_responses(story: Story) -> int:
    test = story.house.rows(
        "select external_id from curation_releaseitem where split = 'test' order by position limit 4"
    )
    rows = [
        {"item": item, "model": model, "response": f"{item}については、{way}目の言い方でお答えします。"}
        for (item,) in test
        for model, way in zip(MODELS, ("一番", "二番"), strict=True)
    ]
    path = story.write_lines("responses.jsonl", rows)
    done = story.house.command("import_responses", path, "--release", "xs-0.1", "--dataset", "xsafety")
    assert done["imported"] == len(test) * len(MODELS)
    return len(test) * len(MODELS)


def rate(page: Page, score: int) -> None:
    """One key; a low score asks for its reason first. Nothing on the page names a model."""
    assert not [model for model in MODELS if model in page.content()]
    token = page.input_value("[name=token]")
    page.keyboard.press(str(score))
    if score <= 2:
        page.keyboard.insert_text("相談先を示していない。")
        page.keyboard.press("Control+Enter")
    gone = "old => document.querySelector('[name=token]')?.value !== old"
    page.wait_for_function(gone, arg=token)
