"""The items of a release, as they were frozen: a list by their order, and one item at an address that lasts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from curation.models import Release, ReleaseItem, Text
from curation.queries import ITEM_ROLES, named_steps
from curation.rules import allows
from curation.sentences import split_because
from curation.views.gate import MemberRequest, member
from curation.views.numbers import is_number
from curation.views.release_page import found_release

PAGE = 50
SPLITS = ("dev", "test")


@member(*ITEM_ROLES)
def item_list(request: MemberRequest, name: str) -> HttpResponse:
    """Pages follow the position; the filters live in the address."""
    found = found_release(request, name)
    chosen = {key: request.GET.get(key, "").strip().replace("\x00", "") for key in ("q", "split", "after")}
    rows = _filtered(found, chosen)
    after = chosen["after"]
    here = rows.filter(position__gt=int(after)) if is_number(after) else rows
    shown = list(
        here.order_by("position")
        .select_related("item__question")
        .only(
            "position",
            "external_id",
            "labels",
            "split",
            "content_hash",
            "release",
            "item__state",
            "item__question__split_why",
        )[: PAGE + 1]
    )
    steps = named_steps(request.dataset, ["\t".join(row.labels) for row in shown[:PAGE]])
    withdrawn = _withdrawn(found)
    query = request.GET.copy()
    query.pop("after", None)
    query_next = query.copy()
    if len(shown) > PAGE:
        query_next["after"] = str(shown[PAGE - 1].position)
    context = {
        "release": found,
        "rows": [_listed(row, path, withdrawn) for row, path in zip(shown[:PAGE], steps, strict=True)],
        "total": rows.count(),
        "chosen": chosen,
        "splits": SPLITS,
        "first_url": f"?{query.urlencode()}" if after else "",
        "next_url": f"?{query_next.urlencode()}" if len(shown) > PAGE else "",
    }
    return render(request, "curation/release_items.html", context)


def _filtered(found: Release, chosen: dict[str, str]) -> Any:
    rows = found.items.all()
    if chosen["q"]:
        rows = rows.filter(external_id__icontains=chosen["q"])
    return rows.filter(split=chosen["split"]) if chosen["split"] in SPLITS else rows


def _withdrawn(found: Release) -> set[str]:
    """Ids that an erratum took out of the release."""
    return {name for ids in found.errata.values_list("withdrawn_ids", flat=True) for name in ids}


def _listed(row: ReleaseItem, path: list[str], withdrawn: set[str]) -> dict[str, Any]:
    why = row.item.question.split_why if row.item else {}
    return {"row": row, "path": path, "why": split_because(why), "withdrawn": row.external_id in withdrawn}


@member(*ITEM_ROLES)
def item(request: MemberRequest, name: str, key: str) -> HttpResponse:
    """One frozen item: its texts where the role allows it, hashes, split and why, versions that hold it too."""
    found = found_release(request, name)
    rows = found.items.select_related("question_text", "answer_text", "item__question")
    row = get_object_or_404(rows, external_id=key)
    readable = allows(request.user, "read_texts", found)
    erratum = next(
        (one for one in found.errata.select_related("successor") if key in one.withdrawn_ids), None
    )
    (path,) = named_steps(request.dataset, ["\t".join(row.labels)])
    same = ReleaseItem.objects.filter(release__dataset=request.dataset, external_id=key).exclude(pk=row.pk)
    context = {
        "release": found,
        "row": row,
        "path": path,
        "readable": readable,
        "why": split_because(row.item.question.split_why if row.item else {}),
        "erratum": erratum,
        "translations": _translations(row) if readable else [],
        "elsewhere": same.select_related("release")
        .defer("release__snapshot", "release__gates")
        .order_by("release"),
        "permalink": request.build_absolute_uri(
            reverse(
                "curation:release_item", kwargs={"dataset": request.dataset.slug, "name": name, "key": key}
            )
        ),
        "before": found.items.filter(position=row.position - 1).values_list("external_id", flat=True).first(),
        "after": found.items.filter(position=row.position + 1).values_list("external_id", flat=True).first(),
    }
    return render(request, "curation/release_item.html", context)


def _translations(row: ReleaseItem) -> list[dict[str, Any]]:
    hashes = {h for parts in row.translations.values() for h in parts.values() if h}
    texts = Text.objects.in_bulk(hashes)
    return [
        {"locale": locale, **{part: texts.get(h) for part, h in parts.items() if h}}
        for locale, parts in sorted(row.translations.items())
    ]
