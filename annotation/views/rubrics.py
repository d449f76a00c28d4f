"""Rubrics: what raters go by. Versions are read, followed by new ones and signed; never changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation import editing
from annotation.actions import gold, rubrics
from annotation.models import Assignment, GoldCase, PracticeAnswer, Rubric
from annotation.queries import tasks_visible_to
from annotation.views.scales import axes_shown, example_groups
from curation.errors import Conflict, TeineiError
from curation.models import Category, Membership
from curation.rules import allows
from curation.textdiff import changes
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number

Role = Membership.Role
Use = GoldCase.Use
reader = member(Role.LEAD, Role.RESEARCHER, Role.REVIEWER)


def _versions(request: MemberRequest) -> QuerySet[Rubric]:
    return Rubric.objects.filter(dataset=request.dataset).select_related("signed_by", "dataset")


@reader
def rubric_list(request: MemberRequest) -> HttpResponse:
    """The newest version of each rubric, and the shipped ones that nobody has used here yet."""
    counted = _versions(request).annotate(
        in_tasks=Count("tasks", distinct=True),
        practice=Count("gold_cases", filter=Q(gold_cases__use=Use.PRACTICE), distinct=True),
        checks=Count("gold_cases", filter=Q(gold_cases__use=Use.GOLD), distinct=True),
    )
    newest: dict[str, Rubric] = {}
    for row in counted.order_by("name", "-version"):
        newest.setdefault(row.name, row)
    shipped = [(name, title) for name, title in rubrics.shipped_titles() if name not in newest]
    context = {
        "rows": list(newest.values()),
        "shipped": shipped,
        "may_make": allows(request.user, "create_rubric", request.dataset),
    }
    return render(request, "annotation/rubrics.html", context)


@require_POST
@reader
def bring(request: MemberRequest) -> HttpResponse:
    """Bring in a shipped rubric, to read and change it before the first task."""
    name = request.POST.get("name", "")
    if name not in rubrics.shipped_rubrics():
        raise Http404
    made: list[Rubric] = []
    done = attempt(request, lambda: made.append(rubrics.rubric_named(request.user, request.dataset, name)))
    if not done:
        return redirect("annotation:rubrics", dataset=request.dataset.slug)
    return redirect("annotation:rubric", dataset=request.dataset.slug, pk=made[0].pk)


@reader
def rubric(request: MemberRequest, pk: int) -> HttpResponse:
    """One version as raters see it, with what changed since the one before."""
    found = get_object_or_404(_versions(request), pk=pk)
    versions = list(_versions(request).filter(name=found.name).order_by("-version"))
    before = next((row for row in versions if row.version < found.version), None)
    context = {
        "rubric": found,
        "axes": axes_shown(found),
        "groups": example_groups(found),
        "versions": versions,
        "newest": versions[0],
        "before": before,
        "diff": _diff(before, found) if before else [],
        "tasks": tasks_visible_to(request.user, request.dataset).filter(rubric=found),
        "may_make": allows(request.user, "create_rubric", request.dataset),
        "may_sign": found.signed_at is None and allows(request.user, "sign", found),
        "may_keep": allows(request.user, "keep_cases", found),
        "cases": dict(found.gold_cases.order_by().values_list("use").annotate(n=Count("pk"))),
    }
    return render(request, "annotation/rubric.html", context)


def _diff(before: Rubric, after: Rubric) -> list[dict[str, Any]]:
    rows = editing.differing(rubrics.as_given(before), rubrics.as_given(after))
    return [{"place": place, "segments": changes(old, new)} for place, old, new in rows]


@reader
def new_version(request: MemberRequest, pk: int) -> HttpResponse:
    """Edit the words, cuts and examples of a version; what comes of it is the next one. What was typed is never lost."""
    base = get_object_or_404(_versions(request), pk=pk)
    if not allows(request.user, "create_rubric", request.dataset):
        raise Http404
    given, failure = rubrics.as_given(base), ""
    if request.method == "POST":
        given = editing.edited(given, request.POST.dict())
        try:
            made = rubrics.new_version(request.user, base, given, carry_cases="carry_cases" in request.POST)
        except Conflict as error:
            failure, base = error.sentence, _versions(request).filter(name=base.name).latest("version")
        except TeineiError as error:
            failure = error.sentence
        else:
            return redirect("annotation:rubric", dataset=request.dataset.slug, pk=made.pk)
    context = {
        "rubric": base,
        "given": given,
        "scales": _scales(given),
        "examples": _examples(given),
        "labels": _labels(request),
        "failure": failure,
        "cases": base.gold_cases.count(),
        "carry": request.method != "POST" or "carry_cases" in request.POST,
    }
    return render(request, "annotation/rubric_new.html", context, status=400 if failure else 200)


def _scales(given: dict[str, Any]) -> list[dict[str, Any]]:
    """What the form shows of each axis: its points with their anchors."""
    rows = []
    for at, scale in enumerate(editing.scales_of(given)):
        anchors = scale.get("anchors") or {}
        points = [
            {
                "field": f"anchor-{at}-{number}",
                "point": str(point),
                "words": anchors.get(str(point)) or {},
            }
            for number, point in enumerate(scale["scale"])
        ]
        rows.append({"title": scale.get("name") if at else "", "points": points})
    return rows


def _examples(given: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [*(given.get("examples") or []), *({} for _n in range(editing.BLANK_EXAMPLES))]
    return [{"n": n, "words": row, "score": str(row.get("score", ""))} for n, row in enumerate(rows)]


def _labels(request: MemberRequest) -> list[str]:
    rows = Category.objects.filter(taxonomy=request.dataset.taxonomy_id, level=2).order_by("position")
    return list(rows.values_list("label", flat=True))


@require_POST
@reader
def sign(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a version on as a native reader."""
    found = get_object_or_404(_versions(request), pk=pk)
    attempt(request, lambda: rubrics.sign(request.user, found), _("Signed. The mark is gone."))
    return redirect("annotation:rubric", dataset=request.dataset.slug, pk=pk)


def _kept(request: MemberRequest, pk: int) -> Rubric:
    """The version, for those who may know its right scores; for whom it checks its cases do not exist."""
    found = get_object_or_404(_versions(request), pk=pk)
    if not allows(request.user, "keep_cases", found):
        raise Http404
    return found


@reader
def cases(request: MemberRequest, pk: int) -> HttpResponse:
    """The cases with known scores of a version; add one, take an unanswered one away."""
    found = _kept(request, pk)
    sent, failure = request.POST, ""
    if request.method == "POST":
        try:
            gold.add_case(
                request.user,
                found,
                use=sent.get("use", ""),
                question=sent.get("question", ""),
                response=sent.get("response", ""),
                accepted=_accepted(found, sent),
                explanation_ja=sent.get("explanation_ja", ""),
                explanation_en=sent.get("explanation_en", ""),
                reference=sent.get("reference", ""),
                labels=_category(found, sent.get("category", "")),
            )
        except TeineiError as error:
            failure = error.sentence
        else:
            return redirect(f"{reverse('annotation:rubric_cases', args=[request.dataset.slug, pk])}#cases")
    rows = found.gold_cases.select_related("response__text", "response__question_text", "reference_text")
    answers = PracticeAnswer.objects.filter(case=OuterRef("pk"))
    given = Assignment.objects.filter(gold=OuterRef("pk"))
    shown = list(rows.annotate(answered=Exists(answers) | Exists(given)))
    context = {
        "rubric": found,
        "axes": [
            {**axis, "sent": set(sent.getlist(f"accepted.{axis['name']}"))} for axis in axes_shown(found)
        ],
        "groups": [(Use(use).label, [row for row in shown if row.use == use]) for use in Use.values],
        "uses": Use.choices,
        "categories": Category.objects.filter(taxonomy=request.dataset.taxonomy_id, level=3)
        .select_related("parent")
        .order_by("parent__position", "parent", "position"),
        "sent": sent,
        "failure": failure,
    }
    return render(request, "annotation/rubric_cases.html", context, status=400 if failure else 200)


def _category(found: Rubric, given: str) -> list[str]:
    """The labels of the chosen category, root first; none where none is chosen."""
    rows = Category.objects.filter(taxonomy=found.dataset.taxonomy_id)
    chosen = rows.filter(pk=int(given)).first() if is_number(given) else None
    return chosen.path.split("\t") if chosen else []


def _accepted(found: Rubric, sent: Any) -> dict[str, list[str]]:
    """The ticked points of each axis; an axis without a tick is not decided by the case."""
    ticked = {axis.name: sent.getlist(f"accepted.{axis.name}") for axis in found.axes}
    return {axis: points for axis, points in ticked.items() if points}


@require_POST
@reader
def case_remove(request: MemberRequest, pk: int, case: int) -> HttpResponse:
    found = _kept(request, pk)
    row = get_object_or_404(found.gold_cases.select_related("rubric__dataset"), pk=case)
    attempt(request, lambda: gold.remove_case(request.user, row), _("The case is taken away."))
    return redirect("annotation:rubric_cases", dataset=request.dataset.slug, pk=pk)
