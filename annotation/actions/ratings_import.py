"""Ratings made elsewhere: an external task, its raters by pseudonym, and responses known by id only."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.actions.places import settle_responses
from annotation.actions.rubrics import scale_of
from annotation.actions.tasks import Drawn, enlist, populate, sound_name
from annotation.matching import Responses, responses_of
from annotation.models import Rater, Rating, RatingTask, Response, Rubric, TaskResponse
from annotation.queries import current
from annotation.rating_rows import points_of
from curation.actions.datasets import take_turns
from curation.actions.texts import longest
from curation.errors import Invalid
from curation.formats import Quarantined, RatingRow, ratings
from curation.formats.faults import Fault, gettext_noop
from curation.log import Actor, person_of, record
from curation.models import Category, Dataset, Item
from curation.rules import require

Key = tuple[int, str, str, str]  # response, rater, axis, role
LONGEST_NAME, LONGEST_AXIS = longest(Rater, "pseudonym"), longest(Rating, "axis")


@dataclass(kw_only=True)
class RatingsImported:
    """The task, whether it is new, and what became of the rows."""

    task: RatingTask
    created: bool
    new: int = 0
    known: int = 0
    corrected: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)


@transaction.atomic
def import_ratings(
    actor: Actor, dataset: Dataset, *, task: str, rows: Sequence[RatingRow], rubric: Rubric | None = None
) -> RatingsImported:
    """Bring in ratings under a task's name; the same file twice changes nothing, a changed score corrects.

    A task that is not there is made as an external one with the rubric given. Set apart, never guessed: a score
    outside the scale, an (item, model) that means several responses, a second final value, a second chance of
    inclusion for one response, and whatever differs from a rating that was made here.
    """
    require(actor, "import_ratings", dataset)
    take_turns(dataset)  # another import adds nothing between the look at what stands and the writing
    found, created = _task(actor, dataset, task, rubric)
    work = _Import(found)
    accepted = work.resolve(rows)
    work.populate()
    done = RatingsImported(task=found, created=created)
    work.write(accepted, done)
    done.quarantined = sorted(work.apart, key=lambda fault: fault.row or 0)
    record(
        actor, "import_ratings", found, new=done.new, corrected=done.corrected, apart=len(done.quarantined)
    )
    return done


@transaction.atomic
def hold_responses(actor: Actor, task: RatingTask, named: Iterable[tuple[int, str, str, str | None]]) -> int:
    """Let an external task hold responses that nobody has rated, each as (row, item, model, sha256 or None).

    A row that means several responses adds none. Returns how many were added.
    """
    require(actor, "import_ratings", task.dataset)
    work = _Import(task)
    unrated = {
        (item, model, digest): RatingRow(row, item, model, "-", None, True, response_sha256=digest)
        for row, item, model, digest in named
    }
    work.resolve(list(unrated.values()))
    work.populate()
    return len(work.drawn)


def _task(actor: Actor, dataset: Dataset, name: str, rubric: Rubric | None) -> tuple[RatingTask, bool]:
    known = RatingTask.objects.filter(dataset=dataset, name=name).select_related("rubric").first()
    if known:
        if rubric and rubric.pk != known.rubric_id:
            message = _("The task %(task)s is rated by %(rubric)s; another rubric needs another task.")
            raise Invalid(message % {"task": name, "rubric": known.rubric}, field="rubric")
        return known, False
    if not name.strip() or len(name) > longest(RatingTask, "name") or not sound_name(name):
        raise Invalid(_("Give the task a name of at most 80 characters, without a slash."), field="task")
    if rubric is None:
        raise Invalid(_("A new task needs a rubric."), field="rubric")
    take_turns(dataset)
    if RatingTask.objects.filter(dataset=dataset, name=name).exists():
        return _task(actor, dataset, name, rubric)
    made = RatingTask.objects.create(
        dataset=dataset,
        name=name,
        rubric=rubric,
        external=True,
        plan={"name": "imported"},
        created_by=person_of(actor),
    )
    record(actor, "create_task", made, external=True)
    return made, True


class _Import:
    """One pass over the rows: what they mean, what is missing, what is refused."""

    def __init__(self, task: RatingTask) -> None:
        self.task = task
        self.dataset = task.dataset
        self.scale = scale_of(task.rubric)
        self.scales = {
            axis: dataclasses.replace(self.scale, scale=tuple(points.values()))
            for axis, points in points_of(task.rubric).items()
        }
        self.inside = responses_of(task)
        self.apart: list[Quarantined] = []
        chances = TaskResponse.objects.filter(task=task).values_list("response_id", "inclusion_probability")
        self.probabilities: dict[int, float | None] = dict(chances)
        self.items: dict[str, Item] = {}
        self.leaves: dict[str, list[list[str]]] = {}
        self.drawn: Drawn = []
        self.new: list[Response] = []

    def resolve(self, rows: Sequence[RatingRow]) -> list[tuple[RatingRow, Response]]:
        """Each sound row with its response. Rows that name a text's hash go first: the others may then be unclear."""
        outside = self._outside(rows) if self.task.external else Responses([])
        found: list[tuple[RatingRow, Response]] = []
        for row in sorted(rows, key=lambda row: (row.response_sha256 is None, row.row)):
            try:
                found.append((row, self._resolve(row, outside)))
            except Fault as fault:
                self._set_apart(row, fault)
        Response.objects.bulk_create(self.new, batch_size=500)
        sound = []
        for row, response in sorted(found, key=lambda pair: pair[0].row):
            try:
                self._weigh(row, response)
            except Fault as fault:
                self._set_apart(row, fault)
            else:
                sound.append((row, response))
        return sound

    def _set_apart(self, row: RatingRow, fault: Fault) -> None:
        self.apart.append(
            Quarantined(
                row.row,
                fault.template,
                field=fault.field,
                excerpt=fault.excerpt,
                values={"field": fault.field, **fault.values},
            )
        )

    def _outside(self, rows: Sequence[RatingRow]) -> Responses:
        """Responses of the dataset whose text is known: an external task may be about them."""
        keys = sorted({row.item for row in rows})
        found: list[Response] = []
        for start in range(0, len(keys), 500):
            chunk = keys[start : start + 500]
            found += Response.objects.filter(dataset=self.dataset, text_known=True, item_key__in=chunk)
        for start in range(0, len(keys), 500):
            items = Item.objects.filter(dataset=self.dataset, external_id__in=keys[start : start + 500])
            for item in items.select_related("current_revision__category", "approved_revision__category"):
                self.items[item.external_id] = item
        leaves = Category.objects.filter(taxonomy=self.dataset.taxonomy_id, level=3)
        for leaf in leaves:
            self.leaves.setdefault(leaf.label, []).append(leaf.labels)
        return Responses(found)

    def _resolve(self, row: RatingRow, outside: Responses) -> Response:
        if len(row.rater) > LONGEST_NAME or len(row.axis) > LONGEST_AXIS:
            raise Fault(
                gettext_noop("%(field)s is too long"),
                field="axis" if len(row.axis) > LONGEST_AXIS else "rater",
            )
        if not row.cannot_decide:
            ratings.score(row.score, self.scales.get(row.axis, self.scale))
        response = self.inside.find(row.item, row.model, row.response_sha256)
        if response is not None:
            return response
        if not self.task.external:
            raise Fault(
                gettext_noop("the task %(task)s holds no such response"),
                field="item",
                content=row.item,
                task=self.task.name,
            )
        response = outside.find(row.item, row.model, row.response_sha256)
        if response is None:
            response = self._known_by_id(row)
            self.new.append(response)
        self.inside.add(response)
        self.drawn.append((response, None))
        return response

    def _known_by_id(self, row: RatingRow) -> Response:
        """A response without its text. The task is part of its identity: elsewhere the same id may mean another."""
        item = self.items.get(row.item)
        revision = (item.approved_revision or item.current_revision) if item else None
        origin = f"task:{self.task.name}|response:{row.response_sha256 or ''}"
        return Response(
            dataset=self.dataset,
            item=item,
            item_key=row.item,
            question_hash=revision.question_text_id if revision else "",
            question_text_id=revision.question_text_id if revision else None,
            labels=revision.category.labels if revision else self._labels(row.category),
            model=row.model,
            settings_hash=hashlib.sha256(origin.encode()).hexdigest(),
            text_known=False,
            stated_hash=row.response_sha256 or "",
        )

    def _labels(self, category: str | None) -> list[str]:
        """The path from the root where the label is one leaf of the taxonomy, else what the file says."""
        if not category:
            return []
        paths = self.leaves.get(category, [])
        if len(paths) == 1:
            return paths[0]
        separator = "\t" if "\t" in category else " > "
        return [part.strip() for part in category.split(separator) if part.strip()]

    def _weigh(self, row: RatingRow, response: Response) -> None:
        given = row.inclusion_probability
        stands = self.probabilities.get(response.pk)
        if given is None:
            return
        if stands is not None and stands != given:
            raise Fault(
                gettext_noop("%(field)s of this response is %(stands)s in another row"),
                field="inclusion_probability",
                content=str(given),
                stands=stands,
            )
        self.probabilities[response.pk] = given

    def populate(self) -> None:
        """Write the population: what is new in it, and chances of inclusion learnt for what was there."""
        populate(
            self.task, [(response, self.probabilities.get(response.pk)) for response, _none in self.drawn]
        )
        old = TaskResponse.objects.filter(task=self.task, inclusion_probability__isnull=True)
        learnt = [row for row in old if self.probabilities.get(row.response_id) is not None]
        for row in learnt:
            row.inclusion_probability = self.probabilities[row.response_id]
        TaskResponse.objects.bulk_update(learnt, ["inclusion_probability"], batch_size=500)

    def write(self, rows: list[tuple[RatingRow, Response]], done: RatingsImported) -> None:
        """Keep the ratings; those that stand already are counted, changed ones superseded."""
        raters = self._raters({row.rater for row, _response in rows})
        standing: dict[Key, Rating] = {}
        finals: dict[tuple[int, str], str] = {}
        for rating in current(Rating.objects.filter(task=self.task)).select_related("rater"):
            key = (rating.response_id, rating.rater.pseudonym, rating.axis, rating.role)
            standing[key] = rating
            if rating.role == Rating.Role.FINAL:
                finals[(rating.response_id, rating.axis)] = rating.rater.pseudonym
        fresh: list[Rating] = []
        outdated: list[int] = []
        for row, response in rows:
            rating = self._rating(row, response, raters[row.rater])
            key = (response.pk, row.rater, rating.axis, rating.role)
            try:
                stands = standing.get(key)
                self._check_final(rating, row, finals)
                if stands and _same(stands, rating):
                    done.known += 1
                    continue
                if stands:
                    self._check_own(stands, row)
                    outdated.append(stands.pk)
                    done.corrected += 1
                fresh.append(rating)
            except Fault as fault:
                self._set_apart(row, fault)
        for start in range(0, len(outdated), 500):
            Rating.objects.filter(pk__in=outdated[start : start + 500]).update(superseded=True)
        Rating.objects.bulk_create(fresh, batch_size=500)
        done.new = len(fresh) - done.corrected
        enlist(self.task, {rating.rater_id: rating.rater for rating in fresh}.values())
        settle_responses(self.task, {rating.response_id for rating in fresh})

    def _rating(self, row: RatingRow, response: Response, rater: Rater) -> Rating:
        score = (
            "" if row.cannot_decide else str(ratings.score(row.score, self.scales.get(row.axis, self.scale)))
        )
        return Rating(
            task=self.task,
            response=response,
            rater=rater,
            axis=row.axis or self.task.rubric.axis,
            role=row.role,
            score=score,
            cannot_decide=row.cannot_decide,
            comment=row.comment,
            seconds=row.seconds,
        )

    def _check_final(self, rating: Rating, row: RatingRow, finals: dict[tuple[int, str], str]) -> None:
        if rating.role != Rating.Role.FINAL:
            return
        whose = finals.setdefault((rating.response_id, rating.axis), row.rater)
        if whose != row.rater:
            raise Fault(
                gettext_noop("%(rater)s has given this response its final value already; keep one of them"),
                field="role",
                content=row.rater,
                rater=whose,
            )

    def _check_own(self, stands: Rating, row: RatingRow) -> None:
        if stands.client_id is not None or stands.rater.person_id is not None:
            raise Fault(
                gettext_noop("%(rater)s rated this response here, with another score"),
                field="score",
                content=str(row.score),
                rater=row.rater,
            )

    def _raters(self, names: set[str]) -> dict[str, Rater]:
        known = {rater.pseudonym: rater for rater in Rater.objects.filter(dataset=self.dataset)}
        missing = [Rater(dataset=self.dataset, pseudonym=name) for name in sorted(names - known.keys())]
        Rater.objects.bulk_create(missing, batch_size=500)
        return known | {rater.pseudonym: rater for rater in missing}


def _same(stands: Rating, rating: Rating) -> bool:
    return (stands.score, stands.cannot_decide, stands.comment) == (
        rating.score,
        rating.cannot_decide,
        rating.comment,
    )
