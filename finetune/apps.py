from django.apps import AppConfig


class FinetuneConfig(AppConfig):
    name = "finetune"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now.
        from curation import registry
        from finetune import demo, navigation, panels, redactor, usages

        registry.add_nav(navigation.TRAINING)
        registry.add_usage(30, usages.used_in)
        registry.add_panel(
            registry.Panel("release_uses", "runs", "finetune/panel_runs.html", panels.runs_of_release)
        )
        registry.add_redactor(redactor.REDACTOR)
        registry.add_demo(40, demo.queue_tiny_run)
