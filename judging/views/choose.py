"""Which study an address means: the task that may be read, one of its judges, a mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from annotation.models import RatingTask
from annotation.queries import TASK_ROLES
from curation.errors import Invalid
from curation.stats import StudyData
from curation.stats.data import StudyOptions
from curation.views.gate import MemberRequest, member
from judging.actions.studies import DEFAULTS
from judging.models import Judge, Mode
from judging.options import majority_of, options_in, query_of
from judging.queries import judged_in, study_data, study_tasks

reader = member(*TASK_ROLES)


@dataclass(kw_only=True)
class Chosen:
    """A task, who judged it, and what is looked at; `judge` None where nobody judged it yet."""

    task: RatingTask
    judged: list[dict[str, Any]]
    judge: Judge | None = None
    mode: str = Mode.REF
    options: StudyOptions = DEFAULTS
    slug: str = ""
    names: dict[int, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    @cached_property
    def data(self) -> StudyData:
        """The rows of the study, read once for a page."""
        assert self.judge is not None
        return study_data(self.task, self.judge, self.mode)

    @property
    def query(self) -> dict[str, str]:
        """The options that are not as usual, as an address names them."""
        return query_of(self.options)

    @property
    def majority(self) -> str:
        return majority_of(self.options)

    @property
    def usual_url(self) -> str:
        """The study of the same judge and mode with the usual options."""
        return self.url("judging:study", **dict.fromkeys(self.query))

    def url(self, name: str, **query: Any) -> str:
        """A page of this study; None values are left out."""
        given = {"judge": self.judge.pk if self.judge else None, "mode": self.mode, **self.query, **query}
        words = urlencode({key: value for key, value in given.items() if value not in (None, "")})
        if name not in self.paths:
            self.paths[name] = reverse(name, kwargs={"dataset": self.slug, "pk": self.task.pk})
        return f"{self.paths[name]}?{words}"

    def rows_url(self, **query: Any) -> str:
        """The responses behind a number."""
        return self.url("judging:study_responses", **query)

    def figure_url(self, study: int, name: str, form: str, language: str) -> str:
        """A figure of a kept study as a specification (json), a picture (svg, png) or its table (csv)."""
        kwargs = {"dataset": self.slug, "pk": self.task.pk, "study": study, "name": name, "form": form}
        return f"{reverse('judging:study_figure', kwargs=kwargs)}?language={language}"

    def response_url(self, response: int) -> str:
        """One response of the task, seen from this study."""
        kwargs = {"dataset": self.slug, "pk": self.task.pk, "response": response}
        given = {"judge": self.judge.pk if self.judge else "", "mode": self.mode, **self.query}
        query = urlencode(given)
        return f"{reverse('judging:study_response', kwargs=kwargs)}?{query}"


def visible_task(request: MemberRequest, pk: int) -> RatingTask:
    """404 for whoever must not see results of the task, as if it were not there."""
    rows = study_tasks(request.user, request.dataset).select_related("rubric", "dataset", "release")
    return get_object_or_404(rows, pk=pk)


def chosen(request: MemberRequest, pk: int) -> Chosen:
    """What the address asks for; without a judge the first one by name, with the reference where there is that."""
    task = visible_task(request, pk)
    judged = judged_in(task)
    found = Chosen(task=task, judged=judged, slug=request.dataset.slug)
    found.names = {row["judge"]: row["name"] for row in judged}
    if not judged:
        return found
    wanted = request.GET.get("judge", "")
    by_key = {str(key): key for key in found.names} | {name: key for key, name in found.names.items()}
    if wanted and wanted not in by_key:
        raise Http404
    judge = by_key[wanted] if wanted else judged[0]["judge"]
    modes = [row["mode"] for row in judged if row["judge"] == judge]
    mode = request.GET.get("mode", "")
    found.judge = Judge.objects.get(pk=judge)
    found.mode = mode if mode in Mode.values else (Mode.REF if Mode.REF in modes else modes[0])
    try:
        found.options = options_in(request.GET)
    except Invalid as error:
        messages.error(request, error.sentence)
    return found
