"""Writing: what to write on, and one item at a time."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import items as act
from curation.errors import Conflict, Invalid, TeineiError
from curation.forms import ATTRIBUTES, WordingForm
from curation.models import Category, Draft, Item, Membership, Review, Revision
from curation.queries import (
    coverage,
    drafts_of,
    examples,
    items_in_list,
    items_visible_to,
    next_to_write,
    open_to_writers,
    reviews_of,
    sent_back,
)
from curation.rules import allows
from curation.textdiff import changes
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number

PAGE = 20
SHOWN = 50  # sent back and drafts: a person's own work, rarely more
Role = Membership.Role
D = Review.Decision


@member(Role.AUTHOR)
def write(request: MemberRequest) -> HttpResponse:
    """What was sent back first, own drafts, open questions by category, and a new question where one is needed."""
    chosen = request.GET.get("category", "")
    waiting = open_to_writers(request.user, request.dataset)
    if is_number(chosen):
        waiting = waiting.filter(current_revision__category=int(chosen))
    after = request.GET.get("after", "")
    page = waiting.filter(pk__gt=int(after)) if is_number(after) else waiting
    rows = list(items_in_list(page)[: PAGE + 1])
    leaves = coverage(request.dataset)
    context = {
        "sent_back": _with_reasons(sent_back(request.user, request.dataset)),
        "drafts": _drafts(request),
        "open": [{"item": item, "excerpt": _excerpt(request, item)} for item in rows[:PAGE]],
        "open_total": waiting.count(),
        "chosen": int(chosen) if is_number(chosen) else None,
        "first_url": f"?category={chosen}#open" if after else "",
        "next_url": f"?category={chosen}&after={rows[PAGE - 1].pk}#open" if len(rows) > PAGE else "",
        "leaves": leaves,
        "again": next((row for row in leaves if str(row["category"].pk) == request.GET.get("again")), None),
        "areas": _areas(leaves),
    }
    return render(request, "curation/write.html", context)


def _excerpt(request: MemberRequest, item: Item) -> str:
    if request.user.blur or item.current_revision is None:
        return ""
    return work.excerpt(item.current_revision.question_shown)


def _with_reasons(items: Any) -> list[dict[str, Any]]:
    """Items with the last decision that sent them back: two queries, whatever the number of rows."""
    rows = list(items_in_list(items)[:SHOWN])
    reviews = Review.objects.filter(item__in=rows, decision__in=[D.REQUEST_CHANGES, D.REQUEST_ANSWER])
    last = {review.item_id: review for review in reviews.order_by("created_at", "pk")}
    return [{"item": item, "said": work.said_by(last[item.pk]) if item.pk in last else None} for item in rows]


def _drafts(request: MemberRequest) -> list[dict[str, Any]]:
    rows = list(items_in_list(drafts_of(request.user, request.dataset))[:SHOWN])
    drafts = Draft.objects.filter(person=request.user, item__in=rows).select_related("category__parent")
    by_item = {draft.item_id: draft for draft in drafts}
    shown = []
    for item in rows:
        draft = by_item.get(item.pk)
        text = draft.question if draft and not request.user.blur else ""
        of_revision = item.current_revision.category if item.current_revision else None
        category = draft.category if draft and draft.category else of_revision
        shown.append({"item": item, "draft": draft, "category": category, "excerpt": work.excerpt(text)})
    return shown


def _areas(leaves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tree with the numbers: area > harm type > leaves, each with what is still missing."""
    areas: dict[int, dict[str, Any]] = {}
    for row in leaves:
        harm_type = row["category"].parent
        area = areas.setdefault(
            harm_type.parent_id, {"category": harm_type.parent, "types": {}, "missing": 0}
        )
        row["missing"] = max(row["target"] - row["approved"] - row["in_work"], 0)
        area["types"].setdefault(harm_type.pk, {"category": harm_type, "leaves": []})["leaves"].append(row)
        area["missing"] += row["missing"]
    return [area | {"types": list(area["types"].values())} for area in areas.values()]


@require_POST
@member(Role.AUTHOR)
def new(request: MemberRequest) -> HttpResponse:
    """Begin a question in a category."""
    leaves = Category.objects.filter(taxonomy=request.dataset.taxonomy_id, level=3)
    category = get_object_or_404(leaves, pk=request.POST.get("category") or 0)
    made: list[Item] = []
    if attempt(
        request, lambda: made.append(act.start_item(request.user, request.dataset, category=category))
    ):
        return redirect("curation:write_item", dataset=request.dataset.slug, pk=made[0].pk)
    return redirect("curation:write", dataset=request.dataset.slug)


def _writable(request: MemberRequest, pk: int) -> Item:
    """The item, for whoever may write on it; for others it is on no work page."""
    items = items_visible_to(request.user, request.dataset).select_related(
        "question",
        "dataset",
        "current_revision__question_text",
        "current_revision__answer_text",
        "current_revision__category__parent__parent",
    )
    item: Item = get_object_or_404(items, pk=pk)
    if not allows(request.user, "submit", item):
        return get_object_or_404(items.none(), pk=pk)
    return item


def _fields(draft: Draft) -> dict[str, Any]:
    """What the form's fields hold of a draft, in the shape that a page reads from its own fields."""
    return {
        "question": draft.question,
        "answer": draft.answer,
        "category": str(draft.category_id or ""),
        "attributes": [name for name in ATTRIBUTES if draft.attributes.get(name)],
        "sources": "\n".join(draft.sources),
    }


@member(Role.AUTHOR)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """The work page of one item. Parts of it are asked for again after each save."""
    found = _writable(request, pk)
    draft = act.draft_of(request.user, found)
    if request.htmx and "category" in request.GET:
        leaves = Category.objects.filter(taxonomy=request.dataset.taxonomy_id, level=3)
        chosen = leaves.select_related("parent__parent").filter(pk=_number(request.GET["category"])).first()
        return render(request, "curation/write_item.html#category", _side(found, chosen))
    if request.htmx:
        return render(request, "curation/write_item.html#findings", _findings(request, found, _fields(draft)))
    return _page(request, found, draft, _fields(draft))


def _number(text: str) -> int:
    return int(text) if is_number(text) else 0


def _side(item: Item, category: Category | None) -> dict[str, Any]:
    shown = examples(category, item.dataset, but=item) if category else []
    return work.side_of(category) | {"examples": shown, "item": item}


def _findings(request: MemberRequest, item: Item, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "checks": work.checks_of(fields["question"], fields["answer"]),
        "twins": work.twins_of(item, fields["question"], person=request.user),
        "item": item,
    }


def _page(
    request: MemberRequest,
    item: Item,
    draft: Draft,
    fields: dict[str, Any],
    *,
    base: int | None = None,
    error: TeineiError | None = None,
) -> HttpResponse:
    leaves = coverage(request.dataset)
    category = next((row for row in leaves if str(row["category"].pk) == fields["category"]), None)
    current = item.current_revision
    context = {
        "item": item,
        "draft": draft,
        "fields": fields,
        "base": base or item.current_revision_id or "",
        "client_id": work.new_client_id(),
        "attributes": [
            {"name": name, "label": label, "hint": hint, "on": name in fields["attributes"]}
            for name, (label, hint) in ATTRIBUTES.items()
        ],
        "areas": _areas(leaves),
        "cell": category,
        "asked": _asked_by_other(request, item),
        "open": item.state
        in (Item.State.DRAFT, Item.State.NEEDS_CHANGES, Item.State.AWAITING_ANSWER, Item.State.APPROVED),
        "before": _answered_before(request, current) if item.state == Item.State.AWAITING_ANSWER else "",
        "said": _last_word(item),
        "guideline": work.guideline_of(item),
        "error": error,
        "moved_on": _moved_on(item, fields)
        if isinstance(error, Conflict) or _older(draft, current)
        else None,
        "waiting": sent_back(request.user, request.dataset).count(),
    }
    context |= _side(item, category["category"] if category else None) | _findings(request, item, fields)
    return render(request, "curation/write_item.html", context, status=work.status_of(error))


def _asked_by_other(request: MemberRequest, item: Item) -> bool:
    """Whether the question stands and only its answer is wanted: another's question is not typed over."""
    revision = item.current_revision
    waits = item.state == Item.State.AWAITING_ANSWER and revision is not None
    return bool(waits and revision and revision.question_author_id != request.user.pk)


def _answered_before(request: MemberRequest, revision: Revision | None) -> str:
    return revision.answer if revision and revision.answer_author_id != request.user.pk else ""


def _last_word(item: Item) -> dict[str, Any] | None:
    """What the reviewer said when it was sent back; nothing for an item that is not."""
    if item.state not in (Item.State.NEEDS_CHANGES, Item.State.AWAITING_ANSWER):
        return None
    last = reviews_of(item).filter(decision__in=[D.REQUEST_CHANGES, D.REQUEST_ANSWER]).last()
    return work.said_by(last) if last else None


def _older(draft: Draft, revision: Revision | None) -> bool:
    """Whether the draft was last saved before the newest revision came, as when a sibling's question was mended."""
    return bool(revision and draft.saved_at and draft.saved_at < revision.created_at)


def _moved_on(item: Item, fields: dict[str, Any]) -> dict[str, Any] | None:
    """The newest revision beside what was typed, after somebody else was faster."""
    revision = item.current_revision
    if revision is None:
        return None
    return {
        "question": changes(revision.question, fields["question"]),
        "answer": changes(revision.answer, fields["answer"]),
    }


@require_POST
@member(Role.AUTHOR)
def draft(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep what has been typed (JSON)."""
    found = _writable(request, pk)

    def save(form: Any, version: int, client_id: str) -> Draft:
        wording = form.wording(act.draft_of(request.user, found).attributes)
        return act.save_draft(request.user, found, version=version, client_id=client_id, **wording)

    def fields() -> tuple[Draft, dict[str, Any]]:
        held = act.draft_of(request.user, found)
        return held, _fields(held)

    return work.autosave(
        request,
        lambda given: WordingForm(_read_only(request, found, given), dataset=request.dataset),
        save=save,
        fields=fields,
    )


def _read_only(request: MemberRequest, item: Item, given: Any) -> Any:
    """The fields of a draft, with the question that stands where the page shows it as text only."""
    if "question" not in given and item.current_revision and _asked_by_other(request, item):
        return dict(given) | {"question": item.current_revision.question}
    return given


@require_POST
@member(Role.AUTHOR)
def submit(request: MemberRequest, pk: int) -> HttpResponse:
    """Hand in and go on to the next; whatever is refused keeps the text on the page and as a draft."""
    found = _writable(request, pk)
    form = WordingForm(request.POST, dataset=request.dataset)
    held = act.draft_of(request.user, found)
    try:
        if not form.is_valid():
            raise work.first_error(form)
        wording = form.wording(held.attributes)
        if request.POST.get("act") == "save":
            _keep(request, found, form, wording)
            messages.success(request, _("The draft was saved."))
            return redirect("curation:write_item", dataset=request.dataset.slug, pk=pk)
        if request.POST.get("act") == "question" and wording["answer"].strip():
            sentence = _(
                "You have written an answer: submit both, or empty the answer first. Nothing was submitted."
            )
            raise Invalid(sentence, field="answer")
        client_id = form.cleaned_data["client_id"] or None
        act.submit(
            request.user, found, act.Wording(**wording), base=form.cleaned_data["base"], client_id=client_id
        )
    except TeineiError as error:
        return _refused(request, pk, form, error)
    return _go_on(request, found)


def _keep(request: MemberRequest, item: Item, form: WordingForm, wording: dict[str, Any]) -> Draft:
    version = form.cleaned_data.get("version") or 0
    return act.save_draft(request.user, item, version=version, client_id="", **wording)


def _refused(request: MemberRequest, pk: int, form: WordingForm, error: TeineiError) -> HttpResponse:
    """The page again with what was typed; it is kept as a draft too where no other window has saved since."""
    found = _writable(request, pk)
    if form.is_valid():
        try:
            wording = form.wording(act.draft_of(request.user, found).attributes)
            _keep(request, found, form, wording)
        except TeineiError:
            pass
    held = act.draft_of(request.user, found)
    fields = _fields(held) | {
        name: request.POST.get(name, "").replace("\r\n", "\n")
        for name in ("question", "answer", "category", "sources")
    }
    fields["attributes"] = request.POST.getlist("attributes")
    return _page(request, found, held, fields, error=error)


def _go_on(request: MemberRequest, done: Item) -> HttpResponse:
    """The next piece: sent back first, then open questions when answering them, else the list."""
    answered = done.revisions.filter(question_author=request.user).count() == 0
    messages.success(request, _("Submitted %(id)s.") % {"id": done.external_id})
    following = next_to_write(request.user, request.dataset, after=done.pk)
    if following and (answered or following.state == Item.State.NEEDS_CHANGES):
        return redirect("curation:write_item", dataset=request.dataset.slug, pk=following.pk)
    category = done.current_revision.category_id if done.current_revision else ""
    return redirect(f"{reverse('curation:write', args=[request.dataset.slug])}?again={category}")
