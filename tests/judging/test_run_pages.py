"""The pages of a judge run: what it would take, how it stands, pause, resume under a cap, replies read again."""

import pytest
from django.utils.translation import override

from curation.log import OPERATOR
from curation.models import Endpoint as EndpointRow
from curation.models import Membership
from curation.retold import retold
from curation.workflow import advance
from judging.actions.judges import create_judge
from judging.actions.runs import resume
from judging.actions.turns import WAITS
from judging.models import JudgeRun, Verdict
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.judging.test_runs import begin, make_judge, work
from tests.rig.endpoint import error, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client, endpoint):
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    researcher = make_member(dataset, Membership.Role.RESEARCHER)
    client.force_login(researcher)
    prices = {"input": 2, "output": 10}
    judge = make_judge(
        dataset, endpoint.url, prices=prices, limits={"failures_in_a_row": 3, "down_after": 0.1}
    )
    return dataset, task, judge


def page(client, dataset, *words) -> str:
    answer = client.get("/".join([f"/d/{dataset.slug}", *map(str, words), ""]), HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_estimate_starts_nothing(client, world, endpoint) -> None:
    dataset, task, judge = world
    given = {"judge": judge.pk, "mode": "both", "repeats": 3, "estimate": "1"}
    answer = client.post(f"/d/{dataset.slug}/studies/{task.pk}/start/", given)
    assert answer.status_code == 200
    assert answer.context["estimate"]["to_make"] == 60
    assert (JudgeRun.objects.count(), endpoint.requests) == (0, 0)
    del given["estimate"]
    wrong = client.post(f"/d/{dataset.slug}/studies/{task.pk}/start/", {**given, "most_tokens": "-1"})
    assert (wrong.status_code, JudgeRun.objects.count()) == (400, 0)


def test_a_run_that_paused_itself_says_why_and_goes_on(client, world, endpoint) -> None:
    dataset, task, judge = world
    endpoint.usual = error(503)
    run = work(begin(judge, task))
    shown = page(client, dataset, "judge-runs", run.pk)
    assert "HTTP 503" in shown
    assert f"/judge-runs/{run.pk}/resume/" in shown
    assert f"/judge-runs/{run.pk}/pause/" not in shown
    endpoint.usual = says('{"score": 4}')
    answer = client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/resume/", {"most_tokens": "abc"})
    run.refresh_from_db()
    assert (answer.status_code, run.state) == (302, "paused")
    answer = client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/resume/", {"most_tokens": "100000"})
    run.refresh_from_db()
    # Tasks run at once in tests.
    assert (answer.status_code, run.most_tokens) == (302, 100_000)
    if run.state == "queued":
        work(run)
    assert (run.state, Verdict.objects.filter(status="ok").count()) == ("succeeded", 10)
    answer = client.get(f"/d/{dataset.slug}/judge-runs/{run.pk}/")
    assert answer.context["sound"]["publishable"] is True
    # 10 calls of 90 in and 10 out: 900 * 2 / 1e6 + 100 * 10 / 1e6
    assert answer.context["spent"]["money"] == pytest.approx(0.0028)


def test_a_waiting_run_is_paused_at_once_and_twice_is_once(client, world) -> None:
    dataset, task, judge = world
    run = begin(judge, task)
    assert f"/judge-runs/{run.pk}/pause/" in page(client, dataset, "judge-runs", run.pk)
    for _n in range(2):
        assert client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/pause/").status_code == 302
        run.refresh_from_db()
        assert run.state == "paused"
    assert client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/cancel/").status_code == 302
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_replies_of_an_older_reader_are_offered_and_read_again(client, world) -> None:
    dataset, task, judge = world
    run = work(begin(judge, task))
    assert "/reparse/" not in page(client, dataset, "judge-runs", run.pk)
    Verdict.objects.update(parser_version="1")
    assert "/reparse/" in page(client, dataset, "judge-runs", run.pk)
    assert client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/reparse/").status_code == 302
    assert set(Verdict.objects.values_list("parser_version", "status")) == {("2", "ok")}


def test_strangers_and_people_without_the_role_steer_nothing(client, world) -> None:
    dataset, task, judge = world
    run = begin(judge, task)
    for verb in ("pause", "cancel", "resume", "reparse"):
        client.force_login(make_member(dataset, Membership.Role.LEAD))
        assert client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/{verb}/").status_code == 302
        client.force_login(make_member(make_world_dataset(), Membership.Role.RESEARCHER))
        assert client.post(f"/d/{dataset.slug}/judge-runs/{run.pk}/{verb}/").status_code == 404
        run.refresh_from_db()
        assert run.state == "queued"


def test_the_pages_of_runs_belong_to_the_judges_in_the_side_bar(client, world) -> None:
    dataset, task, judge = world
    run = begin(judge, task)
    for words in (("judges",), ("judge-runs", run.pk), ("judges", judge.pk)):
        answer = client.get("/".join([f"/d/{dataset.slug}", *map(str, words), ""]))
        entries = [entry for section in answer.context["frame"]["nav"] for entry in section]
        assert [entry["key"] for entry in entries if entry["active"]] == ["judges"], words


def test_a_resumed_run_counts_over_all_its_calls(client, world, endpoint) -> None:
    dataset, task, judge = world
    endpoint.behaviour = {f"q{q}への{n}番の": error(500) for q, n in ((0, 1), (0, 2), (1, 3))}
    run = work(begin(judge, task))
    endpoint.behaviour = {}
    work(resume(OPERATOR, run, send=False))
    job = client.get(f"/d/{dataset.slug}/judge-runs/{run.pk}/").context["job"]
    # 7 of 10 were answered before, 3 in this pass.
    assert (job.done, job.total) == (10, 10)


def test_a_run_that_waits_says_for_what(client, world) -> None:
    dataset, task, judge = world
    other = create_judge(OPERATOR, dataset, {"name": "k", "endpoint": "here", "sampling": {"seed": 2}})
    one, run = begin(judge, task), begin(other, task)
    advance(one, "start", actor=OPERATOR, log=False)
    work(run)
    with override("ja"):
        said = retold(WAITS)
    assert said in page(client, dataset, "judge-runs", run.pk)


def test_money_has_the_decimals_of_its_currency_on_every_page(client, world, endpoint) -> None:
    dataset, task, judge = world
    EndpointRow.objects.update(prices={"input": 20_000, "output": 10_000, "currency": "JPY"})
    run = work(begin(judge, task, most_money=5000))
    # 900 * 20,000 / 1e6 + 100 * 10,000 / 1e6 = 18 + 1
    shown = page(client, dataset, "judge-runs", run.pk)
    assert " · 19 JPY</dd>" in shown
    assert "5,000 JPY</dd>" in shown
    given = {"judge": judge.pk, "mode": "ref", "repeats": 2, "estimate": "1"}
    answer = client.post(f"/d/{dataset.slug}/studies/{task.pk}/start/", given)
    assert answer.context["priced"]["money"] == "19 JPY"


def test_who_needs_an_endpoint_is_told_the_command(client) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    client.force_login(make_member(dataset, Membership.Role.RESEARCHER))
    command = f"python manage.py create_endpoint FILE --dataset {dataset.slug}"
    for words in (("judges",), ("judges", "new"), ("studies", task.pk, "start")):
        assert command in page(client, dataset, *words), words
