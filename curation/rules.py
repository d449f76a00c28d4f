"""May this person do this to that object? One function per verb: None for yes, else a sentence for the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from curation import access, registry
from curation.errors import NotAllowed
from curation.log import Actor, Operator
from curation.models import (
    Comment,
    Dataset,
    DownloadLink,
    Draft,
    Item,
    Membership,
    Person,
    Redaction,
    Release,
    Review,
    Taxonomy,
    Translation,
)
from curation.prepared import Prepared, slot
from curation.second_opinions import double_of, wrote_part
from curation.stood_open import stood_open
from curation.workflow import verbs_from

Role = Membership.Role
Rule = Callable[[Actor, Any], str | None]

_rules: dict[tuple[str, type[models.Model]], Rule] = {}


def rule(verb: str, model: type[models.Model]) -> Callable[[Rule], Rule]:
    """Register the rule of a verb on a kind of object."""

    def register(function: Rule) -> Rule:
        _rules[(verb, model)] = function
        return function

    return register


def why_not(actor: Actor, verb: str, subject: models.Model) -> str | None:
    """None where the actor may, else the reason. Raises KeyError for a verb that has no rule: never silently yes."""
    return _rules[(verb, type(subject))](actor, subject)


def allows(actor: Actor, verb: str, subject: models.Model) -> bool:
    return why_not(actor, verb, subject) is None


def require(actor: Actor, verb: str, subject: models.Model) -> None:
    """The gate before every write: raises NotAllowed with the rule's sentence."""
    reason = why_not(actor, verb, subject)
    if reason:
        raise NotAllowed(reason)


PERSON = slot(1)
_MEMBERSHIPS = Prepared(
    lambda: Membership.objects.filter(person=PERSON).order_by().only("dataset", "role", "warned_at")
)


def roles_of(person: Person, dataset: Dataset) -> set[str]:
    """The person's roles in a dataset; asked once per person and dataset in a request."""
    known: dict[int, set[str]] | None = person.__dict__.get("_roles")
    if known is None:
        known, warned = {}, set()
        for each in _MEMBERSHIPS.rows({PERSON: person.pk}):
            known.setdefault(each.dataset_id, set()).add(each.role)
            if each.warned_at:
                warned.add(each.dataset_id)
        person.__dict__.update(_roles=known, _warned=warned)
    return known.get(dataset.pk, set())


def warned(person: Person, dataset: Dataset) -> bool:
    """Whether the person has read what kind of texts await them here: asked for together with their roles."""
    roles_of(person, dataset)
    return dataset.pk in person.__dict__["_warned"]


def needs(actor: Actor, dataset: Dataset, *roles: str) -> str | None:
    """None if the actor has one of the roles (the operator of the machine has all), else a sentence."""
    if isinstance(actor, Operator) or roles_of(actor, dataset) & set(roles):
        return None
    labels = ", ".join(str(Role(role).label) for role in roles)
    return _("This needs the role: %(roles)s.") % {"roles": labels}


@rule("create_dataset", Taxonomy)
def create_dataset(actor: Actor, taxonomy: Taxonomy) -> str | None:
    """A dataset belongs to nobody yet, so no role can allow it."""
    if isinstance(actor, Operator) or actor.is_superuser:
        return None
    return _("Only the operator of the system and its administrators may do this.")


@rule("sign_mapping", Taxonomy)
def sign_mapping(actor: Actor, taxonomy: Taxonomy) -> str | None:
    """A taxonomy belongs to no dataset: who leads one that uses it answers for what its categories mean."""
    if isinstance(actor, Operator):
        return _("A signature needs a person.")
    leads = Membership.objects.filter(person=actor, role=Role.LEAD, dataset__taxonomy=taxonomy)
    if leads.exists():
        return None
    return _("This needs the role: %(roles)s.") % {"roles": Role.LEAD.label}


@rule("write", Dataset)
@rule("take", Dataset)
def write(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.AUTHOR)


@rule("bulk", Dataset)
@rule("set_quotas", Dataset)
@rule("set_routine", Dataset)
def set_quotas(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.LEAD)


@rule("import", Dataset)
def import_(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.LEAD, Role.RELEASE_MANAGER)


@rule("freeze", Dataset)
def freeze(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.RELEASE_MANAGER)


@rule("waive", Dataset)
def waive(actor: Actor, dataset: Dataset) -> str | None:
    """Let a red gate through; never the one who freezes, which the action sees to."""
    if isinstance(actor, Operator):
        return _("A waiver needs a person.")
    return needs(actor, dataset, Role.LEAD, Role.RELEASE_MANAGER)


@rule("create_endpoint", Dataset)
def create_endpoint(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.RELEASE_MANAGER, Role.RESEARCHER)


@rule("machine_translate", Dataset)
def machine_translate(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.LEAD, Role.RELEASE_MANAGER, Role.TRANSLATOR)


@rule("invite", Dataset)
def invite(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.LEAD, Role.RELEASE_MANAGER)


@rule("export", Release)
def export(actor: Actor, release: Release) -> str | None:
    return needs(actor, release.dataset, Role.RELEASE_MANAGER, Role.RESEARCHER)


@rule("read_texts", Release)
def read_texts(actor: Actor, release: Release) -> str | None:
    """The texts of a version from elsewhere are for those who answer for its terms, while there is access."""
    if access.passed_on(release):
        return needs(actor, release.dataset, *(set(Role.values) - {Role.RATER}))
    return access.why_not_usable(release) or needs(
        actor, release.dataset, Role.RELEASE_MANAGER, Role.RESEARCHER
    )


@rule("manage_rights", Dataset)
def manage_rights(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.RELEASE_MANAGER)


@rule("export_people", Release)
def export_people(actor: Actor, release: Release) -> str | None:
    """What others gave stays unseen for whoever still rates, whatever their other roles."""
    refusal = export(actor, release)
    if refusal is None and isinstance(actor, Person) and registry.blind_to(actor, release.dataset):
        return _("You still have responses to rate: what others gave can be exported when you are done.")
    return refusal


@rule("publish", Release)
@rule("make_link", Release)
@rule("correct", Release)
def correct(actor: Actor, release: Release) -> str | None:
    return needs(actor, release.dataset, Role.RELEASE_MANAGER)


@rule("redact", Dataset)
def redact(actor: Actor, dataset: Dataset) -> str | None:
    """Both who ask and who confirm have to be named people."""
    if isinstance(actor, Operator):
        return _("A redaction needs a person.")
    return needs(actor, dataset, Role.LEAD, Role.RELEASE_MANAGER)


@rule("confirm", Redaction)
def confirm_redaction(actor: Actor, redaction: Redaction) -> str | None:
    """A second person, whatever roles the first has had since."""
    refusal = redact(actor, redaction.dataset)
    if refusal is None and actor.pk == redaction.asked_by_id:
        return _("Somebody else has to confirm what you asked for.")
    return refusal


@rule("publish_page", Release)
def publish_page(actor: Actor, release: Release) -> str | None:
    return needs(actor, release.dataset, Role.RELEASE_MANAGER)


@rule("revoke", DownloadLink)
def revoke(actor: Actor, link: DownloadLink) -> str | None:
    return needs(actor, link.release.dataset, Role.RELEASE_MANAGER)


@rule("save_draft", Item)
def save_draft(actor: Actor, item: Item) -> str | None:
    """Whoever may write on the text, and whoever began to: what they type is kept for them, also when others went on.

    An author may have begun with an empty page, where the item stood open for several.
    """
    refusal = write_on(actor, item)
    if refusal and isinstance(actor, Person):
        if Draft.objects.filter(item=item, person=actor).exists():
            return needs(actor, item.dataset, Role.AUTHOR, Role.REVIEWER)
        if Role.AUTHOR in roles_of(actor, item.dataset) and stood_open(item):
            return None
    return refusal


def write_on(actor: Actor, item: Item) -> str | None:
    """Whoever may submit, and whoever reviews the item: they mend its text before they accept it."""
    refusal = submit(actor, item)
    if refusal and item.state == Item.State.IN_REVIEW and review(actor, item) is None:
        return None
    return refusal


@rule("let_go", Item)
def let_go(actor: Actor, item: Item) -> str | None:
    """A place in a leaf is kept for whoever begins the item, and is theirs to give back."""
    if isinstance(actor, Operator) or item.author_id != actor.pk:
        return _("Only who took it gives it back.")
    return needs(actor, item.dataset, Role.AUTHOR)


@rule("dismiss", Item)
def dismiss(actor: Actor, item: Item) -> str | None:
    """Whoever may change the text may also say that a check's finding is all right as it is."""
    if isinstance(actor, Operator):
        return _("Dismissing a finding needs a person.")
    return write_on(actor, item)


@rule("restore_revision", Item)
def restore_revision(actor: Actor, item: Item) -> str | None:
    """Whoever may write on it now, or mend it before they accept it."""
    if isinstance(actor, Operator):
        return _("A draft needs a person.")
    if item.state == Item.State.IN_REVIEW:
        return review(actor, item)
    if not verbs_from(item) & {"submit", "revise"}:
        return _("The item is closed. A lead can reopen it.")
    return write_on(actor, item)


@rule("submit", Item)
@rule("submit_question", Item)
def submit(actor: Actor, item: Item) -> str | None:
    refusal = needs(actor, item.dataset, Role.AUTHOR)
    if refusal or isinstance(actor, Operator):
        return refusal
    theirs = item.author_id not in (None, actor.pk)
    shared = item.open_to_all or item.state == Item.State.AWAITING_ANSWER
    if theirs and not shared:
        return _("Another author is writing this item.")
    return None


@rule("revise", Item)
def revise(actor: Actor, item: Item) -> str | None:
    return needs(actor, item.dataset, Role.AUTHOR, Role.LEAD)


@rule("review", Item)
@rule("approve", Item)
@rule("fix_and_approve", Item)
@rule("request_changes", Item)
@rule("request_answer", Item)
@rule("reject", Item)
def review(actor: Actor, item: Item) -> str | None:
    if isinstance(actor, Operator):
        return _("A review needs a person.")
    double = double_of(item)
    refusal = needs(actor, item.dataset, Role.LEAD if double and double.agreed is False else Role.REVIEWER)
    if refusal:
        return refusal
    if wrote_part(actor, item):
        return _("Nobody reviews what they wrote any part of.")
    if double and double.opinions.filter(reviewer=actor).exists():
        return _("You have given your opinion: somebody else gives the other.")
    return None


@rule("take_back", Review)
def take_back(actor: Actor, given: Review) -> str | None:
    """One's own decision, or an opinion while it is the only one. A fix is a text of its own by now."""
    if isinstance(actor, Operator) or given.reviewer_id != actor.pk:
        return _("Only who decided takes it back.")
    both = given.double is not None and (given.decides or given.double.agreed is not None)
    if both or given.decision == Review.Decision.FIX_AND_APPROVE:
        return _("A fix, and what two people decided, stands. The item can be revised.")
    return needs(actor, given.item.dataset, Role.REVIEWER)


@rule("move", Item)
def move(actor: Actor, item: Item) -> str | None:
    """Whoever may review it, and leads."""
    if isinstance(actor, Operator):
        return _("A review needs a person.")
    return None if needs(actor, item.dataset, Role.LEAD) is None else review(actor, item)


@rule("withdraw", Item)
@rule("reopen", Item)
@rule("open_to_all", Item)
def withdraw(actor: Actor, item: Item) -> str | None:
    return needs(actor, item.dataset, Role.LEAD, Role.RELEASE_MANAGER)


@rule("comment", Item)
def comment(actor: Actor, item: Item) -> str | None:
    if isinstance(actor, Operator):
        return _("A comment needs a person.")
    return needs(actor, item.dataset, Role.AUTHOR, Role.REVIEWER, Role.LEAD, Role.RELEASE_MANAGER)


@rule("resolve", Comment)
def resolve(actor: Actor, opening: Comment) -> str | None:
    """Whoever opened the thread or has the item, and those who answer for it."""
    refusal = comment(actor, opening.item)
    if refusal or isinstance(actor, Operator) or actor.pk in (opening.person_id, opening.item.author_id):
        return refusal
    if roles_of(actor, opening.item.dataset) & {Role.REVIEWER, Role.LEAD}:
        return None
    return _("A thread is resolved by whoever began it, the item's author, reviewers and leads.")


@rule("translate", Item)
def translate(actor: Actor, item: Item) -> str | None:
    return needs(actor, item.dataset, Role.TRANSLATOR)


@rule("approve", Translation)
@rule("request_changes", Translation)
def review_translation(actor: Actor, translation: Translation) -> str | None:
    if isinstance(actor, Operator):
        return _("A review needs a person.")
    refusal = needs(actor, translation.item.dataset, Role.BILINGUAL_REVIEWER)
    if refusal:
        return refusal
    if translation.revisions.filter(author=actor).exists():
        return _("Nobody approves their own translation.")
    return None


ITEM_VERBS = (
    "submit",
    "submit_question",
    "revise",
    "approve",
    "request_changes",
    "request_answer",
    "reject",
    "withdraw",
    "reopen",
)


def possible_verbs(actor: Actor, item: Item) -> list[str]:
    """What the actor may do to the item now: the same list for the page's buttons and the API."""
    from_here = verbs_from(item)
    return [verb for verb in ITEM_VERBS if verb in from_here and allows(actor, verb, item)]
