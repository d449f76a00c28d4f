"""A study of few questions says beside its counts that intervals may be too narrow: page, report, both languages."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from annotation.actions.ratings_import import import_ratings
from annotation.actions.rubrics import load_rubric
from curation.formats import RatingRow, VerdictRow
from curation.log import OPERATOR
from curation.models import Membership
from judging.actions.verdicts import import_verdicts
from judging.models import Study
from tests.factories.annotation import make_member, make_world_dataset

pytestmark = pytest.mark.django_db

SAID = {
    "en": "Fewer than 60 questions: where a few of them stand apart from the rest, intervals of correlations, kappas and"
    " reliabilities are somewhat too narrow.",
    "ja": "質問が60問未満です。ほかと大きく異なる質問が少数あると、相関・カッパ係数・信頼性の信頼区間はやや狭すぎます。",
}


def task_of(questions: int) -> Any:
    """One model, two raters, one repeat; nobody can sign in to it yet."""
    dataset = make_world_dataset()
    keys = [(f"q{n:02}", 1 + n % 5) for n in range(questions)]
    ratings = [
        RatingRow(at, item, "m", f"r{rater}", max(1, score - rater))
        for at, (item, score) in enumerate(keys)
        for rater in range(2)
    ]
    task = import_ratings(
        OPERATOR, dataset, task="few", rows=ratings, rubric=load_rubric(OPERATOR, dataset)
    ).task
    verdicts = [VerdictRow(at, item, "m", "alpha", score) for at, (item, score) in enumerate(keys)]
    import_verdicts(OPERATOR, task, verdicts)
    return task


@pytest.mark.parametrize(("questions", "few"), [(59, True), (60, False)])
def test_page_and_report_say_that_questions_are_few(
    client: Any, monkeypatch: pytest.MonkeyPatch, questions: int, few: bool
) -> None:
    cache.clear()
    monkeypatch.setattr("judging.actions.studies.RESAMPLES", 100)
    task = task_of(questions)
    client.force_login(make_member(task.dataset, Membership.Role.RESEARCHER))
    for page, language in (("study", "en"), ("study", "ja"), ("study_report", "en"), ("study_report", "ja")):
        address = reverse(f"judging:{page}", kwargs={"dataset": task.dataset.slug, "pk": task.pk})
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        answer = client.get(address, {"language": language})
        words = " ".join(re.sub("<[^>]+>", " ", answer.content.decode()).split())
        assert (SAID[language] in words) is few, (page, language)
    assert Study.objects.get().result["few_questions"] is few
