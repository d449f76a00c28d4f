"""The way into every page of a dataset: signed in, and a member, or it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from curation import rules
from curation.errors import TeineiError
from curation.models import Dataset, Person
from curation.queries import dataset_at
from curation.rules import roles_of


class MemberRequest(HttpRequest):
    """A request inside a dataset: `user` is a Person, `dataset` one they belong to."""

    user: Person
    htmx: HtmxDetails
    dataset: Dataset
    roles: set[str]


View = Callable[..., HttpResponseBase]
REFUSED = "teinei.refused"  # of a request whose act was refused, although the answer is a redirect


def member(*roles: str, warned: bool = False) -> Callable[[View], View]:
    """Load the dataset that the address names if the person belongs to it (with one of the roles), else 404.

    A page for certain roles does not exist for the others: the side bar never offers it to them. `warned`: before the
    first of such pages in a dataset the person reads what kind of texts await them, and then goes on.
    """

    def wrap(view: View) -> View:
        @login_required
        @wraps(view)
        def inner(request: Any, dataset: str, **kwargs: Any) -> HttpResponseBase:
            found = dataset_at(request.user, dataset)
            if found is None:
                raise Http404
            request.dataset = found
            request.roles = roles_of(request.user, found)
            if roles and not request.roles & set(roles):
                raise Http404
            if warned and not rules.warned(request.user, found):
                return _to_the_warning(request, found)
            if request.session.get("dataset") != found.slug:
                request.session["dataset"] = found.slug
            return view(request, **kwargs)

        return inner

    return wrap


def _to_the_warning(request: HttpRequest, dataset: Dataset) -> HttpResponseRedirect:
    begun = request.get_full_path() if request.method == "GET" else ""
    warning = reverse("curation:warning", args=[dataset.slug])
    return HttpResponseRedirect(f"{warning}?{urlencode({'next': begun})}" if begun else warning)


def attempt(request: HttpRequest, act: Callable[[], Any], done: str = "") -> bool:
    """Do one act for a page: say `done` when it worked, the error's sentence when not. Returns whether it worked."""
    try:
        act()
    except TeineiError as error:
        messages.error(request, error.sentence)
        request.META[REFUSED] = True
        return False
    if done:
        messages.success(request, done)
    return True


def back(request: HttpRequest, fallback: str) -> HttpResponseRedirect:
    """To the page the form stood on (a path of this site only), else the fallback."""
    path = request.POST.get("next", "")
    return HttpResponseRedirect(
        path if path.startswith("/") and not path.startswith(("//", "/\\")) else fallback
    )
