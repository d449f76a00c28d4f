"""Launching, cancelling and resuming fine-tuning runs."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.access import require_access
from curation.actions.texts import keepable, longest
from curation.errors import Invalid
from curation.log import Actor, person_of
from curation.log import record as log
from curation.models import Dataset, Release
from curation.rules import require
from curation.workflow import advance
from finetune.actions.mixtures import Resolved, hash_of, keep, resolve
from finetune.models import TrainingRun
from finetune.training.config import Recipe
from finetune.training.errors import BadConfig


def read_recipe(value: Any) -> Recipe:
    """The recipe of a JSON object. Raises Invalid naming the field."""
    keepable(value)
    try:
        recipe = Recipe.from_json(value)
    except BadConfig as error:
        raise Invalid(str(error), field=error.field) from None
    most = longest(TrainingRun, "name")
    if len(recipe.name) > most or not recipe.name.isprintable():
        message = _("%(field)s must be one line of at most %(most)d characters.")
        raise Invalid(message % {"field": "name", "most": most}, field="name")
    return recipe


def folder_of(run: TrainingRun) -> Path:
    """The run's own folder; its name is the id, never a text."""
    return Path(settings.TEINEI_VAR) / "runs" / str(run.pk)


@transaction.atomic
def launch(actor: Actor, dataset: Dataset, recipe: Recipe, *, send: bool = True) -> TrainingRun:
    """Resolve the mixture, write the run and its folder, and tell the worker its id once that is committed.

    A recipe that the same person has waiting or running is given again: a button pressed twice starts one run.
    """
    require(actor, "launch", dataset)
    as_json = recipe.as_json()
    if under_way := _under_way(actor, dataset, hash_of(as_json)):
        return under_way
    resolved = resolve(dataset, recipe, viewer=person_of(actor))
    run = TrainingRun.objects.create(
        dataset=dataset,
        name=recipe.name,
        recipe=as_json,
        recipe_hash=hash_of(as_json),
        mixture=keep(dataset, recipe, resolved),
        person=person_of(actor),
    )
    _write_examples(run, resolved)
    log(actor, "launch", run, mixture=run.mixture.hash)
    if send:
        transaction.on_commit(lambda: tell_worker(run.pk))
    return run


def _under_way(actor: Actor, dataset: Dataset, recipe_hash: str) -> TrainingRun | None:
    """The person's own run of the recipe that has not ended; launches of one dataset take turns to see it."""
    person = person_of(actor)
    if person is None:
        return None
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    active = [TrainingRun.State.QUEUED, TrainingRun.State.RUNNING]
    own = TrainingRun.objects.filter(dataset=dataset, person=person, recipe_hash=recipe_hash)
    return own.filter(state__in=active).order_by("pk").first()


def _write_examples(run: TrainingRun, resolved: Resolved) -> None:
    folder = folder_of(run)
    if folder.exists():
        # A launch that was rolled back, or a database restored from a backup, leaves a folder of this number: its
        # checkpoints are another run's. They may be the only copy, so nothing is deleted.
        folder.rename(folder.with_name(f"{folder.name}-left-{secrets.token_hex(4)}"))
    folder.mkdir(parents=True, mode=0o700)
    lines = (json.dumps(example, ensure_ascii=False) + "\n" for example in resolved.examples)
    with (folder / "examples.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(lines)


def tell_worker(run: int) -> None:
    """Send the id. A missing broker leaves the run waiting, and its row says so; the reconciler sends it again."""
    from finetune.tasks import train  # a task imports its actions

    try:
        train.delay(run)
    except Exception as error:  # kombu raises whatever its transport raises
        message = _("No worker could be reached (%(error)s).") % {"error": error}
        TrainingRun.objects.filter(pk=run).update(message=message)


@transaction.atomic
def cancel(actor: Actor, run: TrainingRun) -> None:
    """A waiting run ends at once; a running one saves a checkpoint and ends, as its supervisor sees to it."""
    require(actor, "cancel", run)
    if run.state == TrainingRun.State.QUEUED:
        advance(run, "cancel", actor=actor, changes={"finished_at": timezone.now(), "message": ""})
        return
    if run.state != TrainingRun.State.RUNNING:
        raise Invalid(_("The run has ended already."))
    TrainingRun.objects.filter(pk=run.pk).update(cancel_requested=True)
    log(actor, "cancel", run)


@transaction.atomic
def resume(actor: Actor, run: TrainingRun, *, send: bool = True) -> None:
    """Go on from the newest complete checkpoint, or from the beginning where there is none."""
    require(actor, "resume", run)
    names = [part["release"] for part in run.mixture.spec]
    for release in Release.objects.filter(dataset=run.dataset_id, name__in=names):
        require_access(release)
    changes: dict[str, Any] = {
        "cancel_requested": False,
        "finished_at": None,
        "failure": "",
        "message": "",
        "lease_until": None,
    }
    advance(run, "resume", actor=actor, changes=changes)
    if send:
        transaction.on_commit(lambda: tell_worker(run.pk))
