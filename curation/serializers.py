"""Shape of what the ground floor's API takes and gives."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from curation.actions.items import Wording
from curation.models import Category, Draft, Item, Job, Release, Review
from curation.queries import NearTwin


class ItemSerializer(serializers.ModelSerializer[Item]):
    """An item in a list: its newest submitted question, nothing of anybody's draft."""

    split = serializers.CharField(source="question.split")
    author = serializers.CharField(source="author.pseudonym", default=None)
    revision = serializers.IntegerField(source="current_revision_id")
    category = serializers.ListField(source="current_revision.category.labels", default=None)
    question = serializers.CharField(source="current_revision.question_shown", default=None)

    class Meta:
        model = Item
        fields = [
            "id",
            "external_id",
            "state",
            "split",
            "author",
            "revision",
            "category",
            "question",
            "updated_at",
        ]


class WordingSerializer(serializers.Serializer[Any]):
    """What an author hands in; the category is given by its exact labels from the root."""

    question = serializers.CharField(max_length=20_000, trim_whitespace=False)
    answer = serializers.CharField(default="", allow_blank=True, max_length=20_000, trim_whitespace=False)
    category = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, default=list
    )
    attributes = serializers.DictField(required=False, default=dict)
    sources = serializers.ListField(
        child=serializers.CharField(max_length=2000), required=False, default=list
    )

    criteria = serializers.DictField(required=False, allow_null=True, default=None)

    def wording(self, item: Item) -> Wording:
        return wording_of(item, self.validated_data)


class SubmitSerializer(WordingSerializer):
    base = serializers.IntegerField(required=False, allow_null=True, default=None)
    client_id = serializers.CharField(max_length=64, required=False, allow_null=True, default=None)


class DraftSerializer(serializers.Serializer[Any]):
    """A save of a draft: only the fields that are given change."""

    version = serializers.IntegerField(min_value=0)
    client_id = serializers.CharField(max_length=64, default="", allow_blank=True)
    question = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    answer = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    category = serializers.ListField(child=serializers.CharField(max_length=255), required=False)
    attributes = serializers.DictField(required=False)
    sources = serializers.ListField(child=serializers.CharField(max_length=2000), required=False)
    criteria = serializers.DictField(required=False)


class ReasonsSerializer(serializers.Serializer[Any]):
    """A coded reason for each part that is not good."""

    question = serializers.CharField(required=False, allow_blank=True, max_length=40)
    answer = serializers.CharField(required=False, allow_blank=True, max_length=40)


class ReviewSerializer(serializers.Serializer[Any]):
    """A decision on the revision that was read; `fixed` goes with fix_and_approve."""

    decision = serializers.ChoiceField(choices=Review.Decision.choices)
    revision = serializers.IntegerField()
    reason = serializers.CharField(default="", allow_blank=True, max_length=40)
    reasons = ReasonsSerializer(required=False, default=dict)
    comment = serializers.CharField(default="", allow_blank=True, max_length=20_000)
    question_ok = serializers.BooleanField(required=False, allow_null=True, default=None)
    answer_ok = serializers.BooleanField(required=False, allow_null=True, default=None)
    open_to_all = serializers.BooleanField(default=False)
    second = serializers.BooleanField(default=False)
    client_id = serializers.CharField(max_length=64, required=False, allow_null=True, default=None)
    fixed = WordingSerializer(required=False, allow_null=True, default=None)


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(default="", allow_blank=True, max_length=20_000)


class CommentSerializer(serializers.Serializer[Any]):
    """A line of the discussion; `reply_to` is the id of the line that it answers."""

    body = serializers.CharField(max_length=20_000)
    reply_to = serializers.IntegerField(required=False, allow_null=True, default=None, max_value=2**63 - 1)
    client_id = serializers.CharField(max_length=64, required=False, allow_null=True, default=None)


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    predecessor = serializers.CharField(source="predecessor.name", default=None)
    frozen_by = serializers.CharField(source="frozen_by.pseudonym", default=None)
    items = serializers.IntegerField(source="counts.items", default=0)
    dev = serializers.IntegerField(source="counts.dev", default=0)
    test = serializers.IntegerField(source="counts.test", default=0)

    class Meta:
        model = Release
        fields = [
            "name",
            "version",
            "imported",
            "predecessor",
            "items",
            "dev",
            "test",
            "seed",
            "root_hash",
            "hash_version",
            "frozen_by",
            "frozen_at",
        ]


class JobSerializer(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "state",
            "done",
            "total",
            "message",
            "target_url",
            "cancel_requested",
            "created_at",
            "started_at",
            "finished_at",
        ]


def category_named(item: Item, labels: list[str]) -> Category:
    """The category of the item's taxonomy with exactly these labels; a validation error where there is none."""
    found = item.dataset.taxonomy.categories.filter(path="\t".join(labels)).first()
    if found is None:
        raise serializers.ValidationError({"category": f"There is no category {' > '.join(labels)}."})
    return found


def wording_of(item: Item, given: dict[str, Any]) -> Wording:
    """The checked fields as the actions take them; without labels the item keeps its category."""
    texts = {name: given[name] for name in ("question", "answer", "attributes", "sources", "criteria")}
    labels = given["category"]
    return Wording(**texts, category=category_named(item, labels) if labels else None)


def draft_body(draft: Draft) -> dict[str, Any]:
    return {
        "version": draft.version,
        "question": draft.question,
        "answer": draft.answer,
        "category": draft.category.labels if draft.category else None,
        "attributes": draft.attributes,
        "sources": draft.sources,
        "criteria": draft.criteria,
        "saved_at": draft.saved_at,
    }


class AskedSerializer(serializers.Serializer[Any]):
    """A question as it is being typed; without one, as it was submitted last."""

    question = serializers.CharField(
        required=False, default=None, allow_null=True, allow_blank=True, max_length=20_000
    )


def twin_body(twin: NearTwin) -> dict[str, Any]:
    """A near twin; null is what the person may not know or what does not go for it."""
    item, row = twin.item, twin.row
    return {
        "near": twin.near,
        "same": twin.same,
        "score": None if twin.score is None else round(twin.score, 1),
        "question": twin.text or None,
        "split": twin.split or None,
        "item": item.pk if item else None,
        "state": item.state if item else None,
        "external_id": item.external_id if item else row.external_id if row else None,
        "release": row.release.name if row else None,
        "dataset": item.dataset.slug if item else row.release.dataset.slug if row else None,
    }
