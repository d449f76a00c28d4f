"""What the work pages share: reading a submit, twins, the category and the guideline at the side."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from curation import sentences
from curation.errors import Conflict, Invalid, NotAllowed, NotReady, TeineiError, WrongState
from curation.formats.faults import Fault
from curation.formats.objects import check_json
from curation.guideline_text import policy, preface, sections
from curation.models import Category, Guideline, Item, Membership, Person, Question, Review
from curation.queries import NearTwin, made_under, near_twins, newest_guideline, reasons_of, to_confirm
from curation.reasons import Reason
from curation.sections import section_url

alias = sentences.alias
Role = Membership.Role
EXCERPT = 60  # characters of a text that a list shows
STATUS = {Conflict: 409, WrongState: 409, NotAllowed: 403, Invalid: 422}
PARTS = {"question": gettext_lazy("Question"), "answer": gettext_lazy("Reference answer")}


def new_client_id() -> str:
    """An id for one load of a page: the same submit sent twice is one submit."""
    return str(uuid4())


def language() -> str:
    return get_language() or "ja"


def first_error(form: forms.Form) -> Invalid:
    """The first complaint of a form, as the error that an action would raise."""
    name, errors = next(iter(form.errors.items()))
    return Invalid(errors[0], field="" if name == "__all__" else name)


def status_of(error: TeineiError | None) -> int:
    if error is None:
        return 200
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 422)


def autosave(
    request: HttpRequest,
    form: Callable[[dict[str, Any]], forms.Form],
    *,
    save: Callable[[forms.Form, int, str], Any],
    fields: Callable[[], tuple[Any, dict[str, Any]]],
    lost: Callable[[], str] = str,
) -> JsonResponse:
    """Answer a draft in JSON: 200 {version, saved_at, lost}, 409 {version, fields, saved_at}, 4xx {error, field}.

    `save(form, version, client_id)` writes and answers with the draft; `fields()` gives the draft that is there and
    what the page's fields would hold; `lost()` says who has the text now, and what to do, where the person lost it.
    """
    try:
        body = json.loads(request.body)
        given, version = dict(body["fields"]), int(body.get("base_version", body.get("version", 0)))
        client_id = str(body.get("client_id", ""))[:64]
        check_json(client_id)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, Fault):
        return JsonResponse({"error": _("The draft could not be read."), "field": ""}, status=400)
    bound = form(given)
    try:
        if not bound.is_valid():
            raise first_error(bound)
        draft = save(bound, version, client_id)
    except Conflict:
        draft, held = fields()
        saved_at = draft.saved_at.isoformat() if draft.saved_at else None
        return JsonResponse({"version": draft.version, "fields": held, "saved_at": saved_at}, status=409)
    except TeineiError as error:
        status = 400 if isinstance(error, Invalid) else status_of(error)
        return JsonResponse({"error": error.sentence, "field": error.field}, status=status)
    said = {"lost": sentence} if (sentence := lost()) else {}
    return JsonResponse({"version": draft.version, "saved_at": draft.saved_at.isoformat(), **said})


def twins_of(item: Item, question: str, *, person: Person) -> list[dict[str, Any]]:
    """Near twins of a question for `_twins.html`: an excerpt (none for people who cover texts), where each stands."""
    found = near_twins(person, item.dataset, question, but=item.question)
    return [told(twin, covered=_hidden(twin, person)) for twin in found]


def twins_page(request: HttpRequest, item: Item, question: str, *, person: Person) -> HttpResponse:
    """Near twins beside the question. 202 while they cannot be told yet: the page asks again."""
    try:
        return render(request, "curation/_twins.html", {"twins": twins_of(item, question, person=person)})
    except NotReady as error:
        return render(request, "curation/_twins.html", {"reading": error.sentence}, status=202)


def _hidden(twin: NearTwin, person: Person) -> bool:
    """A row of a release names its category in words alone: who covers any category is shown none of its text."""
    if twin.item is None:
        return person.blur or bool(person.covers)
    return person.hides(twin.item.category if person.covers else None)


def told(twin: NearTwin, *, covered: bool = False) -> dict[str, Any]:
    """A near twin in words: what the person may know of it, and nothing else."""
    item, row = twin.item, twin.row
    shown: dict[str, Any] = {
        "percent": None if twin.score is None else int(twin.score),  # 99.6 is not the same question
        "near": twin.near,
        "same": twin.same,
        "meant": twin.meant,
        "test": twin.near and twin.split == Question.Split.TEST,
        "split": "" if twin.split == Question.Split.NONE else twin.split,
        "excerpt": "" if covered else excerpt(twin.text),
        "hidden": twin.hidden,
        "spared": twin.spared,
    }
    if item is not None:
        url = reverse("curation:item", args=[item.dataset.slug, item.pk])
        return shown | {"id": item.external_id, "where": item.get_state_display(), "url": url}
    if row is not None:
        slug, name = row.release.dataset.slug, row.release.name
        url = reverse("curation:release_item", args=[slug, name, row.external_id])
        return shown | {"id": row.external_id, "where": name, "url": url}
    return shown


def excerpt(text: str) -> str:
    """One line of at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def side_of(category: Category | None) -> dict[str, Any]:
    """The category for the side: its path, definition, do and do not in the page's language."""
    if category is None:
        return {"category": None, "steps": []}
    ending = "ja" if language().startswith("ja") else "en"
    above = [category.parent.parent, category.parent] if category.parent and category.parent.parent else []
    return {
        "category": category,
        "steps": [*above, category],
        **_hint(category, "do", ending),
        **_hint(category, "dont", ending),
        "lang": ending,
    }


def _hint(category: Category, name: str, ending: str) -> dict[str, str]:
    """In the page's language, else in Japanese, and which of the two it is."""
    said = category.hints.get(f"{name}_{ending}")
    return {
        name: said or category.hints.get(f"{name}_ja", ""),
        f"{name}_lang": ending if said else "ja",
    }


def unread_by(person: Person, roles: set[str], guideline: Guideline) -> bool:
    """Whether a line tells the person of the version: who writes or reviews, until they confirm it."""
    return bool(roles & {Role.AUTHOR, Role.REVIEWER}) and to_confirm(person, guideline)


def guideline_text(item: Item) -> str:
    """The guideline in force in the page's language; "" where there is none."""
    found = newest_guideline(item.dataset)
    return "" if found is None else _in_language(found)


def _in_language(guideline: Guideline) -> str:
    return guideline.text_ja if language().startswith("ja") else guideline.text_en or guideline.text_ja


@lru_cache(maxsize=32)
def _drawn(text: str) -> str:
    """The guideline as it stands beside a text: drawn once, for versions never change."""
    shown = {"preface": preface(text), "sections": sections(text), "level": "h3"}
    return render_to_string("curation/_guideline_text.html", shown)


def guideline_of(item: Item, *, reader: Person | None = None) -> dict[str, Any] | None:
    """The newest guideline in the page's language, with whether a native reader has signed it.

    `confirm`: whether `reader`, who writes or reviews, has yet to say that they read it.
    """
    found = newest_guideline(item.dataset)
    if found is None:
        return None
    text = _in_language(found)
    return {
        "version": found.version,
        "text": text,
        "drawn": _drawn(text) if sections(text) else "",
        "policy": policy(text),
        "signed": found.signed_at is not None,
        "changed": found.changed,
        "confirm": reader is not None and to_confirm(reader, found),
    }


def in_words(reason: Reason) -> dict[str, Any]:
    """A reason for a form: code, name and hint in the page's language."""
    return {
        "code": reason.code,
        "name": reason.name(language()),
        "hint": reason.hint(language()),
        "comment_required": reason.comment_required,
    }


def said_by(review: Review, dataset: str) -> dict[str, Any]:
    """What a reviewer said, without who they are, in the words of the reasons as they stood then.

    The review comes from `queries.in_words`; `dataset` is the slug, for the links to the guideline.
    """
    return {
        "decision": review.get_decision_display(),
        "reasons": _by_part(review, dataset),
        "comment": review.comment,
        "at": review.created_at,
        "question_ok": review.question_ok,
        "answer_ok": review.answer_ok,
    }


def _by_part(review: Review, dataset: str) -> list[dict[str, Any]]:
    """Each part that was not good with the reason; what was said before parts were judged apart stands without one."""
    under = made_under(review)
    return [
        {"part": PARTS.get(part, ""), **in_words(reason), "url": section_url(dataset, under, reason.section)}
        for part, reason in reasons_of(review)
    ]
