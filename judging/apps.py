from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JudgingConfig(AppConfig):
    name = "judging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now; rules and states register themselves when they are loaded.
        from annotation.queries import TASK_ROLES
        from curation import registry
        from judging import demo, queries, rules, workflow  # noqa: F401

        registry.add_nav(
            registry.NavEntry(
                key="study",
                label=_("Studies"),
                icon="study",
                url_name="judging:studies",
                roles=TASK_ROLES,
                shortcut="g s",
                order=8,
            )
        )
        registry.add_nav(
            registry.NavEntry(
                key="leaderboard",
                label=_("Leaderboard"),
                icon="list",
                url_name="judging:leaderboard",
                roles=TASK_ROLES,
                shortcut="g m",
                order=8,
            )
        )
        registry.add_nav(
            registry.NavEntry(
                key="judges",
                label=_("Judges"),
                icon="judge",
                url_name="judging:judges",
                also=("judging:runs",),
                roles=TASK_ROLES,
                shortcut="g u",
                order=9,
            )
        )
        registry.add_usage(queries.usage_of_items)
        registry.add_demo(30, demo.judge_responses)
