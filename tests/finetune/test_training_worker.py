"""A run through the real broker and a real worker."""

import pytest

from finetune.actions.runs import launch, read_recipe
from finetune.models import TrainingRun
from tests.factories.finetune import make_world, recipe
from tests.rig.broker import Worker, wait_until


@pytest.mark.slow
def test_launch_is_carried_out_by_the_worker(worker: Worker) -> None:
    dataset, _release, person = make_world()
    run = launch(person, dataset, read_recipe(recipe(max_steps=2)))
    ended = ("succeeded", "failed", "lost", "cancelled")
    wait_until(lambda: TrainingRun.objects.filter(pk=run.pk, state__in=ended).exists(), seconds=120)
    run.refresh_from_db()
    assert (run.state, run.message, run.attempt, run.step) == ("succeeded", "", 1, 2), worker.log.read_text()
    assert run.checkpoints.get().step == 2
