"""The numbers of a loss curve's SVG."""

import math

import pytest

from finetune.curves import MOST, Tick, curve


def rows(*losses: float | None, **more: object) -> list[dict]:
    return [{"step": step, "loss": loss, **more} for step, loss in enumerate(losses, start=1)]


@pytest.mark.parametrize("given", [[], rows(None), [{"step": 1}], rows(math.nan, math.inf)])
def test_curve_without_a_loss_is_none(given: list[dict]) -> None:
    assert curve(given, steps=10) is None


def test_curve_points_lie_in_the_box() -> None:
    drawn = curve(rows(4.0, 2.0), steps=4)
    assert drawn is not None
    # width 640 - 56 left - 16 right = 568 for 4 steps: step 1 at 56 + 142 = 198, step 2 at 340.
    # height 260 - 44 below - 12 above = 204 for 4.0 * 1.05 = 4.2: 4.0 at 216 - 204 * 4 / 4.2 = 21.7, 2.0 at 118.9.
    assert drawn.lines == {"loss": "198.0,21.7 340.0,118.9"}
    assert drawn.n == 2
    # four or so round numbers: 4 / 4 = 1 a tick, 4.2 / 4 -> 1
    assert drawn.x_ticks == [
        Tick(at=56.0, label="0"),
        Tick(at=198.0, label="1"),
        Tick(at=340.0, label="2"),
        Tick(at=482.0, label="3"),
        Tick(at=624.0, label="4"),
    ]
    assert [tick.label for tick in drawn.y_ticks] == ["0", "1", "2", "3", "4"]


def test_curve_has_a_line_for_the_held_out_loss_from_step_0() -> None:
    drawn = curve([{"step": 0, "heldout_loss": 2.0}, *rows(2.0, 1.0)], steps=2)
    assert drawn is not None
    # 2.0 at 216 - 204 / 1.05 = 21.7; 1.0 at 216 - 204 * 1 / 2.1 = 118.9; step 1 at 56 + 568 / 2 = 340
    assert drawn.lines == {"loss": "340.0,21.7 624.0,118.9", "held": "56.0,21.7"}
    assert drawn.n == 2


def test_curve_of_one_step_has_no_step_between() -> None:
    drawn = curve(rows(1.0), steps=1)
    assert drawn is not None
    assert [tick.label for tick in drawn.x_ticks] == ["0", "1"]


def test_curve_where_all_losses_are_zero() -> None:
    drawn = curve(rows(0.0, 0.0), steps=2)
    assert drawn is not None
    assert drawn.lines["loss"] == "340.0,216.0 624.0,216.0"


def test_curve_of_many_steps_is_thinned_and_keeps_its_last() -> None:
    drawn = curve(rows(*[1.0] * 2500), steps=2500)
    assert drawn is not None
    points = drawn.lines["loss"].split(" ")
    # every 2500 // 400 = 6th: 417 of them, and the last
    assert (len(points), drawn.n) == (418, 2500)
    assert points[-1].startswith("624.0,")
    assert len(points) < 2 * MOST
