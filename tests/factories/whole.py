"""One of everything: a dataset with a row behind every address of the site, and a person who may see it all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from annotation.actions.gold import add_case
from annotation.actions.ratings_import import import_ratings
from annotation.actions.responses import import_responses
from annotation.actions.rubrics import keep_rubric, rubric_as_given
from annotation.actions.tasks import create_task
from annotation.models import GoldCase, PartnerConflict, Rating, RatingTask, Response, Rubric
from curation.actions import translations
from curation.actions.batches import prepare
from curation.actions.batches.verbs import Plan
from curation.actions.endpoints import create_endpoint
from curation.actions.jobs import queue_job
from curation.formats import RatingRow, ResponseRow, VerdictRow
from curation.log import OPERATOR
from curation.models import Batch, Dataset, DownloadLink, Item, Job, Membership, Person, Publication, Release
from finetune.models import TrainingRun
from judging.actions.judges import create_judge
from judging.actions.verdicts import import_verdicts
from judging.models import Judge, JudgeRun, Study
from tests.factories.annotation import warn
from tests.factories.curation import make_dataset, make_item, make_member
from tests.factories.finetune import make_release, make_run
from tests.factories.partner import make_conflicts

ROLES = tuple(Membership.Role.values)


class NoTask:
    """Stands for a Celery task: a job that is queued with it waits for ever."""

    @staticmethod
    def delay(_job: int) -> None:
        return None


@dataclass(kw_only=True)
class Whole:
    """What there is. `person` has every role and rates nowhere, so that no page is blind to them."""

    dataset: Dataset
    person: Person
    release: Release
    items: dict[str, Item]
    task: RatingTask  # open, rated here by `rater`
    outside: RatingTask  # external, with ratings and verdicts
    exchanged: RatingTask  # with a Label Studio that is away; what came from it is to be decided
    conflict: PartnerConflict
    rater: Person
    judge: Judge
    runner: Judge
    judge_run: JudgeRun
    run: TrainingRun
    job: Job
    batch: Batch

    @property
    def items_frozen(self) -> list[str]:
        """External ids of the release, by position."""
        return list(self.release.items.order_by("position").values_list("external_id", flat=True))

    def keys(self, name: str) -> dict[str, Any]:
        """What the address of that name is filled with, as far as it asks for it."""
        app, _, page = name.rpartition(":")
        pk = self.items["in_review"].pk
        if app == "annotation":
            pk = self.outside.pk if page.startswith(("quality", "adjudicate")) else self.task.pk
            pk = self.task.rubric_id if page.startswith("rubric") else pk
            pk = self.exchanged.pk if page.startswith("partner") else pk
            pk = self.conflict.exchange_id if page == "partner_hook" else pk
        elif app == "finetune":
            pk = self.run.pk
        elif app == "judging":
            pk = {"judge": self.judge.pk}.get(page, self.outside.pk)
            pk = self.judge_run.pk if page.partition("_")[0] == "run" and page != "run_start" else pk
        elif page.startswith("batch"):
            pk = self.batch.pk
        elif "job" in page:
            pk = self.job.pk
        elif page == "link_revoke":
            pk = self.release.links.get().pk
        elif page == "release_publish":
            pk = self.release.publications.get().pk
        elif page == "translation_review_item":
            pk = self.items["approved"].translations.get().pk
        elif page in ("translate_item", "translate_draft"):
            pk = self.items["approved"].pk
        elif page in ("write_item", "write_draft", "write_submit"):
            pk = self.items["draft"].pk
        response = Response.objects.filter(in_tasks__task=self.outside).first()
        study = Study.objects.filter(task=self.outside).first()  # there once its page was asked for
        comment = self.items["in_review"].comments.first()
        case = GoldCase.objects.filter(rubric=self.task.rubric_id).first()
        return {
            "dataset": self.dataset.slug,
            "pk": pk,
            "name": "heat" if page == "study_figure" else self.release.name,
            "study": study.pk if study else 0,
            "form": "bib" if page.endswith("citation") else "csv",
            "key": self.items_frozen[0] if page == "release_item" else 24 * "a",
            "figure": "types",
            "old": self.release.name,
            "version": 1,  # of the guideline
            "older": 1,
            "job": self.job.pk,
            "response": response.pk if response else 0,
            "token": "no-lease",
            "secret": 43 * "a",
            "comment": comment.pk if comment else 0,
            "case": case.pk if case else 0,
            "suggestion": 0,  # the aid is off: no member has one
            "conflict": self.conflict.pk,
        }


def make_whole(
    slug: str = "demo",
    *,
    question: str = "",
    answer: str = "開けずに、すぐに管理の担当者へ届けてください。",
    comment: str = "なぜなら、そう書いてあるからです。",
    model: str = "model-x",
    name: str = "所長",
    run_name: str = "",
    task_name: str = "outside",
    judge_name: str = "alpha",
    partner_says: str = "9",
    rubric_texts: dict[str, Any] | None = None,
) -> Whole:
    """Build it with the real actions; the texts given stand wherever a person or a model wrote one."""
    dataset = make_dataset(slug)
    person = make_member(dataset, *ROLES, name=f"chief-{slug}")
    person.display_name = name
    person.save()
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    cast = {"author": author, "reviewer": reviewer, "answer": answer}
    release = make_release(dataset)
    items = {
        state: make_item(
            dataset, state=state, **cast, question=f"{question}{state}の質問です。" if question else ""
        )
        for state in ("in_review", "approved", "needs_changes", "awaiting_answer")
    }
    items["draft"] = make_item(dataset, state="draft", author=person, question=question, answer=answer)
    _discuss(items["in_review"], person, comment)
    translation = translations.translation_of(items["approved"], "en")
    translations.submit(
        make_member(dataset, "translator"), translation, question=f"{question} in English", answer=answer
    )
    keys = list(release.items.filter(split="test").values_list("external_id", flat=True))
    rows = [ResponseRow(n, key, model, f"{answer}（{n}）") for n, key in enumerate(keys, 1)]
    import_responses(OPERATOR, dataset, release=release, rows=rows)
    rater = make_member(dataset, "rater")
    Membership.objects.filter(person=person, role="rater").delete()
    rubric = keep_rubric(OPERATOR, dataset, rubric_as_given("safety5") | (rubric_texts or {}))
    for use in GoldCase.Use.values:
        words = {
            "question": f"{question}試しの{use}",
            "response": f"{answer}{use}",
            "explanation_ja": comment,
        }
        add_case(OPERATOR, rubric, use=use, accepted=["1"], **words)
    task = create_task(OPERATOR, dataset, name="task", release=release, rubric=rubric, overlap=1)
    warn(task)
    exchanged = create_task(OPERATOR, dataset, name="exchanged", release=release, rubric=rubric, overlap=2)
    conflict = make_conflicts(exchanged, comment=comment, said=partner_says)
    outside = _outside(rubric, keys, model, task_name, comment, judge_name)
    judge = Judge.objects.get(dataset=dataset, name=judge_name)
    create_endpoint(OPERATOR, dataset, {"name": "e", "url": "http://127.0.0.1:1/v1", "model": model[:200]})
    runner = create_judge(OPERATOR, dataset, {"name": "runner", "endpoint": "e"})
    judge_run = JudgeRun.objects.create(
        judge=runner, task=outside, repeats=1, modes=["ref"], state=JudgeRun.State.FAILED
    )
    job = queue_job(person, dataset, kind="export", title=f"{model[:100]}", task=NoTask)
    _leaving(release, person, name)
    return Whole(
        dataset=dataset,
        person=Person.objects.get(pk=person.pk),
        release=release,
        items=items,
        task=task,
        outside=outside,
        exchanged=exchanged,
        conflict=conflict,
        rater=rater,
        judge=judge,
        runner=runner,
        judge_run=judge_run,
        run=make_run(dataset, **({"name": run_name} if run_name else {})),
        job=job,
        batch=prepare(person, dataset, Plan(verb="withdraw"), [items["in_review"].pk]),
    )


def _leaving(release: Release, person: Person, name: str) -> None:
    """An export that ended, a link to it, and a plan to publish: their files are gone meanwhile."""
    files = [{"path": "README.md", "bytes": 9, "sha256": 64 * "a", "blob": 40 * "a"}]
    job = Job.objects.create(
        dataset=release.dataset,
        kind="export_release",
        title="export",
        state=Job.State.SUCCEEDED,
        arguments={"release": release.pk, "formats": ["jsonl"]},
        result={"files": files, "bytes": 9, "sha256": 64 * "b"},
        finished_at=release.frozen_at,
    )
    DownloadLink.objects.create(
        job=job,
        release=release,
        token_hash=hashlib.sha256(str(release.pk).encode()).hexdigest(),
        for_whom=name,
        person=person,
        expires_at=release.frozen_at,
    )
    plan = {"files": files, "bytes": 9, "card": name, "tag": "1.0.0", "private": True, "gated": "manual"}
    Publication.objects.create(
        release=release,
        repo="lab/set",
        person=person,
        plan={**plan, "rights": {}, "root_hash": "", "release": ""},
    )


def _discuss(item: Item, person: Person, comment: str) -> None:
    from curation.actions.comments import comment as say

    say(person, item, body=comment)


def _outside(rubric: Rubric, keys: list[str], model: str, name: str, comment: str, judge: str) -> RatingTask:
    dataset = rubric.dataset
    rated = [
        RatingRow(n, key, model, f"r{rater}", 1 + (at + rater) % 5, comment=comment)
        for n, (at, key, rater) in enumerate(
            (at, key, rater) for at, key in enumerate(keys) for rater in range(3)
        )
    ]
    task = import_ratings(OPERATOR, dataset, task=name, rows=rated, rubric=rubric).task
    judged = [
        VerdictRow(n, key, model, judge, 1 + n % 5, raw=comment, repeat=repeat)
        for n, (key, repeat) in enumerate((key, repeat) for key in keys for repeat in (1, 2))
    ]
    import_verdicts(OPERATOR, task, judged)
    assert Rating.objects.filter(task=task).count() == len(rated)
    return task
