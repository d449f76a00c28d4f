from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnnotationConfig(AppConfig):
    name = "annotation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now; rules and states register themselves when they are loaded.
        from annotation import counts, demo, exposure, queries, rules, workflow  # noqa: F401
        from curation import registry
        from curation.models import Membership

        role = Membership.Role
        registry.add_nav(
            registry.NavEntry(
                key="rate",
                label=_("Rate"),
                icon="rate",
                url_name="annotation:rate",
                roles=frozenset({role.RATER}),
                shortcut="g a",
                order=5,
                count=lambda person, dataset: queries.waiting(person, dataset).count(),
                waits=_("responses for you to rate"),
            )
        )
        registry.add_nav(
            registry.NavEntry(
                key="tasks",
                label=_("Rating tasks"),
                icon="list",
                url_name="annotation:tasks",
                roles=frozenset({role.LEAD, role.RESEARCHER}),
                shortcut="g k",
                order=7,
            )
        )
        registry.add_nav(
            registry.NavEntry(
                key="rubrics",
                label=_("Rubrics"),
                icon="guide",
                url_name="annotation:rubrics",
                roles=frozenset({role.LEAD, role.RESEARCHER, role.REVIEWER}),
                shortcut="g e",
                order=8,
            )
        )
        registry.add_panel(
            registry.Panel(
                page="me",
                key="exposure",
                template="annotation/_exposure.html",
                context=exposure.panel,
            )
        )
        registry.add_panel(
            registry.Panel(
                page="me",
                key="closed_tasks",
                template="annotation/_closed_tasks.html",
                context=exposure.closed_tasks,
            )
        )
        registry.add_usage(counts.usage_of_items)
        registry.add_blind(rules.blinded_in)
        registry.add_demo(10, demo.rate_responses)
