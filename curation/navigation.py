"""The ground floor's lines of the side bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from curation import queries
from curation.models import Dataset, Job, Membership, Person
from curation.registry import NavEntry

Role = Membership.Role
READERS = frozenset(queries.ITEM_ROLES)
LEAD = frozenset({Role.LEAD, Role.RELEASE_MANAGER})


def _running(person: Person, dataset: Dataset) -> int | None:
    active = [Job.State.QUEUED, Job.State.RUNNING]
    return queries.jobs_visible_to(person, dataset).filter(state__in=active).count() or None


def _to_confirm(person: Person, dataset: Dataset) -> int | None:
    return queries.open_redactions(person, dataset).count() or None


ENTRIES = (
    NavEntry("home", _("Home"), "home", "curation:home", "g h"),
    NavEntry(
        "write",
        _("Write"),
        "write",
        "curation:write",
        "g w",
        roles=frozenset({Role.AUTHOR}),
        order=1,
        count=queries.waiting_for_writer,
        waits=_("sent back to you to mend"),
    ),
    NavEntry(
        "review",
        _("Review"),
        "review",
        "curation:review",
        "g r",
        roles=frozenset({Role.REVIEWER}),
        order=2,
        count=queries.waiting_for_review,
        waits=_("waiting for a review"),
    ),
    NavEntry(
        "translate",
        _("Translate"),
        "translate",
        "curation:translate",
        "g t",
        roles=frozenset({Role.TRANSLATOR}),
        order=3,
        count=lambda person, dataset: queries.translation_queue(person, dataset, "en").count(),
        waits=_("to be translated"),
    ),
    NavEntry(
        "check",
        _("Check translations"),
        "check",
        "curation:translation_review",
        "g b",
        roles=frozenset({Role.BILINGUAL_REVIEWER}),
        order=4,
        count=lambda person, dataset: queries.translation_review_queue(person, dataset, "en").count(),
        waits=_("translations to be checked"),
    ),
    NavEntry(
        "doubles",
        _("Second opinions"),
        "people",
        "curation:review_doubles",
        "g 2",
        roles=frozenset({Role.LEAD}),
        section=1,
        order=5,
    ),
    NavEntry("board", _("Board"), "clock", "curation:board", "g o", roles=LEAD, section=1, order=-1),
    NavEntry("items", _("Items"), "items", "curation:items", "g i", roles=READERS, order=6),
    NavEntry("releases", _("Releases"), "release", "curation:releases", "g l", roles=READERS, order=8),
    NavEntry("rights", _("Terms"), "lock", "curation:rights", "g y", roles=READERS, section=1, order=2),
    NavEntry("coverage", _("Coverage"), "coverage", "curation:coverage", "g c", roles=READERS, section=1),
    NavEntry(
        "taxonomy", _("Taxonomy"), "tree", "curation:taxonomy", "g x", roles=READERS, section=1, order=1
    ),
    NavEntry("guideline", _("Guideline"), "guide", "curation:guideline", "g g", section=1, order=1),
    NavEntry("import", _("Import"), "upload", "curation:import_items", "g v", roles=LEAD, section=1, order=2),
    NavEntry("people", _("People"), "people", "curation:people", "g p", roles=LEAD, section=1, order=2),
    NavEntry(
        "redactions",
        _("Texts to be removed"),
        "cross",
        "curation:redactions",
        "g d",
        roles=LEAD,
        section=1,
        order=4,
        count=_to_confirm,
        waits=_("requests to remove a text"),
        only_waiting=True,
    ),
    NavEntry("jobs", _("Jobs"), "jobs", "curation:jobs", "g j", section=1, order=3, count=_running),
)
