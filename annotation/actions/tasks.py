"""Rating campaigns: draw the population, name the raters, close and open."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.models import Rater, RatingTask, Response, Rubric, TaskRater, TaskResponse
from curation.actions.datasets import take_turns
from curation.actions.texts import longest
from curation.errors import Invalid
from curation.log import Actor, person_of, record
from curation.models import Category, Dataset, Membership, Person, Release
from curation.rules import require
from curation.workflow import advance

Arms = RatingTask.Arms
PLANS = ("all", "one_per_leaf")
MOST_OVERLAP = 50

Drawn = list[tuple[Response, float | None]]


@transaction.atomic
def create_task(
    actor: Actor,
    dataset: Dataset,
    *,
    name: str,
    release: Release,
    rubric: Rubric,
    models: Sequence[str] = (),
    plan: str = "all",
    overlap: int = 3,
    seed: int = 0,
    arms: str = Arms.WITHOUT,
) -> RatingTask:
    """A campaign over the responses to a release's questions; every member with the role of rater takes part.

    `all` takes every response, `one_per_leaf` one question of each leaf (drawn by the seed) with the answers of all
    models, and keeps the chance with which it was drawn. Raises Invalid for an unknown plan or model, and where there
    is nothing to rate.
    """
    require(actor, "create_task", dataset)
    take_turns(dataset)
    _check(dataset, name=name, plan=plan, overlap=overlap)
    drawn = draw(_responses(dataset, release, models), plan=plan, seed=seed)
    task = RatingTask.objects.create(
        dataset=dataset,
        name=name.strip(),
        release=release,
        rubric=rubric,
        overlap=overlap,
        seed=seed,
        arms=arms,
        plan={"name": plan, "models": sorted(models)},
        created_by=person_of(actor),
    )
    populate(task, drawn)
    enlist(task, raters_of_members(dataset))
    record(actor, "create_task", task, responses=len(drawn), overlap=overlap, seed=seed)
    return task


def populate(task: RatingTask, drawn: Drawn) -> None:
    """Add responses to a task's population, at positions drawn by its seed after those that are there."""
    start = TaskResponse.objects.filter(task=task).count()
    leaves = Category.objects.filter(taxonomy=task.dataset.taxonomy_id, level=3)
    category_of: dict[str, int] = dict(leaves.values_list("path", "pk"))
    free = 0 if task.external else task.overlap
    shuffled = sorted(drawn, key=lambda pair: _draw(task.seed, "position", str(pair[0].pk)))
    TaskResponse.objects.bulk_create(
        (
            TaskResponse(
                task=task,
                response=response,
                category_id=category_of.get("\t".join(response.labels)),
                position=start + n,
                side=_draw(task.seed, "side", response.question_hash or response.item_key)[0] % 2,
                open_without=0 if task.arms == Arms.WITH else free,
                open_with=0 if task.arms == Arms.WITHOUT else free,
                inclusion_probability=probability,
            )
            for n, (response, probability) in enumerate(shuffled)
        ),
        batch_size=500,
    )


def enlist(task: RatingTask, raters: Iterable[Rater]) -> None:
    """Let raters take part, numbered in the order they join; those who do already keep their number."""
    known = set(TaskRater.objects.filter(task=task).values_list("rater_id", flat=True))
    fresh = {rater.pk: rater for rater in raters if rater.pk not in known}.values()
    TaskRater.objects.bulk_create(
        TaskRater(task=task, rater=rater, slot=slot) for slot, rater in enumerate(fresh, start=len(known))
    )


def draw(responses: list[Response], *, plan: str, seed: int) -> Drawn:
    """The responses that the plan takes, each with its inclusion probability (None: all of them were taken).

    `one_per_leaf`: of a leaf with n questions each has the chance 1/n.
    """
    if plan == "all":
        return [(response, None) for response in responses]
    leaves: dict[tuple[str, ...], dict[str, list[Response]]] = defaultdict(lambda: defaultdict(list))
    for response in responses:
        leaves[tuple(response.labels)][response.question_hash].append(response)
    drawn: Drawn = []
    for labels, questions in sorted(leaves.items()):
        chosen = min(questions, key=lambda question: _draw(seed, "\t".join(labels), question))
        drawn += [(response, 1 / len(questions)) for response in questions[chosen]]
    return drawn


def _draw(seed: int, *parts: str) -> bytes:
    return hashlib.sha256("/".join([str(seed), *parts]).encode()).digest()


def _check(dataset: Dataset, *, name: str, plan: str, overlap: int) -> None:
    if not name.strip() or len(name.strip()) > longest(RatingTask, "name") or not sound_name(name):
        raise Invalid(_("Give the task a name of at most 80 characters, without a slash."), field="name")
    if RatingTask.objects.filter(dataset=dataset, name=name.strip()).exists():
        raise Invalid(_("A task named %(name)s exists already.") % {"name": name.strip()}, field="name")
    if plan not in PLANS:
        message = _("There is no plan “%(plan)s”. Plans: %(plans)s.")
        raise Invalid(message % {"plan": plan, "plans": ", ".join(PLANS)}, field="plan")
    if not 1 <= overlap <= MOST_OVERLAP:
        raise Invalid(_("The overlap must be from 1 to %(most)d.") % {"most": MOST_OVERLAP}, field="overlap")


def sound_name(name: str) -> bool:
    """Whether an address and a line can hold the name of a task."""
    return "/" not in name and name.isprintable()


def responses_to(release: Release) -> list[Response]:
    """The responses whose question is one of the release, by id and text."""
    frozen = set(release.items.values_list("external_id", "question_text_id"))
    rows = Response.objects.filter(dataset=release.dataset_id, text_known=True).order_by("pk")
    return [row for row in rows if (row.item_key, row.question_hash) in frozen]


def _responses(dataset: Dataset, release: Release, models: Sequence[str]) -> list[Response]:
    if release.dataset_id != dataset.pk:
        raise Invalid(_("The release belongs to another dataset."), field="release")
    found = responses_to(release)
    names = {response.model for response in found}
    unknown = sorted(set(models) - names)
    if unknown:
        message = _("There are no responses of %(unknown)s to this release. There are: %(names)s.")
        values = {"unknown": ", ".join(unknown), "names": ", ".join(sorted(names)) or "-"}
        raise Invalid(message % values, field="models")
    if models:
        found = [response for response in found if response.model in set(models)]
    if not found:
        message = _("There are no responses to %(release)s yet: import or generate some first.")
        raise Invalid(message % {"release": release.name}, field="release")
    return found


def raters_of_members(dataset: Dataset) -> list[Rater]:
    """A pseudonym for every member with the role of rater, made where it is missing."""
    members = Membership.objects.filter(dataset=dataset, role=Membership.Role.RATER).select_related("person")
    return [rater_for(dataset, member.person) for member in members.order_by("pk")]


def rater_for(dataset: Dataset, person: Person) -> Rater:
    """The person's pseudonym in the dataset: their own if it is free, else a numbered one; never their name."""
    known = Rater.objects.filter(dataset=dataset, person=person).first()
    if known:
        return known
    used = set(Rater.objects.filter(dataset=dataset).values_list("pseudonym", flat=True))
    pseudonym = person.pseudonym or ""
    number = len(used)
    while not pseudonym or pseudonym in used:
        number += 1
        pseudonym = f"rater-{number:02d}"
    return Rater.objects.create(dataset=dataset, person=person, pseudonym=pseudonym)


@transaction.atomic
def add_raters(actor: Actor, task: RatingTask) -> int:
    """Let members who became raters since take part. Returns how many are new."""
    require(actor, "add_raters", task)
    if task.external:
        raise Invalid(_("This task was rated elsewhere; its raters come with the import."))
    before = task.raters.count()
    enlist(task, raters_of_members(task.dataset))
    added = task.raters.count() - before
    if added:
        record(actor, "add_raters", task, added=added)
    return added


@transaction.atomic
def close(actor: Actor, task: RatingTask) -> None:
    """End the rating; leases that are out end with it."""
    require(actor, "close", task)
    advance(task, "close", actor=actor)


@transaction.atomic
def reopen(actor: Actor, task: RatingTask) -> None:
    require(actor, "reopen", task)
    advance(task, "reopen", actor=actor)
