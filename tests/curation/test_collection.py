"""The collector of cycles rests inside, and goes on as it did before."""

from __future__ import annotations

import gc

import pytest

from curation.collection import paused


@paused()
def failing() -> None:
    assert not gc.isenabled()
    raise LookupError


def test_collector_goes_on_after_an_error_too() -> None:
    assert gc.isenabled()
    with pytest.raises(LookupError):
        failing()
    assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
