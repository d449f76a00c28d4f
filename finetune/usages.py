"""Which models were trained or measured on items that were taken out of a release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop

from curation.models import ReleaseItem
from curation.registry import Use, Withdrawn
from finetune.models import Evaluation, Mixture, TrainingRun


def used_in(withdrawn: Withdrawn) -> Iterator[Use]:
    """Training runs on mixtures that hold the items, and evaluations on releases that do."""
    yield from _runs(withdrawn)
    yield from _evaluations(withdrawn)


def _rows(withdrawn: Withdrawn) -> QuerySet[ReleaseItem]:
    """The items wherever they are frozen: a run may have taken them from another version."""
    same = Q(item__in=list(withdrawn.items)) | Q(item=None, question_text__in=list(withdrawn.texts))
    return ReleaseItem.objects.filter(same, release__dataset=withdrawn.release.dataset_id).order_by()


def _run_address(withdrawn: Withdrawn, run: int) -> str:
    return reverse("finetune:training_run", kwargs={"dataset": withdrawn.release.dataset.slug, "pk": run})


def _runs(withdrawn: Withdrawn) -> Iterator[Use]:
    rows = _rows(withdrawn).filter(split="dev", answer_text__isnull=False)
    mixtures = Mixture.objects.filter(releases__items__in=rows.values("pk")).distinct().order_by("pk")
    for mixture in mixtures:
        pairs, repeat = _taken(mixture, rows)
        if not pairs:
            continue
        runs = TrainingRun.objects.filter(mixture=mixture).annotate(kept=Count("checkpoints")).order_by("pk")
        for run in runs:
            yield Use(
                kind=gettext_noop("training run"),
                key=run.pk,
                name=f"{run.name} #{run.pk}",
                url=_run_address(withdrawn, run.pk),
                items=withdrawn.names(pairs),
                means=gettext_noop(
                    "Trained on withdrawn items: %(items)s, repeat factor %(repeat)s. Checkpoints: %(checkpoints)s."
                ),
                values={
                    "items": len(withdrawn.names(pairs)),
                    "repeat": repeat,
                    "checkpoints": run.kept,
                    "mixture": mixture.hash,
                },
            )


def _taken(mixture: Mixture, rows: QuerySet[ReleaseItem]) -> tuple[list[tuple[int | None, str]], int]:
    """What of the rows the mixture took, and the largest repeat factor under which it did."""
    spec: dict[str, dict[str, Any]] = {part["release"]: part for part in mixture.spec}
    pairs: list[tuple[int | None, str]] = []
    repeat = 0
    for release in mixture.releases.all():
        part, found = spec[release.name], rows.filter(release=release)
        if part.get("max_items"):
            first = release.items.filter(split="dev", answer_text__isnull=False).order_by("position")
            taken = list(first.values_list("pk", flat=True)[: part["max_items"]])
            found = found.filter(pk__in=taken)
        here = list(found.values_list("item", "question_text"))
        if here:
            pairs += here
            repeat = max(repeat, part["repeat"])
    return pairs, repeat


def _evaluations(withdrawn: Withdrawn) -> Iterator[Use]:
    rows = _rows(withdrawn).filter(split="test")
    found = Evaluation.objects.filter(release__items__in=rows.values("pk")).select_related("run", "release")
    for evaluation in found.distinct().order_by("pk"):
        pairs = list(rows.filter(release=evaluation.release_id).values_list("item", "question_text"))
        yield Use(
            kind=gettext_noop("evaluation"),
            key=evaluation.pk,
            name=f"{evaluation.run.name} #{evaluation.run_id}, {evaluation.release.name}",
            url=_run_address(withdrawn, evaluation.run_id),
            items=withdrawn.names(pairs),
            means=gettext_noop("Its test questions hold withdrawn items: %(items)s."),
            values={"items": len(withdrawn.names(pairs))},
        )
