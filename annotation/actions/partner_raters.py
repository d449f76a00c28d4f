"""Who the partner's users are here: members with the role of rater by their mail, else whom somebody names."""

from __future__ import annotations

from django.db.models import QuerySet

from annotation.actions.tasks import rater_for
from annotation.label_studio import Partner
from annotation.models import Exchange, PartnerAnnotation, PartnerConflict, PartnerRater, Rater
from curation.models import Dataset, Membership, Person

NOT_MADE_YET = 0  # the rater of a member who would get a pseudonym, in a dry run


class Raters:
    """The users of one server as raters of one dataset. With `dry_run` nobody is written down."""

    def __init__(self, exchange: Exchange, partner: Partner | None, *, dry_run: bool = False) -> None:
        self.exchange, self.partner, self.dry_run = exchange, partner, dry_run
        self.dataset: Dataset = exchange.task.dataset
        rows = PartnerRater.objects.filter(dataset=self.dataset, url=exchange.url).select_related("rater")
        self.known = {row.user_id: row for row in rows}
        self.mails: dict[int, str] | None = None
        self.counted: set[int] = set(
            PartnerConflict.objects.filter(
                exchange=exchange, kind=PartnerConflict.Kind.UNKNOWN_RATER, decision=""
            ).values_list("who__user_id", flat=True)
        )

    def learn(self, users: set[int]) -> list[int]:
        """Look up by mail who is not known yet. Returns those who became raters of whom annotations were waiting."""
        fresh: list[int] = []
        for user in sorted(users):
            row = self.known.get(user)
            if row is not None and (row.ignored or row.rater_id is not None):
                continue
            mail = self._mail(user)
            person = member_by_mail(self.dataset, mail)
            if row is None:
                row = PartnerRater(dataset=self.dataset, url=self.exchange.url, user_id=user, mail=mail)
                self.known[user] = row
            elif person is not None:
                fresh.append(user)
            if person is not None:
                self._link(row, person)
            elif row.pk is None and not self.dry_run:
                row.save()
        return fresh

    def _mail(self, user: int) -> str:
        if self.mails is None:
            self.mails = self.partner.users() if self.partner is not None else {}
        return self.mails.get(user, "")[:254]

    def _link(self, row: PartnerRater, person: Person) -> None:
        if self.dry_run:
            known = Rater.objects.filter(dataset=self.dataset, person=person).first()
            row.rater_id = known.pk if known else NOT_MADE_YET
            return
        row.rater = rater_for(self.dataset, person)
        row.save()

    def find(self, user: int) -> PartnerRater | None:
        return self.known.get(user)

    def first(self, user: int) -> bool:
        """Whether an annotation of the unknown user is the first that asks who that is."""
        new = user not in self.counted
        self.counted.add(user)
        return new


def member_by_mail(dataset: Dataset, mail: str) -> Person | None:
    """The only member with the role of rater whose mail this is, however it is written."""
    if not mail:
        return None
    raters = Membership.objects.filter(dataset=dataset, role=Membership.Role.RATER)
    found = list(Person.objects.filter(email__iexact=mail, pk__in=raters.values("person"))[:2])
    return found[0] if len(found) == 1 else None


def waiting_of(exchange: Exchange, user: int) -> QuerySet[PartnerAnnotation]:
    """The user's annotations that wait until it is known who they are, or for another decision."""
    rows = PartnerAnnotation.objects.filter(project__exchange=exchange, user_id=user, gone=False)
    return rows.filter(status=PartnerAnnotation.Status.WAITING).order_by("pk")
