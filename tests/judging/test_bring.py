"""Files of one's own, by page: looked at, corrected, imported, gone."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.models import Rating, RatingTask
from curation.actions import places
from curation.models import Job
from judging.actions import uploads
from judging.models import Verdict
from tests.factories.annotation import make_member, make_world_dataset

pytestmark = pytest.mark.django_db

RATINGS = "質問ID,モデル,評価者,スコア\n" + "".join(
    f"q{n},model-a,{who},{score}\n"
    for n, scores in enumerate(("12", "23", "44", "55", "45", "31"))
    for who, score in zip(("佐藤", "森"), scores, strict=True)
)
VERDICTS = "質問ID\tモデル\tjudge-x#1\tjudge-x#2\n" + "".join(
    f"q{n}\tmodel-a\t{a}\t{b}\n" for n, (a, b) in enumerate(("11", "23", "45", "55", "44", "23"))
)


@pytest.fixture
def world():
    dataset = make_world_dataset()
    person = make_member(dataset, "researcher")
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client, dataset, person


def upload(client, dataset, *, task="pilot", ratings=RATINGS, verdicts=VERDICTS):
    given = {"task": task}
    for name, content in (("ratings", ratings), ("verdicts", verdicts)):
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            given[name] = SimpleUploadedFile(f"{name}.csv", data)
    return client.post(reverse("judging:bring", args=[dataset.slug]), given)


def choices(form):
    return {name: form[name].value() or "" for name in form.fields}


def files_kept():
    return [p.name for p in (Path(settings.TEINEI_VAR) / "brought").glob("*/*/*") if p.suffix != ".json"]


@pytest.mark.both_databases
def test_from_files_to_the_study(world):
    client, dataset, _person = world
    answer = upload(client, dataset)
    assert answer.status_code == 302
    page = client.get(answer.url)
    assert (Rating.objects.count(), Verdict.objects.count(), RatingTask.objects.count()) == (0, 0, 0)
    assert {n: page.context["report"]["ratings"][n] for n in ("imported", "raters")} == {
        "imported": 12,
        "raters": ["佐藤", "森"],
    }
    assert page.context["report"]["verdicts"]["judges"] == ["judge-x"]
    assert page.context["report"]["responses"] == {"rated": 6, "judged": 6, "both": 6}
    assert sorted(files_kept()) == ["ratings", "verdicts"]
    done = client.post(answer.url, choices(page.context["form"]) | {"import": "1"})
    assert done.url == answer.url
    task = RatingTask.objects.get()
    study = client.get(answer.url)
    assert study.url == reverse("judging:study", args=[dataset.slug, task.pk])
    assert client.get(study.url).status_code == 200
    assert (Rating.objects.count(), Verdict.objects.count(), files_kept()) == (12, 12, [])
    # The button once more, from a page that was left open: nothing happens twice.
    again = client.post(answer.url, choices(page.context["form"]) | {"import": "1"})
    assert again.url == study.url
    assert Rating.objects.count() == 12


def test_a_changed_column_is_looked_at_before_it_is_imported(world):
    client, dataset, _person = world
    place = upload(client, dataset, ratings=RATINGS.replace("スコア", "しるし"), verdicts=None).url
    page = client.get(place)
    # No heading says score: the columns that look like scores are taken for raters'.
    assert page.context["state"]["columns"]["ratings"]["each"] == ["しるし"]
    chosen = choices(page.context["form"]) | {"ratings-2": "rater", "ratings-3": "score", "import": "1"}
    assert client.post(place, chosen).url == place
    assert Rating.objects.count() == 0
    page = client.get(place)
    assert page.context["report"]["ratings"]["raters"] == ["佐藤", "森"]
    client.post(place, choices(page.context["form"]) | {"import": "1"})
    assert Rating.objects.count() == 12


def test_rows_set_apart_are_named_by_row_and_column(world):
    client, dataset, _person = world
    wide = "item,model,r1,r2\nq1,m,4,9\nq2,m,,3\n,m,1,1\n"
    page = client.get(
        upload(client, dataset, ratings=wide, verdicts=None).url, headers={"accept-language": "en"}
    )
    # 9 is on no scale of 1 to 5, so the scale of the files is proposed; the person says it is 1 to 5.
    assert page.context["state"]["rubric"] == "found"
    client.post(
        page.request["PATH_INFO"], choices(page.context["form"]) | {"rubric": "safety5", "check": "1"}
    )
    page = client.get(page.request["PATH_INFO"])
    apart = page.context["report"]["ratings"]["quarantined"]
    assert [(one["row"], one["field"]) for one in apart] == [(1, "r2"), (3, "item"), (3, "item")]
    assert page.context["report"]["ratings"]["imported"] == 2


def test_hostile_content_is_escaped_and_formulas_stay_text(world):
    client, dataset, _person = world
    head = '"<script>alert(1)</script>"'
    rows = "".join(f'q{n},"=HYPERLINK(""http://x"")",{n % 5 + 1},<b>{n}</b>\n' for n in range(6))
    answer = upload(client, dataset, task="<i>task", ratings=f"item,model,r1,{head}\n{rows}", verdicts=None)
    body = client.get(answer.url).content.decode()
    for raw in ("<script>alert", "<b>0</b>", "<i>task"):
        assert raw not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    page = client.get(answer.url)
    client.post(answer.url, choices(page.context["form"]) | {"import": "1"})
    assert set(Rating.objects.values_list("response__model", flat=True)) == {'=HYPERLINK("http://x")'}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02\x03" * 40,
        b"PK\x03\x04rest",
        "名前\n".encode("utf-16"),
        b'{"a": 1',
        b"[]",
        b"\x81\xff\xfe,\n1,2\n",
    ],
)
def test_files_that_are_no_tables_are_refused_and_not_kept(world, content):
    client, dataset, _person = world
    answer = upload(client, dataset, ratings=content, verdicts=None)
    assert answer.status_code == 400
    assert answer.context["form"].errors
    assert files_kept() == []


def test_a_file_without_item_says_so_and_keeps_the_choice(world):
    client, dataset, _person = world
    answer = upload(client, dataset, ratings="alpha,beta\nx,1\ny,2\n", verdicts=None)
    page = client.get(answer.url)
    assert page.status_code == 200
    assert page.context["error"]
    client.post(answer.url, choices(page.context["form"]) | {"ratings-0": "item", "check": "1"})
    page = client.get(answer.url)
    assert (page.context["error"], page.context["report"]["ratings"]["imported"]) == ("", 2)
    twice = client.post(answer.url, choices(page.context["form"]) | {"ratings-1": "item", "check": "1"})
    assert (twice.status_code, list(twice.context["form"].errors)) == (400, ["ratings-1"])


def test_a_name_that_no_task_can_have_is_refused_with_the_files(world):
    client, dataset, _person = world
    answer = upload(client, dataset, task="a/b")
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["task"])


def test_verdicts_alone_need_a_task_that_is_there(world):
    client, dataset, _person = world
    answer = upload(client, dataset, ratings=None)
    assert (answer.status_code, list(answer.context["form"].errors), files_kept()) == (400, ["task"], [])
    client.post(
        place := upload(client, dataset, verdicts=None).url,
        {**choices(client.get(place).context["form"]), "import": "1"},
    )
    page = client.get(upload(client, dataset, ratings=None).url)
    assert page.context["report"]["verdicts"]["imported"] == 12


def test_files_of_others_do_not_exist(world):
    client, dataset, _person = world
    place = upload(client, dataset).url
    other, rater = make_member(dataset, "researcher"), make_member(dataset, "rater")
    for person, code in ((other, 302), (rater, 404)):
        stranger = Client()
        stranger.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        assert stranger.get(place).status_code == code
        assert stranger.post(place, {"import": "1"}).status_code == code
    assert Rating.objects.count() == 0
    assert client.get(reverse("judging:brought", args=[dataset.slug, "a" * 24])).status_code == 302


def test_files_are_deleted_when_asked_and_after_a_day(world, monkeypatch):
    client, dataset, _person = world
    place = upload(client, dataset).url
    client.post(place, {"discard": "1"})
    assert files_kept() == []
    upload(client, dataset)
    monkeypatch.setattr(places, "KEPT_SECONDS", -1)
    places.sweep("brought")
    assert files_kept() == []


def test_large_files_go_through_a_job(world, monkeypatch, django_capture_on_commit_callbacks):
    client, dataset, _person = world
    monkeypatch.setattr(uploads, "INLINE_LINES", 5)
    with django_capture_on_commit_callbacks(execute=True):
        place = upload(client, dataset).url
    page = client.get(place)
    assert page.context["report"]["ratings"]["imported"] == 12
    for _twice in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(place, choices(page.context["form"]) | {"import": "1"})
    assert list(Job.objects.order_by("pk").values_list("kind", "state")) == [("bring", "succeeded")] * 2
    assert client.get(place).url == reverse("judging:study", args=[dataset.slug, RatingTask.objects.get().pk])
    (done,) = (Path(settings.TEINEI_VAR) / "brought").glob("*/*/done.json")
    assert json.loads(done.read_text())["told"] == {"new": 24, "corrected": 0, "known": 0, "apart": 0}
