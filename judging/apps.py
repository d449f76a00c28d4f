from django.apps import AppConfig


class JudgingConfig(AppConfig):
    name = "judging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now.
        from curation import registry
        from judging import demo, navigation, queries, redactor

        registry.add_nav(*navigation.ENTRIES)
        registry.add_usage(queries.usage_of_items)
        registry.add_redactor(redactor.REDACTOR)
        registry.add_demo(30, demo.judge_responses)
