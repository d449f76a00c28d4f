"""Red gates let through by a second person: for one release's name and for what the gate found then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from curation import gates, models
from curation.errors import Invalid, NotAllowed
from curation.log import Actor, person_of, record
from curation.models import Dataset, Person
from curation.registry import Gate
from curation.rules import require


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A red gate let through by a named person with a reason."""

    gate: str
    reason: str
    person: str


@transaction.atomic
def waive(
    person: Person,
    dataset: Dataset,
    *,
    release_name: str,
    gate: str,
    finding: str,
    reason: str,
    drawn_by: Actor,
) -> models.Waiver:
    """Let a red gate through for a release of this name; it counts as long as the gate finds the same.

    `finding` is the gate's fingerprint as the person read it, `drawn_by` who drew the release up and will freeze it.
    The same twice is one waiver: the first reason stands.
    """
    require(person, "waive", dataset)
    if gate in gates.NEVER_WAIVED:
        raise Invalid(_("This gate cannot be waived: its items have to be mended."), field="gate")
    if person_of(drawn_by) == person:
        raise NotAllowed(_("Whoever freezes a release waives none of its gates: ask somebody else."))
    if not reason.strip():
        raise Invalid(_("Say why it may be let through."), field="reason")
    row, new = models.Waiver.objects.get_or_create(
        dataset=dataset,
        release_name=release_name,
        gate=gate,
        finding=finding,
        person=person,
        defaults={"reason": reason.strip()},
    )
    if new:
        record(person, "waive", row, gate=gate, finding=finding)
    return row


def refuse_own(actor: Actor, waivers: Iterable[Waiver]) -> None:
    """Raises NotAllowed where the one who freezes has waived a gate too."""
    person = person_of(actor)
    if person and any(waiver.person == person.username for waiver in waivers):
        raise NotAllowed(_("Whoever freezes a release waives none of its gates: ask somebody else."))


def standing(dataset: Dataset, name: str, said: Iterable[Gate], *, freezer: Actor) -> list[Waiver]:
    """The waivers that count for a release of this name now: of what the gates find now, by somebody else."""
    found = {gate.key: gate.fingerprint() for gate in said if not gate.green}
    rows = models.Waiver.objects.filter(dataset=dataset, release_name=name).select_related("person")
    person = person_of(freezer)
    return [
        Waiver(gate=row.gate, reason=row.reason, person=row.person.username)
        for row in rows
        if found.get(row.gate) == row.finding and row.person != person
    ]
