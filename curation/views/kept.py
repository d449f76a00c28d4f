"""Tells a page which of its submits the server has taken, so that the device may drop the copy that it holds."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from curation.views.gate import REFUSED

COOKIE = "kept"
SECONDS = 3600


def tell_kept(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a submit with a `kept` id that was taken leaves that id in a cookie for the script to read.

    A redirect says that it was taken, unless `gate.attempt` has refused it. Who has been signed out is sent elsewhere
    with nothing taken.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method != "POST" or not isinstance(response, HttpResponseRedirect):
            return response
        sent = request.POST.get(COOKIE, "")
        if _is_id(sent) and REFUSED not in request.META and request.user.is_authenticated:
            response.set_cookie(COOKIE, sent, max_age=SECONDS, samesite="Lax", secure=request.is_secure())
        return response

    return middleware


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
