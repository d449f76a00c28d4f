"""What the training floor does about a text that is redacted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.redaction import frozen_with, wipe, without
from curation.registry import RedactedText, Redactor
from finetune.models import Evaluation, TrainingRun

FILES = ("examples.jsonl", "prompts.jsonl", "responses-*.jsonl")


def _runs_of(releases: frozenset[int]) -> list[TrainingRun]:
    return list(TrainingRun.objects.filter(mixture__releases__in=releases).distinct().order_by("pk"))


def remove(gone: RedactedText) -> dict[str, int]:
    """Lines of training and question files that hold the text; a later attempt of a run trains without them.

    Raises Invalid while a run with such a release is at work: it holds the texts and would go on.
    """
    for run in _runs_of(gone.releases):
        if run.state == TrainingRun.State.RUNNING:
            message = _(
                "The run %(run)s is training on a release with this text: cancel it or wait for its end."
            )
            raise Invalid(message % {"run": run.name})
    root = Path(settings.TEINEI_VAR) / "runs"
    lines = sum(_drop_lines(path, gone) for name in FILES for path in sorted(root.glob(f"*/{name}")))
    return {
        "training_lines": lines,
        "evaluations": len(wipe(Evaluation.objects.all(), ["result", "message"], gone.pieces)),
    }


def _drop_lines(path: Path, gone: RedactedText) -> int:
    """Write the file anew without the lines that hold a piece; answers of models lose the piece alone."""
    kept, dropped = [], 0
    for line in path.read_bytes().split(b"\n"):
        told = _read(line)
        if told is None or without(told, gone.pieces) == told:
            kept.append(line)
            continue
        dropped += 1
        if path.name.startswith("responses-"):
            kept.append(json.dumps(without(told, gone.pieces), ensure_ascii=False).encode())
    if dropped:
        draft = path.with_suffix(".draft")
        draft.write_bytes(b"\n".join(kept))
        draft.replace(path)
    return dropped


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def by_hand(digest: str) -> list[str]:
    """A model that has seen a text cannot be made to forget it."""
    releases = frozenset(frozen_with(digest).values_list("release", flat=True))
    return [
        _(
            "The run %(run)s was trained on a release with this text: delete its checkpoints if the model must not know it."
        )
        % {"run": f"{run.name} #{run.pk}"}
        for run in _runs_of(releases)
    ]


def nowhere(digest: str) -> set[int]:
    """This floor has no texts of its own."""
    return set()


REDACTOR = Redactor(key="finetune", datasets=nowhere, remove=remove, by_hand=by_hand)
