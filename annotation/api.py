"""Tasks and ratings for programs, over the same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.actions.leases import lease
from annotation.actions.population import Handed, responses_to
from annotation.actions.ratings import rate
from annotation.actions.rubrics import rubric_named
from annotation.actions.tasks import create_task
from annotation.counts import counts_of, progress_of, with_counts
from annotation.drawn_files import drawn_given, matched, unusable
from annotation.models import RatingTask, TaskRater
from annotation.queries import place_at, tasks_visible_to
from annotation.rules import blinded
from annotation.serializers import NewRatingSerializer, NewTaskSerializer, TaskSerializer, blind, own_rating
from curation.api import OfDataset
from curation.errors import Invalid
from curation.models import Release
from curation.queries import releases_visible_to


class OfTasks(OfDataset):
    """The dataset's rating tasks, as far as the person sees them."""

    serializer_class: Any = TaskSerializer

    def visible(self) -> Any:
        return tasks_visible_to(self.person, self.dataset)


class TaskList(OfTasks, ListAPIView[RatingTask]):
    """The dataset's rating tasks; POST plans one."""

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return RatingTask.objects.none()
        return with_counts(self.visible())

    @extend_schema(request=NewTaskSerializer, responses={201: TaskSerializer})
    def post(self, request: Request, dataset: str) -> Response:
        here, person = self.dataset, self.person
        form = NewTaskSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        release = releases_visible_to(person, here).filter(name=values.pop("release")).first()
        if release is None:
            raise Invalid(_("There is no release of this name."), field="release")
        rubric = rubric_named(person, here, values.pop("rubric"))  # a name, never a path of the server
        values["drawn"] = _drawn(values["drawn"], release, values["split"])
        made = create_task(person, here, release=release, rubric=rubric, **values)
        return Response(
            TaskSerializer(with_counts(self.visible()).get(pk=made.pk)).data, status=status.HTTP_201_CREATED
        )


def _drawn(given: list[dict[str, Any]], release: Release, split: str) -> Handed:
    """The list as the action takes it. Raises Invalid where a row means no response: a gap makes another sample."""
    if not given:
        return ()
    rows, apart = drawn_given(given)
    found, unknown = matched(rows, responses_to(release, split))
    if apart or unknown:
        message = _("The list cannot be drawn: %(rows)s")
        raise Invalid(message % {"rows": unusable([*apart, *unknown])}, field="drawn")
    return found


class TaskDetail(OfTasks):
    """How far a task is. It does not exist for whoever still rates in it."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        task = get_object_or_404(with_counts(self.visible()), pk=pk)
        if blinded(self.person, task):
            raise Http404
        found = counts_of(task)
        counts = {**found, "models": dict(found["models"])}
        return Response({**TaskSerializer(task).data, "counts": counts, "progress": progress_of(task)})


class ToRate(OfTasks):
    """A task of the person's own, by their place in it."""

    def place(self) -> TaskRater:
        found = place_at(self.person, self.kwargs["dataset"], self.kwargs["pk"])
        if found is None:
            raise Http404
        return found


class Next(ToRate):
    """Lease the next response; null at the end."""

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        place = self.place()
        return Response({"next": blind(lease(self.person, place.task, place=place))})


class Ratings(ToRate):
    """Rate the leased response; the answer carries the next one. The same client_id twice writes once."""

    serializer_class = NewRatingSerializer

    @extend_schema(request=NewRatingSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        place = self.place()
        form = NewRatingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        done = rate(self.person, place.task, place=place, **form.validated_data)
        answer = {"rating": own_rating(done.rating), "next": blind(done.following)}
        return Response(answer, status=status.HTTP_201_CREATED)
