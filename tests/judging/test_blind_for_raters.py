"""Every answer that a rater can get while they rate: pages, parts of pages, the API, errors, headers, static files.

The task has verdicts of a judge, ratings and comments of another rater, an adjudicated value and silent checks. Each
secret is a word that stands nowhere else, so finding it in an answer means that it came out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from annotation.actions.leases import lease
from annotation.actions.practice import acknowledge_warning
from annotation.actions.ratings import rate
from annotation.models import Assignment, Rater, Rating, RatingTask, Response, TaskRater
from curation.actions.endpoints import create_endpoint
from curation.formats import VerdictRow
from curation.log import OPERATOR
from curation.models import Membership, Person
from judging.actions.verdicts import import_verdicts
from tests.factories.addresses import address_of, every_name
from tests.factories.annotation import make_task, make_world_dataset
from tests.factories.gold import draw_checks, make_case

pytestmark = pytest.mark.django_db
MODELS = ("modelsecret-a", "modelsecret-b")
JUDGE, REASONING = "judgesecret", "verdictsecret"
COMMENT, FINAL, OTHER = "commentsecret", "finalsecret", "pseudosecret"
GOLD = "explainsecret"
# `modelsecret-gold` is the model of practice cases and silent checks.
SECRETS = ("modelsecret", JUDGE, REASONING, COMMENT, FINAL, OTHER, GOLD)
GIVEN_AWAY = re.compile(r"silent|サイレント|抜き打ち|\bgold\b|\"gold|gold_case|is_gold", re.IGNORECASE)
TEXTS = re.compile(r"(質問その\d+です。|練習の質問\d+です。|練習の回答\d+です。|q\d+への\d+番の回答です。)")


@dataclass
class World:
    task: RatingTask
    person: Person
    other: Person
    bodies: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> str:
        return f"/d/{self.task.dataset.slug}/rate/{self.task.pk}/"

    @property
    def api(self) -> str:
        return f"/api/d/{self.task.dataset.slug}/tasks/{self.task.pk}/"

    def client(self) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(self.person)
        return client

    def keep(self, name: str, answer: Any) -> Any:
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = "\n".join(f"{key}: {value}" for key, value in answer.items())
        self.bodies[f"{len(self.bodies)} {name} {answer.status_code}"] = headers + content.decode(
            "utf-8", "replace"
        )
        return answer


@pytest.fixture
def world() -> World:
    """Two raters, both with something left to rate; one of them has rated, been judged beside, and been overruled."""
    dataset = make_world_dataset()
    task, (person, other) = make_task(dataset, raters=2, questions=12, models=MODELS, arms="both")
    Rater.objects.filter(person=other).update(pseudonym=OTHER)
    Person.objects.filter(pk=other.pk).update(pseudonym=OTHER, display_name=f"{OTHER}-name")
    for _n in range(6):
        make_case(task.rubric, use="gold", explanation_ja=GOLD, explanation_en=GOLD)
    draw_checks(TaskRater.objects.get(task=task, rater__person=person), share=0.3, checks=2, within=8)
    task.refresh_from_db()
    for _n in range(4):
        held = lease(other, task)
        assert held is not None
        rate(other, task, token=held.token, score=1, comment=COMMENT)
    overruled = Rating.objects.filter(task=task, role="rater").first()
    assert overruled is not None
    Rating.objects.create(
        task=task, response=overruled.response, rater=overruled.rater, role="final", score="5", comment=FINAL
    )
    responses = Response.objects.filter(in_tasks__task=task)
    rows = [
        VerdictRow(n, response.item_key, response.model, JUDGE, 1 + n % 5, raw=REASONING)
        for n, response in enumerate(responses, start=1)
    ]
    import_verdicts(OPERATOR, task, rows)
    create_endpoint(
        OPERATOR, dataset, {"name": "modelsecret-e", "url": "http://127.0.0.1:1/v1", "model": MODELS[0]}
    )
    return World(task, person, other)


def keys_of(world: World) -> Iterator[dict[str, Any]]:
    """What fills the places of an address: own things, then things of the task that are not the rater's to see."""
    rating = Rating.objects.filter(task=world.task).first()
    lease_of_other = Assignment.objects.filter(rater__person=world.other).first()
    assert rating is not None
    assert lease_of_other is not None
    base = {
        "dataset": world.task.dataset.slug,
        "form": "csv",
        "key": 24 * "a",
        "study": 1,
        "job": 1,
        "conflict": 1,
    }
    base |= {"case": 1}
    for pk in (world.task.pk, rating.pk, rating.response_id):
        yield base | {"pk": pk, "name": "r1", "response": rating.response_id, "token": lease_of_other.token}


def everything(world: World, *, within: str = "") -> None:
    """Every address of the site by GET and by POST; own ones as a page, as part of one and as JSON.

    `within` is a pattern that narrows the walk.
    """
    client, asked = world.client(), set()
    for name in every_name():
        if name.endswith(("set_language", "schema", "account_logout")):
            continue
        for keys in keys_of(world):
            try:
                address = address_of(name, keys)
            except KeyError:
                continue
            if address in asked or not re.search(within, address):
                continue
            asked.add(address)
            answer = world.keep(f"GET {address}", client.get(address))
            if answer.status_code not in (404, 405):
                for headers in ({"HX-Request": "true"}, {"Accept": "application/json"}):
                    world.keep(f"GET {address}", client.get(address, headers=headers))
            # What would end the work of the rater by itself is pressed on the pages.
            if not address.startswith((world.rate, world.api)):
                world.keep(f"POST {address}", client.post(address))


def token_of(answer: Any) -> str:
    found = re.search(r'name="token" value="([^"]+)"', answer.content.decode())
    return found[1] if found else ""


def ordinary_work(world: World, turns: int) -> list[tuple[bool, str, str]]:
    """Rate, skip, undo, walk back, correct, err; (was it a silent check, its page, its JSON) for each turn."""
    client, seen = world.client(), []
    hx = {"HX-Request": "true"}
    for number in range(turns):
        page = world.keep("page", client.get(world.rate))
        part = world.keep("part", client.get(world.rate, headers=hx))
        called = world.keep("api next", client.post(f"{world.api}next/", content_type="application/json"))
        token = token_of(page)
        held = Assignment.objects.get(token=token)
        seen.append((held.gold_id is not None, part.content.decode(), called.content.decode()))
        for wrong in ({"score": "9"}, {"score": "1", "comment": ""}, {"score": "4", "token": "x"}):
            world.keep("error", client.post(f"{world.rate}submit/", {"token": token} | wrong, headers=hx))
        sent = {"token": token, "comment": "", "scores": {}}
        world.keep(
            "draft", client.post(f"{world.rate}draft/", json.dumps(sent), content_type="application/json")
        )
        if number % 3 == 0:
            form = {"token": token, "verb": "skip.unclear"}
            world.keep("skip", client.post(f"{world.rate}submit/", form, headers=hx))
            world.keep("own skip", client.get(f"{world.rate}own/{token}/", headers=hx))
            continue
        if number % 3 == 1:
            sent = {"token": token, "score": "4", "client_id": f"c{number}"}
            done = client.post(f"{world.api}ratings/", json.dumps(sent), content_type="application/json")
            world.keep("api rate", done)
            world.keep(
                "api again",
                client.post(f"{world.api}ratings/", json.dumps(sent), content_type="application/json"),
            )
        else:
            form = {"token": token, "score": "4", "client_id": f"c{number}"}
            world.keep("rate", client.post(f"{world.rate}submit/", form, headers=hx))
        world.keep("own", client.get(f"{world.rate}own/{token}/"))
        form = {"token": token, "own": token, "score": "5", "client_id": f"d{number}"}
        world.keep("correct", client.post(f"{world.rate}submit/", form, headers=hx))
        if number % 4 == 0:
            world.keep("undo", client.post(f"{world.rate}undo/", headers=hx))
            again = {"token": token, "score": "3", "client_id": f"e{number}"}
            world.keep("rate", client.post(f"{world.rate}submit/", again, headers=hx))
    return seen


def leaks(world: World) -> dict[str, list[str]]:
    own = Rater.objects.get(person=world.person).pseudonym
    others = [name for name in Rater.objects.values_list("pseudonym", flat=True) if name != own]
    found = {
        name: [word for word in (*SECRETS, *others) if word in body] + GIVEN_AWAY.findall(body)
        for name, body in world.bodies.items()
    }
    return {name: words for name, words in found.items() if words}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_answer_tells_a_rater_anything_they_must_not_know(world: World, language: str) -> None:
    with translation.override(language):
        Person.objects.filter(pk=world.person.pk).update(locale=language)
        seen = ordinary_work(world, 12)
        everything(world, within="" if language == "ja" else "/rate/|/tasks/")
    assert len(world.bodies) > (300 if language == "ja" else 100)
    assert {gold for gold, _part, _called in seen} == {
        True,
        False,
    }  # both kinds were met, or nothing was proven
    assert leaks(world) == {}


def test_a_role_that_reads_results_opens_none_of_them_while_something_is_left(world: World) -> None:
    for role in (Membership.Role.RESEARCHER, Membership.Role.LEAD, Membership.Role.RELEASE_MANAGER):
        Membership.objects.create(dataset=world.task.dataset, person=world.person, role=role)
    ordinary_work(world, 3)
    own = f"/tasks/{world.task.pk}/"
    everything(world, within=rf"{own}|/studies/|/study/|/judges/")
    # Whoever runs the dataset knows its people and the cases of its rubrics; the task's results stay closed all the same.
    assert {name: words for name, words in leaks(world).items() if own in name or "/rate/" in name} == {}


def test_a_silent_check_looks_like_any_other_response(world: World) -> None:
    """The same markup but for its texts, the same keys in JSON: nothing to tell one by."""
    shapes = {}
    for gold, part, called in ordinary_work(world, 12):
        bare = TEXTS.sub("#", re.sub(r"参考回答その\d+です。", "#", part))
        for volatile in (r'value="[^"]{20,}"', r"own/[^/]+/", r"\d+ / \d+", r'value="\d+" max="\d+"'):
            bare = re.sub(volatile, "#", bare)
        bare = re.sub(r'<section class="sheet sheet--quiet">.*?</section>', "", bare, flags=re.DOTALL)
        bare = re.sub(r"<(a|span) class=\"button button--small\".*?</\1>", "", bare, flags=re.DOTALL)
        bare = re.sub(r"<section data-rate-part=\"examples\".*?</section>", "", bare, flags=re.DOTALL)
        bare = bare.replace(" disabled", "")
        shapes.setdefault(gold, set()).add(re.sub(r"\s+", " ", bare))
        keys = set(json.loads(called)["next"])
        assert keys <= {"token", "expires_at", "question", "response", "reference"}
    assert set(shapes) == {True, False}
    assert shapes[True] == shapes[False]


def test_the_total_does_not_move_with_a_silent_check(world: World) -> None:
    client, totals = world.client(), set()
    for number in range(10):
        page = client.get(world.rate)
        totals.add(page.context["progress"]["total"])
        sent = {"token": token_of(page), "score": "4", "client_id": f"t{number}"}
        assert client.post(f"{world.rate}submit/", sent).status_code == 302
    assert Assignment.objects.filter(rater__person=world.person, gold__isnull=False, state="rated").exists()
    assert len(totals) == 1


def test_static_files_hold_nothing_of_a_dataset(world: World) -> None:
    folders = [*settings.STATICFILES_DIRS, settings.STATIC_ROOT]
    files = [path for folder in folders for path in map_files(folder)]
    assert len(files) > 20
    assert [path for path in files if any(secret.encode() in path.read_bytes() for secret in SECRETS)] == []


def map_files(folder: Any) -> list[Any]:
    from pathlib import Path

    return [path for path in Path(folder).rglob("*") if path.is_file()]


def test_a_person_who_has_not_read_the_warning_gets_no_text_at_all(world: World) -> None:
    Rater.objects.filter(person=world.person).update(warned_at=None)
    client = world.client()
    bodies = [client.get(world.rate, follow=True).content.decode()]
    bodies.append(client.post(f"{world.api}next/", content_type="application/json").content.decode())
    assert [body for body in bodies if TEXTS.search(body)] == []
    acknowledge_warning(world.person, world.task)
    assert TEXTS.search(client.get(world.rate).content.decode())
