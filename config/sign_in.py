"""Who may make an account: nobody by themselves, unless the operator opened sign-up."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class Accounts(DefaultAccountAdapter):
    """Accounts are made by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.TEINEI_OPEN_SIGN_UP)


class ForeignAccounts(DefaultSocialAccountAdapter):
    """An organisation's own identity provider signs in people who already have an account here."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return bool(settings.TEINEI_OPEN_SIGN_UP)


def typed_name(request: HttpRequest, credentials: dict[str, str] | None) -> str | None:
    """The name under which failed sign-ins are counted, whichever way it was typed."""
    given = credentials or {}
    name = given.get("username") or given.get("email") or request.POST.get("login")
    return name.strip().casefold() if name else None
