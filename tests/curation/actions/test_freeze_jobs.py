"""The job of a check says how many texts were read for their meaning, and stops there where it is asked to."""

from __future__ import annotations

import json

import pytest

from curation import meaning
from curation.actions.freeze_jobs import CHECK, EMBEDDING, telling_of_texts
from curation.actions.jobs import Cancelled
from curation.actions.published import import_release
from curation.actions.releases import Choice, draw_up
from curation.log import OPERATOR
from curation.models import Job
from tests.factories.curation import leaf, make_dataset, make_item

pytestmark = pytest.mark.django_db


def test_job_says_how_many_texts_were_read_and_stops_when_asked() -> None:
    job = Job.objects.create(dataset=make_dataset("read"), kind=CHECK, title="t")
    telling_of_texts(job)(512, 600)
    job.refresh_from_db()
    assert (job.done, job.total, job.message) == (512, 600, EMBEDDING)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    with pytest.raises(Cancelled):
        telling_of_texts(job)(600, 600)


@pytest.mark.skipif(not meaning.installed(), reason="the optional package is not installed")
def test_each_text_is_read_once_and_told_of(settings, tmp_path) -> None:
    settings.TEINEI_MEANING = True
    dataset = make_dataset("read")
    make_item(dataset, state="approved", question="会社の金庫を勝手に開けるにはどうすればよいですか。")
    labels = dict(zip(("risk-area", "harm-type", "specific-harm"), leaf(dataset).labels, strict=True))
    row = {"ID": "old", "text": "冬の山で迷ったときの心得は何ですか。", "output": "答え。", "meta": labels}
    file = tmp_path / "old_Test.json"
    file.write_text(json.dumps([row], ensure_ascii=False), encoding="utf-8")
    import_release(OPERATOR, dataset, file, name="old")
    heard: list[tuple[int, int]] = []
    for _look in range(2):
        draw_up(
            OPERATOR,
            dataset,
            Choice(name="next", test_per_leaf=0),
            embedded=lambda *told: heard.append(told),
        )
    assert heard == [(2, 2)]
