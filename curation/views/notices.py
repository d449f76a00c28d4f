"""What has happened that concerns the person who looks: a page, a number for the bell, and what they have seen."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from curation.actions.digests import set_digest
from curation.actions.notices import mark_seen
from curation.aliases import alias
from curation.models import Item, Membership, Notice, Person
from curation.queries import at_most, decisions_behind, notices_of
from curation.templatetags.reading import many
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number

PAGE = 50
Kind, Role = Notice.Kind, Membership.Role
WORDS = {
    Kind.SENT_BACK: gettext_lazy("came back to you to mend."),
    Kind.OPENED: gettext_lazy("was opened to other writers."),
    Kind.ANSWER_ASKED: gettext_lazy("needs another answer; its question was accepted."),
    Kind.APPROVED: gettext_lazy("was accepted."),
    Kind.FIXED: gettext_lazy("was mended and accepted. The credit stays with you."),
    Kind.MOVED: gettext_lazy("was moved to another category."),
    Kind.REJECTED: gettext_lazy("was rejected."),
    Kind.WITHDRAWN: gettext_lazy("was withdrawn."),
    Kind.MENTIONED: gettext_lazy("has a mention of you by %(who)s."),
    Kind.ANSWERED: gettext_lazy("has an answer by %(who)s in a thread of yours."),
    Kind.COMMENTED: gettext_lazy("has a comment by %(who)s."),
    Kind.HANDED: gettext_lazy("was handed to you to review."),
    Kind.TAKEN: gettext_lazy("was handed to another reviewer."),
    Kind.HANDED_WRITING: gettext_lazy("was handed to you to write."),
    Kind.TAKEN_WRITING: gettext_lazy("was handed to another writer. What you wrote is kept as your draft."),
    Kind.SETTLE: gettext_lazy("waits for you: two opinions differ."),
    Kind.JOB: gettext_lazy("ended."),
    Kind.GUIDELINE: gettext_lazy("has a new version. See what is new in it."),
}
ICONS = {
    Kind.SENT_BACK: "back",
    Kind.ANSWER_ASKED: "back",
    Kind.OPENED: "back",
    Kind.APPROVED: "check",
    Kind.FIXED: "check",
    Kind.REJECTED: "cross",
    Kind.WITHDRAWN: "cross",
    Kind.MENTIONED: "comment",
    Kind.ANSWERED: "comment",
    Kind.COMMENTED: "comment",
    Kind.MOVED: "tree",
    Kind.JOB: "jobs",
    Kind.GUIDELINE: "guide",
    Kind.SETTLE: "people",
}


@never_cache
@member()
def notices(request: MemberRequest) -> HttpResponse:
    """Newest first; pages follow the key."""
    found = notices_of(request.user, request.dataset)
    after = request.GET.get("after", "")
    page = found.filter(pk__lt=int(after)) if is_number(after) else found
    rows = list(page.select_related("item", "job", "actor")[: PAGE + 1])
    context = {
        "rows": _with_reasons(request, rows[:PAGE]),
        "up_to": rows[0].pk if rows else 0,
        "fresh": any(row.seen_at is None for row in rows[:PAGE]),
        "first_url": "?" if after else "",
        "next_url": f"?after={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }
    return render(request, "curation/notices.html", context)


def _with_reasons(request: MemberRequest, rows: list[Notice]) -> list[dict[str, Any]]:
    """Rows of the page; what came back with the reasons of the decision that it tells of."""
    decisions, slug = decisions_behind(rows), request.dataset.slug
    return [
        _shown(request, row)
        | {"reasons": work.said_by(decisions[row.pk], slug)["reasons"] if row.pk in decisions else []}
        for row in rows
    ]


def _shown(request: MemberRequest, row: Notice) -> dict[str, Any]:
    kind = Kind(row.kind)
    who = _name(request, row.item, row.actor)
    return {
        "id": row.pk,
        "fresh": row.seen_at is None,
        "at": row.created_at,
        "icon": ICONS.get(kind, "history"),
        "about": _about(row),
        "words": str(WORDS[kind]) % {"who": who},
        "state": row.job.state if row.job else "",
        "url": target_of(row, request.dataset.slug, request.roles, request.user),
    }


def _about(row: Notice) -> str:
    if row.kind == Kind.GUIDELINE:
        return _("Guideline")
    return row.item.external_id if row.item else row.job.title if row.job else ""


def _name(request: MemberRequest, item: Item | None, actor: Person | None) -> str:
    """Who spoke; to whoever may come to review the item under the pseudonym, as on the page of the review."""
    if actor is None:
        return ""
    reviews = item is not None and _to_review(item, request.roles, request.user)
    return alias(actor) if reviews else str(actor)


def _to_review(item: Item, roles: set[str], person: Person) -> bool:
    return item.state == Item.State.IN_REVIEW and Role.REVIEWER in roles and item.author_id != person.pk


def target_of(row: Notice, dataset: str, roles: set[str], person: Person) -> str:
    """Where to go on from a notice."""
    if row.kind == Kind.GUIDELINE:
        return reverse("curation:guideline", args=[dataset])
    if row.item is None:
        return (row.job.target_url if row.job else "") or reverse("curation:jobs", args=[dataset])
    name = "item"
    if row.kind == Kind.SETTLE:
        return reverse("curation:review_doubles", args=[dataset])
    mine = row.kind == Kind.SENT_BACK and row.item.author_id == person.pk
    if Role.AUTHOR in roles and (mine or row.kind in (Kind.HANDED_WRITING, Kind.TAKEN_WRITING)):
        name = "write_item"
    elif _to_review(row.item, roles, person):
        name = "review_item"
    anchor = f"#comment-{row.comment_id}" if row.comment_id and name != "write_item" else ""
    return reverse(f"curation:{name}", args=[dataset, row.item.pk]) + anchor


@require_POST
@member()
def seen(request: MemberRequest) -> HttpResponse:
    """Mark one (`id`) or all up to the newest that was shown (`up_to`) as seen; 204 for a script, else the page again."""
    one, last = request.POST.get("id", ""), request.POST.get("up_to", "")
    if is_number(one):
        mark_seen(request.user, request.dataset, ids=[int(one)])
    elif is_number(last):
        mark_seen(request.user, request.dataset, up_to=int(last))
    if "quiet" in request.POST:
        return HttpResponse(status=204)
    return redirect("curation:notices", dataset=request.dataset.slug)


@never_cache
@member()
def count(request: MemberRequest) -> JsonResponse:
    """How many are new, counted to a hundred: {"count", "shown"}. Asked for after the page, so that no page waits for it."""
    new = at_most(notices_of(request.user, request.dataset).filter(seen_at=None))
    return JsonResponse({"count": new, "shown": many(new)})


@require_POST
@member()
def digest(request: MemberRequest) -> HttpResponse:
    """How often the person wants mail about what waits for them."""
    person = Person.objects.get(pk=request.user.pk)
    given = request.POST.get("digest", "")
    attempt(
        request,
        lambda: set_digest(request.user, person, dataset=request.dataset, digest=given),
        _("Saved."),
    )
    return redirect("curation:me", dataset=request.dataset.slug)
