"""What is kept of a study reads as it was written."""

import random
from dataclasses import replace

import pytest

from annotation.models import RatingTask
from judging.actions.studies import data_hash
from judging.models import Judge, Study
from judging.views import page
from tests.curation.stats.fixture_small import small_study
from tests.factories.annotation import make_task, make_world_dataset


def test_rows_have_the_hash_they_always_had() -> None:
    """Kept studies are found by it: another value would compute each of them once more. The rows' order says nothing."""
    data = small_study()
    both = replace(data, other_verdicts=data.verdicts[:9], other_mode="noref")
    shuffled = replace(data, ratings=tuple(random.Random(1).sample(data.ratings, len(data.ratings))))
    small = "ab9118302dbbec3be5da3163009333da50f134db09e889be8d08080e8decb060"
    assert (data_hash(data), data_hash(shuffled)) == (small, small)
    assert data_hash(both) == "76b19030a06d285f2e51148ff636ea615e16542e5ed3e295186f25fc956d5eca"


def make_study(result=None) -> Study:
    task, _raters = make_task(make_world_dataset(), raters=1, questions=1)
    assert isinstance(task, RatingTask)
    judge = Judge.objects.create(dataset=task.dataset, name="j", hash="0" * 64, spec={})
    values = {"data_hash": "0" * 64, "code_version": "x", "result": result or {}}
    made: Study = Study.objects.create(task=task, judge=judge, **values)
    return made


@pytest.mark.both_databases
@pytest.mark.django_db
def test_kept_study_keeps_the_order_of_its_figures() -> None:
    written = {
        "judge_human": {"pearson": None, "mae": {"value": 0.1, "note": "注"}, "bias": []},
        "counts": {},
    }
    make_study(written)
    read = Study.objects.get().result
    assert read == written
    assert (list(read), list(read["judge_human"])) == (["judge_human", "counts"], ["pearson", "mae", "bias"])


@pytest.mark.django_db
def test_pieces_of_a_page_are_named_by_what_draws_them(tmp_path, settings) -> None:
    """After an upgrade a piece kept by the old code must not be shown."""
    study = make_study()
    assert page.stamp(study) == f"{study.pk}-{study.created_at.timestamp()}-{page.drawn_by()}"
    settings.BASE_DIR = tmp_path
    template = tmp_path / "judging" / "templates" / "study.html"
    template.parent.mkdir(parents=True)
    names = []
    for text in ("old", "new", "old"):
        template.write_text(text, encoding="utf-8")
        page.drawn_by.cache_clear()
        names.append(page.stamp(study))
    page.drawn_by.cache_clear()
    assert (names[0] == names[2], names[0] == names[1]) == (True, False)
