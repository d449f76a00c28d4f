"""One item with everything about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation import registry
from curation.actions import items as act
from curation.actions.restoring import kept_drafts_of
from curation.errors import Invalid
from curation.models import Item, Revision, Translation
from curation.queries import (
    ITEM_ROLES,
    covered_opinions,
    history_of,
    items_visible_to,
    reviews_of,
    revisions_seen,
    stale,
    unseen_of,
)
from curation.rules import allows, possible_verbs
from curation.sentences import event_of, split_because
from curation.textdiff import changes
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member
from curation.views.redactions import of_item
from curation.views.threads import thread_of
from curation.views.write_leases import hands_of_lead


@member(*ITEM_ROLES)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """Text, state, siblings, revisions, reviews, translations, discussion and history of one item."""
    found = get_object_or_404(
        items_visible_to(request.user, request.dataset).select_related(
            "question",
            "author",
            "current_revision__question_text",
            "current_revision__answer_text",
            "current_revision__category__parent__parent",
        ),
        pk=pk,
    )
    unseen = unseen_of(request.user, found)
    covered = covered_opinions(request.user, request.dataset).filter(item=found)
    context = {
        "item": found,
        "revision": found.current_revision,
        "path": _path(found),
        "verbs": possible_verbs(request.user, found),
        "revisions": _revisions(found, unseen),
        "kept": kept_drafts_of(request.user, found),
        "may_restore": allows(request.user, "restore_revision", found),
        "reviews": [
            (review, work.said_by(review, request.dataset.slug))
            for review in reviews_of(found).exclude(pk__in=covered.values("pk"))
        ],
        "translations": _translations(found),
        "siblings": Item.objects.filter(question=found.question_id).exclude(pk=found.pk),
        "frozen": found.frozen.select_related("release").order_by("release"),
        "why_split": split_because(found.question.split_why),
        "comments": thread_of(request, found, unseen),
        "may_comment": allows(request.user, "comment", found),
        "events": [event_of(entry) for entry in history_of(found) if entry.person_id not in unseen],
        "redact": of_item(request.user, found),
        "writing": hands_of_lead(request, found),
        "panels": registry.panels("item", person=request.user, item=found),
    }
    return render(request, "curation/item.html", context)


def _path(found: Item) -> list[str]:
    if found.current_revision is None:
        return []
    leaf = found.current_revision.category
    above = [leaf.parent.parent.name, leaf.parent.name] if leaf.parent and leaf.parent.parent else []
    return [*above, leaf.name]


def _revisions(found: Item, unseen: set[int]) -> list[dict[str, Any]]:
    """Every revision, newest first, with what changed against the one before it; not what an unseen one mended."""
    rows: list[Revision] = list(revisions_seen(found, unseen))
    shown = []
    for before, after in zip([None, *rows], rows, strict=False):
        old_question, old_answer = (
            (before.question_shown, before.answer_shown)
            if before
            else (after.question_shown, after.answer_shown)
        )
        shown.append(
            {
                "revision": after,
                "question": changes(old_question, after.question_shown),
                "answer": changes(old_answer, after.answer_shown),
                "criteria": _criteria_changed(before, after),
                "changed": before is not None,
            }
        )
    return shown[::-1]


def _criteria_changed(before: Revision | None, after: Revision) -> list[dict[str, Any]]:
    """What changed in what the answer must and must not do, where a revision has any."""
    found = []
    for kind, label in (("must", _("The answer must")), ("must_not", _("The answer must not"))):
        new = "\n".join(after.criteria.get(kind, []))
        old = "\n".join(before.criteria.get(kind, [])) if before else new
        if old or new:
            found.append({"label": label, "segments": changes(old, new)})
    return found


def _translations(found: Item) -> list[dict[str, Any]]:
    rows = Translation.objects.filter(item=found, current_revision__isnull=False).select_related(
        "current_revision__question_text", "current_revision__answer_text"
    )
    out_of_date = set(stale(Translation.objects.filter(item=found)).values_list("pk", flat=True))
    return [{"translation": row, "stale": row.pk in out_of_date} for row in rows]


@require_POST
@member(*ITEM_ROLES)
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """The item's id has to be typed: it cannot be undone for releases that follow."""
    found = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    if request.POST.get("confirm", "").strip() != found.external_id:
        attempt(request, _refuse_name)
    else:
        reason = request.POST.get("reason", "")
        attempt(
            request, lambda: act.withdraw(request.user, found, reason=reason), _("The item was withdrawn.")
        )
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)


def _refuse_name() -> None:
    raise Invalid(_("Type the item's id exactly as it stands above the text."))


@require_POST
@member(*ITEM_ROLES)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    attempt(request, lambda: act.reopen(request.user, found), _("The item is with its author again."))
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)
