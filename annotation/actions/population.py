"""Which responses a campaign gets: those to the release's questions that its plan takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.models import GoldCase, RatingTask, Response, Rubric, TaskResponse
from annotation.plans import PLANS, lot, one_per_leaf, stratified
from annotation.queries import readable
from curation.errors import Invalid
from curation.models import Category, Dataset, Release

Arms, Split = RatingTask.Arms, RatingTask.Split
MOST_DRAWN = 1_000_000

Drawn = list[tuple[Response, float | None]]
Handed = Sequence[tuple[int, str, float]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked for. `per_cell` or `total` belong to stratified, `drawn` (response, stratum, chance) to drawn."""

    name: str = "all"
    split: str = Split.ALL
    models: Sequence[str] = ()
    per_cell: int | None = None
    total: int | None = None
    drawn: Handed = ()
    seed: int = 0

    def told(self) -> dict[str, object]:
        """The plan as a task keeps it."""
        found: dict[str, object] = {"name": self.name, "models": sorted(self.models)}
        numbers = {"per_cell": self.per_cell, "total": self.total}
        found |= {key: value for key, value in numbers.items() if value is not None}
        if self.drawn:
            strata: dict[str, int] = {}
            for _response, stratum, _chance in self.drawn:
                strata[stratum] = strata.get(stratum, 0) + 1
            found["strata"] = dict(sorted(strata.items()))
        return found


def responses_to(release: Release, split: str = Split.ALL) -> list[Response]:
    """The responses whose question is one of the release (of the split), by id and text."""
    items = release.items.all() if split == Split.ALL else release.items.filter(split=split)
    frozen = set(items.values_list("external_id", "question_text_id"))
    rows = readable(Response.objects.filter(dataset=release.dataset_id, text_known=True)).order_by("pk")
    return [row for row in rows if (row.item_key, row.question_hash) in frozen]


def population_of(dataset: Dataset, release: Release, plan: Plan, rubric: Rubric) -> Drawn:
    """The responses that the plan takes, each with its inclusion probability (None: all of them were taken).

    A response whose right score the rubric tells (a practice case or silent check) is no part of what is measured.
    Raises Invalid, naming the field, for a plan that cannot be drawn and where there is nothing to rate.
    """
    if release.dataset_id != dataset.pk:
        raise Invalid(_("The release belongs to another dataset."), field="release")
    check_plan(plan)
    known = set(GoldCase.objects.filter(rubric=rubric).values_list("response_id", flat=True))
    here = [response for response in responses_to(release, plan.split) if response.pk not in known]
    found = _of_models(here, release, plan)
    if plan.name == "one_per_leaf":
        return list(one_per_leaf(found, seed=plan.seed))
    if plan.name == "stratified":
        return list(stratified(found, seed=plan.seed, per_cell=plan.per_cell, total=plan.total))
    if plan.name == "drawn":
        return _handed(found, plan.drawn)
    return [(response, None) for response in found]


def check_plan(plan: Plan) -> None:
    """Raises Invalid for a plan that contradicts itself."""
    if plan.name not in PLANS:
        message = _("There is no plan “%(plan)s”. Plans: %(plans)s.")
        raise Invalid(message % {"plan": plan.name, "plans": ", ".join(PLANS)}, field="plan")
    if plan.split not in Split.values:
        message = _("The split must be one of %(splits)s.")
        raise Invalid(message % {"splits": ", ".join(sorted(Split.values))}, field="split")
    for field, number in (("per_cell", plan.per_cell), ("total", plan.total)):
        if number is not None and plan.name != "stratified":
            raise Invalid(_("Only the plan “stratified” takes a number to draw. Leave it out."), field=field)
        if number is not None and not 1 <= number <= MOST_DRAWN:
            message = _("The number to draw must be from 1 to %(most)d.")
            raise Invalid(message % {"most": MOST_DRAWN}, field=field)
    if plan.name == "stratified" and (plan.per_cell is None) == (plan.total is None):
        message = _(
            "A stratified plan needs one number: so many of each specific harm and model, or so many in all."
        )
        raise Invalid(message, field="total" if plan.total is not None else "per_cell")
    if bool(plan.drawn) != (plan.name == "drawn"):
        message = _("The plan “drawn” needs the list of what was drawn, and only that plan takes one.")
        raise Invalid(message, field="drawn")


def _of_models(found: list[Response], release: Release, plan: Plan) -> list[Response]:
    names = {response.model for response in found}
    unknown = sorted(set(plan.models) - names)
    if unknown and names:
        message = _("There are no responses of %(unknown)s to this release. There are: %(names)s.")
        values = {"unknown": ", ".join(unknown), "names": ", ".join(sorted(names)) or "-"}
        raise Invalid(message % values, field="models")
    if plan.models:
        found = [response for response in found if response.model in set(plan.models)]
    if found:
        return found
    if plan.split != Split.ALL and responses_to(release):
        message = _(
            "There are no responses to questions of this split in %(release)s: choose another, or all."
        )
        raise Invalid(message % {"release": release.name}, field="split")
    message = _("There are no responses to %(release)s yet: import or generate some first.")
    raise Invalid(message % {"release": release.name}, field="release")


def _handed(found: list[Response], drawn: Handed) -> Drawn:
    known = {response.pk: response for response in found}
    chances: dict[int, float] = {}
    for pk, _stratum, chance in drawn:
        if pk not in known:
            message = _("Response %(pk)d is none to this release, split and models, so it cannot be drawn.")
            raise Invalid(message % {"pk": pk}, field="drawn")
        if pk in chances:
            raise Invalid(_("Response %(pk)d is drawn twice; name it once.") % {"pk": pk}, field="drawn")
        if not 0 < chance <= 1:
            message = _("The inclusion probability %(chance)s must be above 0 and at most 1.")
            raise Invalid(message % {"chance": chance}, field="inclusion_probability")
        chances[pk] = chance
    return [(known[pk], chance) for pk, chance in chances.items()]


def populate(task: RatingTask, drawn: Drawn) -> None:
    """Add responses to a task's population, at positions drawn by its seed after those that are there."""
    start = TaskResponse.objects.filter(task=task).count()
    leaves = Category.objects.filter(taxonomy=task.dataset.taxonomy_id, level=3)
    category_of: dict[str, int] = dict(leaves.values_list("path", "pk"))
    free = 0 if task.external else task.overlap
    shuffled = sorted(drawn, key=lambda pair: lot(task.seed, "position", str(pair[0].pk)))
    TaskResponse.objects.bulk_create(
        (
            TaskResponse(
                task=task,
                response=response,
                category_id=category_of.get("\t".join(response.labels)),
                position=start + n,
                side=lot(task.seed, "side", response.question_hash or response.item_key)[0] % 2,
                open_without=0 if task.arms == Arms.WITH else free,
                open_with=0 if task.arms == Arms.WITHOUT else free,
                inclusion_probability=probability,
            )
            for n, (response, probability) in enumerate(shuffled)
        ),
        batch_size=500,
    )
