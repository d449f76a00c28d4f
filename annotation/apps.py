from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "annotation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now.
        from annotation import counts, demo, exposure, human_tables, navigation, redactor, rules, usages
        from curation import registry

        registry.add_nav(*navigation.ENTRIES)
        registry.add_panel(registry.Panel("me", "exposure", "annotation/_exposure.html", exposure.panel))
        registry.add_panel(
            registry.Panel("me", "own_tasks", "annotation/_own_tasks.html", exposure.own_tasks)
        )
        registry.add_panel(
            registry.Panel("release_uses", "tasks", "annotation/_release_tasks.html", usages.tasks_on)
        )
        registry.add_usage(10, usages.tasks_with)
        registry.add_snapshot("rubrics", counts.rubrics_of)
        registry.add_blind(rules.blinded_in)
        registry.add_redactor(redactor.REDACTOR)
        registry.add_human_source(human_tables.SOURCE)
        registry.add_demo(10, demo.rate_responses)
