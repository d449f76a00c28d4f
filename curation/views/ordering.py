"""No list lets the address choose its order: a column named there could be read out row by row, a password's too."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

ORDERS = ("order_by", "ordering", "sort")


def refuse_orders(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: 400 for an address that asks for an order, instead of a list that looks as if it had it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = next((name for name in ORDERS if name in request.GET), "")
        if not asked:
            return get_response(request)
        sentence = _("“%(name)s” is not understood: lists have one order, that of their numbers.") % {
            "name": asked
        }
        if request.path.startswith("/api/"):
            return JsonResponse({"error": sentence, "field": asked}, status=400)
        return render(request, "400.html", {"sentence": sentence}, status=400)

    return middleware
