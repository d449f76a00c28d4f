"""What a run takes: measured, estimated, and held to its cap."""

import json
from contextlib import nullcontext

import pytest
from django.core.management import call_command

from curation.errors import Invalid
from curation.log import OPERATOR
from curation.models import LogEntry
from judging.actions.keeping import REPAIR
from judging.actions.reparsing import reparse
from judging.actions.runs import estimate_run, resume
from judging.actions.studies import study_of
from judging.costs import Further, Purse, Rates, money, priced
from judging.models import Attempt, JudgeCall, JudgeRun, Verdict
from tests.factories.annotation import make_task, make_world_dataset
from tests.judging.test_runs import begin, by_text, make_judge, work
from tests.rig.endpoint import error, says

PRICES = {"input": 2.0, "output": 10.0, "currency": "USD"}
TEXT = [{"role": "user", "content": "日本語10文字です。abcdefgh"}]


def test_tokens_are_guessed_until_they_are_measured() -> None:
    # 日本語文字です。: 8 beyond ASCII; "10abcdefgh": 10 of ASCII, a quarter each.
    assert Rates().tokens_in(TEXT) == 8 + 10 / 4
    assert Rates(per_character=0.5, reply=30, measured=3).tokens_in(TEXT) == 9


def test_money_is_for_a_million_tokens() -> None:
    # 1,000,000 * 2 / 1e6 + 50,000 * 10 / 1e6 = 2 + 0.5
    assert money(PRICES, 1_000_000, 50_000) == 2.5
    assert money({}, 1, 1) is None


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (18.735, "JPY", "19 JPY"),
        (1234567.8, "JPY", "1,234,568 JPY"),
        (0.0375, "JPY", "0.037 JPY"),
        (18.735, "USD", "18.73 USD"),
        (0.5, "USD", "0.50 USD"),
        (0.00084, "USD", "0.00084 USD"),
        (0.0, "EUR", "0.00 EUR"),
        (None, "USD", ""),
    ],
)
def test_money_is_told_with_the_decimals_of_its_currency(amount, currency, told) -> None:
    assert priced(amount, currency) == told


def test_a_purse_never_lets_go_more_than_it_may() -> None:
    purse = Purse(prices=PRICES, most_tokens=1000, longest=100, spent_in=500, spent_out=100)
    cost = (200.0, 100.0)
    assert purse.covers(cost)  # 600 + 300
    purse.set_aside(cost)
    assert not purse.covers((1.0, 100.0))  # 900 + 101
    purse.settle(cost, 180, 20)
    assert (purse.spent_in, purse.spent_out, purse.aside_in, purse.aside_out) == (680, 120, 0, 0)
    assert purse.covers((100.0, 100.0))  # 800 + 200
    # 680 * 2 / 1e6 + 120 * 10 / 1e6 = 0.00136 + 0.0012
    assert purse.money == pytest.approx(0.00256)
    assert not Purse(prices=PRICES, most_money=0.001).covers((0.0, 101.0))  # 0.00101
    assert Purse(prices=PRICES, most_money=0.001).covers((0.0, 100.0))


def test_what_a_call_may_ask_further_is_set_aside_with_it() -> None:
    rates = Rates(per_character=0.5, reply=30, measured=3)
    # TEXT has 18 characters: 9 tokens. The same up to three times more: 4 * 9 in, 4 * 100 out.
    again = Purse(prices=PRICES, rates=rates, longest=100, further=Further(again=3))
    assert again.cost(TEXT) == (36, 400)
    # Told in 10 characters (5 tokens): 9, then the whole talk 9 + 100 + 5, in all 123 in; two replies of 100 out.
    told = Purse(prices=PRICES, rates=rates, longest=100, further=Further(told="点数だけをください。"))
    assert told.cost(TEXT) == (123, 200)
    assert Purse(prices=PRICES, rates=rates, further=Further()).cost(TEXT) == (9, 30)


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_cap_holds_where_every_reply_is_asked_for_again(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, sampling={"max_tokens": 20}, prices=PRICES)
    work(begin(judge, task, models=["modelsecret-a"]))  # measures: 90 tokens a request
    endpoint.usual = says("とても良い回答です。")
    run = work(begin(judge, task, models=["modelsecret-b"], most_tokens=550), at_once=1)
    # A call takes two requests of 100, and sets aside about 244: the third would come to 644. Without the second request
    # it would come to 510, go, and take the run to 600.
    assert (run.state, Attempt.objects.filter(run=run).count()) == ("paused", 4)
    assert run.note.startswith("The run has reached its cap: 400 tokens")


@pytest.mark.django_db
def test_an_estimate_names_the_most_that_a_run_may_take(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, sampling={"max_tokens": 20}, prices=PRICES)
    work(begin(judge, task))
    endpoint.bodies.clear()
    found = estimate_run(OPERATOR, judge=judge, task=task, repeats=2)
    assert (found["to_make"], found["measured"]) == (10, 10)
    # 900 tokens were counted for the characters of 10 requests. Each of 10 calls may take them twice, once more with a
    # reply of 20 and what is told, and two replies of 20.
    each = found["tokens_in"] / found["characters"] * len(REPAIR["ja"])
    assert found["tokens_at_most"] == pytest.approx(2 * 900 + 10 * (20 + each) + 10 * 40, abs=2)
    assert found["money_at_most"] == pytest.approx(
        ((found["tokens_at_most"] - 400) * 2 + 400 * 10) / 1e6, rel=1e-3
    )


@pytest.mark.django_db
def test_a_dry_run_asks_nobody_and_writes_nothing(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, prices=PRICES)
    whole = {"judge": judge, "task": task, "modes": ["ref", "noref"], "repeats": 3}
    found = estimate_run(OPERATOR, **whole)
    assert (found["calls"], found["stored"], found["to_make"], found["measured"]) == (60, 0, 60, 0)
    assert found["tokens_out"] == 60 * 200
    assert (JudgeRun.objects.count(), JudgeCall.objects.count(), endpoint.requests) == (0, 0, 0)
    work(begin(judge, task))
    sent = sum(len(one["content"]) for body in endpoint.bodies for one in body["messages"])
    found = estimate_run(OPERATOR, **whole)
    # 10 calls with 90 tokens in and 10 out are stored: 50 are left, at 900 tokens for the characters of those 10.
    assert (found["stored"], found["to_make"], found["measured"]) == (10, 50, 10)
    assert found["tokens_out"] == 50 * 10
    assert found["tokens_in"] == round(found["characters"] * 900 / sent)
    assert found["money"] == pytest.approx((found["tokens_in"] * 2 + 500 * 10) / 1e6, rel=1e-3)
    # The characters are those that a run then sends.
    endpoint.bodies.clear()
    work(begin(judge, task, modes=["ref", "noref"], repeats=3))
    assert (
        sum(len(one["content"]) for body in endpoint.bodies for one in body["messages"])
        == found["characters"]
    )


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_run_pauses_at_its_cap_and_goes_on_when_it_is_raised(endpoint) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url, sampling={"max_tokens": 20}, prices=PRICES)
    work(begin(judge, task, models=["modelsecret-a"]))  # measures: 100 tokens a call
    run = work(begin(judge, task, models=["modelsecret-b"], most_tokens=460), at_once=1)
    assert run.state == "paused"
    # A call sets aside about 90 + 20, and for a turn more 90 + 20 + 4 + 20: 244. The fourth would come to 544.
    assert Attempt.objects.filter(run=run).count() == 3
    assert run.note.startswith(
        "The run has reached its cap: 300 tokens, 0.00084 USD spent."
    )  # 270 * 2 + 30 * 10
    assert work(resume(OPERATOR, run, send=False)).state == "paused"
    assert Attempt.objects.filter(run=run).count() == 3
    assert work(resume(OPERATOR, run, most_tokens=10_000, send=False)).state == "succeeded"
    assert Attempt.objects.filter(run=run).count() == 5
    dear = begin(judge, task, repeats=2, most_money=0.0009)
    assert work(dear, at_once=1).state == "paused"
    spent = Attempt.objects.filter(run=dear).count()
    # A call takes 0.00028 and sets aside about 204 * 2 / 1e6 + 40 * 10 / 1e6 = 0.00081: a second would come to 0.00109.
    assert spent == 1


@pytest.mark.django_db
def test_a_command_says_what_it_would_take_runs_and_says_how_it_stands(endpoint, capsys) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    make_judge(dataset, endpoint.url)

    def told(*words: str, code: int = 0):
        with pytest.raises(SystemExit) if code else nullcontext() as stop:
            call_command("judge", "--judge", "j", "--dataset", dataset.slug, "--json", *words)
        assert not code or stop.value.code == code
        return json.loads(capsys.readouterr().out)

    assert told("--task", task.name, "--dry-run")["estimate"]["to_make"] == 30
    assert "has no run" in told("--status", code=2)["error"]
    assert "Name the responses" in told(code=2)["error"]
    endpoint.behaviour = {"q0への1番の": says("だめです。")}
    done = told("--task", task.name, "--repeats", "1")
    assert (done["state"], done["verdicts"], done["publishable"]) == (
        "succeeded",
        {"ok": 9, "off_format": 1},
        False,
    )
    assert done["parsed"]["by_model"]["modelsecret-a"] == {"calls": 5, "parsed": 4, "enough": False}
    assert told("--status")["run"] == done["run"]
    endpoint.usual = error(500)
    made = told("--task", task.name, "--repeats", "2", "--max-tokens", "100", code=1)
    assert (made["state"], made["note"][:30]) == ("paused", "The run has reached its cap: 0")
    endpoint.usual = says('{"score": 3}')
    assert told("--resume", "--max-tokens", "1000000")["state"] == "succeeded"
    assert "not possible now" in told("--pause", code=2)["error"]
    assert told("--reparse")["reparsed"]["read"] == 0


@pytest.mark.both_databases
@pytest.mark.django_db
def test_replies_are_read_again_without_a_call_and_the_log_keeps_what_was(endpoint, monkeypatch) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    judge = make_judge(dataset, endpoint.url)
    endpoint.behaviour = {
        "q0への1番の": says("4点です。"),
        "q0への2番の": [says("5点です。"), says('{"score": 5}')],
        "q1への3番の": error(500),
    }
    work(begin(judge, task))
    before = {key: (row.status, row.score) for key, row in by_text().items()}
    assert reparse(OPERATOR, judge) == {"parser": "2", "read": 0, "changed": 0}
    # An older parser had read these otherwise.
    wrong = by_text()["q4への9番"].call
    Verdict.objects.exclude(status="transport").update(parser_version="1")
    Verdict.objects.filter(call=wrong).update(score="1")
    asked = endpoint.requests
    study = study_of(OPERATOR, task, judge, "ref", resamples=50)
    assert reparse(OPERATOR, judge) == {"parser": "2", "read": 9, "changed": 1}
    # Kept studies are found by the hash of their data, so that of the old verdicts is not taken for one of these.
    assert study_of(OPERATOR, task, judge, "ref", resamples=50).pk != study.pk
    assert {key: (row.status, row.score) for key, row in by_text().items()} == before
    assert before["q0への2番"] == ("ok", "5")
    assert before["q0への1番"] == ("off_format", "")
    assert endpoint.requests == asked
    entry = LogEntry.objects.filter(verb="reparse").first()
    assert entry.details["changed"] == [{"call": wrong.pk, "was": ["ok", "1", "1"], "is": ["ok", "4"]}]
    assert set(Verdict.objects.values_list("status", "parser_version")) == {
        ("ok", "2"),
        ("off_format", "2"),
        ("transport", "2"),
    }


@pytest.mark.django_db
def test_a_judge_that_ran_elsewhere_has_no_replies_to_read_again() -> None:
    from judging.actions.judges import imported_judge

    judge, _made = imported_judge(make_world_dataset(), "elsewhere")
    with pytest.raises(Invalid, match="ran elsewhere"):
        reparse(OPERATOR, judge)
