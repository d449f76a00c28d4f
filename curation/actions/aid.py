"""The drafting aid: a writer asks a model for a suggestion, which a worker fetches. Nothing of it enters an item by itself."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation import aiding
from curation.access import why_closed
from curation.actions.datasets import take_turns
from curation.actions.endpoints import client_of
from curation.actions.holding import hold
from curation.actions.jobs import queue_job
from curation.actions.leases import WRITE, refuse_held
from curation.actions.texts import LONGEST, keepable
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import Actor, record
from curation.models import Dataset, Draft, Endpoint, Item, Job, Person, Routine, Suggestion
from curation.queries import lengths_in, opted_out, routine_of
from curation.rules import require

KIND = "drafting_aid"
TRIES = 2  # a person waits
UNDER_WAY = (Job.State.QUEUED, Job.State.RUNNING)


@transaction.atomic
def set_aid(actor: Actor, dataset: Dataset, endpoint: Endpoint | None) -> bool:
    """Name the model that writers may ask; None turns the aid off. Returns whether something changed.

    Raises Invalid for an endpoint of another dataset.
    """
    require(actor, "set_routine", dataset)
    if endpoint is not None and endpoint.dataset_id != dataset.pk:
        raise Invalid(_("The dataset has no such model endpoint."), field="aid")
    take_turns(dataset)
    routine, _new = Routine.objects.get_or_create(dataset=dataset)
    chosen = endpoint.pk if endpoint else None
    if routine.aid_id == chosen:
        return False
    Routine.objects.filter(pk=routine.pk).update(aid=chosen)
    record(actor, "set_routine", dataset, now={"aid": chosen})
    return True


def endpoint_of(dataset: Dataset, name: str) -> Endpoint | None:
    """None for no name; raises Invalid for one that the dataset does not have."""
    found = Endpoint.objects.filter(dataset=dataset, name=name[:60]).first() if name else None
    if name and found is None:
        raise Invalid(_("The dataset has no such model endpoint."), field="aid")
    return found


@transaction.atomic
def ask_aid(person: Person, item: Item, *, kind: str, question: str) -> Suggestion:
    """Send the question, as it is typed now, to the model; a worker fetches what it says.

    The same asked again while it is under way is the same suggestion. Raises InHand where somebody else is writing the
    item, WrongState where the item's terms do not let its text out, NotAllowed in a category that the person opted out
    of, Invalid for an empty question or an unknown kind.
    """
    from curation.tasks import fetch_suggestion  # a task imports its action

    hold(item)
    require(person, "ask_aid", item)
    refuse_held(person, item, WRITE)
    _refuse_closed(person, item)
    if kind not in Suggestion.Kind.values:
        raise Invalid(_("The drafting aid knows no such suggestion."), field="kind")
    if not question.strip():
        raise Invalid(_("Write a question first."), field="question")
    keepable({"question": question})
    mine = suggestions_of(person, item).filter(kind=kind)
    asked = mine.filter(asked=question, job__state__in=UNDER_WAY).first()
    if asked is not None:
        return asked
    mine.exclude(job__state__in=UNDER_WAY).delete()
    prompt = aiding.prompts()[kind]
    made = Suggestion.objects.create(
        item=item, person=person, kind=kind, asked=question, prompt=prompt.label, prompt_hash=prompt.hash
    )
    title = _("Suggestion for %(id)s") % {"id": item.external_id}
    arguments = {"suggestion": made.pk}
    made.job = queue_job(
        person, item.dataset, kind=KIND, title=title, task=fetch_suggestion, arguments=arguments
    )
    made.save(update_fields=["job"])
    endpoint = routine_of(item.dataset).aid_id
    record(person, "ask_aid", item, kind=kind, endpoint=endpoint, prompt=prompt.label)
    return made


def _refuse_closed(person: Person, item: Item) -> None:
    """Raises the error where the text may not go out, or the person wants to see nothing of its category."""
    why = why_closed(item.rights) if item.rights else None
    if why:
        raise WrongState(_("The question cannot be sent to a model: %(why)s") % {"why": why})
    closed = opted_out(person, item.dataset.taxonomy_id)
    drafted = Draft.objects.filter(item=item, person=person).values_list("category", flat=True).first()
    if closed.keys() & {item.category_id, drafted}:
        raise NotAllowed(_("You opted out of this category: the drafting aid writes nothing for you here."))


def suggestions_of(person: Person, item: Item) -> Any:
    """What the person asked for on the item, the newest first."""
    return Suggestion.objects.filter(person=person, item=item).select_related("job").order_by("-pk")


def run_aid(job: Job) -> dict[str, Any]:
    """Ask the model and keep what it says, or the failure's name. Rules and terms are asked again: they may have changed."""
    found = Suggestion.objects.select_related("item__dataset__routine__aid", "item__rights", "person").filter(
        pk=job.arguments["suggestion"]
    )
    suggestion = found.first()
    if suggestion is None:  # thrown away meanwhile
        return {}
    item = suggestion.item
    require(suggestion.person, "ask_aid", item)
    _refuse_closed(suggestion.person, item)
    endpoint, length = item.dataset.routine.aid, lengths_in(item.dataset)["answer"]
    assert endpoint is not None, "the rule has just said so"
    prompt = aiding.prompts()[suggestion.kind]
    with client_of(endpoint, tries=TRIES) as client:
        reply = client.chat(aiding.messages(prompt, suggestion.asked, length=length))
    text = reply.text.strip() if reply.ok else ""
    failure = "" if text and _usable(text) else "off_format" if reply.ok else reply.status
    Suggestion.objects.filter(pk=suggestion.pk).update(
        text="" if failure else text, failure=failure, prompt=prompt.label, prompt_hash=prompt.hash
    )
    return {"failure": failure}


def _usable(text: str) -> bool:
    try:
        keepable({"text": text})
    except Invalid:  # characters that no file can carry
        return False
    return len(text) <= LONGEST


def throw_away(person: Person, suggestion: Suggestion) -> None:
    """Only one's own; what was put into the text stays there."""
    if suggestion.person_id != person.pk:
        raise NotAllowed(_("Only whoever asked for it throws it away."))
    suggestion.delete()
