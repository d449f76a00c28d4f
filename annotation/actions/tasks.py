"""Rating campaigns: draw the population, name the raters, pause them, close and open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.actions.leases import expire_leases
from annotation.actions.places import settle
from annotation.actions.population import Drawn, Handed, Plan, populate, population_of, responses_to
from annotation.models import GoldCase, Rater, RatingTask, Rubric, TaskRater, TaskResponse
from annotation.plans import PLANS
from annotation.queries import silent_checks
from curation.access import require_access
from curation.actions.datasets import take_turns
from curation.actions.texts import longest
from curation.errors import Invalid
from curation.log import Actor, person_of, record
from curation.models import Dataset, Membership, Person, Release
from curation.rules import require
from curation.workflow import advance

__all__ = ["PLANS", "Drawn", "create_task", "enlist", "populate", "responses_to", "sound_name"]
Arms = RatingTask.Arms
MOST_OVERLAP = 50
MOST_GOLD = 0.5


@transaction.atomic
def create_task(
    actor: Actor,
    dataset: Dataset,
    *,
    name: str,
    release: Release,
    rubric: Rubric,
    models: Sequence[str] = (),
    split: str = RatingTask.Split.ALL,
    plan: str = "all",
    per_cell: int | None = None,
    total: int | None = None,
    drawn: Handed = (),
    raters: Sequence[str] = (),
    overlap: int = 3,
    seed: int = 0,
    arms: str = Arms.WITHOUT,
    gold_share: float = 0.0,
    qualify_at: float | None = None,
) -> RatingTask:
    """A campaign over the responses to a release's questions.

    plan: `all`; `one_per_leaf`, one question of each leaf with the answers of all models; `stratified`, by leaf and
    model, `per_cell` of each or `total` spread evenly; `drawn`, the responses handed down as (id, stratum, chance). What
    is drawn keeps the chance with which it was. raters: names of members with that role, all of them where empty.
    Raises Invalid, naming the field, for what cannot be planned.
    """
    require(actor, "create_task", dataset)
    require_access(release)
    take_turns(dataset)
    wanted = Plan(
        name=plan, split=split, models=models, per_cell=per_cell, total=total, drawn=drawn, seed=seed
    )
    check_name(dataset, name)
    check_campaign(dataset, rubric, overlap=overlap, arms=arms, gold_share=gold_share, qualify_at=qualify_at)
    task = RatingTask(
        dataset=dataset,
        name=name.strip(),
        release=release,
        rubric=rubric,
        overlap=overlap,
        arms=arms,
        gold_share=gold_share,
        qualify_at=qualify_at,
    )
    people = raters_named(dataset, raters)
    _open(actor, task, wanted, population_of(dataset, release, wanted, rubric), people)
    return task


def _open(actor: Actor, task: RatingTask, wanted: Plan, rows: Drawn, people: Sequence[Person]) -> None:
    """Keep it, with what is drawn for it and who rates."""
    task.split, task.seed, task.plan = wanted.split, wanted.seed, wanted.told()
    task.created_by = person_of(actor)
    task.save(force_insert=True)
    populate(task, rows)
    enlist(task, [rater_for(task.dataset, person) for person in people])
    told: dict[str, Any] = {"overlap": task.overlap, "seed": task.seed, "plan": wanted.name}
    record(actor, "create_task", task, responses=len(rows), **told)


def check_name(dataset: Dataset, name: str) -> None:
    if not name.strip() or len(name.strip()) > longest(RatingTask, "name") or not sound_name(name):
        raise Invalid(_("Give the task a name of at most 80 characters, without a slash."), field="name")
    if RatingTask.objects.filter(dataset=dataset, name=name.strip()).exists():
        raise Invalid(_("A task named %(name)s exists already.") % {"name": name.strip()}, field="name")


def check_campaign(
    dataset: Dataset,
    rubric: Rubric,
    *,
    overlap: int,
    arms: str,
    gold_share: float,
    qualify_at: float | None,
) -> None:
    """Raises Invalid, naming the field, for what no campaign by this rubric can have."""
    if rubric.dataset_id != dataset.pk:
        raise Invalid(_("The rubric belongs to another dataset."), field="rubric")
    if not 1 <= overlap <= MOST_OVERLAP:
        raise Invalid(_("The overlap must be from 1 to %(most)d.") % {"most": MOST_OVERLAP}, field="overlap")
    if arms not in Arms.values:
        message = _("The arms must be one of %(arms)s.")
        raise Invalid(message % {"arms": ", ".join(sorted(Arms.values))}, field="arms")
    if not 0 <= gold_share <= MOST_GOLD:
        raise Invalid(_("The share of silent checks must be from 0 to 0.5."), field="gold_share")
    if qualify_at is not None and not 0 <= qualify_at <= 1:
        raise Invalid(_("The share to get right in practice must be from 0 to 1."), field="qualify_at")
    uses = set(GoldCase.objects.filter(rubric=rubric).values_list("use", flat=True))
    values = {"rubric": str(rubric)}
    if gold_share and GoldCase.Use.GOLD not in uses:
        message = _(
            "%(rubric)s has no silent checks yet. Add some to the rubric first, or set the share to 0."
        )
        raise Invalid(message % values, field="gold_share")
    if gold_share and not silent_checks(rubric.pk, arms).exists():
        message = _(
            "Every silent check of %(rubric)s lacks a category or the reference answer that this task shows, so raters "
            "would know it from the responses. Complete the cases first, or set the share to 0."
        )
        raise Invalid(message % values, field="gold_share")
    if qualify_at is not None and GoldCase.Use.PRACTICE not in uses:
        message = _("%(rubric)s has no practice cases yet. Add some to the rubric first, or leave this out.")
        raise Invalid(message % values, field="qualify_at")


def members_who_rate(dataset: Dataset) -> list[Person]:
    """Members with the role of rater, in the order in which they got it."""
    members = Membership.objects.filter(dataset=dataset, role=Membership.Role.RATER).select_related("person")
    return [member.person for member in members.order_by("pk")]


def raters_named(dataset: Dataset, names: Sequence[str]) -> list[Person]:
    """The members with the role of rater that are named (as they sign in), all of them where no name is given."""
    people = members_who_rate(dataset)
    if not names:
        return people
    known = {person.username: person for person in people}
    unknown = sorted(set(names) - set(known))
    if unknown:
        message = _("%(unknown)s: not among the members with the role of rater. There are: %(names)s.")
        values = {"unknown": ", ".join(unknown), "names": ", ".join(sorted(known)) or "-"}
        raise Invalid(message % values, field="raters")
    return [known[name] for name in dict.fromkeys(names)]


def enlist(task: RatingTask, raters: Iterable[Rater]) -> None:
    """Let raters take part, numbered in the order they join; those who do already keep their number."""
    known = set(TaskRater.objects.filter(task=task).values_list("rater_id", flat=True))
    fresh = {rater.pk: rater for rater in raters if rater.pk not in known}.values()
    TaskRater.objects.bulk_create(
        TaskRater(task=task, rater=rater, slot=slot) for slot, rater in enumerate(fresh, start=len(known))
    )


def sound_name(name: str) -> bool:
    """Whether an address and a line can hold the name of a task."""
    return "/" not in name and name.isprintable()


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
def add_raters(actor: Actor, task: RatingTask, names: Sequence[str] = ()) -> int:
    """Let members with the role of rater take part: those named, else all. Returns how many are new."""
    require(actor, "add_raters", task)
    if task.external:
        raise Invalid(_("This task was rated elsewhere; its raters come with the import."))
    task = RatingTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    before = task.raters.count()
    enlist(task, [rater_for(task.dataset, person) for person in raters_named(task.dataset, names)])
    added = task.raters.count() - before
    if added:
        record(actor, "add_raters", task, added=added)
    return added


@transaction.atomic
def pause(actor: Actor, task: RatingTask, rater: int, *, paused: bool) -> TaskRater:
    """Give a rater of the task nothing more until they are let go on, or let them. Twice does no harm."""
    require(actor, "pause_rater", task)
    place = TaskRater.objects.select_for_update().filter(task=task, rater=rater).first()
    if place is None:
        raise Invalid(_("This rater does not take part in the task."), field="rater")
    if place.paused != paused:
        place.paused = paused
        place.save(update_fields=["paused"])
        record(actor, "pause_rater" if paused else "resume_rater", task, rater=rater)
    return place


@transaction.atomic
def close(actor: Actor, task: RatingTask) -> None:
    """End the rating; leases that are out end with it."""
    require(actor, "close", task)
    advance(task, "close", actor=actor)
    expire_leases(task, all_of_them=True)


@transaction.atomic
def reopen(actor: Actor, task: RatingTask) -> None:
    require(actor, "reopen", task)
    advance(task, "reopen", actor=actor)
    settle(TaskResponse.objects.filter(task=task))
