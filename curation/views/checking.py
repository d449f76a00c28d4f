"""The checks beside a text: what each found and why it matters, and what people said about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from curation.actions import dismissals as act
from curation.actions.items import draft_of
from curation.aliases import alias
from curation.check_words import section_of, sentence_of, words_of
from curation.checks import Finding, Place
from curation.errors import TeineiError
from curation.guideline_text import Section, sections
from curation.models import Category, Dismissal, Item, Membership, Person
from curation.queries import dismissals_of, findings_in, items_visible_to
from curation.rules import allows
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number

SHOWN = 5  # places of one finding
AROUND = 8  # characters on either side of a place
PAGES = ("write_item", "review_item")
Role = Membership.Role


def of_draft(
    request: MemberRequest, item: Item, fields: dict[str, Any], *, guideline: str | None = None
) -> dict[str, Any]:
    """The checks of what the writer's page holds. `guideline`: the text of the one in force, where the page has it."""
    category = _leaf(item, fields["category"])
    found = findings_in(
        item,
        question=fields["question"],
        answer=fields["answer"],
        author=request.user,
        category=category,
    )
    return _context(request, item, found, page="write_item", texts=fields, guideline=guideline)


def of_revision(request: MemberRequest, item: Item, *, guideline: str | None = None) -> dict[str, Any]:
    """The checks of what a reviewer reads, as `of_draft`."""
    revision = item.current_revision
    assert revision is not None
    texts = {"question": revision.question, "answer": revision.answer}
    found = findings_in(item, **texts, author=item.author, category=revision.category)
    return _context(request, item, found, page="review_item", texts=texts, guideline=guideline)


def _leaf(item: Item, chosen: str) -> Category | None:
    """A category with the number that the page holds; the checks need no more of it."""
    return Category(pk=int(chosen)) if is_number(chosen) else None


def _context(
    request: MemberRequest,
    item: Item,
    found: list[Finding],
    *,
    page: str,
    texts: dict[str, Any],
    guideline: str | None,
) -> dict[str, Any]:
    held = sections(work.guideline_text(item) if guideline is None else guideline) if found else ()
    said = list(dismissals_of(item))
    person = request.user
    hidden = person.hides(item.category if person.covers else None)
    rows = [
        _row(finding, texts[finding.part], held=held, said=said, person=person, hidden=hidden)
        for finding in found
    ]
    return {
        "item": item,
        "checks": [row for row in rows if not row["dismissed"]],
        "dismissed": [row for row in rows if row["dismissed"]],
        "checks_page": page,
        "may_dismiss": allows(request.user, "dismiss", item),
    }


def _row(
    finding: Finding,
    text: str,
    *,
    held: Sequence[Section],
    said: list[Dismissal],
    person: Person,
    hidden: bool,
) -> dict[str, Any]:
    words, by = words_of(finding), {each.fingerprint: each for each in said}
    mine = [
        each
        for each in said
        if (each.person_id, each.key, each.part) == (person.pk, finding.key, finding.part)
    ]
    return {
        "level": finding.level,
        "key": finding.key,
        "part": finding.part,
        "where": work.PARTS[finding.part],
        "sentence": sentence_of(finding),
        "why": words.why,
        "mend": words.mend,
        "section": section_of(finding, held),
        "places": [_place(place, text, covered=hidden) for place in finding.places[:SHOWN]],
        "more": max(len(finding.places) - SHOWN, 0),
        "fingerprint": finding.fingerprint,
        "dismissed": _said(by[finding.fingerprint]) if finding.fingerprint in by else None,
        "before": mine[-1].reason if mine else "",
    }


def _place(place: Place, text: str, *, covered: bool) -> dict[str, Any]:
    """A place with a few characters around it, none of them for people who cover texts."""
    before, after = text[max(place.start - AROUND, 0) : place.start], text[place.end : place.end + AROUND]
    return {
        "start": place.start,
        "end": place.end,
        "text": _seen(place.text),
        "instead": place.instead,
        "before": "" if covered else " ".join(before.split()),
        "after": "" if covered else " ".join(after.split()),
    }


def _seen(text: str) -> str:
    """The characters, or their numbers where nobody would see them."""
    return (
        text
        if text.replace("\n", "").isprintable() and text.strip()
        else " ".join(f"U+{ord(c):04X}" for c in text)
    )


def _said(dismissal: Dismissal) -> dict[str, Any]:
    return {
        "who": alias(dismissal.person),
        "reason": dismissal.reason,
        "at": dismissal.created_at,
    }


@require_POST
@member(Role.AUTHOR, Role.REVIEWER)
def dismiss(request: MemberRequest, pk: int) -> HttpResponse:
    """Dismiss a finding or bring it back; answers with the checks as they are now, or the page without script."""
    items = items_visible_to(request.user, request.dataset).select_related(
        "dataset__routine", "author", "current_revision__question_text", "current_revision__answer_text"
    )
    found = get_object_or_404(items, pk=pk)
    if not allows(request.user, "dismiss", found):
        raise Http404
    page = request.POST.get("page", "")
    page = page if page in PAGES and (page == "write_item" or found.current_revision) else PAGES[0]
    if not request.htmx:
        attempt(request, lambda: _said_so(request, found))
        return redirect(f"curation:{page}", dataset=request.dataset.slug, pk=pk)
    error = None
    try:
        _said_so(request, found)
    except TeineiError as refused:
        error = refused
    return render(request, "curation/_checks.html", _again(request, found, page) | {"checks_error": error})


def _said_so(request: MemberRequest, item: Item) -> None:
    fingerprint = request.POST.get("finding", "")[:32]
    if request.POST.get("act") == "back":
        act.bring_back(request.user, item, fingerprint=fingerprint)
    else:
        act.dismiss(request.user, item, fingerprint=fingerprint, reason=request.POST.get("reason", ""))


def _again(request: MemberRequest, item: Item, page: str) -> dict[str, Any]:
    if page == "review_item":
        return of_revision(request, item)
    draft = draft_of(request.user, item)
    fields = {"question": draft.question, "answer": draft.answer, "category": str(draft.category_id or "")}
    return of_draft(request, item, fields)
