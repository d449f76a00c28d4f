"""Around the work: the warning before the first of it, the time it takes, a place to rest."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from curation.actions import care
from curation.errors import TeineiError
from curation.exposure import worked_of
from curation.models import Person
from curation.rules import warned
from curation.views.gate import MemberRequest, attempt, back, member
from curation.views.numbers import is_number


@never_cache
@member()
def warning(request: MemberRequest) -> HttpResponse:
    """What kind of texts await the person, and what they may do about it. A POST says that it was read."""
    if request.method == "POST":
        attempt(request, lambda: care.acknowledge_warning(request.user, request.dataset))
        return back(request, reverse("curation:home", args=[request.dataset.slug]))
    read_at = warned(request.user, request.dataset)
    return render(request, "curation/warning.html", {"read_at": read_at, "next": request.GET.get("next", "")})


@require_POST
@member()
def worked(request: MemberRequest) -> JsonResponse:
    """A sign of life of a page of work, {part, seconds}: 200 {minutes} of today, in all."""
    seconds = request.POST.get("seconds", "")
    person = Person.objects.get(pk=request.user.pk)
    try:
        day = care.add_work(
            person,
            part=request.POST.get("part", ""),
            seconds=int(seconds) if is_number(seconds) else -1,
        )
    except TeineiError as error:
        return JsonResponse({"error": error.sentence}, status=400)
    return JsonResponse({"minutes": round((day.writing + day.reviewing) / 60)})


@never_cache
@member()
def rest(request: MemberRequest) -> HttpResponse:
    """A quiet page; opening it begins the count for the next break anew."""
    return render(request, "curation/rest.html", {"worked": worked_of(request.user)})
