"""The operator's window: accounts alone. Everything else is written by actions, which check rules and log."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from curation.models import Person


@admin.register(Person)
class PersonAdmin(UserAdmin):
    """Making and closing accounts. Roles in datasets are given on the page People or by the command give_role."""

    list_display = ("username", "display_name", "pseudonym", "email", "is_active", "last_login")
    search_fields = ("username", "display_name", "email")
    list_filter = ("is_active", "is_staff")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("display_name", "pseudonym", "email", "locale")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "display_name",
                    "pseudonym",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                ),
            },
        ),
    )
    filter_horizontal = ()

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """Never: what a person wrote keeps its author. An account is closed by switching it off."""
        return False
