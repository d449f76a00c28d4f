"""Model endpoints, the one client that talks to them, and responses generated where they are missing."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from django.core.management import call_command

from annotation.actions.generation import generate
from annotation.actions.responses import import_responses
from annotation.models import Response
from curation.actions.endpoints import client_of, create_endpoint
from curation.errors import Invalid, NotAllowed
from curation.formats import ResponseRow
from curation.llm import Client, _retry_after
from curation.log import OPERATOR
from curation.models import Endpoint, Membership
from curation.pacing import Limits
from tests.factories.annotation import make_member, make_release, make_world_dataset

Answer = tuple[int, dict[str, str], Any]


class Server:
    """A model server on the loopback; `answer` decides, `seen` keeps what came."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answer: Callable[[dict[str, Any], int], Answer] = lambda body, number: said("はい。")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.seen.append((dict(self.headers), body))
                status, headers, content = outer.answer(body, len(outer.seen))
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client gave up waiting
                    self.end_headers()
                    self.wfile.write(raw)

            def log_message(self, *_arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"


def said(text: str | None, reason: str = "stop", **message: Any) -> Answer:
    choice = {"message": {"content": text, **message}, "finish_reason": reason}
    return 200, {}, {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


HELLO = [{"role": "user", "content": "こんにちは"}]


def ask(server: Server, **options: Any) -> Any:
    limits = Limits(backoff=0.001, **options.pop("limits", {}))
    with Client(url=server.url, model="m", key="secret", limits=limits, **options) as client:
        return client.chat(HELLO)


def test_chat_sends_settings_and_key(server) -> None:
    reply = ask(server, settings={"temperature": 0})
    assert (reply.status, reply.text, reply.tokens_in, reply.tokens_out) == ("ok", "はい。", 3, 2)
    headers, body = server.seen[0]
    assert body == {"temperature": 0, "model": "m", "messages": HELLO}
    assert headers["Authorization"] == "Bearer secret"


def test_a_format_that_only_names_its_kind_is_not_sent(server) -> None:
    ask(server, settings={"response_format": "json_schema"})
    assert "response_format" not in server.seen[0][1]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (said("途中", "length"), "truncated"),
        (said(None, "content_filter"), "provider_filtered"),
        (said(None, refusal="できません。"), "refused"),
        (said(None), "off_format"),
        ((200, {}, b"<html>"), "off_format"),
        ((200, {}, {"choices": []}), "off_format"),
        ((200, {}, []), "off_format"),
        ((400, {}, {"error": {"code": "content_filter"}}), "provider_filtered"),
        ((401, {}, {"error": "key"}), "transport"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "transport"),
    ],
)
def test_chat_names_the_failure_without_a_second_try(server, answer, status) -> None:
    server.answer = lambda body, number: answer
    reply = ask(server)
    assert (reply.status, len(server.seen), reply.dropped) == (status, 1, False)
    assert "secret" not in reply.raw + reply.error


@pytest.mark.parametrize("code", [408, 409, 429, 500, 503])
def test_chat_tries_again_and_honours_retry_after(server, code) -> None:
    server.answer = lambda body, number: (
        (code, {"Retry-After": "0.15"}, b"") if number < 3 else said("三度目")
    )
    began = time.monotonic()
    reply = ask(server)
    assert (reply.text, [one.http_status for one in reply.tries]) == ("三度目", [code, code, 200])
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
        # By the server's own clock, whatever the time is here.
        ({"Retry-After": "Sat, 01 Nov 2025 10:00:30 GMT", "Date": "Sat, 01 Nov 2025 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Sat, 01 Nov 2025 09:00:00 GMT", "Date": "Sat, 01 Nov 2025 10:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers, seconds) -> None:
    assert _retry_after(httpx.Headers(headers)) == seconds


def test_chat_gives_up_after_its_tries(server) -> None:
    server.answer = lambda body, number: (429, {}, b"")
    reply = ask(server, tries=3)
    assert (reply.status, len(reply.tries), reply.dropped) == ("transport", 3, False)


def test_chat_gives_up_after_its_seconds(server) -> None:
    server.answer = lambda body, number: (500, {}, b"")
    reply = ask(server, tries=1000, limits={"seconds_per_call": 0.2})
    assert reply.status == "transport"
    assert 1 < len(reply.tries) < 1000


def test_a_server_that_asks_for_too_long_a_wait_is_given_up(server) -> None:
    server.answer = lambda body, number: (429, {"Retry-After": "9999"}, b"")
    with Client(url=server.url, model="m", limits=Limits(backoff=0.001)) as client:
        replies = [client.chat(HELLO), client.chat(HELLO)]
        assert client.pacer.down == "Retry-After 9999 s"
    assert [reply.dropped for reply in replies] == [True, True]
    assert len(server.seen) == 1


def test_chat_without_a_server_is_a_transport_failure() -> None:
    with Client(url="http://127.0.0.1:1/v1", model="m", tries=2, limits=Limits(backoff=0.001)) as client:
        reply = client.chat(HELLO)
    assert (reply.status, len(reply.tries), reply.http_status) == ("transport", 2, None)


def test_chat_time_out(server) -> None:
    gate = threading.Event()

    def wait(body: dict[str, Any], number: int) -> Answer:
        gate.wait(5)
        return said("遅い")

    server.answer = wait
    reply = ask(server, timeout=0.2, tries=1)
    gate.set()
    assert reply.status == "timeout"


def test_no_reply_holds_what_a_database_refuses(server) -> None:
    raw = json.dumps(said("よい\x00\ud800")[2]).encode()
    server.answer = lambda body, number: (200, {}, raw)
    assert ask(server).text == "よい?"


SPEC = {"name": "e1", "url": "http://127.0.0.1:9/v1", "model": "m", "key": "sk-secret"}


@pytest.mark.django_db
def test_endpoint_key_is_encrypted() -> None:
    dataset = make_world_dataset()
    made = create_endpoint(OPERATOR, dataset, SPEC)
    stored = Endpoint.objects.values_list("encrypted_key", flat=True).get()
    assert "sk-secret" not in stored
    with client_of(made) as client:
        assert client.headers["Authorization"] == "Bearer sk-secret"
    assert create_endpoint(OPERATOR, dataset, SPEC).pk == made.pk
    with pytest.raises(Invalid) as other:
        create_endpoint(OPERATOR, dataset, {**SPEC, "model": "n"})
    assert other.value.field == "name"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://h/v1", "http://", "https://u:p@h/v1", "http://h/v1?a=1", 3, None]
)
def test_endpoint_address_is_http(url) -> None:
    with pytest.raises(Invalid) as refused:
        create_endpoint(OPERATOR, make_world_dataset(), {**SPEC, "url": url})
    assert refused.value.field == "url"


@pytest.mark.django_db
def test_endpoint_is_named_by_certain_roles_only() -> None:
    dataset = make_world_dataset()
    role = Membership.Role
    for one in role.values:
        person = make_member(dataset, one)
        if one in (role.RESEARCHER, role.RELEASE_MANAGER):
            create_endpoint(person, dataset, {**SPEC, "name": one})
        else:
            with pytest.raises(NotAllowed):
                create_endpoint(person, dataset, SPEC)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_generate_asks_only_for_what_is_missing(server) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=5)
    endpoint = create_endpoint(OPERATOR, dataset, {**SPEC, "url": server.url, "settings": {"temperature": 0}})

    def answer(body: dict[str, Any], number: int) -> Answer:
        question = body["messages"][0]["content"]
        return said("途中", "length") if "その3" in question and number <= 5 else said(f"{question}への回答")

    server.answer = answer
    first = generate(OPERATOR, dataset, release=release, endpoints=[endpoint])["e1"]
    assert (first.new, first.known, dict(first.failures)) == (4, 0, {"truncated": 1})
    second = generate(OPERATOR, dataset, release=release, endpoints=[endpoint])["e1"]
    assert (second.new, second.known, dict(second.failures), len(server.seen)) == (1, 4, {}, 6)
    assert Response.objects.get(item_key="q3").text.body == "質問その3です。への回答"


def named(dataset: Any, server: Server, name: str, **given: Any) -> Endpoint:
    spec = {
        **SPEC,
        "name": name,
        "url": server.url,
        "model": f"model-{name}",
        "limits": {"backoff": 0.01, "tries": 2},
    }
    return create_endpoint(OPERATOR, dataset, {**spec, **given})


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_generate_asks_many_endpoints_at_once_and_each_for_itself(server) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=6)
    with serving() as broken:
        broken.answer = lambda body, number: (500, {}, b"oops")
        good = [named(dataset, server, name) for name in "ab"]
        bad = named(dataset, broken, "c")
        told: dict[str, int] = {}
        made = generate(
            OPERATOR,
            dataset,
            release=release,
            endpoints=[*good, bad],
            progress=lambda name, done, total: told.update({name: done}),
        )
    assert {name: (one.new, dict(one.failures)) for name, one in made.items()} == {
        "a": (6, {}),
        "b": (6, {}),
        "c": (0, {"transport": 6}),
    }
    assert told == {"a": 6, "b": 6, "c": 6}
    assert sorted(Response.objects.values_list("model", flat=True)) == ["model-a"] * 6 + ["model-b"] * 6
    again = generate(OPERATOR, dataset, release=release, endpoints=good)
    assert {name: (one.new, one.known) for name, one in again.items()} == {"a": (0, 6), "b": (0, 6)}
    assert len(server.seen) == 12


@pytest.mark.django_db(transaction=True)
def test_generate_keeps_what_came_before_it_was_stopped(server) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=30)
    endpoint = named(dataset, server, "a", limits={"in_flight": 2})

    def stop(name: str, done: int, total: int) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(OPERATOR, dataset, release=release, endpoints=[endpoint], progress=stop)
    kept = Response.objects.count()
    # Every call that was answered is kept, and hardly more than the two under way were sent after the stop.
    assert (kept, kept < 30) == (len(server.seen), True)
    done = generate(OPERATOR, dataset, release=release, endpoints=[endpoint])["a"]
    assert (done.known, done.new, len(server.seen)) == (kept, 30 - kept, 30)


@pytest.mark.django_db
def test_generate_refuses_endpoints_whose_responses_would_be_the_same(server) -> None:
    dataset = make_world_dataset()
    release = make_release(dataset, questions=1)
    pair = [named(dataset, server, name, model="same") for name in "ab"]
    for endpoints in (pair, []):
        with pytest.raises(Invalid) as refused:
            generate(OPERATOR, dataset, release=release, endpoints=endpoints)
        assert refused.value.field == "endpoint"
    assert server.seen == []


TWO_TURNS = {
    "question_id": 81,
    "category": "writing",
    "turns": ["旅行記を書いてください。", "短くしてください。"],
}


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_turns_are_asked_one_after_the_other(server, tmp_path, capsys) -> None:
    dataset = make_world_dataset("talk")
    file = tmp_path / "questions_test.jsonl"
    rows = [
        {**TWO_TURNS, "reference": ["長い手本", "短い手本"]},
        {**TWO_TURNS, "question_id": 82, "turns": ["九九の七の段は？", "八の段は？"]},
        {**TWO_TURNS, "question_id": 83, "turns": "一つの文"},
        {**TWO_TURNS, "question_id": 84, "turns": ["一", "二"], "reference": ["一つだけ"]},
    ]
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        call_command("import_release", str(file), "--name", "mt", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["counts"]["test"]) == (3, 2)
    assert [(row["row"], row["field"]) for row in told["quarantined"]] == [(3, "turns"), (4, "reference")]
    item = dataset.releases.get().items.get(external_id="81")
    assert item.answer == "長い手本\n\n【2回目の質問】\n短くしてください。\n\n【2回目の回答】\n短い手本"
    assert item.attributes["category"] == "writing"

    def answer(body: dict[str, Any], number: int) -> Answer:
        asked = [one["content"] for one in body["messages"]]
        return said(f"答え{len(asked)}") if "八の段は？" not in asked else said("途中", "length")

    server.answer = answer
    named(dataset, server, "a")
    with pytest.raises(SystemExit):
        call_command("generate", "--release", "mt", "--endpoint", "a", "--json")
    done = json.loads(capsys.readouterr().out)["endpoints"]["a"]
    assert done == {"generated": 1, "unchanged": 0, "failures": {"truncated": 1}, "down": None}
    made = Response.objects.get()
    assert made.turns == [
        {"question": "旅行記を書いてください。", "answer": "答え1"},
        {"question": "短くしてください。", "answer": "答え3"},
    ]
    assert made.text.body == "答え1\n\n【2回目の質問】\n短くしてください。\n\n【2回目の回答】\n答え3"
    roles = [[one["role"] for one in body["messages"]] for _headers, body in server.seen]
    assert max(roles, key=len) == ["user", "assistant", "user"]


@pytest.mark.django_db
def test_turns_of_imported_responses_fit_the_item(tmp_path, capsys) -> None:
    dataset = make_world_dataset("talk")
    file = tmp_path / "q_test.jsonl"
    file.write_text(json.dumps(TWO_TURNS, ensure_ascii=False), encoding="utf-8")
    call_command("import_release", str(file), "--name", "mt")
    rows = [
        ResponseRow(1, "81", "m1", "全文", extra={"turns": ["一", "二"]}),
        ResponseRow(2, "81", "m2", "全文", extra={"turns": ["一"]}),
        ResponseRow(3, "81", "m3", "全文", extra={"turns": [{"question": "問", "answer": "答"}] * 2}),
        ResponseRow(4, "81", "m4", "全文", extra={"turns": [3, 4]}),
        ResponseRow(5, "81", "m5", "全文"),
    ]
    done = import_responses(OPERATOR, dataset, release=dataset.releases.get(), rows=rows)
    assert [(apart.row, apart.field) for apart in done.quarantined] == [(2, "turns"), (4, "turns")]
    assert [(len(one.turns), one.model) for one in Response.objects.order_by("model")] == [
        (2, "m1"),
        (2, "m3"),
        (0, "m5"),
    ]
