from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules


class CurationConfig(AppConfig):
    name = "curation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now, and the entries count rows.
        from curation import (
            frozen_rows,
            navigation,
            panels_outgoing,
            people_tables,
            redactor,
            registry,
            usages,
        )

        autodiscover_modules(
            "rules",
            "rules_aid",
            "rules_batches",
            "rules_guidelines",
            "rules_leases",
            "rules_people",
            "rules_repeats",
            "workflow",
        )  # of every floor
        registry.add_nav(*navigation.ENTRIES)
        registry.add_usage(0, usages.used_in)
        registry.add_redactor(redactor.REDACTOR)
        registry.add_human_source(people_tables.SOURCE)
        registry.add_panel(
            registry.Panel("release", "redacted", "curation/_redacted.html", redactor.panel_of_release)
        )
        panels_outgoing.register()
        pre_migrate.connect(frozen_rows.remove, sender=self, dispatch_uid="curation.frozen_rows.before")
        post_migrate.connect(frozen_rows.install, sender=self, dispatch_uid="curation.frozen_rows")
        user_logged_in.connect(log_sign_in, dispatch_uid="curation.log_sign_in")


def log_sign_in(sender: object, user: Any, **kwargs: Any) -> None:
    """Every way of signing in, the demo's too, leaves an entry."""
    from curation.log import record  # models are ready only after start
    from curation.models import Person

    if isinstance(user, Person):
        record(user, "sign_in", user)
