"""Corrections: the successor's name and number, and everything that used what was withdrawn."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from annotation.actions.responses import import_responses
from annotation.actions.rubrics import keep_rubric, rubric_as_given
from annotation.actions.tasks import create_task
from annotation.models import Rating
from curation.actions.corrections import affected_by, correct, correct_or_queue
from curation.actions.releases import Choice, freeze
from curation.errors import Invalid, NotAllowed
from curation.formats import ResponseRow
from curation.log import OPERATOR, record
from curation.models import Erratum, Item, Job, Publication
from curation.release_hashes import root_hash
from curation.release_versions import revision_name
from curation.usages import errata_about, told
from finetune.models import Evaluation
from judging.models import JudgeCall, Study, Verdict
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.factories.releases import make_frozen, row
from tests.factories.whole import make_whole

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
DAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("v1", (), "v1-rev20261121"),
        ("v1", ("v1-rev20261121",), "v1-rev20261121b"),
        ("v1-rev20261121", ("v1-rev20261121",), "v1-rev20261121b"),
        ("v1-rev20250101b", (), "v1-rev20261121"),
        ("AnswerSheet v2.0", (), "AnswerSheet v2.0-rev20261121"),
        ("x" * 60, (), "x" * 48 + "-rev20261121"),
    ],
)
def test_name_of_a_correction(name, taken, expected) -> None:
    assert revision_name(name, DAY, taken) == expected


def test_corrections_of_a_day_never_run_out_of_names() -> None:
    taken: list[str] = []
    for _time in range(60):
        taken.append(revision_name("v1", DAY, taken))
    assert [name[14:] for name in taken][:3] == ["", "b", "c"]
    assert [name[14:] for name in taken][25:28] == ["z", "ba", "bb"]
    assert len(set(taken)) == 60


def test_successor_keeps_rows_and_their_hashes_and_takes_the_next_major_number() -> None:
    dataset = make_dataset("c")
    first = make_frozen(dataset, "v1", [row("a"), row("b"), row("c")], hash_version=1, seed=7)
    make_frozen(dataset, "v2", [row("a")], predecessor=first, version="3.1.0")
    new, _erratum = correct(OPERATOR, first, withdraw=["b", "b"], reason=" 誤り ")
    kept = list(new.items.values_list("position", "external_id", "split", "content_hash"))
    before = dict(first.items.values_list("external_id", "content_hash"))
    assert kept == [(0, "a", "dev", before["a"]), (1, "c", "dev", before["c"])]
    assert (new.root_hash, new.size, new.hash_version, new.seed) == (root_hash(kept), 2, 1, 7)
    assert (new.version, new.note, new.predecessor) == ("4.0.0", "誤り", first)
    again, _second = correct(OPERATOR, new, withdraw=["c"], reason="また")
    assert (again.name, again.version) == (f"v1-rev{timezone.localdate():%Y%m%d}b", "5.0.0")


def test_registration_of_a_published_version_is_corrected_too() -> None:
    dataset = make_dataset("c")
    old = make_frozen(
        dataset, "Sheet 2.0", [row("a"), row("b", split="test"), row("c")], imported=True, version=""
    )
    new, erratum = correct(OPERATOR, old, withdraw=["a", "b"], reason="in the older test")
    assert (new.imported, new.version, new.size) == (True, "", 1)
    assert (erratum.release, erratum.withdrawn_ids) == (old, ["a", "b"])


@pytest.mark.parametrize(
    ("withdraw", "reason", "field"),
    [
        (["nobody"], "誤り", "withdraw"),
        ([], "誤り", "withdraw"),
        (["a", "b"], "誤り", "withdraw"),
        (["a"], " ", "reason"),
    ],
)
def test_what_cannot_be_corrected_writes_nothing(withdraw, reason, field) -> None:
    dataset = make_dataset("c")
    release = make_frozen(dataset, "v1", [row("a"), row("b")])
    for act in (correct, lambda *a, **k: correct_or_queue(*a, target_url="/", **k)):
        with pytest.raises(Invalid) as caught:
            act(OPERATOR, release, withdraw=withdraw, reason=reason)
        assert caught.value.field == field
    assert (dataset.releases.count(), Erratum.objects.count(), Job.objects.count()) == (1, 0, 0)


def test_only_the_release_manager_corrects() -> None:
    dataset = make_dataset("c")
    release = make_frozen(dataset, "v1", [row("a"), row("b")])
    with pytest.raises(NotAllowed):
        correct(make_member(dataset, "lead", "researcher"), release, withdraw=["a"], reason="r")


def test_a_large_release_is_corrected_by_a_job(monkeypatch) -> None:
    monkeypatch.setattr("curation.actions.corrections.AT_ONCE", 2)
    dataset = make_dataset("c")
    release = make_frozen(dataset, "v1", [row("a"), row("b"), row("c")])
    manager = make_member(dataset, "release_manager")
    job = correct_or_queue(manager, release, withdraw=["b"], reason="r", target_url="/x/")
    assert isinstance(job, Job)
    from curation.tasks import correct_release

    correct_release(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result["affected"]) == ("succeeded", 0)
    assert dataset.releases.get(name=job.result["successor"]).size == 2


def test_versions_and_files_that_hold_the_items() -> None:
    dataset = make_dataset("c")
    gone = make_item(dataset, state="approved", category=leaf(dataset, 0))
    make_item(dataset, state="approved", category=leaf(dataset, 1))
    first, second = (freeze(OPERATOR, dataset, Choice(name=n, test_per_leaf=0)) for n in ("v1", "v2"))
    record(OPERATOR, "export", second)
    record(OPERATOR, "download", second)
    record(OPERATOR, "download", second)
    for state in ("published", "planned"):
        Publication.objects.create(
            release=second, repo="org/set", state=state, revision="abc", url="https://h/x"
        )
    _new, erratum = correct(OPERATOR, second, withdraw=[gone.external_id], reason="r")
    assert Item.objects.get(pk=gone.pk).state == "withdrawn"
    used = [(use["kind"], use["name"], use["url"], use["values"]) for use in erratum.affected]
    assert used == [
        ("release", "v1", "/d/c/releases/v1/", {"items": 1}),
        ("publication", "org/set", "https://h/x", {"revision": "abc"}),
        ("files", "v2", "/d/c/releases/v2/#files", {"exports": 1, "downloads": 2}),
    ]
    assert {tuple(use["items"]) for use in erratum.affected} == {(gone.external_id,)}
    assert first.items.count() == 2


def test_everything_that_used_an_item_is_named_with_its_page_and_what_it_means() -> None:
    whole = make_whole("w")
    test, dev = (
        whole.release.items.filter(split=split).order_by("position").first() for split in ("test", "dev")
    )
    call = JudgeCall.objects.filter(response__item=test.item_id).first()
    call.run = whole.judge_run
    call.save()
    Evaluation.objects.create(run=whole.run, release=whole.release)
    Study.objects.create(task=whole.outside, judge=whole.judge, data_hash="0", code_version="1", result={})
    assert Verdict.objects.filter(call=call).exists()
    # The partner's one annotation lies on whichever response the task drew first.
    exchanged = Rating.objects.filter(task=whole.exchanged, response__item=test.item_id).count()
    found = affected_by(whole.release, [test.external_id, dev.external_id])
    said = [f"{use['kind']} {use['name']}: {told(use)['means']}" for use in found]
    run, tasks = whole.run, {task.name: task.pk for task in (whole.task, whole.exchanged, whole.outside)}
    assert said == [
        "rating task task: Responses to withdrawn items: 1. Ratings of them: 0.",
        f"rating task exchanged: Responses to withdrawn items: 1. Ratings of them: {exchanged}.",
        "rating task outside: Responses to withdrawn items: 1. Ratings of them: 3.",
        f"judge run runner #{whole.judge_run.pk}: Calls about withdrawn items: 1. Verdicts of them: 1.",
        "study outside · alpha · ref: Its figures count responses to withdrawn items: 1.",
        "leaderboard r-0.1: Models are compared by verdicts on withdrawn items: 1.",
        f"training run {run.name} #{run.pk}: Trained on withdrawn items: 1, repeat factor 2. Checkpoints: 0.",
        f"evaluation {run.name} #{run.pk}, r-0.1: Its test questions hold withdrawn items: 1.",
    ]
    assert found[0]["url"] == f"/d/w/tasks/{tasks['task']}/"
    assert found[4]["url"] == f"/d/w/studies/{tasks['outside']}/?judge={whole.judge.pk}&mode=ref"
    assert {tuple(use["items"]) for use in found[:6]} == {(test.external_id,)}
    assert found[6]["items"] == [dev.external_id]


def test_a_published_version_is_known_by_its_questions() -> None:
    """Rows of a registered test have no item: a task over them is found by what was asked."""
    dataset = make_dataset("c")
    rows = [row(f"old-{n}", split="test") for n in (7, 8)]
    old = make_frozen(dataset, "Older", rows, imported=True, version="")
    answers = [ResponseRow(1, "old-7", "m", "答えです。")]
    import_responses(OPERATOR, dataset, release=old, rows=answers)
    rubric = keep_rubric(OPERATOR, dataset, rubric_as_given("safety5"))
    create_task(OPERATOR, dataset, name="older", release=old, rubric=rubric, overlap=1)
    assert affected_by(old, ["old-8"]) == []
    found = affected_by(old, ["old-7"])
    assert [(use["kind"], use["name"], use["items"]) for use in found] == [
        ("rating task", "older", ["old-7"])
    ]


def test_an_erratum_is_found_from_what_it_names_and_from_its_release() -> None:
    dataset = make_dataset("c")
    release = make_frozen(dataset, "v1", [row("a"), row("b")])
    other = make_frozen(dataset, "v2", [row("a"), row("b")], version="2.0.0")
    _new, erratum = correct(OPERATOR, release, withdraw=["b"], reason="r")
    assert [use["name"] for use in erratum.affected] == ["v2"]
    given = {
        ("release", other.pk, ()): [erratum],
        ("rating task", other.pk, ()): [],
        ("rating task", 1, (release.pk,)): [erratum],
        ("rating task", 1, (other.pk,)): [],
    }
    for (kind, key, releases), found in given.items():
        assert errata_about(dataset, kind, key, lambda ids=releases: ids) == found
    assert errata_about(make_dataset("d"), "release", other.pk, lambda: [release.pk]) == []
