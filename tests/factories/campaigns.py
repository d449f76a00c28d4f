"""A campaign in the midst of its work: for each form of the rating floor, somebody who can send it just now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from annotation.actions.leases import lease
from annotation.actions.practice import practise
from annotation.actions.ratings import rate
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import Assignment, Exchange, PartnerConflict, Rater, RatingTask
from curation.log import OPERATOR
from curation.models import Membership, Person
from tests.factories.annotation import make_member, make_task, make_world_dataset, warn
from tests.factories.gold import make_case
from tests.factories.partner import make_conflicts

Role, Kind = Membership.Role, PartnerConflict.Kind
SECRET = "known to the exchange alone"


@dataclass(kw_only=True)
class Form:
    """Who sends what to where, and all that it changes, by the words of `tests.bad_input.test_twice_in_campaigns`."""

    person: Person
    address: str
    given: dict[str, Any]
    changes: dict[str, int]
    headers: dict[str, str] = field(default_factory=dict)
    json: bool = False


@dataclass(kw_only=True)
class Midst:
    """`task` is rated by four; `practised` has five who are on their way in; `exchanged` has conflicts with a Label
    Studio that is away; nobody works in `quiet`.
    """

    task: RatingTask
    practised: RatingTask
    exchanged: RatingTask
    quiet: RatingTask
    lead: Person
    raters: list[Person]
    newcomers: list[Person]

    def forms(self) -> dict[str, Form]:
        return {
            **_of_raters(self),
            **_of_ways_in(self),
            **_of_lead(self),
            **_of_rubric(self),
            **_of_partner(self),
        }


def make_midst() -> Midst:
    dataset = make_world_dataset()
    exchanged, _people = make_task(dataset, raters=0, overlap=2, name="exchanged")
    make_conflicts(exchanged)
    Membership.objects.filter(dataset=dataset, role=Role.RATER).delete()  # those of the exchange
    task, raters = make_task(dataset, raters=4, name="midst")
    newcomers = [make_member(dataset, Role.RATER) for _n in range(4)]
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    for _n in range(2):
        make_case(rubric)
    rest = {"release": task.release, "rubric": rubric, "qualify_at": 1.0}
    names = [person.username for person in newcomers]
    practised = create_task(OPERATOR, dataset, name="practised", raters=names, **rest)
    warn(practised)
    quiet = create_task(OPERATOR, dataset, name="quiet", raters=names[:1], **rest)
    return Midst(
        task=task,
        practised=practised,
        exchanged=exchanged,
        quiet=quiet,
        lead=make_member(dataset, Role.LEAD),
        raters=raters,
        newcomers=newcomers,
    )


def _address(place: str, task: RatingTask, rest: str = "") -> str:
    return f"/d/{task.dataset.slug}/{place}/{task.pk}/{rest}"


def _of_raters(midst: Midst) -> dict[str, Form]:
    """Of those who work: each holds a response, and three have rated one before."""
    task, held = midst.task, []
    for person in midst.raters:
        found = lease(person, task)
        assert found is not None
        held.append(found)
    for person, one in list(zip(midst.raters, held, strict=True))[1:]:
        rate(person, task, token=one.token, score=4)
    skipping, correcting, undoing, drafting = midst.raters
    now = Assignment.objects.get(task=task, rater__person=drafting, state="leased")
    corrected = {"token": held[1].token, "own": held[1].token, "score": 5, "client_id": "one"}
    return {
        "skip": Form(
            person=skipping,
            address=_address("rate", task, "skip/"),
            given={"token": held[0].token, "reason_code": "unclear"},
            changes={"skipped": 1, "Assignment": 1, "log skip": 1},
        ),
        "own correction": Form(
            person=correcting,
            address=_address("rate", task, "submit/"),
            given=corrected,
            changes={"Rating": 1, "superseded": 1, "log correct": 1},
        ),
        "undo": Form(
            person=undoing,
            address=_address("rate", task, "undo/"),
            given={"last": held[2].token},
            changes={"superseded": 1, "rated": -1, "expired": 1, "log undo": 1},
        ),
        "draft": Form(
            person=drafting,
            address=_address("rate", task, "draft/"),
            given={"token": now.token, "comment": "まだ途中です。", "scores": {"safety": "2"}},
            changes={"drafts": 1},
            json=True,
        ),
    }


def _of_ways_in(midst: Midst) -> dict[str, Form]:
    """Of those who are not in yet: one is to read the warning, two to practise, one has failed."""
    task, (reading, practising, by_api, failed) = midst.practised, midst.newcomers
    rubric = task.rubric
    first, second = rubric.gold_cases.filter(use="practice").order_by("position")
    for case in (first, second):
        practise(failed, task, case=case.pk, scores={rubric.axis: "5"})
    Rater.objects.filter(person=reading).update(warned_at=None)
    rater = Rater.objects.get(dataset=task.dataset, person=failed)
    begun = {"PracticeAnswer": 1, "Qualification": 1}
    return {
        "warning": Form(
            person=reading,
            address=_address("rate", task, "warning/"),
            given={},
            changes={"warned": 1, "log acknowledge_warning": 1},
        ),
        "practice": Form(
            person=practising,
            address=_address("rate", task, "practice/"),
            given={"case": first.pk, "score": "1"},
            changes=begun,
        ),
        "practice by the API": Form(
            person=by_api,
            address="/api" + _address("tasks", task, "practice/"),
            given={"case": first.pk, "scores": {rubric.axis: "1"}},
            changes=begun,
            json=True,
        ),
        "another attempt": Form(
            person=midst.lead,
            address=_address("tasks", task, "attempt/"),
            given={"rater": rater.pk},
            changes={"Qualification": 1, "log allow_attempt": 1},
        ),
    }


def _of_lead(midst: Midst) -> dict[str, Form]:
    task, quiet = midst.task, midst.quiet
    who = Rater.objects.get(dataset=task.dataset, person=midst.raters[0])
    late = midst.newcomers[1]
    acts: dict[str, tuple[RatingTask, str, dict[str, Any], dict[str, int]]] = {
        "more raters": (
            quiet,
            "raters/",
            {"raters": [late.username]},
            {"TaskRater": 1, "log add_raters": 1},
        ),
        "pause": (task, "pause/", {"who": who.pk}, {"paused": 1, "log pause_rater": 1}),
        "go on": (task, "pause/", {"who": who.pk, "on": "1"}, {"paused": -1, "log resume_rater": 1}),
        "close": (quiet, "close/", {}, {"closed": 1, "log close": 1}),
        "reopen": (quiet, "reopen/", {}, {"closed": -1, "log reopen": 1}),
    }
    return {
        name: Form(person=midst.lead, address=_address("tasks", at, rest), given=given, changes=dict(changes))
        for name, (at, rest, given, changes) in acts.items()
    }


def _of_rubric(midst: Midst) -> dict[str, Form]:
    rubric, lead = midst.task.rubric, midst.lead
    spare = make_case(rubric, use="gold")
    base = f"/d/{midst.task.dataset.slug}/rubrics/{rubric.pk}/"
    return {
        "signature": Form(
            person=lead, address=f"{base}sign/", given={}, changes={"signed": 1, "log sign": 1}
        ),
        "case away": Form(
            person=lead,
            address=f"{base}cases/{spare.pk}/remove/",
            given={},
            changes={"GoldCase": -1, "log remove_case": 1},
        ),
        "new version": Form(
            person=lead,
            address=f"{base}new/",
            given={"title_ja": "新しい題"},
            changes={"Rubric": 1, "log create_rubric": 1},
        ),
    }


def _of_partner(midst: Midst) -> dict[str, Form]:
    task, lead = midst.exchanged, midst.lead
    here = PartnerConflict.objects.filter(exchange__task=task, decision="")
    exchange = Exchange.objects.get(task=task)
    exchange.secret_hash = hashlib.sha256(SECRET.encode()).hexdigest()
    exchange.save(update_fields=["secret_hash"])
    place = _address("tasks", task, "label-studio/")
    edited, unknown = here.get(kind=Kind.EDITED), here.get(kind=Kind.UNKNOWN_RATER)
    decided = {"decided": 1, "log decide_conflict": 1}
    return {
        "taken over": Form(
            person=lead,
            address=f"{place}conflicts/{edited.pk}/",
            given={"decision": "take"},
            changes=decided | {"Rating": 1, "superseded": 1},
        ),
        "somebody from there": Form(
            person=lead,
            address=f"{place}conflicts/{unknown.pk}/",
            given={"decision": "external"},
            changes=decided | {"Rating": 1, "Rater": 1, "TaskRater": 1},
        ),
        "exchange": Form(person=lead, address=f"{place}sync/", given={}, changes={"Job": 1}),
        "hint": Form(
            person=lead,
            address=f"/hooks/label-studio/{exchange.pk}/",
            given={},
            changes={"hints": 1},
            headers={"X-Teinei-Secret": SECRET},
        ),
    }
