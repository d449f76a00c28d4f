"""The page on which a lead brings items in: look, map, try, carry out; to anybody else it does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from curation.actions import item_files, places
from curation.actions.item_files import Place
from curation.models import Item, Job
from tests.factories.curation import leaf, make_dataset, make_member

pytestmark = pytest.mark.django_db
ROWS = "番号,質問,回答,分類\n1,これは何ですか。,答えです。,{leaf}\n2,次は何ですか。,,こわい\n3,,答え,{leaf}\n"


def signed_in(person):
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def world():
    dataset = make_dataset("brought")
    lead = make_member(dataset, "lead")
    return signed_in(lead), dataset, lead


def upload(client, dataset, content=None, name="項目.csv", **manner):
    text = ROWS.format(leaf=leaf(dataset).label) if content is None else content
    given = SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)
    return client.post(reverse("curation:import_items", args=[dataset.slug]), {"file": given, **manner})


def choices(form):
    return {name: form[name].value() or "" for name in form.fields}


def kept(person):
    return list((Path(settings.TEINEI_VAR) / "brought-items" / str(person.pk)).glob("*/items"))


def test_a_file_is_looked_at_mapped_and_carried_out_by_a_job(world, django_capture_on_commit_callbacks):
    client, dataset, lead = world
    address = upload(client, dataset).url
    page = client.get(address)
    assert (page.context["report"]["created"], page.context["report"]["unknown"]) == (1, {"こわい": 1})
    assert [(one["row"], one["field"]) for one in page.context["faults"]] == [(2, "Category"), (3, "質問")]
    assert Item.objects.count() == 0
    chosen = choices(page.context["form"]) | {"word-0": " > ".join(leaf(dataset).labels)}
    # Something was changed, so it is looked at first.
    client.post(address, chosen | {"import": "1"})
    page = client.get(address)
    assert (page.context["report"]["created"], page.context["report"]["states"]) == (
        2,
        {"in_review": 1, "awaiting_answer": 1},
    )
    assert Item.objects.count() == 0
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address, choices(page.context["form"]) | {"import": "1"})
    assert list(Item.objects.order_by("pk").values_list("external_id", "category")) == [
        ("1", leaf(dataset).pk),
        ("2", leaf(dataset).pk),
    ]
    job = Job.objects.get()
    assert (job.kind, job.state, job.done, job.total) == ("import_items", "succeeded", 2, 2)
    assert job.target_url == address
    page = client.get(address)
    assert (page.context["done"]["created"], page.context["done"]["faults"], kept(lead)) == (2, 1, [])
    # Pressed once more in a window that was left open: nothing happens twice.
    client.post(address, chosen | {"import": "1"})
    assert (Item.objects.count(), Job.objects.count()) == (2, 1)


def test_progress_survives_a_reload_and_nothing_else_is_done_meanwhile(world):
    client, dataset, lead = world
    address = upload(client, dataset).url
    place = Place.of(lead, dataset, address.rstrip("/").rpartition("/")[2])
    job = Job.objects.create(
        dataset=dataset, person=lead, kind="import_items", title="x", state="running", done=500, total=2000
    )
    place.say(job=job.pk)
    for _reload in range(2):
        page = client.get(address)
        assert (page.context["waiting"], page.context["job"].done) == (True, 500)
        assert 'value="500"' in page.content.decode()
    client.post(address, {"discard": "1"})
    assert len(kept(lead)) == 1


def test_strangers_and_people_of_other_roles_get_404_and_leads_see_their_own_files_only(world):
    client, dataset, _lead = world
    address = upload(client, dataset).url
    pages = [reverse("curation:import_items", args=[dataset.slug]), address]
    pages += [f"{address}faults.csv", f"{address}mapping.json"]
    others = [make_member(dataset, role) for role in ("author", "reviewer", "researcher")]
    others.append(make_member(make_dataset("elsewhere"), "lead"))
    for person in others:
        theirs = signed_in(person)
        assert [theirs.get(page).status_code for page in pages] == [404] * 4
        assert upload(theirs, dataset).status_code == 404
    second = signed_in(make_member(dataset, "lead"))
    assert [second.get(page).status_code for page in pages] == [200, 302, 404, 404]


def test_faults_and_mapping_are_downloaded(world):
    client, dataset, _lead = world
    address = upload(client, dataset, "番号,質問,分類\n1,=1+1とは何か。,＝こわい\n").url
    table = b"".join(client.get(f"{address}faults.csv").streaming_content).decode()
    assert table.splitlines()[1].startswith("1,2,Category,")
    assert "'=1+1とは何か。" in table
    assert client.get(f"{address}mapping.json").json() == {
        "columns": {"id": "番号", "question": "質問", "category": "分類"},
        "attributes": [],
        "constants": {},
        "categories": {},
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02\x03" * 40,
        b"PK\x03\x04rest",
        "質問\n".encode("utf-16"),
        b"[]",
        b"\x81\xff\xfe,\n1,2\n",
        (",".join(f"c{n}" for n in range(100_000)) + "\n").encode(),
    ],
)
def test_files_of_no_use_are_refused_with_a_sentence_and_not_kept(world, content):
    client, dataset, lead = world
    answer = upload(client, dataset, content)
    assert (answer.status_code, list(answer.context["form"].errors), kept(lead)) == (400, ["file"], [])


def test_a_file_without_a_question_says_so_and_keeps_what_is_said(world):
    client, dataset, _lead = world
    address = upload(client, dataset, f"alpha,beta\nひとつ,{leaf(dataset).label}\n").url
    page = client.get(address)
    assert (page.status_code, page.context["report"]) == (200, {})
    assert "no column was found for question" in page.context["error"]
    client.post(address, choices(page.context["form"]) | {"column-0": "question", "check": "1"})
    page = client.get(address)
    assert (page.context["error"], page.context["report"]["created"]) == ("", 1)
    twice = client.post(address, choices(page.context["form"]) | {"column-1": "question", "check": "1"})
    assert (twice.status_code, list(twice.context["form"].errors)) == (400, ["column-1"])


def test_hostile_names_and_texts_are_escaped(world):
    client, dataset, _lead = world
    head = "<script>alert(1)</script>"
    content = f"番号,質問,分類,{head}\n1,<b>何か。</b>,<i>わけ</i>,x\n2,<b>何</b>,{leaf(dataset).label},x\n"
    body = client.get(upload(client, dataset, content, name="<u>a.csv").url).content.decode()
    for raw in (head, "<b>何", "<i>わけ", "<u>a"):
        assert raw not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body


def test_a_large_file_is_read_by_the_worker(world, monkeypatch, django_capture_on_commit_callbacks):
    client, dataset, _lead = world
    monkeypatch.setattr(item_files, "INLINE_BYTES", 10)
    with django_capture_on_commit_callbacks(execute=True):
        address = upload(client, dataset).url
    job = Job.objects.get()
    assert (job.kind, job.state, job.arguments["dry_run"]) == ("import_items", "succeeded", True)
    assert client.get(address).context["report"]["created"] == 1


def test_files_are_deleted_when_asked_and_after_a_day(world, monkeypatch):
    client, dataset, lead = world
    client.post(upload(client, dataset).url, {"discard": "1"})
    assert kept(lead) == []
    upload(client, dataset)
    monkeypatch.setattr(places, "KEPT_SECONDS", -1)
    places.sweep("brought-items")
    assert kept(lead) == []
