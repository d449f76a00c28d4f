"""Items, releases and jobs for programs, over the same queries, rules and actions as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from curation import filters
from curation.actions import items as act
from curation.actions import jobs, reviews, taking_back
from curation.change_log import changes_of
from curation.models import Dataset, Item, Job, Membership, Person, Release, Revision
from curation.origins import counts
from curation.queries import (
    ITEM_ROLES,
    datasets_of,
    items_in_list,
    items_visible_to,
    jobs_visible_to,
    near_twins,
    releases_visible_to,
)
from curation.rules import possible_verbs, require, roles_of
from curation.serializers import (
    AskedSerializer,
    DraftSerializer,
    ItemSerializer,
    JobSerializer,
    ReasonSerializer,
    ReleaseSerializer,
    ReviewSerializer,
    SubmitSerializer,
    category_named,
    draft_body,
    twin_body,
    wording_of,
)

Role = Membership.Role
PAGING = ("cursor", "page_size", "format")


class OfDataset(GenericAPIView[Any]):
    """Addresses under a dataset: for a stranger there is none."""

    @property
    def person(self) -> Person:
        assert isinstance(self.request.user, Person)
        return self.request.user

    @property
    def dataset(self) -> Dataset:
        return get_object_or_404(datasets_of(self.person), slug=self.kwargs["dataset"])

    @property
    def dataset_of_items(self) -> Dataset:
        """The dataset, for those whose work is with its items; for its other people there is none here."""
        found = self.dataset
        if not roles_of(self.person, found) & ITEM_ROLES:
            raise Http404
        return found

    def given(self, kind: Any, request: Request) -> Any:
        form = kind(data=request.data)
        form.is_valid(raise_exception=True)
        return form


class ItemList(OfDataset, ListAPIView[Item]):
    """Items by key, newest first, narrowed by the filters of the page, each a parameter. POST begins one."""

    serializer_class = ItemSerializer
    queryset = Item.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Item.objects.none()
        asked, dataset = self.request.query_params, self.dataset
        found = filters.read(asked, self.person, dataset, beside=PAGING, spare=False)
        return items_in_list(found.apply(items_visible_to(self.person, dataset)))

    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str) -> Response:
        item = act.start_item(self.person, self.dataset)
        return Response(body_of(self.person, item), status=status.HTTP_201_CREATED)


class OneItem(OfDataset):
    """What addresses of one item share."""

    serializer_class: Any = ItemSerializer

    @property
    def item(self) -> Item:
        visible = items_visible_to(self.person, self.dataset).select_related(
            "question",
            "author",
            "dataset__taxonomy",
            "dataset__routine",
            "current_revision__question_text",
            "current_revision__answer_text",
            "current_revision__category",
        )
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    def answer(self, code: int = status.HTTP_200_OK) -> Response:
        return Response(body_of(self.person, self.item), status=code)


def characters_of(revision: Revision) -> dict[str, dict[str, int]]:
    """How many characters of each part were typed, pasted, or came from a machine, where that is known."""
    told = {part: counts(runs) for part, runs in revision.origins.items()}
    return {part: count for part, count in told.items() if count}


def body_of(person: Person, item: Item) -> dict[str, Any]:
    """The item with its texts and what the person may do to it now."""
    revision = item.current_revision
    return {
        **ItemSerializer(item).data,
        "answer": revision.answer_shown if revision else None,
        "attributes": revision.attributes if revision else {},
        "sources": revision.sources if revision else [],
        "criteria": revision.criteria if revision else {},
        "origins": characters_of(revision) if revision else {},
        "approved_revision": item.approved_revision_id,
        "verbs": possible_verbs(person, item),
    }


class ItemDetail(OneItem):
    """One item."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        return self.answer()


class ItemDraft(OneItem):
    """The person's own draft: PUT saves it, on the version that was read; 409 where another window was faster."""

    serializer_class = DraftSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        require(self.person, "save_draft", item)
        return Response(draft_body(act.draft_of(self.person, item)))

    @extend_schema(request=DraftSerializer, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        values = dict(self.given(DraftSerializer, request).validated_data)
        if "category" in values:
            values["category"] = category_named(item, values["category"])
        return Response(draft_body(act.save_draft(self.person, item, **values)))


class ItemSubmit(OneItem):
    """Hand in a question, or a question and its answer; an approved item is revised by it."""

    serializer_class = SubmitSerializer

    @extend_schema(request=SubmitSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item, form = self.item, self.given(SubmitSerializer, request)
        values = {name: form.validated_data[name] for name in ("base", "client_id")}
        act.submit(self.person, item, form.wording(item), **values)
        return self.answer(status.HTTP_201_CREATED)


class ItemReview(OneItem):
    """POST decides on the revision that was read; DELETE takes one's own decision back, while nothing came of it."""

    serializer_class = ReviewSerializer

    @extend_schema(request=ReviewSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item, form = self.item, self.given(ReviewSerializer, request)
        values = dict(form.validated_data)
        fixed = values.pop("fixed")
        wording = None if fixed is None else wording_of(item, fixed)
        reviews.review(self.person, item, fixed=wording, **values)
        return self.answer(status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def delete(self, request: Request, dataset: str, pk: int) -> Response:
        taking_back.take_back(self.person, self.item)
        return self.answer()


class ItemTwins(OneItem):
    """Questions nearly the same as this one, or as one that is being typed. Nothing is kept."""

    serializer_class = AskedSerializer

    @extend_schema(request=AskedSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item, asked = self.item, self.given(AskedSerializer, request).validated_data["question"]
        if asked is None:
            asked = item.current_revision.question if item.current_revision else ""
        found = near_twins(self.person, item.dataset, asked, but=item.question)
        return Response({"twins": [twin_body(twin) for twin in found]})


class ItemVerb(OneItem):
    """withdraw and reopen: one address each, the reason in the body."""

    serializer_class = ReasonSerializer
    verb: Callable[..., None]

    @extend_schema(request=ReasonSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        type(self).verb(self.person, item, **self.given(ReasonSerializer, request).validated_data)
        return self.answer()


class ItemWithdraw(ItemVerb):
    """Take an item out of everything that is yet to be frozen; a reason is needed."""

    verb = staticmethod(act.withdraw)


class ItemReopen(ItemVerb):
    """Bring a rejected or withdrawn item back to its author."""

    verb = staticmethod(act.reopen)


class ReleaseList(OfDataset, ListAPIView[Release]):
    """Frozen versions, newest first."""

    serializer_class = ReleaseSerializer
    queryset = Release.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Release.objects.none()
        visible = releases_visible_to(self.person, self.dataset).select_related("predecessor", "frozen_by")
        return visible.defer("snapshot", "gates", "predecessor__snapshot", "predecessor__gates")


class ReleaseDetail(OfDataset):
    """One frozen version: hashes, terms, what the gates said, what each version of its line changed, errata."""

    serializer_class = ReleaseSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, name: str) -> Response:
        visible = releases_visible_to(self.person, self.dataset).select_related("predecessor", "frozen_by")
        found = get_object_or_404(visible, name=name)
        errata = [
            {
                "reason": erratum.reason,
                "withdrawn": erratum.withdrawn_ids,
                "affected": erratum.affected,
                "successor": erratum.successor.name if erratum.successor else None,
            }
            for erratum in found.errata.select_related("successor")
        ]
        kept = ("terms", "rights", "note", "gates", "snapshot", "counts")
        further = {name: getattr(found, name) for name in kept} | {"changes": changes_of(found)}
        return Response({**ReleaseSerializer(found).data, **further, "errata": errata})


class JobList(OfDataset, ListAPIView[Job]):
    """Long work, newest first: all of it for those who answer for the dataset, one's own for everybody else."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Job.objects.none()
        return jobs_visible_to(self.person, self.dataset)


class OneJob(OfDataset):
    serializer_class: Any = JobSerializer

    @property
    def job(self) -> Job:
        return get_object_or_404(jobs_visible_to(self.person, self.dataset), pk=self.kwargs["pk"])


class JobDetail(OneJob):
    """How far a piece of long work is, and what came of it."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        job = self.job
        return Response({**JobSerializer(job).data, "result": job.result})


class JobCancel(OneJob):
    """Ask it to stop; what is done so far is kept."""

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        jobs.cancel(self.person, self.job)
        return Response(JobSerializer(self.job).data)


class Me(OfDataset):
    """Who is signed in, and with which roles in the dataset."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str) -> Response:
        return Response(
            {
                "username": self.person.username,
                "pseudonym": self.person.pseudonym,
                "roles": sorted(roles_of(self.person, self.dataset)),
            }
        )
