from django.apps import AppConfig


class JudgingConfig(AppConfig):
    name = "judging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now.
        from curation import registry
        from judging import demo, navigation, redactor, usages

        registry.add_nav(*navigation.ENTRIES)
        registry.add_panel(
            registry.Panel("release_uses", "judge_runs", "judging/_release_runs.html", usages.runs_on)
        )
        registry.add_usage(20, usages.used_in)
        registry.add_redactor(redactor.REDACTOR)
        registry.add_demo(30, demo.judge_responses)
