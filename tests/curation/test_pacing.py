"""How fast an endpoint is asked, on a clock of the test's own."""

import random

import pytest

from curation.pacing import (
    ANSWERED,
    FAILED,
    NEVER,
    THROTTLED,
    UNREACHABLE,
    Limits,
    Pacer,
    back_off,
)


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def round_of(pacer: Pacer, *, refused: int = 0) -> int:
    """Send as many as may be under way, and let them all come back, `refused` of them with 429; how many were sent."""
    places = []
    while pacer.delay() == 0:
        places.append(pacer.begin())
    for number, place in enumerate(places):
        pacer.end(place, THROTTLED if number < refused else ANSWERED, call=number)
    return len(places)


def test_it_starts_with_half_and_grows_to_all_that_is_allowed(clock) -> None:
    pacer = Pacer(Limits(in_flight=64), now=clock)
    # One more for each answer: 32, then 64, and never more.
    assert [round_of(pacer) for _n in range(3)] == [32, 64, 64]


def test_a_lone_refusal_costs_little_and_many_cost_half(clock) -> None:
    pacer = Pacer(Limits(in_flight=64), now=clock)
    round_of(pacer)
    # 32 answers made it 64; 4 of 64 refused: 64 * (1 - 4/64/2) = 62.
    assert round_of(pacer, refused=4) == 64
    assert pacer.allowed == 62
    # All 62 refused: half of them. A round without refusals: one more.
    assert round_of(pacer, refused=62) == 62
    assert pacer.allowed == 31
    round_of(pacer)
    assert pacer.allowed == 32


def test_a_few_refusals_do_not_end_the_first_growth(clock) -> None:
    pacer = Pacer(Limits(in_flight=64), now=clock)
    # 30 of 32 answered: 32 + 30, less 1/32 of it.
    assert round_of(pacer, refused=2) == 32
    assert pacer.allowed == 62 * (1 - 2 / 32 / 2)
    pacer = Pacer(Limits(in_flight=64), now=clock)
    # 16 of 32 refused ends it: 48, less a quarter.
    round_of(pacer, refused=16)
    assert pacer.allowed == 36
    round_of(pacer)
    assert pacer.allowed == 37


def test_it_finds_the_number_of_calls_that_a_server_takes(clock) -> None:
    """A server that takes 8 at a time: within some rounds no more than 1 or 2 are refused."""
    pacer = Pacer(Limits(in_flight=64), now=clock)
    sent = [32]
    for _n in range(30):
        sent.append(round_of(pacer, refused=max(0, int(pacer.allowed) - 8)))
    assert all(7 <= number <= 10 for number in sent[-10:])


def test_it_never_falls_below_one(clock) -> None:
    pacer = Pacer(Limits(in_flight=2, failures_in_a_row=1000), now=clock)
    for _n in range(20):
        assert round_of(pacer, refused=2) >= 1


def test_retry_after_holds_everybody_back(clock) -> None:
    pacer = Pacer(Limits(in_flight=4), now=clock)
    first, second = pacer.begin(), pacer.begin()
    pacer.end(first, THROTTLED, retry_after=7.0)
    assert pacer.delay() == 7.0
    pacer.end(second, THROTTLED, retry_after=2.0)  # the longer one holds
    assert pacer.delay() == 7.0
    clock.time += 7.0
    assert pacer.delay() == 0


def test_places_are_given_back(clock) -> None:
    pacer = Pacer(Limits(in_flight=2), now=clock)
    place = pacer.begin()
    assert pacer.delay() == NEVER
    pacer.end(place, ANSWERED)
    assert pacer.delay() == 0


def test_requests_a_minute(clock) -> None:
    pacer = Pacer(Limits(in_flight=100, requests_per_minute=3), now=clock)
    for _n in range(3):
        assert pacer.delay() == 0
        pacer.begin()
        clock.time += 10
    # The first goes out of the minute 60 s after it was sent: 30 s from now.
    assert pacer.delay() == 30
    clock.time += 30
    assert pacer.delay() == 0


def test_no_minute_holds_more_requests_or_tokens_than_allowed(clock) -> None:
    draw = random.Random(3)
    pacer = Pacer(Limits(in_flight=50, requests_per_minute=20, tokens_per_minute=5000), now=clock)
    sent: list[tuple[float, int]] = []
    for _n in range(200):
        tokens = draw.randint(1, 900)
        while (wait := pacer.delay(tokens)) > 0:
            clock.time += wait
        place = pacer.begin(tokens)
        sent.append((clock.time, tokens))
        clock.time += draw.random()
        pacer.end(place, ANSWERED)
    for at, _tokens in sent:
        minute = [tokens for when, tokens in sent if when <= at < when + 60]
        assert len(minute) <= 20
        assert sum(minute) <= 5000
    # 200 calls at 20 a minute take 9 minutes between the first and the last, and little more.
    assert 540 <= sent[-1][0] - sent[0][0] < 1300


def test_tokens_are_put_right_by_the_answer(clock) -> None:
    pacer = Pacer(Limits(in_flight=10, tokens_per_minute=1000), now=clock)
    place = pacer.begin(900)
    assert pacer.delay(200) == 60
    pacer.end(place, ANSWERED, tokens=100)
    assert pacer.delay(200) == 0


def test_a_call_larger_than_a_minute_goes_alone(clock) -> None:
    pacer = Pacer(Limits(in_flight=10, tokens_per_minute=1000), now=clock)
    assert pacer.delay(5000) == 0
    pacer.begin(5000)
    assert pacer.delay(1) == 60


def fail(pacer: Pacer, outcome: str, call: object, said: str = "HTTP 500", **more: float) -> None:
    pacer.end(pacer.begin(), outcome, call=call, said=said, **more)


def test_an_endpoint_that_only_fails_is_asked_slowly_and_then_given_up(clock) -> None:
    pacer = Pacer(Limits(in_flight=8, failures_in_a_row=3, down_after=10, backoff=0.5), now=clock)
    for call in range(3):
        fail(pacer, FAILED, call)
    assert pacer.in_doubt
    # One call at a time, 0.5, 1, 2, 4 ... seconds apart.
    waits = []
    while not pacer.down:
        waits.append(pacer.delay())
        clock.time += waits[-1]
        place = pacer.begin()
        assert pacer.delay() == NEVER
        pacer.end(place, FAILED, call=len(waits), said="HTTP 502")
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert pacer.down == "HTTP 502"


def test_an_answer_takes_all_doubt_away(clock) -> None:
    pacer = Pacer(Limits(in_flight=8, failures_in_a_row=3, down_after=10), now=clock)
    for call in range(5):
        fail(pacer, FAILED, call)
    clock.time += 60
    pacer.end(pacer.begin(), ANSWERED)
    assert not pacer.in_doubt
    fail(pacer, FAILED, 1)
    assert pacer.down == ""


def test_one_call_that_always_fails_is_one_failure(clock) -> None:
    pacer = Pacer(Limits(in_flight=8, failures_in_a_row=3, down_after=0.001), now=clock)
    for _n in range(50):
        clock.time += 1
        fail(pacer, FAILED, "the same")
    assert (pacer.in_doubt, pacer.down) == (False, "")
    for _n in range(3):
        clock.time += 1
        fail(pacer, UNREACHABLE, "the same", "ConnectError")
    assert pacer.down == "ConnectError"


def test_pauses_that_were_asked_for_are_not_held_against_the_endpoint(clock) -> None:
    pacer = Pacer(Limits(in_flight=8, failures_in_a_row=3, down_after=10), now=clock)
    for call in range(6):
        fail(pacer, THROTTLED, call, "HTTP 429", retry_after=60.0)
        clock.time += 60
    # 360 s passed, all of them asked for.
    assert pacer.down == ""
    clock.time += 11
    fail(pacer, THROTTLED, 7, "HTTP 429")
    assert pacer.down == "HTTP 429"


def test_a_wait_beyond_all_patience_gives_up_at_once(clock) -> None:
    pacer = Pacer(Limits(longest_wait=300), now=clock)
    fail(pacer, THROTTLED, 1, "HTTP 429", retry_after=3600.0)
    assert pacer.down == "Retry-After 3600 s"


def test_back_off_has_full_jitter_and_a_ceiling() -> None:
    bounds: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    assert [back_off(n, 0.5, draw=draw) for n in (1, 2, 3, 4, 20)] == [0.5, 1, 2, 4, 30]
    assert {low for low, _high in bounds} == {0.0}


def bounds(pacer: Pacer, outcome: str, times: int) -> list[float]:
    """The longest pauses of one call that comes back so every time."""
    found = []
    for number in range(1, times + 1):
        fail(pacer, outcome, "the same")
        found.append(pacer.pause(number))
    return found


def longest(_low: float, high: float) -> float:
    return high


def test_pauses_of_a_call_that_keeps_failing_double(clock) -> None:
    for outcome in (THROTTLED, FAILED, UNREACHABLE):
        pacer = Pacer(Limits(in_flight=1, backoff=0.5, failures_in_a_row=100), now=clock, draw=longest)
        assert bounds(pacer, outcome, 5) == [0.5, 1, 2, 4, 8]
        # After 64 good answers too: nobody else is answered meanwhile.
        for _n in range(64):
            pacer.end(pacer.begin(), ANSWERED)
        assert bounds(pacer, outcome, 5) == [0.5, 1, 2, 4, 8]


def test_pauses_do_not_double_where_few_fail_and_others_are_answered(clock) -> None:
    pacer = Pacer(Limits(in_flight=64, backoff=0.5), now=clock, draw=longest)
    found = []
    for number in range(1, 5):
        for _n in range(15):
            pacer.end(pacer.begin(), ANSWERED)
        fail(pacer, THROTTLED, 1)
        found.append(pacer.pause(number))
    # 1 of 16 failed each time.
    assert found == [0.5, 0.5, 0.5, 0.5]


def test_pauses_double_where_many_fail_though_others_are_answered(clock) -> None:
    pacer = Pacer(Limits(in_flight=64, backoff=0.5), now=clock, draw=longest)
    found = []
    for number in range(1, 5):
        for _n in range(6):
            pacer.end(pacer.begin(), ANSWERED)
        fail(pacer, THROTTLED, 1)
        found.append(pacer.pause(number))
    # 1 of 7 failed each time: more than an eighth.
    assert found == [0.5, 1, 2, 4]
