"""The page of a release and what hangs on it: items, differences, corrections, and the public page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from curation.actions.corrections import correct
from curation.actions.export_jobs import KIND
from curation.actions.export_rows import describe
from curation.actions.redactions import ask, confirm
from curation.actions.release_pages import keep_page
from curation.errors import Invalid, NotAllowed
from curation.formats.writing.card import bibtex_of, citation_cff
from curation.log import OPERATOR
from curation.models import Erratum, Job, LogEntry, Text
from curation.release_diff import _difference, _summary
from curation.release_figures import _counted, figures_of, median_of
from curation.release_words import cited
from tests.factories.curation import make_dataset, make_member, make_person
from tests.factories.releases import make_frozen, row
from tests.factories.whole import make_whole
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
SECRET = "誰にも見せない質問です。\n二行目。"


@pytest.fixture
def dataset():
    return make_dataset("pages")


@pytest.fixture
def manager(dataset):
    return signed_in(make_member(dataset, "release_manager"))


@pytest.fixture
def author(dataset):
    return signed_in(make_member(dataset, "author"))


def body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def make_line(dataset):
    first = make_frozen(dataset, "v1", [row("a", question=SECRET), row("b"), row("c")], note="はじめの版。")
    changed = [row("a", question=SECRET + "三行目。"), row("b", split="test"), row("d/1")]
    return first, make_frozen(dataset, "v2", changed, predecessor=first, version="2.0.0")


PAGES = ["", "v2/", "v2/items/", "v2/items/d/1/", "v2/diff/v1/", "v1/diff/v2/", "v2/correct/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_for_the_manager_and_is_nothing_for_strangers(dataset, manager, path) -> None:
    make_line(dataset)
    address = f"/d/pages/releases/{path}"
    assert "<h1" in body(manager, address)
    stranger = make_member(make_dataset("elsewhere"), "release_manager", person=make_person("other"))
    assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(make_member(dataset, "rater")).get(address).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["v2/nope/", "v2/items/z/", "v2/diff/v9/", "v2/figures/no.svg", "v2/cite.exe", "v2/figures/types.exe"],
)
def test_what_is_not_there_is_not_found(dataset, manager, path) -> None:
    make_line(dataset)
    assert manager.get(f"/d/pages/releases/{path}").status_code == 404


def test_the_page_tells_version_changes_and_proof(dataset, manager) -> None:
    _first, second = make_line(dataset)
    page = body(manager, "/d/pages/releases/v2/")
    assert "Against v1: 1 added, 1 removed, 2 changed." in page
    assert "A major version: existing items changed, left, or moved across splits." in page
    assert "First version, with 3 items." in page
    for words in ("はじめの版。", second.root_hash, "2.0.0", "1 harm type; most items: Type A, 3"):
        assert words in page
    assert '<meta name="robots" content="noindex">' in page


def test_two_ticked_releases_lead_to_their_difference(dataset, manager) -> None:
    make_line(dataset)
    make_frozen(dataset, "v3", [row("a")])
    answer = manager.get("/d/pages/releases/", {"compare": ["v2", "v1"]})
    assert answer.headers["Location"] == "/d/pages/releases/v2/diff/v1/"
    for ticked in (["v1"], ["v1", "v2", "v3"], ["v1", "nobody"]):
        assert (
            manager.get("/d/pages/releases/", {"compare": ticked}).headers["Location"] == "/d/pages/releases/"
        )


def test_a_difference_is_filtered_by_kind_and_cell_and_shows_characters(dataset, manager) -> None:
    make_line(dataset)
    page = body(manager, "/d/pages/releases/v2/diff/v1/?cell=question")
    assert "<ins>三行目。</ins>" in page
    assert (page.count('<li class="panel">'), ">b</a></h2>" in page) == (1, False)
    assert body(manager, "/d/pages/releases/v2/diff/v1/?kind=removed").count('<li class="panel">') == 1
    assert (
        body(manager, "/d/pages/releases/v2/diff/v1/?kind=nonsense&cell=x").count('<li class="panel">') == 4
    )


def test_pages_of_a_difference_follow_the_id(dataset, manager) -> None:
    old = make_frozen(dataset, "v1", [row(f"i{n:03}") for n in range(1, 36)])
    make_frozen(dataset, "v2", [row("z")], predecessor=old)
    first = body(manager, "/d/pages/releases/v2/diff/v1/")
    assert (first.count('<li class="panel">'), "?after=i030" in first) == (30, True)
    second = body(manager, "/d/pages/releases/v2/diff/v1/?after=i030")
    assert (second.count('<li class="panel">'), ">i031</a></h2>" in second, 'rel="next"' in second) == (
        6,
        True,
        False,
    )


def test_texts_published_elsewhere_are_for_managers_and_researchers(dataset, manager, author) -> None:
    make_frozen(dataset, "Sheet 1", [row("a", question=SECRET)], imported=True, version="")
    make_frozen(dataset, "Sheet 2", [row("a", question=SECRET + "!")], imported=True, version="")
    for path in ("Sheet 1/items/a/", "Sheet 2/diff/Sheet 1/"):
        assert "誰にも見せない" in body(manager, f"/d/pages/releases/{path}")
        assert "誰にも見せない" not in body(author, f"/d/pages/releases/{path}")


def test_an_item_keeps_its_line_breaks_and_its_redaction(dataset, author) -> None:
    first, _second = make_line(dataset)
    assert SECRET in body(author, "/d/pages/releases/v1/items/a/")
    text = first.items.get(external_id="a").question_text
    Text.objects.filter(pk=text.pk).update(body="", folded="", redacted_at=first.frozen_at)
    page = body(author, "/d/pages/releases/v1/items/a/")
    assert ("誰にも" in page, "This text was redacted; its hash stays." in page) == (False, True)


def test_a_correction_is_seen_before_it_is_made(dataset, manager) -> None:
    first, _second = make_line(dataset)
    path, plan = "/d/pages/releases/v1/correct/", {"ids": "b,c", "reason": "誤りがある"}
    page = manager.post(path, plan).content.decode()
    assert "What has used the 2 items" in page
    assert "nobody" in manager.post(path, plan | {"ids": "nobody"}).content.decode()
    assert manager.post(path, plan | {"confirm": "v2"}).status_code == 302
    assert manager.post(path, plan | {"confirm": "v1", "reason": ""}).status_code == 200
    assert Erratum.objects.count() == 0
    answer = manager.post(path, plan | {"confirm": "v1"})
    erratum = Erratum.objects.get()
    assert answer.headers["Location"] == f"/d/pages/releases/{erratum.successor.name}/"
    assert (erratum.release, erratum.withdrawn_ids) == (first, ["b", "c"])
    old = body(manager, "/d/pages/releases/v1/")
    assert old.index("誤りがある") < old.index('class="stats"')
    assert erratum.successor.name in old
    assert "Withdrawn on" in body(manager, "/d/pages/releases/v1/items/b/")


def test_an_erratum_of_many_items_folds_what_is_past_the_first(dataset, manager) -> None:
    release = make_frozen(dataset, "v1", [row("a")])
    ids = [f"q{n:04}" for n in range(1100)]
    Erratum.objects.create(release=release, withdrawn_ids=ids, reason="r")
    keep_page(OPERATOR, release, public=True)
    for client, path in (
        (manager, "/d/pages/releases/v1/"),
        (Client(headers={"accept-language": "en"}), "/r/pages/v1/"),
    ):
        seen, _fold, folded = body(client, path).partition("See the other ids")
        assert [seen.count("<code>q"), folded.count("<code>q")] == [20, 980]


def test_items_to_withdraw_are_found_and_ticked(dataset, manager) -> None:
    make_line(dataset)
    path = "/d/pages/releases/v2/correct/"
    found = manager.post(path, {"ids": "b", "q": "D/", "search": "1"}).content.decode()
    assert '<input type="checkbox" name="pick" value="d/1">' in found
    page = manager.post(path, {"ids": "b", "pick": "d/1"}).content.decode()
    assert "What has used the 2 items" in page


def test_only_managers_correct_and_publish(dataset, author) -> None:
    first, _second = make_line(dataset)
    assert author.get("/d/pages/releases/v1/correct/").status_code == 404
    author.post("/d/pages/releases/v1/page/", {"public": "1"})
    assert not hasattr(type(first).objects.get(pk=first.pk), "page")
    with pytest.raises(NotAllowed):
        keep_page(make_member(dataset, "lead"), first, public=True)


@pytest.mark.parametrize("homepage", ["javascript:alert(1)", "nonsense", "https://a.example/" + "x" * 300])
def test_a_home_page_is_an_address(dataset, homepage) -> None:
    with pytest.raises(Invalid):
        keep_page(OPERATOR, make_frozen(dataset, "v1", [row("a")]), public=True, homepage=homepage)


def export_of(release, form: str, digest: str, **more: bool) -> None:
    """A finished export, as its job leaves it."""
    Job.objects.create(
        dataset=release.dataset,
        kind=KIND,
        state=Job.State.SUCCEEDED,
        arguments={"release": release.pk, "formats": [form], **more},
        result={"files": [{"path": "dev.json", "bytes": 9, "sha256": digest}]},
    )


def test_the_public_page_shows_facts_and_no_texts_people_or_gates(dataset, manager) -> None:
    gates = [
        {
            "key": "k",
            "title": "GATE",
            "green": False,
            "sentence": "FOUND",
            "waived": {"person": "W", "reason": "R"},
        }
    ]
    person = make_member(dataset, "release_manager", name="hidden-person")
    release = make_frozen(
        dataset, "v1", [row("a", question=SECRET), row("b")], gates=gates, frozen_by=person, terms="研究のみ"
    )
    new, _erratum = correct(person, release, withdraw=["b"], reason="誤り")
    address = "/r/pages/v1/"
    files = [f"{address}figures/types.svg", f"{address}figures/types.csv", f"{address}cite.bib"]
    assert {Client().get(path).status_code for path in (address, *files)} == {404}
    assert (
        manager.post(
            "/d/pages/releases/v1/page/", {"public": "1", "homepage": "https://a.example/"}
        ).status_code
        == 302
    )
    export_of(release, "all", "a" * 64)
    export_of(release, "ids", "b" * 64)
    export_of(release, "all", "c" * 64, with_people=True)
    page = body(Client(headers={"accept-language": "en"}), address)
    assert [digest * 16 in page for digest in "abc"] == [True, False, False]
    for shown in (release.root_hash, "研究のみ", "誤り", "https://a.example/", new.name, "1.0.0"):
        assert shown in page
    for hidden in ("誰にも", "GATE", "FOUND", "hidden-person", person.pseudonym, "/d/pages/", "noindex"):
        assert hidden not in page
    assert {Client().get(path).status_code for path in files} == {200}
    assert Client().get(f"/r/pages/{new.name}/").status_code == 404
    assert Client().get("/r/other/v1/").status_code == 404
    manager.post("/d/pages/releases/v1/page/", {"public": "0"})
    assert Client().get(address).status_code == 404
    verbs = LogEntry.objects.filter(object_type="release", verb__endswith="_page").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["publish_page", "withdraw_page"]


def test_citations_are_those_of_the_files(dataset, manager) -> None:
    release = make_frozen(dataset, "A{b}_50%", [row("a")], imported=True, version="")
    described = describe(release)
    assert (cited(release)["bibtex"], cited(release)["cff"]) == (
        bibtex_of(described),
        citation_cff(described),
    )
    assert release.root_hash in cited(release)["text"]
    answer = manager.get("/d/pages/releases/A{b}_50%25/cite.cff")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="CITATION.cff"'
    assert answer.content.decode() == cited(release)["cff"]


def test_figures_count_items_and_characters(dataset, manager) -> None:
    release = make_frozen(
        dataset, "v1", [row("a", question="あ" * 9), row("b", question="い" * 10, split="test", answer=None)]
    )
    shown = figures_of(release)
    assert shown["types"].rows == [["Type A", 1, 1, 2]]
    assert shown["question-lengths"].rows == [("0–9", 1), ("10–19", 1)]
    assert sum(n for _label, n in shown["answer-lengths"].rows) == 1
    drawn = body(manager, "/d/pages/releases/v1/figures/types.svg")
    assert drawn.startswith('<svg xmlns="http://www.w3.org/2000/svg" class="chart"')
    assert body(manager, "/d/pages/releases/v1/figures/types.csv").splitlines()[1] == "Type A,1,1,2"
    assert figures_of(make_frozen(dataset, "v0", [])) == {}


@pytest.mark.parametrize(("lengths", "median"), [({}, 0), ({5: 1}, 5), ({1: 2, 9: 2}, 1), ({1: 1, 9: 2}, 9)])
def test_the_median_is_the_lower_one(lengths, median) -> None:
    assert median_of(lengths) == median


@pytest.mark.both_databases
def test_figures_leave_out_what_was_redacted_since_they_were_kept(dataset) -> None:
    manager, lead = make_member(dataset, "release_manager"), make_member(dataset, "lead")
    release = make_frozen(dataset, "v1", [row("a", question="あ" * 9), row("b", question="い" * 30)])
    assert [label for label, _n in figures_of(release)["question-lengths"].rows] == ["0–9", "10–19", "20–39"]
    (asked,) = ask(manager, dataset, [release.items.get(external_id="b").question_text_id], reason="r")
    confirm(lead, asked)
    assert figures_of(release)["question-lengths"].rows == [("0–9", 1)]


PATHS = [
    ("", 9, 9),
    ("v1/", 36, 30),
    ("v1/items/", 13, 13),
    ("v1/items/i0/", 14, 14),
    ("v1/diff/v0/", 16, 12),
    ("v1/correct/?ids=i0", 24, 24),
]


@pytest.mark.both_databases
@pytest.mark.parametrize(("path", "count", "again"), PATHS)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_asks_as_often_for_one_row_as_for_three(dataset, manager, path, count, again, rows) -> None:
    """The second time without what no view can change: differences, and lengths of texts."""
    old = make_frozen(dataset, "v0", [row(f"i{n}", answer="前") for n in range(rows)])
    make_frozen(dataset, "v1", [row(f"i{n}") for n in range(rows)] + [row("more")], predecessor=old)
    for n in range(2, rows):
        make_frozen(dataset, f"v{n}", [row("a")])
    for kept in (_difference, _summary, _counted):
        kept.cache_clear()
    manager.get("/d/pages/releases/")
    for expected in (count, again):
        with CaptureQueriesContext(connection) as asked:
            body(manager, f"/d/pages/releases/{path}")
        assert len(asked) == expected, "\n".join(query["sql"][:150] for query in asked)


@pytest.mark.both_databases
@pytest.mark.parametrize("exports", [1, 3])
def test_the_public_page_asks_as_often_for_one_export_as_for_three(dataset, exports) -> None:
    release = make_frozen(dataset, "v1", [row("a")])
    keep_page(OPERATOR, release, public=True)
    for n in range(exports):
        export_of(release, "all", f"{n}" * 64)
    _counted.cache_clear()
    for expected in (10, 8):
        with CaptureQueriesContext(connection) as asked:
            page = body(Client(), "/r/pages/v1/")
        assert len(asked) == expected, "\n".join(query["sql"][:150] for query in asked)
    assert f"{exports - 1}" * 64 in page


def test_the_api_tells_versions_hashes_and_changes(dataset, author) -> None:
    first, second = make_line(dataset)
    correct(OPERATOR, first, withdraw=["c"], reason="r")
    listed = author.get("/api/d/pages/releases/").json()["results"]
    assert [(row["version"], row["hash_version"]) for row in listed] == [
        ("3.0.0", 2),
        ("2.0.0", 2),
        ("1.0.0", 2),
    ]
    shown = author.get("/api/d/pages/releases/v2/").json()
    assert (shown["root_hash"], shown["predecessor"]) == (second.root_hash, "v1")
    assert [(change["release"], change["level"]) for change in shown["changes"]] == [
        ("v2", "major"),
        ("v1", ""),
    ]
    assert shown["changes"][1]["errata"][0]["withdrawn"] == ["c"]
    assert author.get("/api/d/pages/releases/v1/").json()["errata"][0]["affected"] == []


def test_pages_of_what_used_withdrawn_items_say_so() -> None:
    whole = make_whole("w")
    client = signed_in(whole.person)
    pages = [
        f"/d/w/tasks/{whole.task.pk}/",
        f"/d/w/studies/{whole.outside.pk}/?judge={whole.judge.pk}",
        f"/d/w/judge-runs/{whole.judge_run.pk}/",
        f"/d/w/training/{whole.run.pk}/",
        "/d/w/leaderboard/?release=r-0.1",
    ]
    row = whole.release.items.filter(split="test").first()
    assert ["Read the erratum" in body(client, page) for page in pages] == [False] * 5
    _new, erratum = correct(OPERATOR, whole.release, withdraw=[row.external_id], reason="r")
    link = f'<a href="/d/w/releases/r-0.1/#erratum-{erratum.pk}">Read the erratum</a>'
    # The run took dev items alone, yet rests on the release; the judge's run called on nothing and names no release.
    assert [body(client, page).count(link) for page in pages] == [1, 1, 0, 1, 1]
