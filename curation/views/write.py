"""Writing one item at a time; what to write on stands in `write_list`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import items as act
from curation.actions.leases import lease_writing
from curation.errors import Conflict, InHand, Invalid, TeineiError
from curation.forms import ATTRIBUTES, WordingForm
from curation.models import Category, Draft, Item, Membership, Review, Revision
from curation.origins import in_json
from curation.queries import (
    asked_it,
    examples,
    has_begun,
    item_to_write,
    known_routine,
    leaves_of,
    next_sent_back,
    opted_out,
    reviews_of,
)
from curation.rules import allows
from curation.views import aid, checking, work, write_leases
from curation.views.aid import asks_answer_only
from curation.views.gate import MemberRequest, member
from curation.views.moved_on import meet
from curation.views.numbers import is_number
from curation.views.place import head_of
from curation.views.write_list import areas_of

Role = Membership.Role
D = Review.Decision
OPEN = (Item.State.DRAFT, Item.State.NEEDS_CHANGES, Item.State.AWAITING_ANSWER, Item.State.APPROVED)


def _writable(request: MemberRequest, pk: int) -> Item:
    """The item, for whoever may write on it or has begun to; for others it is on no work page."""
    found = item_to_write(request.user, request.dataset, pk)
    verb = "save_draft" if request.method == "POST" else "submit"  # what is sent has been typed by somebody
    if found is None or not (allows(request.user, verb, found) or has_begun(request.user, found)):
        raise Http404
    return found


def _fields(draft: Draft) -> dict[str, Any]:
    """What the form's fields hold of a draft, in the shape that a page reads from its own fields."""
    return {
        "question": draft.question,
        "answer": draft.answer,
        "category": str(draft.category_id or ""),
        "attributes": [name for name in ATTRIBUTES if draft.attributes.get(name)],
        "sources": "\n".join(draft.sources),
        "must": "\n".join(draft.criteria.get("must", [])),
        "must_not": "\n".join(draft.criteria.get("must_not", [])),
        "origins": in_json(draft.origins),
    }


@member(Role.AUTHOR, warned=True)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """The work page of one item."""
    found = _writable(request, pk)
    draft = act.draft_of(request.user, found)
    if request.htmx and "category" in request.GET:
        asked = _number(request.GET["category"])
        chosen = next((leaf for leaf in _leaves(request, found) if leaf.pk == asked), None)
        side = _side(found, chosen) | {"head": head_of(found, chosen)}
        return render(request, "curation/_category_chosen.html", side)
    if request.htmx and "place" in request.GET:
        return render(
            request, "curation/_write_head.html", {"item": found, "head": head_of(found, draft.category)}
        )
    if request.htmx and "checks" in request.GET:
        return render(request, "curation/_checks.html", checking.of_draft(request, found, _fields(draft)))
    return _page(request, found, draft, _fields(draft))


def _leaves(request: MemberRequest, item: Item) -> list[Category]:
    """What the item may be filed under: nothing that the person opted out of, but where it is already."""
    closed = opted_out(request.user, request.dataset.taxonomy_id)
    return leaves_of(request.dataset, but=set(closed) - {item.category_id})


def _number(text: str) -> int:
    return int(text) if is_number(text) else 0


def _side(item: Item, category: Category | None) -> dict[str, Any]:
    shown = examples(category, item.dataset, but=item) if category else []
    return work.side_of(category) | {"examples": shown, "item": item}


@require_POST
@member(Role.AUTHOR)
def twins(request: MemberRequest, pk: int) -> HttpResponse:
    """Near twins of the question that is being typed. Nothing is kept."""
    question = request.POST.get("question", "")
    return work.twins_page(request, _writable(request, pk), question, person=request.user)


def _page(
    request: MemberRequest,
    item: Item,
    draft: Draft,
    fields: dict[str, Any],
    *,
    base: int | None = None,
    error: TeineiError | None = None,
) -> HttpResponse:
    """`base` is the revision that the writing began from."""
    current = item.current_revision
    is_open = item.state in OPEN and allows(request.user, "submit", item)
    newer = isinstance(error, Conflict) and not isinstance(error, InHand)
    met = meet(item, draft, fields, base=base) if is_open and (newer or _older(draft, current)) else None
    leaves = _leaves(request, item)
    category = next((leaf for leaf in leaves if str(leaf.pk) == fields["category"]), None)
    guideline = work.guideline_of(item, reader=request.user)
    context = {
        "item": item,
        "draft": draft,
        "fields": fields,
        "base": item.current_revision_id or "",
        "client_id": work.new_client_id(),
        "attributes": [
            {"name": name, "label": label, "hint": hint, "on": name in fields["attributes"]}
            for name, (label, hint) in ATTRIBUTES.items()
        ],
        "areas": areas_of(leaves),
        "head": head_of(item, category),
        "asked": asks_answer_only(request, item),
        "aid": aid.panel(request, item, answer_only=asks_answer_only(request, item), covered=category)
        if known_routine(item.dataset).aid_id
        else {},
        "open": is_open,
        "before": _answered_before(request, current) if item.state == Item.State.AWAITING_ANSWER else "",
        "typed_on": bool(draft.pk or error) and any(fields[part].strip() for part in ("question", "answer")),
        "said": _last_word(item),
        "guideline": work.guideline_of(item, reader=request.user),
        "error": error,
        "moved_on": met,
    }
    context |= write_leases.hands(request, item)
    context |= _side(item, category)
    context |= checking.of_draft(request, item, fields, guideline=guideline["text"] if guideline else "")
    return render(request, "curation/write_item.html", context, status=work.status_of(error))


def _answered_before(request: MemberRequest, revision: Revision | None) -> str:
    return revision.answer if revision and revision.answer_author_id != request.user.pk else ""


def _last_word(item: Item) -> dict[str, Any] | None:
    """What the reviewer said when it was sent back; nothing for an item that is not."""
    if item.state not in (Item.State.NEEDS_CHANGES, Item.State.AWAITING_ANSWER):
        return None
    last = reviews_of(item).filter(decides=True, decision__in=[D.REQUEST_CHANGES, D.REQUEST_ANSWER]).last()
    return work.said_by(last, item.dataset.slug) if last else None


def _older(draft: Draft, revision: Revision | None) -> bool:
    """Whether the draft was last saved before the newest revision came, as when a sibling's question was mended."""
    return bool(revision and draft.saved_at and draft.saved_at < revision.created_at)


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
        lost=lambda: write_leases.lost(request, found),
    )


def _read_only(request: MemberRequest, item: Item, given: Any) -> Any:
    """The fields of a draft, with the question that stands where the page shows it as text only."""
    if "question" not in given and item.current_revision and asks_answer_only(request, item):
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
        for name in ("question", "answer", "category", "sources", "must", "must_not", "origins")
    }
    fields["attributes"] = request.POST.getlist("attributes")
    base = form.cleaned_data.get("base") if isinstance(error, Conflict) else None
    return _page(request, found, held, fields, base=base, error=error)


def _go_on(request: MemberRequest, done: Item) -> HttpResponse:
    """The next piece: sent back first, then open questions when answering them, else the list."""
    messages.success(request, _("Submitted %(id)s.") % {"id": done.external_id})
    following = next_sent_back(request.user, request.dataset, after=done)
    if following is None and not asked_it(request.user, done):
        lease = lease_writing(request.user, request.dataset, after=done.pk)
        following = lease.item if lease else None
    if following:
        return redirect("curation:write_item", dataset=request.dataset.slug, pk=following.pk)
    category = done.current_revision.category_id if done.current_revision else ""
    return redirect(f"{reverse('curation:write', args=[request.dataset.slug])}?again={category}")
