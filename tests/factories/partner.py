"""Label Studio's side of an exchange, without a server: pages of tasks with their annotations."""

from typing import Any

from annotation.actions.exchanges import exchange_of
from annotation.actions.partner_conflicts import decide
from annotation.actions.partner_pull import Pulled, Reader, take_page
from annotation.actions.partner_push import REF, places_by_ref, ref_of
from annotation.actions.partner_raters import Raters
from annotation.actions.tasks import rater_for
from annotation.models import PartnerConflict, PartnerProject, PartnerServer, Rating, RatingTask
from curation.keys import encrypt
from curation.log import OPERATOR
from curation.models import Membership, Person
from tests.factories.annotation import make_member, make_task, make_world_dataset

URL = "http://127.0.0.1:1"


class There:
    """Label Studio's side as its pages come: tasks with their annotations, under the exchange's marks."""

    def __init__(
        self, task: RatingTask, *, mails: dict[int, str] | None = None, number: int = 0, url: str = URL
    ) -> None:
        self.exchange = exchange_of(task, url)
        self.exchange.task = task
        self.project = PartnerProject.objects.create(
            exchange=self.exchange, number=number, project_id=1 + number
        )
        self.mails = mails or {}
        rows = task.population.order_by("position").values_list("response_id", flat=True)
        self.rows = {
            n: {"id": n, "data": {REF: ref_of(self.exchange, pk)}, "annotations": []}
            for n, pk in enumerate(rows, 1)
        }
        self.responses = dict(enumerate(rows, 1))

    def has(
        self,
        task: int,
        pk: int,
        choice: str,
        *,
        who: int = 3,
        at: str = "2026-01-01T00:00:00.1Z",
        comment: str = "",
        **more: Any,
    ) -> None:
        """Annotation `pk` of the task is like this from now on."""
        chosen = {"from_name": "axis0", "type": "choices", "value": {"choices": [choice]}}
        reason = {"from_name": "comment", "type": "textarea", "value": {"text": [comment]}}
        given = {
            "id": pk,
            "completed_by": who,
            "updated_at": at,
            "lead_time": 4.5,
            "was_cancelled": False,
            "result": [chosen, reason] if comment else [chosen],
        }
        kept = [one for one in self.rows[task]["annotations"] if one["id"] != pk]
        self.rows[task]["annotations"] = [*kept, given | more]

    def gone(self, task: int) -> None:
        self.rows[task]["annotations"] = []

    def read(self, *, dry_run: bool = False) -> Pulled:
        done = Pulled(dry_run=dry_run)
        raters = Raters(self.exchange, None, dry_run=dry_run)
        raters.mails = self.mails
        self.project.exchange = self.exchange
        take_page(Reader(self.project, raters, done, places_by_ref(self.exchange)), list(self.rows.values()))
        return done


def make_exchange(*, raters: int = 2, **given: Any) -> tuple[RatingTask, list[Person], There]:
    """A task whose raters are users 3, 4 ... there, known by their mail."""
    task, people = make_task(make_world_dataset(), raters=raters, **given)
    for n, person in enumerate(people, 3):
        Person.objects.filter(pk=person.pk).update(email=f"Rater{n}@example.org")
    return task, people, There(task, mails={n: f"rater{n}@EXAMPLE.org" for n in range(3, 3 + raters)})


def make_conflicts(task: RatingTask, *, comment: str = "", said: str = "9") -> PartnerConflict:
    """An exchange with a server that is away, with a conflict of each kind; of a second score off the scale it is
    decided. The task has an overlap of 2 and three responses or more. `said` is that score, and begins everybody's mail.

    Returns the one of the edited annotation.
    """
    PartnerServer.objects.create(dataset=task.dataset, url=URL, encrypted_key=encrypt("a" * 40))
    people = [make_member(task.dataset, Membership.Role.RATER) for _n in range(3)]
    mails = {n: f"{said}{n}@example.org" for n in (1, 2, 3, 99)}
    for n, person in enumerate(people, 1):
        Person.objects.filter(pk=person.pk).update(email=mails[n])
    there = There(task, mails=mails)
    there.has(1, 11, "4", who=1)
    there.has(2, 12, "4", who=1)
    there.read()
    there.has(1, 11, "5", who=1, comment=comment, at="2026-01-02T00:00:00Z")
    Rating.objects.create(
        task=task, response_id=there.responses[1], rater=rater_for(task.dataset, people[1]), score="3"
    )
    there.has(1, 13, "5", who=2)
    there.has(1, 14, "2", who=3)
    there.gone(2)
    there.has(3, 15, said, who=1)
    there.has(3, 16, said, who=2)
    there.has(3, 17, "4", who=99)
    there.read()
    open_here = PartnerConflict.objects.filter(exchange=there.exchange, decision="")
    assert set(open_here.values_list("kind", flat=True)) == set(PartnerConflict.Kind.values)
    decide(OPERATOR, task, open_here.filter(kind="off_scale").latest("pk").pk, decision="keep")
    return open_here.get(kind="edited")
