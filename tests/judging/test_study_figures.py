"""Every number that the study page, its figures and its report show is that of `study --json`, and opens its rows."""

import csv
import html as entities
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse

from annotation.actions.ratings_import import import_ratings
from annotation.actions.rubrics import keep_rubric, load_rubric
from curation.formats import RatingRow, VerdictRow
from curation.log import OPERATOR
from curation.models import LogEntry, Membership
from curation.reading import pointer
from judging import report
from judging.actions.verdicts import import_verdicts
from judging.models import Judge, Study
from tests.factories.annotation import make_member, make_world_dataset

pytestmark = pytest.mark.django_db
HOSTILE = '<b onclick="x">=1+1</b>'


class Numbers(HTMLParser):
    """(pointer, attributes, text) of every number in a page that says where it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None], list[str]] | None] = []
        self.found: list[tuple[str, dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("meta", "link", "input", "br", "img", "use"):
            at = given.get("data-at")
            self.open.append((at, given, []) if at is not None else None)

    def handle_data(self, data: str) -> None:
        for one in self.open:
            if one:
                one[2].append(data)

    def handle_endtag(self, tag: str) -> None:
        one = self.open.pop() if self.open else None
        if one:
            self.found.append((one[0], one[1], " ".join("".join(one[2]).split())))


def made_task(dataset: Any) -> Any:
    """Two models (one with a hostile name), 12 questions in two harm types, three raters, both modes, one failure."""
    keys = [
        (f"q{n}", model, 1 + (2 * n + at) % 5) for n in range(12) for at, model in enumerate(("m1", HOSTILE))
    ]
    ratings = [
        RatingRow(
            at,
            item,
            model,
            f"r{rater}",
            max(1, score - (rater + at) % 2),
            category=f"area > type {int(item[1:]) % 2} > leaf {int(item[1:]) % 4}",
        )
        for at, (item, model, score) in enumerate(keys)
        for rater in range(3)
    ]
    task = import_ratings(
        OPERATOR, dataset, task="whole", rows=ratings, rubric=load_rubric(OPERATOR, dataset)
    ).task
    verdicts = [
        VerdictRow(at, item, model, "alpha", min(5, score + extra), mode=mode, repeat=repeat)
        for mode, shift in (("ref", 0), ("noref", 2))
        for at, (item, model, score) in enumerate(keys)
        for repeat in (1, 2, 3)
        for extra in [(shift if at % 3 == 0 else 0) + (1 if (at + repeat) % 4 == 0 else 0)]
    ]
    verdicts[0] = VerdictRow(0, "q0", "m1", "alpha", None, status="refused", repeat=1)
    import_verdicts(OPERATOR, task, verdicts)
    return task


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr("judging.actions.studies.RESAMPLES", 200)


@pytest.fixture
def world(client: Any) -> tuple[Any, Any]:
    dataset = make_world_dataset()
    task = made_task(dataset)
    client.force_login(make_member(dataset, Membership.Role.RESEARCHER))
    return dataset, task


def address(page: str, task: Any, **more: Any) -> str:
    return reverse(f"judging:{page}", kwargs={"dataset": task.dataset.slug, "pk": task.pk, **more})


def at(result: Any, path: str) -> Any:
    """The part of the result that a JSON pointer names."""
    for step in path.split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        result = result[int(key)] if isinstance(result, list) else result[key]
    return result


def shown_in(text: str) -> list[tuple[str, dict[str, str | None], str]]:
    reader = Numbers()
    reader.feed(text)
    return reader.found


def expected(leaf: Any, head: dict[str, str | None], sign: str = " %") -> str:
    """What a number must look like: rounded to the digits that its element names."""
    digits, percent = int(head.get("data-digits") or 0), "data-percent" in head
    scale = 100 if percent else 1

    def said(value: float) -> str:
        words = f"{scale * value:.{digits}f}"
        return words.lstrip("-") if float(words) == 0 else words

    if not isinstance(leaf, dict):
        return said(leaf) + (sign if percent else "")
    interval = f" [{said(leaf['low'])}, {said(leaf['high'])}]" if leaf["low"] is not None else ""
    return f"{said(leaf['value'])}{sign if percent else ''}{interval} n={leaf['n']}"


def leaves(part: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Pointers of all estimates with a value."""
    if isinstance(part, dict) and "n_clusters" in part:
        if part["value"] is not None:
            yield pointer(path)
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(part, list):
        for n, inner in enumerate(part):
            yield from leaves(inner, (*path, str(n)))


def wrong_in(text: str, result: dict[str, Any]) -> list[str]:
    found, sign = [], "%" if 'lang="ja"' in text[:200] else " %"
    for path, head, words in shown_in(text):
        leaf = at(result, path)
        if isinstance(leaf, dict) and leaf["value"] is None:
            if not re.match("not estimable|推定", words):
                found.append(f"{path}: {words} has no value")
        elif words != expected(leaf, head, sign):
            found.append(f"{path}: {words} is not {expected(leaf, head, sign)}")
    return found


# Shown elsewhere: per model and category the page shows what a part of that size supports.
NOT_ON_THE_PAGE = re.compile(
    r"by_(model|category)/.*/judge_human/(?!pearson|quadratic_weighted_kappa|bias|mae)"
    r"|by_category/.*/(judge_human/(pearson|quadratic_weighted_kappa|mae)|acceptable/.*|violation/human_majority"
    r"|spread/(pooled_sd|corrected_pearson))"
    r"|by_model/.*/spread/pooled_sd"
)


def test_every_number_on_the_page_is_that_of_the_json(client: Any, world: Any) -> None:
    _dataset, task = world
    page = client.get(address("study", task)).content.decode()
    result = json.loads(client.get(address("study_json", task)).content)
    found = {path for path, _head, _words in shown_in(page)}
    assert wrong_in(page, result) == []
    lost = [path for path in leaves(result) if path not in found and not NOT_ON_THE_PAGE.search(path)]
    assert lost == []
    assert len(found) > 220


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_number_in_the_report_is_that_of_the_json(client: Any, world: Any, language: str) -> None:
    _dataset, task = world
    text = client.get(address("study_report", task), {"language": language}).content.decode()
    study = Study.objects.get()
    assert wrong_in(text, study.result) == []
    assert len({path for path, _head, _words in shown_in(text)}) > 200
    assert f'<html lang="{language}">' in text
    assert study.data_hash in text
    assert study.code_version in text
    assert ("Pearson, Spearman and Kendall" in text) == (language == "en")


def test_the_report_needs_nothing_else(client: Any, world: Any) -> None:
    _dataset, task = world
    text = client.get(address("study_report", task)).content.decode()
    assert re.findall(r"<script|<link|<img|@import|url\(|\son\w+=\"|\shref=|\ssrc=", text) == []
    assert HOSTILE not in text
    assert entities.escape(HOSTILE, quote=False).replace('"', "&quot;") in text


def test_the_command_writes_the_same_report(world: Any, tmp_path: Any) -> None:
    _dataset, task = world
    path = tmp_path / "report.html"
    call_command(
        "study", task=task.name, report=str(path), language="en", resamples=200, stdout=io.StringIO()
    )
    text = path.read_text(encoding="utf-8")
    assert wrong_in(text, Study.objects.get().result) == []
    assert text == report.html(Study.objects.get(), "en")


def test_a_report_that_cannot_be_written_says_so(world: Any, tmp_path: Any) -> None:
    _dataset, task = world
    said = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("study", task=task.name, report=str(tmp_path), resamples=200, stderr=said)
    assert ended.value.code == 2
    assert "could not be written" in said.getvalue()


def count_of(client: Any, link: str) -> int:
    answer = client.get(entities.unescape(link))
    assert answer.status_code == 200, link
    return answer.context["total"]


def test_counts_are_those_of_the_rows_behind_them(client: Any, world: Any) -> None:
    _dataset, task = world
    page = client.get(address("study", task)).content.decode()
    linked = re.findall(r'<a href="([^"]+)"><data value="(\d+)" data-at="([^"]+)"', page)
    wanted = re.compile(
        r"decisions/\w+/counts/|other_mode/moved|calibration/\d/responses|excluded/\w+/responses|leaves/.*/responses"
    )
    checked = [
        (path, int(value), count_of(client, link)) for link, value, path in linked if wanted.search(path)
    ]
    assert {path.split("/")[0] for path, _value, _n in checked} == {
        "decisions",
        "other_mode",
        "agreement",
        "excluded",
        "leaves",
    }
    assert [(path, value, n) for path, value, n in checked if value != n] == []


def test_missed_violations_stand_first_and_are_those_of_the_decision(client: Any, world: Any) -> None:
    _dataset, task = world
    page = client.get(address("study", task))
    result = Study.objects.get().result
    shown = [one["response"].pk for one in page.context["missed"]]
    behind = client.get(address("study_responses", task), {"rate": "violation", "cell": "people_only"})
    assert len(shown) == min(6, result["decisions"]["violation"]["counts"]["people_only"])
    assert [one["response"].pk for one in behind.context["rows"]][: len(shown)] == shown


def test_figures_come_as_specification_and_table(client: Any, world: Any) -> None:
    _dataset, task = world
    page = client.get(address("study", task)).content.decode()
    study = Study.objects.get()
    urls = [entities.unescape(url) for url in re.findall(r'data-figure="([^"]+)"', page)]
    assert len(urls) >= 11
    for url in urls:
        spec = client.get(url).json()
        assert spec["$schema"].endswith("vega-lite/v6.json")
    answer = client.get(
        address("study_figure", task, study=study.pk, name="violation", form="csv"), {"language": "en"}
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    hostile = next(row for row in rows if "onclick" in row["Model"])
    assert hostile["Model"] == HOSTILE  # "<" begins no formula
    own = study.result["by_model"]["m1"]["violation"]["judge"]
    assert float(next(row for row in rows if row["Model"] == "m1")["Judge alone"]) == own["value"]


def test_figures_exist_for_readers_of_the_study_alone(client: Any, world: Any) -> None:
    dataset, task = world
    client.get(address("study", task))
    study = Study.objects.get()
    good = address("study_figure", task, study=study.pk, name="violation", form="json")
    bad = [
        address("study_figure", task, study=study.pk, name="nothing", form="json"),
        address("study_figure", task, study=study.pk, name="violation", form="exe"),
        address("study_figure", task, study=study.pk + 1, name="violation", form="json"),
    ]
    assert client.get(good).status_code == 200
    assert [client.get(url).status_code for url in bad] == [404] * 3
    client.force_login(make_member(dataset, Membership.Role.AUTHOR))
    assert client.get(good).status_code == 404


def test_a_page_seen_again_notices_a_new_verdict(client: Any, world: Any) -> None:
    _dataset, task = world
    client.get(address("study", task))
    client.get(address("study", task))
    assert Study.objects.count() == 1
    import_verdicts(OPERATOR, task, [VerdictRow(1, "q1", "m1", "alpha", 1, repeat=4)])
    client.get(address("study", task))
    assert Study.objects.count() == 2


def test_what_was_written_in_place_is_noticed(client: Any, world: Any) -> None:
    _dataset, task = world
    client.get(address("study", task))
    verdict = Judge.objects.get().calls.filter(mode="ref", verdict__score="3").first().verdict
    verdict.score = "4"
    verdict.save()
    import_verdicts(OPERATOR, task, [])  # any write that the log holds
    client.get(address("study", task))
    assert Study.objects.count() == 2


def test_the_headline_is_that_of_the_json(client: Any, world: Any) -> None:
    _dataset, task = world
    page = client.get(address("study", task))
    result = Study.objects.get().result
    main, people = result["judge_human"]["spearman"], result["human_human"]["spearman_pairs"]
    said = page.context["sentence"]
    assert (said["main"], said["people"]) == (main, people)
    finding = re.search(r'<p class="finding">(.*?)</p>', page.content.decode(), re.DOTALL)
    assert finding
    words = re.sub("<[^>]+>", "", finding[1])
    for leaf in (main, people):
        ends = f" [{leaf['low']:.2f}, {leaf['high']:.2f}]" if leaf["low"] is not None else ""
        assert f"{leaf['value']:.2f}{ends}" in words
    assert f"{result['human_human']['ceiling']['value']:.2f}" in words
    shown = {path: text for path, _head, text in shown_in(page.content.decode())}
    counts = {name: n for name, n in result["counts"].items() if name not in ("items", "responses")}
    assert {name: shown[f"counts/{name}"] for name in counts} == {n: str(c) for n, c in counts.items()}
    assert list(counts)[-1] == "effective_responses"


def test_the_next_ratings_are_handed_over_once(client: Any) -> None:
    from tests.judging.test_next_ratings import judged_task, rate_one

    task, people = judged_task()
    for person in people:
        rate_one(person, task)
    client.force_login(make_member(task.dataset, Membership.Role.RESEARCHER, Membership.Role.LEAD))
    page = client.get(address("study", task))
    url = page.context["hand_over_url"]
    assert url in page.content.decode()
    first = client.post(url, {"count": "3"}, follow=True)
    again = client.post(url, {"count": "3"}, follow=True)
    said = [[str(one) for one in answer.context["messages"]] for answer in (first, again)]
    assert [len(words) for words in said] == [1, 1]
    offers = LogEntry.objects.filter(verb="offer")
    assert offers.count() == 1
    assert client.post(page.context["hand_over_url"], {"count": "x"}).status_code == 302
    assert offers.count() == 1
    client.force_login(people[0])
    assert client.post(url, {"count": "3"}).status_code == 404


def small_task(dataset: Any, *, nominal: bool, questions: int) -> Any:
    """A task with next to nothing in it: one model, one rater, one verdict each."""
    scale = ["unsafe", "safe"] if nominal else [1, 2, 3]
    given = {"name": f"r{questions}", "kind": "nominal" if nominal else "ordinal", "scale": scale}
    rubric = keep_rubric(OPERATOR, dataset, given)
    ratings = [RatingRow(n, f"q{n}", "m", "r", scale[n % 2]) for n in range(questions)]
    task = import_ratings(OPERATOR, dataset, task=f"small{questions}", rows=ratings, rubric=rubric).task
    import_verdicts(
        OPERATOR, task, [VerdictRow(n, f"q{n}", "m", "alpha", scale[0]) for n in range(questions)]
    )
    return task


@pytest.mark.parametrize("nominal", [True, False])
@pytest.mark.parametrize("questions", [1, 8])
def test_a_study_of_next_to_nothing_says_why(client: Any, nominal: bool, questions: int) -> None:
    task = small_task(make_world_dataset(), nominal=nominal, questions=questions)
    client.force_login(make_member(task.dataset, Membership.Role.RESEARCHER))
    page = client.get(address("study", task))
    assert page.status_code == 200
    result = Study.objects.get().result
    assert wrong_in(page.content.decode(), result) == []
    assert wrong_in(client.get(address("study_report", task)).content.decode(), result) == []
    for url in re.findall(r'data-figure="([^"]+)"', page.content.decode()):
        assert client.get(entities.unescape(url)).status_code == 200
