"""Leaderboards: every judged model of a release, ranked only with those of its own kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.log import Actor
from curation.models import Release
from curation.rules import require
from judging import profiles
from judging.actions.studies import MOST_RESAMPLES, RESAMPLES, code_version
from judging.benchmarks import Benchmark
from judging.boards import Board, Group, answers_to, boards_of
from judging.models import Judge

KEPT_SECONDS = 24 * 3600
IDENTITY = ("judge", "mode", "model", "snapshot", "prompt", "rubric", "sampling", "profile", "parser")


def leaderboard_of(
    actor: Actor,
    release: Release,
    *,
    judge: Judge | None = None,
    mode: str = "",
    benchmark: Benchmark | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    ranked: Callable[[int, Board], bool] = lambda place, board: True,
) -> dict[str, Any]:
    """What `leaderboard --json` prints: the boards of a release's test questions. Shape: docs/commands.md.

    A board is one judge in one mode; its groups hold models with the same generation settings and the same judged
    questions. `differs` names what sets a board apart from the first board, a group from its board's first group.
    Numbers of the same answers are computed once. `ranked` leaves out the groups of boards that nobody looks at. Raises Invalid for numbers that no resampling can have.
    """
    require(actor, "leaderboard", release)
    if seed < 0 or not 2 <= resamples <= MOST_RESAMPLES:
        message = _("The seed must be 0 or more, and the resamples from 2 to %(most)d.")
        raise Invalid(message % {"most": MOST_RESAMPLES}, field="resamples" if seed >= 0 else "seed")
    boards, unknown = boards_of(release, judge=judge, mode=mode, benchmark=benchmark)
    told = [_board(board, seed, resamples, ranked(place, board)) for place, board in enumerate(boards)]
    for board in told:
        board["differs"] = [key for key in IDENTITY if board[key] != told[0][key]]
    answers = answers_to(release)
    judged = {model[0] for board in boards for group in board.groups for model in group.names.values()}
    return {
        "release": release.name,
        "benchmark": benchmark.name if benchmark else None,
        "split": "test",
        "questions": release.items.filter(split="test").count(),
        "seed": seed,
        "resamples": resamples,
        "code_version": code_version(),
        "boards": told,
        "scale_unknown": [
            {"judge": one.name, "rubrics": sorted(map(str, one.rubrics.all()))} for one in unknown
        ],
        "not_judged": sorted({answer.model[0] for answer in answers} - judged),
    }


def _board(board: Board, seed: int, resamples: int, ranked: bool) -> dict[str, Any]:
    spec = board.judges[0].spec
    prompts = [(judge.spec.get("prompt") or {}).get("name", "") for judge in board.judges]
    groups = [_group(group, seed, resamples) for group in board.groups] if ranked else []
    for group in groups:
        group["differs"] = [key for key in ("generation", "questions") if group[key] != groups[0][key]]
    for group, of in zip(groups[1:], board.groups[1:], strict=ranked):
        if of.questions != board.groups[0].questions and "questions" not in group["differs"]:
            group["differs"].append("questions")  # as many, but others
    return {
        "judge": board.name,
        "hash": " + ".join(judge.hash for judge in board.judges),
        "mode": board.mode,
        "model": spec.get("model", ""),
        "snapshot": spec.get("snapshot", ""),
        "prompt": " + ".join(prompts),
        "rubric": board.scale.name,
        "sampling": spec.get("sampling") or {},
        "parser": spec.get("parser", ""),
        "profile": profiles.label_of(spec),
        "refusal_judge": board.refusal_judge.name if board.refusal_judge else None,
        "groups": groups,
        "published": board.published,
    }


def _group(group: Group, seed: int, resamples: int) -> dict[str, Any]:
    rows = sorted(json.dumps(astuple(answer)) for answer in group.data.answers)
    cuts = [group.data.violation_at_most, group.data.acceptable_at_least]
    parts = json.dumps([rows, cuts, seed, resamples, code_version()])
    digest = hashlib.sha256(parts.encode()).hexdigest()
    found = cache.get(f"ranking-{digest}")
    if found is None:
        from curation.stats.ranking import ranking  # scipy: only who computes waits for it

        found = ranking(group.data, seed=seed, resamples=resamples)
        cache.set(f"ranking-{digest}", found, KEPT_SECONDS)
    return {
        "generation": group.generation,
        "questions": len(group.questions),
        "data_hash": digest,
        **found,
    }
