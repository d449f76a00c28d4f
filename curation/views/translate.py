"""Translating into English, and checking translations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import translations as act
from curation.aliases import alias
from curation.errors import TeineiError
from curation.forms import TranslationForm, TranslationReviewForm
from curation.models import (
    Item,
    Membership,
    Revision,
    Translation,
    TranslationDraft,
    TranslationReview,
    TranslationRevision,
)
from curation.queries import (
    book_of,
    items_visible_to,
    source_revision,
    translation_queue,
    translation_review_queue,
    translations_visible_to,
)
from curation.rules import why_not
from curation.textdiff import changes
from curation.views import work
from curation.views.gate import MemberRequest, member
from curation.views.numbers import is_number

PAGE = 30
LOCALE = "en"
Role = Membership.Role
State = Translation.State
D = TranslationReview.Decision
TEXTS = ("approved_revision", "current_revision")


def _with_texts(items: Any) -> Any:
    """Items with what a translation follows: two revisions, their texts and their category."""
    parts = ("question_text", "answer_text", "category__parent__parent")
    return items.select_related("dataset", *(f"{text}__{part}" for text in TEXTS for part in parts))


@member(Role.TRANSLATOR)
def queue(request: MemberRequest) -> HttpResponse:
    """What is to be translated: sent back, out of date, then not translated yet."""
    waiting = translation_queue(request.user, request.dataset, LOCALE)
    page = _number(request.GET.get("page", ""))
    rows = list(
        waiting.select_related("approved_revision__question_text", "approved_revision__category")[
            page * PAGE : (page + 1) * PAGE + 1
        ]
    )
    context = {
        "rows": [
            {
                "item": item,
                "state": _queue_state(getattr(item, "translation_state", None)),
                "excerpt": ""
                if request.user.blur or item.approved_revision is None
                else work.excerpt(item.approved_revision.question),
            }
            for item in rows[:PAGE]
        ],
        "total": waiting.count(),
        "previous_url": f"?page={page - 1}" if page else "",
        "next_url": f"?page={page + 1}" if len(rows) > PAGE else "",
    }
    return render(request, "curation/translate.html", context)


def _number(text: str) -> int:
    return min(int(text), 100_000) if is_number(text) else 0


def _queue_state(state: str | None) -> str:
    """The badge of a row: sent back, out of date (a finished one is here for no other reason), or none yet."""
    if state in (State.IN_REVIEW, State.APPROVED):
        return "stale"
    return state if state == State.NEEDS_CHANGES else ""


def _item_of(request: MemberRequest, pk: int) -> tuple[Item, Translation]:
    """The item and its translation, which is not written before there is something to keep."""
    items = _with_texts(items_visible_to(request.user, request.dataset))
    item: Item = get_object_or_404(items, pk=pk, current_revision__isnull=False)
    rows = Translation.objects.filter(item=item, locale=LOCALE).select_related(
        "current_revision__question_text",
        "current_revision__answer_text",
        "current_revision__source_revision__question_text",
        "current_revision__source_revision__answer_text",
    )
    return item, rows.first() or Translation(item=item, locale=LOCALE)


@member(Role.TRANSLATOR)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """Japanese on the left, English on the right; POST hands in and goes on."""
    if request.method == "POST":
        return _submit(request, pk)
    found, translation = _item_of(request, pk)
    draft = act.draft_of(request.user, translation)
    return _page(request, found, translation, draft)


def _page(
    request: MemberRequest,
    item: Item,
    translation: Translation,
    draft: TranslationDraft,
    *,
    typed: dict[str, str] | None = None,
    error: TeineiError | None = None,
) -> HttpResponse:
    source = source_revision(item)
    assert source is not None
    following = _following(request, item)
    last = translation.reviews.filter(decision=D.REQUEST_CHANGES).last() if translation.pk else None
    context = {
        "item": item,
        "translation": translation,
        "source": source,
        "draft": draft,
        "fields": typed or {"question": draft.question, "answer": draft.answer},
        "client_id": work.new_client_id(),
        "moved_on": _moved_on(translation.current_revision, source),
        "said": _said(last) if last and translation.state == State.NEEDS_CHANGES else None,
        "error": error,
        "next": following,
        "waiting": translation_queue(request.user, request.dataset, LOCALE).count(),
        "guideline": work.guideline_of(item),
    }
    context |= work.side_of(source.category)
    return render(request, "curation/translate_item.html", context, status=work.status_of(error))


def _moved_on(revision: TranslationRevision | None, source: Revision) -> dict[str, Any] | None:
    """What changed in the Japanese since the translation was made, part by part; None where nothing did."""
    if revision is None:
        return None
    before = revision.source_revision
    parts = {
        "question": (
            revision.source_question_hash != source.question_text_id,
            before.question,
            source.question,
        ),
        "answer": (
            bool(revision.source_answer_hash)
            and revision.source_answer_hash != (source.answer_text_id or ""),
            before.answer,
            source.answer,
        ),
    }
    moved = {name: changes(old, new) for name, (changed, old, new) in parts.items() if changed}
    return moved or None


def _said(review: TranslationReview) -> dict[str, Any]:
    reason = review.codebook.book.of(review.reason) if review.codebook else None
    return {
        "reason": work.in_words(reason) if reason else None,
        "comment": review.comment,
        "at": review.created_at,
    }


def _following(request: MemberRequest, item: Item) -> Item | None:
    others = translation_queue(request.user, request.dataset, LOCALE).exclude(pk=item.pk)
    untouched = others.exclude(pk__in=Translation.objects.filter(locale=LOCALE).values("item"))
    return untouched.filter(pk__gt=item.pk).first() or others.first()


@require_POST
@member(Role.TRANSLATOR)
def draft(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep what has been typed (JSON)."""
    found, _unsaved = _item_of(request, pk)
    translation = act.translation_of(found, LOCALE)

    def save(form: Any, version: int, client_id: str) -> TranslationDraft:
        texts = {name: form.cleaned_data[name] for name in ("question", "answer")}
        return act.save_draft(request.user, translation, version=version, client_id=client_id, **texts)

    def fields() -> tuple[TranslationDraft, dict[str, Any]]:
        held = act.draft_of(request.user, translation)
        return held, {"question": held.question, "answer": held.answer}

    return work.autosave(request, TranslationForm, save=save, fields=fields)


def _submit(request: MemberRequest, pk: int) -> HttpResponse:
    found, _unsaved = _item_of(request, pk)
    translation = act.translation_of(found, LOCALE)
    form = TranslationForm(request.POST)
    try:
        if not form.is_valid():
            raise work.first_error(form)
        given = form.cleaned_data
        texts = {name: given[name] for name in ("question", "answer")}
        if request.POST.get("act") == "save":
            act.save_draft(request.user, translation, version=given["version"] or 0, client_id="", **texts)
            messages.success(request, _("The draft was saved."))
            return redirect("curation:translate_item", dataset=request.dataset.slug, pk=pk)
        client_id = given["client_id"] or None
        act.submit(request.user, translation, source=given["source"], client_id=client_id, **texts)
    except TeineiError as error:
        return _refused(request, pk, form, error)
    messages.success(request, _("Submitted the translation of %(id)s.") % {"id": found.external_id})
    following = _following(request, found)
    if following:
        return redirect("curation:translate_item", dataset=request.dataset.slug, pk=following.pk)
    return redirect("curation:translate", dataset=request.dataset.slug)


def _refused(request: MemberRequest, pk: int, form: TranslationForm, error: TeineiError) -> HttpResponse:
    """The page again with what was typed, kept as a draft too where no other window has saved since."""
    found, translation = _item_of(request, pk)
    typed = {name: request.POST.get(name, "").replace("\r\n", "\n") for name in ("question", "answer")}
    if form.is_valid():
        try:
            version = form.cleaned_data["version"] or 0
            act.save_draft(request.user, translation, version=version, client_id="", **typed)
        except TeineiError:
            pass
    return _page(
        request, found, translation, act.draft_of(request.user, translation), typed=typed, error=error
    )


@member(Role.BILINGUAL_REVIEWER)
def review_queue(request: MemberRequest) -> HttpResponse:
    """Translations that wait for a check, oldest first; nobody's own is among them."""
    waiting = translation_review_queue(request.user, request.dataset, LOCALE)
    after = request.GET.get("after", "")
    page = waiting.filter(current_revision__gt=int(after)) if is_number(after) else waiting
    rows = list(
        page.select_related("item__current_revision__category", "current_revision__question_text")[: PAGE + 1]
    )
    context = {
        "rows": [
            {
                "translation": row,
                "excerpt": ""
                if request.user.blur or row.current_revision is None
                else work.excerpt(row.current_revision.question),
            }
            for row in rows[:PAGE]
        ],
        "total": waiting.count(),
        "first_url": "?" if after else "",
        "next_url": f"?after={rows[PAGE - 1].current_revision_id}" if len(rows) > PAGE else "",
    }
    return render(request, "curation/translation_review.html", context)


def _translation(request: MemberRequest, pk: int) -> Translation:
    parts = ("question_text", "answer_text", "category__parent__parent")
    rows = translations_visible_to(request.user, request.dataset).select_related(
        "item__dataset",
        *(f"item__{text}__{part}" for text in TEXTS for part in parts),
        "current_revision__question_text",
        "current_revision__answer_text",
        "current_revision__author",
        "current_revision__source_revision__question_text",
        "current_revision__source_revision__answer_text",
    )
    return get_object_or_404(rows, pk=pk, current_revision__isnull=False)


def _following_check(request: MemberRequest, revision: int) -> Translation | None:
    others = translation_review_queue(request.user, request.dataset, LOCALE).exclude(
        current_revision=revision
    )
    return others.filter(current_revision__gt=revision).first() or others.first()


@member(Role.BILINGUAL_REVIEWER)
def review_item(request: MemberRequest, pk: int) -> HttpResponse:
    """One translation beside its source; POST decides and goes on."""
    if request.method == "POST":
        return _decide(request, pk)
    return _check_page(request, _translation(request, pk))


def _check_page(
    request: MemberRequest,
    translation: Translation,
    *,
    typed: dict[str, Any] | None = None,
    error: TeineiError | None = None,
) -> HttpResponse:
    revision = translation.current_revision
    source = source_revision(translation.item)
    assert revision is not None
    assert source is not None
    older = translation.revisions.filter(number__lt=revision.number)
    before = older.select_related("question_text", "answer_text").last()
    context = {
        "item": translation.item,
        "translation": translation,
        "revision": revision,
        "source": source,
        "before": before,
        "english": {
            "question": changes(before.question if before else revision.question, revision.question),
            "answer": changes(before.answer if before else revision.answer, revision.answer),
        },
        "moved_on": _moved_on(revision, source),
        "author": alias(revision.author),
        "refusal": why_not(request.user, "approve", translation),
        "open": translation.state == State.IN_REVIEW,
        "reasons": [
            work.in_words(reason)
            for reason in book_of(request.dataset).offered(D.REQUEST_CHANGES, "translation")
        ],
        "levels": [str(level) for level in range(1, 6)],
        "typed": typed or {},
        "error": error,
        "client_id": work.new_client_id(),
        "next": _following_check(request, revision.pk),
        "waiting": translation_review_queue(request.user, request.dataset, LOCALE).count(),
        "said": [_said(row) for row in translation.reviews.select_related("codebook")],
    }
    context |= work.side_of(source.category)
    return render(request, "curation/translation_review_item.html", context, status=work.status_of(error))


def _decide(request: MemberRequest, pk: int) -> HttpResponse:
    found = _translation(request, pk)
    form = TranslationReviewForm(request.POST)
    try:
        if not form.is_valid():
            raise work.first_error(form)
        given = form.given()
        done = act.review(request.user, found, **given)
    except TeineiError as error:
        return _check_page(request, _translation(request, pk), typed=request.POST.dict(), error=error)
    said = _("%(id)s: %(decision)s.")
    messages.success(request, said % {"id": found.item.external_id, "decision": done.get_decision_display()})
    following = _following_check(request, given["revision"])
    if following:
        return redirect("curation:translation_review_item", dataset=request.dataset.slug, pk=following.pk)
    return redirect("curation:translation_review", dataset=request.dataset.slug)
