"""Signing in, entering the demo, and the person's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as remember_language

from curation.models import Person
from curation.templatetags.reading import listed

LOOPBACK = {"127.0.0.1", "::1"}


class SignIn(LoginView):
    """The sign-in page; in the demo it offers the cast."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["demo_cast"] = cast() if on_loopback(self.request) else []
        return context


sign_in = SignIn.as_view()


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language, and keep it with the person for their next device."""
    answer = remember_language(request)
    chosen = request.POST.get("language", "")
    if isinstance(request.user, Person) and chosen in dict(settings.LANGUAGES):
        Person.objects.filter(pk=request.user.pk).update(locale=chosen)
    return answer


def own_language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the person's own language on a device that has not chosen one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        if (
            not chosen
            and settings.SESSION_COOKIE_NAME in request.COOKIES
            and isinstance(request.user, Person)
        ):
            translation.activate(request.user.locale)
            request.LANGUAGE_CODE = request.user.locale
        return get_response(request)

    return middleware


def cast() -> list[dict[str, Any]]:
    """The demo's people, for the sign-in page."""
    people = Person.objects.filter(username__startswith="demo-", is_active=True).order_by("pk")
    return [
        {
            "key": person.username,
            "name": str(person),
            "role": listed(dict.fromkeys(m.get_role_display() for m in person.memberships.order_by("pk"))),
        }
        for person in people.prefetch_related("memberships")
    ]


def on_loopback(request: HttpRequest) -> bool:
    return bool(settings.TEINEI_DEMO) and request.META.get("REMOTE_ADDR") in LOOPBACK


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Enter as one of the demo's people: in demo mode and from this machine only."""
    if not on_loopback(request):
        raise Http404
    person = Person.objects.filter(username=request.POST.get("key", ""), username__startswith="demo-").first()
    if person is None:
        raise Http404(_("Nobody of that name."))
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("curation:start")
