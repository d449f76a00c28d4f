from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinetuneConfig(AppConfig):
    name = "finetune"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now.
        from curation import registry
        from finetune import demo, panels, queries, workflow
        from finetune import rules as _rules  # noqa: F401 - importing them registers them

        workflow.register()
        registry.add_nav(
            registry.NavEntry(
                key="training",
                label=_("Training"),
                icon="training",
                url_name="finetune:training",
                roles=queries.RUN_ROLES,
                shortcut="g f",
                order=10,
                count=queries.runs_active,
            )
        )
        registry.add_usage(queries.runs_using)
        registry.add_panel(
            registry.Panel(
                page="release",
                key="runs",
                template="finetune/panel_runs.html",
                context=panels.runs_of_release,
            )
        )
        registry.add_demo(40, demo.queue_tiny_run)
