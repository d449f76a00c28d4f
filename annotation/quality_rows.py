"""The responses behind a number of a task's quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from annotation.models import RatingTask
from annotation.quality import (
    ARMS,
    Given,
    TaskRows,
    category_of,
    stretch_length,
    stretches_of,
    timed_of,
)
from annotation.study_rows import checks_of, floors_of, held_back, ratings_given, skips_of, study_responses
from curation.stats.pace import APART

FILTERS = (
    *("axis", "category", "model", "arm", "rater", "other", "differ", "shared", "undecided", "stretch"),
    *("below_floor", "quick", "slow", "skipped", "gold"),
)
# With a rater these belong to numbers about one person.
OF_ONE = ("other", "shared", "undecided", "stretch", "below_floor", "quick", "slow")
Chosen = Callable[[Given], bool]


def matching(task: RatingTask, wanted: Mapping[str, str]) -> list[int]:
    """Ids of the responses that a number with these filters counts, in the order in which they were rated."""
    rater = wanted.get("rater")
    if wanted.get("gold"):
        return [response for name, response, _right in checks_of(task) if rater in (None, name)]
    if wanted.get("skipped"):
        back = held_back(task)
        named = [one for one in skips_of(task) if rater in (None, one[0]) and one[:2] not in back]
        return list(dict.fromkeys(response for _name, response, _code in named))
    axis = wanted.get("axis") or task.rubric.axis
    ratings = [one for one in ratings_given(task) if one.axis == axis]
    here = _part(task, wanted, ratings)
    if rater and any(wanted.get(name) for name in OF_ONE):
        back = held_back(task)
        ratings = [one for one in ratings if (one.rater, one.response) not in back]
    if wanted.get("arm"):
        ratings = [one for one in ratings if ARMS[one.with_reference] == wanted["arm"]]
    if wanted.get("shared"):
        here &= _shared(ratings)
    if wanted.get("other"):
        here &= _pair(ratings, rater or "", wanted["other"], differ=bool(wanted.get("differ")))
    mine = ratings if rater is None else [one for one in ratings if one.rater == rater]
    if wanted.get("stretch"):
        mine = _stretch(ratings, rater or "", wanted["stretch"])
    if wanted.get("undecided"):
        mine = [one for one in mine if not one.score]
    elif wanted.get("shared"):
        mine = [one for one in mine if one.score]
    if any(wanted.get(name) for name in ("below_floor", "quick", "slow")):
        mine = _timed(task, wanted, mine)
    return list(dict.fromkeys(one.response for one in mine if one.response in here))


def _part(task: RatingTask, wanted: Mapping[str, str], ratings: Iterable[Given]) -> set[int]:
    """The responses of a model or a category; all that were rated where neither is asked for."""
    model, category = wanted.get("model"), wanted.get("category")
    if model is None and category is None:
        return {one.response for one in ratings}
    return {
        int(str(one.id))
        for one in study_responses(task)
        if model in (None, one.model) and category in (None, category_of(one))
    }


def _shared(ratings: Iterable[Given]) -> set[int]:
    """Responses with at least two ratings that are points."""
    count: dict[int, int] = defaultdict(int)
    for one in ratings:
        count[one.response] += bool(one.score)
    return {response for response, n in count.items() if n >= 2}


def _pair(ratings: Iterable[Given], a: str, b: str, *, differ: bool) -> set[int]:
    """Responses that both scored, or scored differently."""
    given: dict[str, dict[int, str]] = {a: {}, b: {}}
    for one in ratings:
        if one.rater in given and one.score:
            given[one.rater][one.response] = one.score
    both = given[a].keys() & given[b].keys()
    return {response for response in both if not differ or given[a][response] != given[b][response]}


def _stretch(ratings: list[Given], rater: str, number: str) -> list[Given]:
    """The ratings in one stretch of a rater's work, counted from 1."""
    own = stretches_of(ratings, stretch_length(ratings)).get(rater, [])
    at = int(number) - 1 if number.isascii() and number.isdigit() and len(number) < 9 else -1
    return own[at] if 0 <= at < len(own) else []


def _timed(task: RatingTask, wanted: Mapping[str, str], mine: list[Given]) -> list[Given]:
    ratings = ratings_given(task)
    floors = floors_of(task, {one.response for one in ratings if one.seconds is not None})
    rows = TaskRows(task.name, task.rubric.axes, (), ratings, floors=floors)
    chosen = {
        (one.rater, one.response)
        for one, seconds, floor, z in timed_of(rows, task.rubric.axis)
        if (wanted.get("below_floor") and seconds < floor)
        or (wanted.get("quick") and z < -APART)
        or (wanted.get("slow") and z > APART)
    }
    return [one for one in mine if (one.rater, one.response) in chosen]
