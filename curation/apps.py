from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class CurationConfig(AppConfig):
    name = "curation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now, and the entries count rows.
        from curation import queries, registry
        from curation.models import Job, Membership

        role = Membership.Role
        nav = registry.NavEntry
        items = frozenset(queries.ITEM_ROLES)
        lead = frozenset({role.LEAD, role.RELEASE_MANAGER})
        entries = [
            nav(
                key="home",
                label=_("Home"),
                icon="home",
                url_name="curation:home",
                roles=frozenset(),
                shortcut="g h",
            ),
            nav(
                key="write",
                label=_("Write"),
                icon="write",
                url_name="curation:write",
                roles=frozenset({role.AUTHOR}),
                shortcut="g w",
                order=1,
                count=lambda person, dataset: queries.sent_back(person, dataset).count(),
                waits=_("sent back to you to mend"),
            ),
            nav(
                key="review",
                label=_("Review"),
                icon="review",
                url_name="curation:review",
                roles=frozenset({role.REVIEWER}),
                shortcut="g r",
                order=2,
                count=lambda person, dataset: queries.review_queue(person, dataset).count(),
                waits=_("waiting for a review"),
            ),
            nav(
                key="translate",
                label=_("Translate"),
                icon="translate",
                url_name="curation:translate",
                roles=frozenset({role.TRANSLATOR}),
                shortcut="g t",
                order=3,
                count=lambda person, dataset: queries.translation_queue(person, dataset, "en").count(),
                waits=_("to be translated"),
            ),
            nav(
                key="check",
                label=_("Check translations"),
                icon="check",
                url_name="curation:translation_review",
                roles=frozenset({role.BILINGUAL_REVIEWER}),
                shortcut="g b",
                order=4,
                count=lambda person, dataset: queries.translation_review_queue(person, dataset, "en").count(),
                waits=_("translations to be checked"),
            ),
            nav(
                key="items",
                label=_("Items"),
                icon="items",
                url_name="curation:items",
                roles=items,
                shortcut="g i",
                order=6,
            ),
            nav(
                key="releases",
                label=_("Releases"),
                icon="release",
                url_name="curation:releases",
                roles=items,
                shortcut="g l",
                order=8,
            ),
            nav(
                key="coverage",
                label=_("Coverage"),
                icon="coverage",
                url_name="curation:coverage",
                roles=items,
                shortcut="g c",
                section=1,
            ),
            nav(
                key="taxonomy",
                label=_("Taxonomy"),
                icon="tree",
                url_name="curation:taxonomy",
                roles=items,
                shortcut="g x",
                section=1,
                order=1,
            ),
            nav(
                key="people",
                label=_("People"),
                icon="people",
                url_name="curation:people",
                roles=lead,
                shortcut="g p",
                section=1,
                order=2,
            ),
            nav(
                key="jobs",
                label=_("Jobs"),
                icon="jobs",
                url_name="curation:jobs",
                roles=frozenset(),
                shortcut="g j",
                section=1,
                order=3,
                count=lambda person, dataset: (
                    queries.jobs_visible_to(person, dataset)
                    .filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])
                    .count()
                    or None
                ),
            ),
        ]
        for entry in entries:
            registry.add_nav(entry)
        user_logged_in.connect(log_sign_in, dispatch_uid="curation.log_sign_in")


def log_sign_in(sender: object, user: Any, **kwargs: Any) -> None:
    """Every way of signing in, the demo's too, leaves an entry."""
    from curation.log import record  # models are ready only after start
    from curation.models import Person

    if isinstance(user, Person):
        record(user, "sign_in", user)
