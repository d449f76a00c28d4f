"""The way into a task, drafts and the blinding report for programs, over the same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.actions import practice
from annotation.actions.drafts import save_draft
from annotation.actions.leases import rater_of
from annotation.api import OfTasks
from annotation.blind_record import read_blinding
from annotation.models import GoldCase, RatingTask
from annotation.queries import tasks_to_rate
from annotation.rules import blinded


class PracticeSerializer(serializers.Serializer[Any]):
    case = serializers.IntegerField(min_value=1, max_value=2**62)
    scores = serializers.DictField(child=serializers.CharField(max_length=40, allow_blank=True), default=dict)


class DraftSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=64)
    comment = serializers.CharField(default="", allow_blank=True, max_length=20_000, trim_whitespace=False)
    scores = serializers.DictField(child=serializers.CharField(max_length=40, allow_blank=True), default=dict)


class AttemptSerializer(serializers.Serializer[Any]):
    rater = serializers.CharField(max_length=80)


class OwnTask(OfTasks):
    """A task that the person rates in; for others there is none."""

    def task(self) -> RatingTask:
        mine = tasks_to_rate(self.person, self.dataset)
        return get_object_or_404(mine.select_related("rubric", "dataset"), pk=self.kwargs["pk"])


class Warned(OwnTask):
    """Say that the content warning was read."""

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        return Response({"warned_at": practice.acknowledge_warning(self.person, self.task()).warned_at})


def case_shown(case: GoldCase | None) -> dict[str, Any] | None:
    """A practice case before it is answered: its texts, and nothing of what is right."""
    if case is None:
        return None
    response = case.response
    return {
        "case": case.pk,
        "question": response.question_text.shown if response.question_text else "",
        "response": response.text.shown if response.text else "",
        "reference": case.reference_text.shown if case.reference_text else "",
    }


class Practice(OwnTask):
    """The practice case to answer now, and how far the attempt is; POST answers one."""

    serializer_class = PracticeSerializer

    def _standing(self, task: RatingTask) -> dict[str, Any]:
        rater = rater_of(self.person, task)
        found = practice.standing(task, rater)
        return {
            "attempt": found.attempt,
            "cases": found.cases,
            "asked": found.asked,
            "right": found.right,
            "passed": found.passed if found.over else None,
            "next": case_shown(practice.next_case(task, rater)),
        }

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        task = self.task()
        practice.close_emptied(self.person, task)
        return Response(self._standing(task))

    @extend_schema(request=PracticeSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        task = self.task()
        form = PracticeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        answer = practice.practise(self.person, task, **form.validated_data)
        told = {
            "right": answer.right,
            "accepted": practice.accepted_points(answer.case),
            "explanation_ja": answer.case.explanation_ja,
            "explanation_en": answer.case.explanation_en,
        }
        return Response({**told, **self._standing(task)}, status=status.HTTP_201_CREATED)


class DraftOf(OwnTask):
    """Keep what is typed and not submitted."""

    serializer_class = DraftSerializer

    @extend_schema(request=DraftSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        task = self.task()
        form = DraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        kept = save_draft(self.person, task, **form.validated_data)
        return Response({"saved_at": kept.draft["saved_at"]})


class OfLead(OfTasks):
    """A task for those who plan or read it. It does not exist for whoever still rates in it."""

    def task(self) -> RatingTask:
        found = get_object_or_404(self.visible().select_related("rubric", "dataset"), pk=self.kwargs["pk"])
        if blinded(self.person, found):
            raise Http404
        return found


class Attempt(OfLead):
    """Let a rater (by pseudonym) practise once more."""

    serializer_class = AttemptSerializer

    @extend_schema(request=AttemptSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        task = self.task()
        form = AttemptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rater = get_object_or_404(task.raters, pseudonym=form.validated_data["rater"])
        made = practice.allow_attempt(self.person, task, rater)
        return Response({"rater": rater.pseudonym, "attempt": made.attempt}, status=status.HTTP_201_CREATED)


class Blinding(OfLead):
    """What raters could see: the order held against the seed, arms, silent checks, access; every number with its n."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        return Response(read_blinding(self.person, self.task()))
