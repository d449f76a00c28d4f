"""The drafting aid: off by default, asked for by the writer's own act, named failures, nothing put in by itself."""

from __future__ import annotations

import json

import pytest

from curation.actions import aid, jobs
from curation.actions.care import set_opt_outs
from curation.actions.endpoints import create_endpoint
from curation.actions.items import Wording, draft_of, save_draft, submit
from curation.actions.leases import WRITE, lease_item
from curation.aiding import prompts
from curation.errors import InHand, Invalid, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import Item, Job, LogEntry, Notice, Revision, Rights, Routine, Suggestion
from curation.queries import prompts_of
from tests.curation.views.conftest import signed_in
from tests.factories.curation import ANSWER, leaf, make_dataset, make_item, make_member
from tests.rig.endpoint import error, says

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]
pytest_plugins = ["tests.rig.endpoint"]
ASKED = {"content_type": "application/json"}
HX = {"HTTP_HX_REQUEST": "true"}
QUESTION = "薬を二倍飲んでもよいですか。"


@pytest.fixture
def keys(settings):
    settings.TEINEI_FIELD_KEY = "x" * 50


@pytest.fixture
def dataset():
    return make_dataset("home")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead")


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author", name="akari")


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, author=author, question=QUESTION)


@pytest.fixture
def named(dataset, endpoint):
    """The endpoint's row, not chosen yet."""
    limits = {"tries": 1, "timeout": 30}
    return create_endpoint(
        OPERATOR, dataset, {"name": "m", "url": endpoint.url, "model": "m", "limits": limits}
    )


@pytest.fixture
def on(dataset, lead, named, endpoint):
    endpoint.usual = says("  一度に二倍飲むのは避け、薬剤師に相談してください。\n")
    aid.set_aid(lead, dataset, named)
    return endpoint


def asked(author, item, capture, kind="answer", question=QUESTION) -> Suggestion:
    """A suggestion with its job done by the time it is given."""
    with capture(execute=True):
        made = aid.ask_aid(author, item, kind=kind, question=question)
    return Suggestion.objects.select_related("job").get(pk=made.pk)


def test_off_by_default_the_page_and_programs_know_of_none(item, author, named):
    client = signed_in(author)
    assert Routine().aid is None
    assert 'id="aid"' not in client.get(f"/d/home/write/{item.pk}/").content.decode()
    assert client.get(f"/d/home/write/{item.pk}/aid/").status_code == 404
    assert (
        client.post(f"/d/home/write/{item.pk}/aid/", {"kind": "answer", "question": "問"}).status_code == 404
    )
    assert client.get(f"/api/d/home/items/{item.pk}/aid/").status_code == 404
    with pytest.raises(NotAllowed, match="off in this dataset"):
        aid.ask_aid(author, item, kind="answer", question=QUESTION)


def test_lead_names_an_endpoint_of_the_dataset(dataset, lead, named, author):
    elsewhere = create_endpoint(
        OPERATOR, make_dataset(), {"name": "m", "url": "http://127.0.0.1:1/v1", "model": "m"}
    )
    with pytest.raises(Invalid):
        aid.set_aid(lead, dataset, elsewhere)
    with pytest.raises(NotAllowed):
        aid.set_aid(author, dataset, named)
    client = signed_in(lead)
    assert client.post("/d/home/coverage/aid/", {"aid": "m"}).url == "/d/home/coverage/targets/"
    assert Routine.objects.get().aid == named
    assert '<option value="m" selected>' in client.get("/d/home/coverage/targets/").content.decode()
    assert signed_in(author).post("/d/home/coverage/aid/", {"aid": ""}).status_code == 404
    body = client.patch("/api/d/home/routine/", json.dumps({"aid": None}), **ASKED).json()
    assert (body["aid"], Routine.objects.get().aid) == (None, None)
    assert client.patch("/api/d/home/routine/", json.dumps({"aid": "x"}), **ASKED).status_code == 400
    verbs = [entry.details for entry in LogEntry.objects.filter(verb="set_routine").order_by("pk")]
    assert verbs == [{"now": {"aid": named.pk}}, {"now": {"aid": None}}]


@pytest.mark.both_databases
def test_the_question_alone_is_sent_and_nothing_is_put_in(
    item, author, on, django_capture_on_commit_callbacks
):
    assert on.requests == 0
    made = asked(author, item, django_capture_on_commit_callbacks)
    assert (made.text, made.failure) == ("一度に二倍飲むのは避け、薬剤師に相談してください。", "")
    sent = on.bodies[0]["messages"]
    assert (len(sent), sent[1]) == (2, {"role": "user", "content": QUESTION})
    assert "100〜400字" in sent[0]["content"]
    prompt = prompts()["answer"]
    assert (made.prompt, made.prompt_hash) == ("first_answer_ja v1", prompt.hash)
    assert sent[0]["content"] == prompt.system.format(least=100, most=400)
    assert draft_of(author, item).answer == ANSWER
    assert Revision.objects.count() == Notice.objects.count() == 0
    details = LogEntry.objects.get(verb="ask_aid").details
    assert details == {"kind": "answer", "endpoint": Routine.objects.get().aid_id, "prompt": made.prompt}
    assert made.job.result == {"failure": ""}
    submit(author, item, Wording(question=QUESTION, answer=ANSWER, category=leaf(item.dataset)))
    assert Suggestion.objects.count() == 0


@pytest.mark.parametrize(
    ("behaviour", "failure", "sentence"),
    [
        (says(None, refusal="できません"), "refused", "The model declined to write it."),
        (says("", "content_filter"), "provider_filtered", "filtered the question or the answer"),
        (says("途中で", "length"), "truncated", "cut off"),
        (says("   "), "off_format", "nothing that can be used"),
        (error(400), "transport", "could not be reached"),
    ],
)
def test_failures_have_names_and_sentences_and_never_become_text(
    item, author, on, behaviour, failure, sentence, django_capture_on_commit_callbacks
):
    on.usual = behaviour
    made = asked(author, item, django_capture_on_commit_callbacks)
    assert (made.text, made.failure) == ("", failure)
    page = signed_in(author).get(f"/d/home/write/{item.pk}/aid/", **HX).content.decode()
    assert sentence in page
    assert "data-aid-insert" not in page


def test_who_may_not_write_it_finds_nothing(dataset, item, author, on, endpoint):
    strangers = [
        make_member(make_dataset(), "author"),
        make_member(dataset, "author"),
        make_member(dataset, "reviewer"),
    ]
    body = json.dumps({"kind": "answer", "question": QUESTION})
    for client in map(signed_in, strangers):
        assert client.post(f"/d/home/write/{item.pk}/aid/", {"kind": "answer"}).status_code == 404
        assert client.post(f"/api/d/home/items/{item.pk}/aid/", body, **ASKED).status_code == 404
    submit(author, item, Wording(question=QUESTION, answer=ANSWER, category=leaf(dataset)))
    assert signed_in(author).get(f"/d/home/write/{item.pk}/aid/").status_code == 404
    assert endpoint.requests == 0


def test_opted_out_closed_terms_and_other_hands_send_nothing(dataset, item, author, on, endpoint):
    set_opt_outs(author, author, dataset, {leaf(dataset).pk})
    with pytest.raises(NotAllowed, match="opted out"):
        aid.ask_aid(author, item, kind="answer", question=QUESTION)
    set_opt_outs(author, author, dataset, set())
    rights = Rights.objects.create(dataset=dataset, name="gated", gate=Rights.Gate.NO_ACCESS)
    Item.objects.filter(pk=item.pk).update(rights=rights)
    with pytest.raises(WrongState, match="no access under the terms"):
        aid.ask_aid(author, item, kind="answer", question=QUESTION)
    waiting = make_item(dataset, state="awaiting_answer")
    lease_item(make_member(dataset, "author"), waiting, WRITE)
    with pytest.raises(InHand):
        aid.ask_aid(author, waiting, kind="answer", question=QUESTION)
    assert (endpoint.requests, Job.objects.count()) == (0, 0)


def test_terms_and_rule_are_asked_again_before_the_text_goes_out(dataset, lead, item, author, on, endpoint):
    made = aid.ask_aid(author, item, kind="answer", question=QUESTION)
    aid.set_aid(lead, dataset, None)
    jobs.run_job(made.job_id, aid.run_aid)
    job = Job.objects.get()
    assert (job.state, job.message) == ("failed", "The drafting aid is off in this dataset.")
    assert endpoint.requests == 0


def test_the_same_asked_twice_is_one_call_and_an_old_one_makes_room(
    item, author, on, endpoint, django_capture_on_commit_callbacks
):
    first = aid.ask_aid(author, item, kind="answer", question=QUESTION)
    assert aid.ask_aid(author, item, kind="answer", question=QUESTION) == first
    jobs.run_job(first.job_id, aid.run_aid)
    again = asked(author, item, django_capture_on_commit_callbacks)
    assert list(Suggestion.objects.all()) == [again]
    for wrong in ({"kind": "poem", "question": "問"}, {"kind": "answer", "question": " \n"}):
        with pytest.raises(Invalid):
            aid.ask_aid(author, item, **wrong)
    assert endpoint.requests == 2


def test_page_asks_waits_shows_and_throws_away(item, author, on, settings):
    client, url = signed_in(author), f"/d/home/write/{item.pk}/"
    page = client.get(url).content.decode()
    assert [f'value="{kind}"' in page for kind in ("answer", "harmless", "evasive")] == [True] * 3
    waiting = client.post(f"{url}aid/", {"kind": "harmless", "question": QUESTION}, **HX).content.decode()
    assert "The model is writing. You can go on typing." in waiting
    assert 'hx-trigger="every 1s"' in waiting
    seen = f"{url}aid/?seen={Suggestion.objects.get().pk}"
    assert f'hx-get="{seen}"' in waiting
    assert client.get(seen, **HX).status_code == 204  # nothing is drawn anew: the focus stays where it is
    settings.CELERY_TASK_ALWAYS_EAGER, settings.REDIS_URL = False, "redis://127.0.0.1:9/0"
    assert "No worker is listening." in client.get(seen, **HX).content.decode()
    assert client.get(f"{seen}w", **HX).status_code == 204
    settings.CELERY_TASK_ALWAYS_EAGER = True
    jobs.run_job(Job.objects.get().pk, aid.run_aid)
    shown = client.get(seen, **HX).content.decode()
    assert "薬剤師に相談してください。" in shown
    assert 'data-aid-insert="question"' in shown
    assert "hx-trigger" not in shown
    other = signed_in(make_member(item.dataset, "author"))
    made = Suggestion.objects.get()
    assert other.post(f"{url}aid/{made.pk}/throw-away/").status_code == 404
    client.post(f"{url}aid/{made.pk}/throw-away/", **HX)
    assert Suggestion.objects.count() == 0


def test_only_an_answer_is_offered_where_anothers_question_stands(dataset, author, on):
    waiting = make_item(dataset, state="awaiting_answer")
    page = signed_in(author).get(f"/d/home/write/{waiting.pk}/").content.decode()
    assert ('value="answer"' in page, 'value="harmless"' in page) == (True, False)


def test_programs_ask_and_read(item, author, on, django_capture_on_commit_callbacks):
    client, url = signed_in(author), f"/api/d/home/items/{item.pk}/aid/"
    with django_capture_on_commit_callbacks(execute=True):
        made = client.post(url, json.dumps({"kind": "evasive", "question": QUESTION}), **ASKED)
    assert (made.status_code, made.json()["kind"]) == (202, "evasive")
    (row,) = client.get(url).json()["suggestions"]
    assert (row["state"], row["failure"], row["text"][:4]) == ("succeeded", "", "一度に二")
    assert (row["prompt"], row["prompt_hash"]) == ("evasive_twin_ja v1", prompts()["evasive"].hash)


SHIPPED = {
    "first_answer_ja v1": "4cbc5784d2911e666e4f51bc7ba7645e28d0a89808eea32fd9fb93f6f074991d",
    "harmless_twin_ja v1": "8a19475cabe4afae7e988abbc2de44ece9429506a4cdb12f629cfee1dca2faff",
    "evasive_twin_ja v1": "6db94e8698a32fbb890702445798f7cb84fe73a7a3a268b2a000e0b68a135dfb",
}


def test_a_prompt_with_other_words_has_another_version():
    """Where this fails, raise the version in the file, and add the new line here."""
    assert list(prompts()) == list(Suggestion.Kind.values)
    assert {prompt.label: prompt.hash for prompt in prompts().values()}.items() <= SHIPPED.items()


def test_lead_reads_the_prompts_and_the_reviewer_their_names(dataset, lead, item, author, on):
    aid.ask_aid(author, item, kind="harmless", question=QUESTION)
    aid.ask_aid(author, item, kind="answer", question=QUESTION)
    runs = {"answer": [["machine", len(ANSWER)]], "question": [["typed", len(QUESTION)]]}
    wording = Wording(question=QUESTION, answer=ANSWER, category=leaf(dataset), origins=runs)
    done = submit(author, item, wording)
    assert prompts_of(done) == {"answer": ["first_answer_ja v1"]}
    reviewer = signed_in(make_member(dataset, "reviewer"))
    shown = reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    assert "characters came from a machine · prompt: first_answer_ja v1" in shown
    assert "harmless_twin_ja" not in shown
    targets = signed_in(lead).get("/d/home/coverage/targets/").content.decode()
    assert [prompt.system in targets for prompt in prompts().values()] == [True] * 3


def test_typed_text_asks_for_no_prompt(item, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert prompts_of(Revision(item=item, origins={"answer": [["typed", 9]]})) == {}


def test_machine_characters_are_what_the_reviewer_reads(item, author, on):
    text = "機械が書いた回答の文です。"
    runs = {"answer": [["machine", len(text)]]}
    save_draft(author, item, version=1, client_id="", answer=text, origins=runs)
    done = submit(author, item, Wording(question=QUESTION, answer=text, category=leaf(item.dataset)))
    reviewer = signed_in(make_member(item.dataset, "reviewer"))
    assert done.origins["answer"] == [["machine", len(text)]]
    assert "13" in reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
