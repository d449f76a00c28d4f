"""What is kept of a study reads as it was written."""

import pytest

from annotation.models import RatingTask
from judging.models import Judge, Study
from tests.factories.annotation import make_task, make_world_dataset


@pytest.mark.both_databases
@pytest.mark.django_db
def test_kept_study_keeps_the_order_of_its_figures() -> None:
    task, _raters = make_task(make_world_dataset(), raters=1, questions=1)
    assert isinstance(task, RatingTask)
    judge = Judge.objects.create(dataset=task.dataset, name="j", hash="0" * 64, spec={})
    written = {
        "judge_human": {"pearson": None, "mae": {"value": 0.1, "note": "注"}, "bias": []},
        "counts": {},
    }
    Study.objects.create(task=task, judge=judge, data_hash="0" * 64, code_version="x", result=written)
    read = Study.objects.get().result
    assert read == written
    assert (list(read), list(read["judge_human"])) == (["judge_human", "counts"], ["pearson", "mae", "bias"])
