"""The pages of training: who finds them, what they cost, and how a run is launched."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from finetune.actions.runs import folder_of
from finetune.models import TrainingRun
from tests.factories.curation import make_dataset, make_member
from tests.factories.finetune import make_run, make_world, recipe
from tests.finetune.test_leases import broker_at
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
FIELDS = {
    "name": "one",
    "repeat": 16,
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": "2e-5",
    "folder": "",
    "recipe": "",
}


def queries(client: Client, address: str) -> int:
    client.get(address)  # the session's own writes are behind it
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("path", ["", "new/", "{pk}/"])
def test_training_pages_do_not_exist_for_strangers(path: str) -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    stranger = make_member(make_dataset(), "researcher", "lead")
    author = make_member(dataset, "author")
    address = f"/d/{dataset.slug}/training/" + path.format(pk=run.pk)
    assert [signed_in(who).get(address).status_code for who in (stranger, author)] == [404, 404]


@pytest.mark.parametrize("verb", ["cancel", "resume", "evaluate"])
def test_training_verbs_do_not_exist_for_strangers(verb: str) -> None:
    dataset, _release, _person = make_world()
    run = make_run(dataset)
    address = f"/d/{dataset.slug}/training/{run.pk}/{verb}/"
    author = signed_in(make_member(dataset, "author"))
    assert (author.post(address).status_code, author.get(address).status_code) == (404, 405)
    run.refresh_from_db()
    assert run.state == "queued"


def test_training_run_of_another_dataset_is_not_found() -> None:
    dataset, _release, person = make_world()
    run = make_run(make_world()[0])
    assert signed_in(person).get(f"/d/{dataset.slug}/training/{run.pk}/").status_code == 404


def test_training_lead_watches_but_does_not_launch() -> None:
    dataset, _release, lead = make_world("lead")
    run = make_run(dataset)
    client, base = signed_in(lead), f"/d/{dataset.slug}/training/"
    assert [client.get(base + path).status_code for path in ("", f"{run.pk}/", "new/")] == [200, 200, 404]
    assert client.post(f"{base}{run.pk}/cancel/").status_code == 302
    run.refresh_from_db()
    assert run.state == "queued"


def test_training_pages_cost_the_same_whatever_their_length() -> None:
    dataset, _release, person = make_world()
    client, base = signed_in(person), f"/d/{dataset.slug}/training/"
    run = make_run(dataset, actor=person)
    at_one = (queries(client, base), queries(client, f"{base}{run.pk}/"))
    for _each in range(2):
        make_run(dataset, actor=person)
    run.checkpoints.create(step=1, folder="checkpoints/step-00000001", manifest={}, manifest_hash="0" * 64)
    assert (queries(client, base), queries(client, f"{base}{run.pk}/")) == at_one == (8, 11)


def test_training_new_shows_the_mixture_before_it_launches() -> None:
    dataset, release, person = make_world()
    client, address = signed_in(person), f"/d/{dataset.slug}/training/new/"
    given = {**FIELDS, "release": release.pk}
    empty = client.get(address).content.decode()
    assert 'name="launch"' not in empty
    shown = client.post(address, given).content.decode()
    # 6 dev items x 16 = 96
    assert ('name="launch"' in shown, ">96<" in shown, release.root_hash[:12] in shown) == (True, True, True)
    assert TrainingRun.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_training_new_launches_the_run() -> None:
    dataset, release, person = make_world()
    with broker_at("memory://"):
        answer = signed_in(person).post(
            f"/d/{dataset.slug}/training/new/", {**FIELDS, "release": release.pk, "launch": "1"}
        )
    run = TrainingRun.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/d/{dataset.slug}/training/{run.pk}/")
    assert (run.state, run.name, run.person, run.message) == ("queued", "one", person, "")
    assert (run.recipe["epochs"], run.recipe["batch_size"], run.recipe["learning_rate"]) == (2, 8, 2e-5)
    assert run.mixture.resolved["examples"] == 96
    assert len((folder_of(run) / "examples.jsonl").read_text(encoding="utf-8").splitlines()) == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipe": "{"}, "JSON"),
        ({"recipe": json.dumps(recipe(epoch=1))}, "has unknown keys: epoch"),
        ({"learning_rate": "0"}, "learning_rate: must be above 0.0"),
        ({"folder": "meta/llama"}, "must be the absolute path"),
    ],
)
def test_training_new_says_what_is_wrong(changes: dict, words: str) -> None:
    dataset, release, person = make_world()
    given = {**FIELDS, "release": release.pk, "launch": "1"} | changes
    answer = signed_in(person).post(f"/d/{dataset.slug}/training/new/", given)
    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert TrainingRun.objects.count() == 0


def test_training_new_without_a_release_says_what_to_do_first() -> None:
    dataset = make_dataset()
    page = signed_in(make_member(dataset, "researcher")).get(f"/d/{dataset.slug}/training/new/")
    assert (page.status_code, 'name="repeat"' in page.content.decode()) == (200, False)


def test_training_page_asks_again_only_while_a_run_goes_on() -> None:
    dataset, _release, person = make_world()
    run = make_run(dataset)
    client, base = signed_in(person), f"/d/{dataset.slug}/training/"
    pages = [base, f"{base}{run.pk}/"]
    assert ["every 2s" in client.get(page).content.decode() for page in pages] == [True, True]
    client.post(f"{base}{run.pk}/cancel/")
    assert ["every 2s" in client.get(page).content.decode() for page in pages] == [False, False]
    part = client.get(pages[1], headers={"HX-Request": "true"}).content.decode()
    assert ('id="live"' in part, "<html" in part) == (True, False)
