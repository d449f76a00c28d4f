"""The rows behind a task's blinding report, and what stands beside it: the way in, and who could read results."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Min

from annotation.blinding import Campaign, Row, Turn, report
from annotation.models import Assignment, Qualification, Rating, RatingTask
from annotation.qualifying import reaches
from annotation.queries import TASK_ROLES
from curation.log import Actor, record
from curation.models import LogEntry, Membership
from curation.queries import opted_out
from curation.rules import require

A = Assignment.State
# What a rater does in a task; anything else that they did in the dataset meanwhile is told.
OF_RATING = (
    *("rate", "skip", "undo", "correct", "acknowledge_warning", "qualify", "fail_practice", "care"),
    *("sign_in", "lease"),
)


def read_blinding(actor: Actor, task: RatingTask) -> dict[str, Any]:
    """The report for somebody who may read it; that they did goes on record."""
    require(actor, "read_blinding", task)
    record(actor, "read_blinding", task)
    return blinding_of(task)


def blinding_of(task: RatingTask) -> dict[str, Any]:
    """The whole report as JSON: `report` of the record with pseudonyms, `way_in`, `access`, `ratings`."""
    names = dict(task.places.values_list("rater", "rater__pseudonym"))
    found = report(campaign_of(task))
    for part in (found["arms"], found["gold"]):
        part["by_rater"] = {names.get(rater, str(rater)): row for rater, row in part["by_rater"].items()}
    return {
        "task": task.name,
        **found,
        "ratings": _ratings(task),
        "way_in": _way_in(task),
        "access": _access(task),
    }


def campaign_of(task: RatingTask) -> Campaign:
    """The task's population and every lease of it, as the pure report reads them."""
    places = list(task.places.select_related("rater__person"))
    rows = [
        Row(
            response=row.response_id,
            question=row.response.question_hash or row.response.item_key,
            position=row.position,
            side=row.side,
            offered=row.offered,
            category=row.category_id,
        )
        for row in task.population.select_related("response")
    ]
    return Campaign(
        seed=task.seed,
        arms=task.arms,
        overlap=task.overlap,
        gold_share=task.gold_share,
        rows=rows,
        turns=_turns(task),
        slots={place.rater_id: place.slot for place in places},
        closed={
            place.rater_id: frozenset(opted_out(place.rater.person, task.dataset.taxonomy_id))
            for place in places
            if place.rater.person is not None
        },
    )


def _turns(task: RatingTask) -> list[Turn]:
    """Leases in the order they were given. One that ran out held its place until its time was over, or until the
    rater got the next one."""
    found = Assignment.objects.filter(task=task, turn__gt=0).select_related("response")
    leases = list(found.order_by("rater", "turn"))
    after: dict[int, datetime] = {
        one.pk: other.leased_at for one, other in itertools.pairwise(leases) if one.rater_id == other.rater_id
    }
    turns = []
    for each in leases:
        until = each.ended_at if each.state == A.SKIPPED else None
        if each.state == A.EXPIRED:
            until = min(each.expires_at, after.get(each.pk, each.expires_at))
        turns.append(
            Turn(
                rater=each.rater_id,
                number=each.turn,
                response=each.response_id,
                question=each.response.question_hash or each.response.item_key,
                at=each.leased_at,
                until=until,
                with_reference=each.with_reference,
                gold=each.gold_id is not None,
                expired=each.state == A.EXPIRED,
                begun=each.state != A.EXPIRED,
            )
        )
    return turns


def _ratings(task: RatingTask) -> dict[str, int]:
    """Standing ratings, those corrected since, and those whose arm is not that of the lease they answer."""
    rows = Rating.objects.filter(task=task, axis=task.rubric.axis, role=Rating.Role.RATER)
    shown = {
        (lease.response_id, lease.rater_id): lease.with_reference
        for lease in Assignment.objects.filter(task=task, state=A.RATED)
    }
    standing = list(rows.filter(superseded=False).values_list("response", "rater", "with_reference"))
    leased = [row for row in standing if row[:2] in shown]
    return {
        "standing": len(standing),
        "superseded": rows.filter(superseded=True).count(),
        "with_a_lease": len(leased),
        "other_arm": sum(shown[row[:2]] != row[2] for row in leased),
    }


def _way_in(task: RatingTask) -> dict[str, int]:
    """Raters with a lease, and those of them who got one before the warning was read or the practice passed."""
    first = dict(
        Assignment.objects.filter(task=task).values_list("rater").annotate(at=Min("leased_at")).order_by()
    )
    warned = dict(task.raters.values_list("pk", "warned_at"))
    passed = {}
    ended = Qualification.objects.filter(rubric=task.rubric_id).exclude(ended_at=None).order_by("-ended_at")
    for attempt in ended:
        if reaches(attempt, task.qualify_at or 0.0):
            passed[attempt.rater_id] = attempt.ended_at

    def early(when: dict[int, Any]) -> int:
        return sum(when.get(rater) is None or when[rater] > at for rater, at in first.items())

    return {
        "raters": len(first),
        "before_the_warning": early(warned),
        "before_the_practice": early(passed) if task.qualify_at is not None else 0,
    }


def _access(task: RatingTask) -> dict[str, Any]:
    """Raters who also have a role that reads results, and what raters did in the dataset besides rating, by the log,
    between their first lease and their last answer in the task."""
    people = dict(task.raters.exclude(person=None).values_list("person", "pseudonym"))
    roles: dict[int, list[str]] = defaultdict(list)
    held = Membership.objects.filter(dataset=task.dataset, person__in=people, role__in=TASK_ROLES)
    for person, role in held.values_list("person", "role").order_by("role"):
        roles[person].append(role)
    besides: dict[str, dict[str, int]] = {}
    for person, pseudonym in people.items():
        own = Assignment.objects.filter(task=task, rater__person=person)
        first = own.order_by("leased_at").values_list("leased_at", flat=True).first()
        last = own.exclude(ended_at=None).order_by("-ended_at").values_list("ended_at", flat=True).first()
        if first is None or last is None:
            continue
        entries = LogEntry.objects.filter(
            dataset=task.dataset, person=person, created_at__gte=first, created_at__lte=last
        ).exclude(verb__in=OF_RATING)
        if verbs := Counter(entries.values_list("verb", flat=True)):
            besides[pseudonym] = dict(sorted(verbs.items()))
    return {
        "raters": len(people),
        "with_other_roles": {people[person]: named for person, named in sorted(roles.items())},
        "besides_rating": besides,
        "readers": Membership.objects.filter(dataset=task.dataset, role__in=TASK_ROLES)
        .values("person")
        .distinct()
        .count(),
    }
