"""Cases whose right scores are known: to practise on, or slipped in unseen. They hang on a rubric's version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from annotation.matching import Responses
from annotation.models import Assignment, GoldCase, Response, Rubric, TaskResponse
from curation.actions.texts import keep_text
from curation.errors import Invalid, WrongState
from curation.formats import fields
from curation.formats.faults import Fault, Quarantined, gettext_noop
from curation.formats.records import Record, collect, read_records
from curation.log import Actor, record
from curation.models import Category, Dataset, ReleaseItem, Text
from curation.rules import require

AUTHORED = (
    "authored"  # the model of a response that was written for the case; no page of a rater names models
)
TEXTS = ("explanation_ja", "explanation_en", "reference")
KEYS = {"question", "response", "item", "model", "response_sha256", "accepted", "labels", "use", *TEXTS}


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """A case as it was given: a question with a response of its own, or (item, model) of a response that is there."""

    row: int
    accepted: dict[str, list[str]]
    use: str
    question: str = ""
    response: str = ""
    item: str = ""
    model: str = ""
    response_sha256: str | None = None
    labels: tuple[str, ...] = ()
    explanation_ja: str = ""
    explanation_en: str = ""
    reference: str = ""


@dataclass(kw_only=True)
class CasesImported:
    new: int = 0
    known: int = 0
    completed: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)
    written: GoldCase | None = None  # the last one that is new or completed


def read_cases(path: str, rubric: Rubric, use: str) -> tuple[list[CaseRow], list[Quarantined]]:
    """The cases of a file, and the rows that are none."""
    return collect(read_records(path).records, lambda record: case_row(record, rubric, use))


def case_row(record: Record, rubric: Rubric, use: str) -> CaseRow:
    """A row as a case. Raises Fault, naming the field."""
    given = record.values
    unknown = sorted(set(given) - KEYS)
    if unknown:
        template = gettext_noop("%(field)s is no key here; there are: %(keys)s")
        raise Fault(template, field=unknown[0], keys=", ".join(sorted(KEYS)))
    chosen = given.get("use") or use
    words = {key: fields.optional_text(given.get(key), key) or "" for key in TEXTS}
    if fields.one_of(chosen, "use", GoldCase.Use.values) == GoldCase.Use.PRACTICE:
        _explained(words)
    stands = given.get("item") is not None
    return CaseRow(
        row=record.row,
        accepted=accepted_of(given.get("accepted"), rubric),
        use=str(chosen),
        question="" if stands else fields.text(given.get("question"), "question"),
        response="" if stands else fields.text(given.get("response"), "response"),
        item=fields.identifier(given.get("item"), "item") if stands else "",
        model=fields.name(given.get("model"), "model") if stands else "",
        response_sha256=fields.sha256(given.get("response_sha256"), "response_sha256"),
        labels=_labels(given.get("labels"), rubric.dataset),
        **words,
    )


def accepted_of(given: Any, rubric: Rubric) -> dict[str, list[str]]:
    """{axis: points that count as right} from an object, or from the list of the main axis's points."""
    points = {axis.name: axis.points for axis in rubric.axes}
    by_axis = {rubric.axis: given} if isinstance(given, list) else given
    if not isinstance(by_axis, dict) or not by_axis:
        raise Fault(
            gettext_noop("%(field)s must be a list of points, or an object {axis: [points]}"),
            field="accepted",
        )
    found = {}
    for axis, listed in by_axis.items():
        if axis not in points:
            raise Fault(
                gettext_noop("%(field)s names an axis that is none; there are: %(axes)s"),
                field="accepted",
                axes=", ".join(points),
            )
        right = [str(point) for point in listed] if isinstance(listed, list) else []
        if not right or set(right) - set(points[axis]) or len(right) == len(points[axis]):
            raise Fault(
                gettext_noop("%(field)s of %(axis)s must be some, not all, of the points %(scale)s"),
                field="accepted",
                axis=axis,
                scale=", ".join(points[axis]),
            )
        found[axis] = sorted(set(right), key=points[axis].index)
    return found


def _explained(words: Mapping[str, str]) -> None:
    if not words["explanation_ja"] and not words["explanation_en"]:
        raise Fault(
            gettext_noop("%(field)s is missing; a practice case says why its points are right"),
            field="explanation_ja",
        )


def _labels(given: Any, dataset: Dataset) -> tuple[str, ...]:
    if given in (None, "", []):
        return ()
    if isinstance(given, list) and all(isinstance(label, str) for label in given):
        path = "\t".join(given)
        if Category.objects.filter(taxonomy=dataset.taxonomy_id, path=path).exists():
            return tuple(given)
    raise Fault(
        gettext_noop("%(field)s must be the exact labels of a category of this dataset, root first"),
        field="labels",
        content=given,
    )


@transaction.atomic
def import_cases(actor: Actor, rubric: Rubric, rows: Iterable[CaseRow]) -> CasesImported:
    """Keep cases of a rubric's version; the same file twice changes nothing. A case that is there and lacks its reference
    answer or its category gets what the row brings.

    Set apart: rows that mean no response or several, a response that raters are given in a task by this rubric, and a
    response that is a case already with other points or for another use.
    """
    require(actor, "keep_cases", rubric)
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    done = CasesImported()
    kept = GoldCase.objects.filter(rubric=rubric).select_related("response", "reference_text")
    known = {case.response_id: case for case in kept}
    for row in rows:
        try:
            response = _response(rubric.dataset, row)
            _outside(rubric, response)
            stands = known.get(response.pk)
            if stands is None:
                known[response.pk] = done.written = _keep(rubric, response, row)
                done.new += 1
            elif (stands.use, stands.accepted) == (row.use, row.accepted):
                if _complete(stands, row):
                    done.completed, done.written = done.completed + 1, stands
                else:
                    done.known += 1
            else:
                raise Fault(
                    gettext_noop(
                        "this response is a case already, with other points or for another use; remove it first"
                    ),
                    field="accepted",
                )
        except Fault as fault:
            values = {"field": fault.field, **fault.values}
            done.quarantined.append(
                Quarantined(row.row, fault.template, field=fault.field, excerpt=fault.excerpt, values=values)
            )
    if done.new or done.completed:
        record(actor, "add_cases", rubric, new=done.new, completed=done.completed)
    return done


def _response(dataset: Dataset, row: CaseRow) -> Response:
    if row.item:
        here = Response.objects.filter(dataset=dataset, item_key=row.item, model=row.model, text_known=True)
        found = Responses(here.order_by("pk")).find(row.item, row.model, row.response_sha256)
        if found is None:
            template = gettext_noop(
                "there is no response of %(model)s to this item, or its text is not known"
            )
            raise Fault(template, field="item", content=row.item, model=row.model)
        return found
    question, text = keep_text(row.question.strip()), keep_text(row.response.strip())
    key = hashlib.sha256(f"{question.hash}/{text.hash}".encode()).hexdigest()[:24]
    made, _new = Response.objects.get_or_create(
        dataset=dataset,
        item_key=f"case-{key}",
        question_hash=question.hash,
        model=AUTHORED,
        defaults={"question_text": question, "text": text, "labels": list(row.labels)},
    )
    return made


def _complete(case: GoldCase, row: CaseRow) -> bool:
    """Add the category and the reference answer that the case lacks; whether there was anything to add."""
    response, reference = case.response, _reference(case.response, row)
    labels = response.model == AUTHORED and bool(row.labels) and not response.labels
    if labels:
        response.labels = list(row.labels)
        response.save(update_fields=["labels"])
    shown = case.reference_text is None and reference is not None
    if shown:
        case.reference_text = reference
        case.save(update_fields=["reference_text"])
    return labels or shown


def _reference(response: Response, row: CaseRow) -> Text | None:
    """The reference answer that the row brings, else that of the response's item in the newest release."""
    if row.reference.strip():
        return keep_text(row.reference.strip())
    frozen = ReleaseItem.objects.filter(release__dataset=response.dataset_id, external_id=response.item_key)
    newest = frozen.exclude(answer_text=None).select_related("answer_text").order_by("-release").first()
    return newest.answer_text if newest else None


def _outside(rubric: Rubric, response: Response) -> None:
    """What is a silent check is no part of what is measured."""
    inside = TaskResponse.objects.filter(response=response, task__rubric=rubric).select_related("task")
    row = inside.first()
    if row is not None:
        raise Fault(
            gettext_noop("this response is rated in the task %(task)s, so it cannot check its raters"),
            field="item",
            content=response.item_key,
            task=row.task.name,
        )


def _keep(rubric: Rubric, response: Response, row: CaseRow) -> GoldCase:
    of_use = GoldCase.objects.filter(rubric=rubric, use=row.use)
    last = of_use.aggregate(last=Max("position"))["last"]
    return GoldCase.objects.create(
        rubric=rubric,
        response=response,
        use=row.use,
        position=0 if last is None else last + 1,
        accepted=row.accepted,
        reference_text=_reference(response, row),
        explanation_ja=row.explanation_ja,
        explanation_en=row.explanation_en,
    )


def add_case(
    actor: Actor,
    rubric: Rubric,
    *,
    use: str,
    question: str,
    response: str,
    accepted: Mapping[str, Sequence[object]] | Sequence[object],
    explanation_ja: str = "",
    explanation_en: str = "",
    reference: str = "",
    labels: Sequence[str] = (),
) -> GoldCase:
    """One case with a response of its own, new or completed. Raises Invalid, naming the field, for what is none."""
    values: dict[str, Any] = {
        "use": use,
        "question": question,
        "response": response,
        "accepted": dict(accepted) if isinstance(accepted, Mapping) else list(accepted),
        "explanation_ja": explanation_ja,
        "explanation_en": explanation_en,
        "reference": reference,
        "labels": list(labels),
    }
    try:
        row = case_row(Record(1, 1, values), rubric, use)
    except Fault as fault:
        raise Invalid(_(fault.template) % {"field": fault.field, **fault.values}, field=fault.field) from None
    done = import_cases(actor, rubric, [row])
    for apart in done.quarantined:
        raise Invalid(_(apart.template) % dict(apart.values), field=apart.field)
    if done.written is None:
        raise Invalid(_("This case is there already."), field="response")
    return done.written


@transaction.atomic
def remove_case(actor: Actor, case: GoldCase) -> None:
    """Take a case away again, as long as nobody has answered it or holds it. Twice does no harm."""
    require(actor, "keep_cases", case.rubric)
    Rubric.objects.select_for_update().get(pk=case.rubric_id)
    if not GoldCase.objects.filter(pk=case.pk).exists():  # another press was faster
        return
    if is_answered(case):
        raise WrongState(_("Somebody has answered this case, so it stays. Leave it out in a new version."))
    record(actor, "remove_case", case.rubric, use=case.use, response=case.response_id)
    case.delete()


def is_answered(case: GoldCase) -> bool:
    return case.answers.exists() or Assignment.objects.filter(gold=case).exists()
