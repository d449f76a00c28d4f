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


ENTRIES = (
    NavEntry(
        key="home",
        label=_("Home"),
        icon="home",
        url_name="curation:home",
        roles=frozenset(),
        shortcut="g h",
    ),
    NavEntry(
        key="write",
        label=_("Write"),
        icon="write",
        url_name="curation:write",
        roles=frozenset({Role.AUTHOR}),
        shortcut="g w",
        order=1,
        count=lambda person, dataset: queries.sent_back(person, dataset).count(),
        waits=_("sent back to you to mend"),
    ),
    NavEntry(
        key="review",
        label=_("Review"),
        icon="review",
        url_name="curation:review",
        roles=frozenset({Role.REVIEWER}),
        shortcut="g r",
        order=2,
        count=lambda person, dataset: queries.review_queue(person, dataset).count(),
        waits=_("waiting for a review"),
    ),
    NavEntry(
        key="translate",
        label=_("Translate"),
        icon="translate",
        url_name="curation:translate",
        roles=frozenset({Role.TRANSLATOR}),
        shortcut="g t",
        order=3,
        count=lambda person, dataset: queries.translation_queue(person, dataset, "en").count(),
        waits=_("to be translated"),
    ),
    NavEntry(
        key="check",
        label=_("Check translations"),
        icon="check",
        url_name="curation:translation_review",
        roles=frozenset({Role.BILINGUAL_REVIEWER}),
        shortcut="g b",
        order=4,
        count=lambda person, dataset: queries.translation_review_queue(person, dataset, "en").count(),
        waits=_("translations to be checked"),
    ),
    NavEntry(
        key="items",
        label=_("Items"),
        icon="items",
        url_name="curation:items",
        roles=READERS,
        shortcut="g i",
        order=6,
    ),
    NavEntry(
        key="releases",
        label=_("Releases"),
        icon="release",
        url_name="curation:releases",
        roles=READERS,
        shortcut="g l",
        order=8,
    ),
    NavEntry(
        key="coverage",
        label=_("Coverage"),
        icon="coverage",
        url_name="curation:coverage",
        roles=READERS,
        shortcut="g c",
        section=1,
    ),
    NavEntry(
        key="taxonomy",
        label=_("Taxonomy"),
        icon="tree",
        url_name="curation:taxonomy",
        roles=READERS,
        shortcut="g x",
        section=1,
        order=1,
    ),
    NavEntry(
        key="people",
        label=_("People"),
        icon="people",
        url_name="curation:people",
        roles=LEAD,
        shortcut="g p",
        section=1,
        order=2,
    ),
    NavEntry(
        key="jobs",
        label=_("Jobs"),
        icon="jobs",
        url_name="curation:jobs",
        roles=frozenset(),
        shortcut="g j",
        section=1,
        order=3,
        count=_running,
    ),
)
