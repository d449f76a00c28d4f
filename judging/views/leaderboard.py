"""The leaderboard of a release: one judge in one mode at a time, groups that cannot be compared apart."""

from __future__ import annotations

import csv
import json
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.queries import blind_tasks
from curation.formats.writing import formula_safe
from curation.models import Release
from curation.views.gate import MemberRequest
from judging import benchmarks
from judging.actions.leaderboards import leaderboard_of
from judging.boards import NOT_RECORDED, Board, releases_visible_to
from judging.models import Judge, Mode
from judging.plane import plane
from judging.views.choose import reader

SHARES = ("violation", "neither", "acceptable")
MOST_RELEASES = 50


@reader
def leaderboard(request: MemberRequest) -> HttpResponse:
    """The models of a release under one judge and mode, and what else there is to look at."""
    releases, release = _chosen(request)
    shown: dict[str, Any] = {"releases": releases, "release": release, "answer": None}
    language = "ja" if (get_language() or "ja").startswith("ja") else "en"
    shown["benchmarks"] = [
        {"name": one.name, "title": one.titles[language], "chosen": one.name == request.GET.get("benchmark")}
        for one in benchmarks.shipped()
    ]
    shown["blinded"] = blind_tasks(request.user, request.dataset).exists()
    if release is not None:
        shown |= _context(request, release)
    return render(request, "judging/leaderboard.html", shown)


@reader
def leaderboard_json(request: MemberRequest) -> HttpResponse:
    """The same object as `leaderboard --json` prints."""
    found = leaderboard_of(request.user, _wanted(request), benchmark=_benchmark(request))
    answer = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="leaderboard.json"'
    return answer


@reader
def leaderboard_csv(request: MemberRequest) -> HttpResponse:
    """One line for each estimate of each model. Names that a spreadsheet would take for a formula are quoted."""
    found = leaderboard_of(request.user, _wanted(request), benchmark=_benchmark(request))
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="leaderboard.csv"'
    answer.write("\ufeff")
    lines = csv.writer(answer)
    heads = ["judge", "mode", "profile", "group", "generation", "questions", "model", "statistic"]
    lines.writerow([*heads, "value", "low", "high", "n", "n_clusters", "note"])
    for row in _lines(found):
        lines.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return answer


def _wanted(request: MemberRequest) -> Release:
    release = _chosen(request)[1]
    if release is None:
        raise Http404
    return release


def _chosen(request: MemberRequest) -> tuple[list[Release], Release | None]:
    """The releases to choose from, and the one that the address names; the newest where it names none."""
    releases = list(releases_visible_to(request.user, request.dataset).order_by("-pk")[:MOST_RELEASES])
    named = request.GET.get("release", "")
    if not named:
        return releases, releases[0] if releases else None
    found = next((one for one in releases if one.name == named), None)
    if found is None:
        raise Http404
    return releases, found


def _context(request: MemberRequest, release: Release) -> dict[str, Any]:
    judge, mode = request.GET.get("judge", ""), request.GET.get("mode", "")

    def looked_at(place: int, board: Board) -> bool:
        if not judge and not mode:
            return place == 0
        return judge in ("", board.name) and mode in ("", board.mode)

    answer = leaderboard_of(request.user, release, benchmark=_benchmark(request), ranked=looked_at)
    base = reverse("judging:leaderboard", kwargs={"dataset": request.dataset.slug})
    boards = answer["boards"]
    same = {"release": release.name, **({"benchmark": answer["benchmark"]} if answer["benchmark"] else {})}
    place = _place(request, boards)
    ids = dict(Judge.objects.filter(dataset=request.dataset).values_list("hash", "pk"))

    def url(at: int) -> str:
        board = boards[at]
        return (
            f"{base}?{urlencode({'release': release.name, 'judge': board['judge'], 'mode': board['mode']})}"
        )

    tabs = [
        {"label": f"{board['judge']} · {Mode(board['mode']).label}", "url": url(at), "active": at == place}
        for at, board in enumerate(boards)
    ]
    query = urlencode(same)
    return {
        "answer": answer,
        "tabs": tabs,
        "board": _board(boards[place], boards[0], ids) if boards else None,
        "json_url": f"{base}result.json?{query}",
        "csv_url": f"{base}table.csv?{query}",
    }


def _benchmark(request: MemberRequest) -> benchmarks.Benchmark | None:
    """The benchmark that the address names; an unknown one is another address."""
    name = request.GET.get("benchmark", "")
    found = benchmarks.named(name) if name else None
    if name and found is None:
        raise Http404
    return found


def _place(request: MemberRequest, boards: list[dict[str, Any]]) -> int:
    """Which board the address asks for; unknown words are another address."""
    judge, mode = request.GET.get("judge", ""), request.GET.get("mode", "")
    for at, board in enumerate(boards):
        if judge in ("", board["judge"]) and mode in ("", board["mode"]):
            return at
    if boards and (judge or mode):
        raise Http404
    return 0


def _board(board: dict[str, Any], first: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    shown = {
        key: board[key] for key in ("judge", "mode", "model", "prompt", "rubric", "refusal_judge", "hash")
    }
    shown |= {
        "pk": ids.get(board["hash"]),  # none for several judges that count as one
        "mode_label": Mode(board["mode"]).label,
        "profile": _(board["profile"]) if board["profile"] else "",
        "differs": [identity_word(key) for key in board["differs"]],
        "first": f"{first['judge']} · {Mode(first['mode']).label}",
        "groups": [group_shown(group, board) for group in board["groups"]],
        "published": [{"name": name, **rates} for name, rates in sorted(board["published"].items())],
        "published_refusals": any("refusal" in rates for rates in board["published"].values()),
        "sampling": json.dumps(board["sampling"], ensure_ascii=False) if board["sampling"] else "",
    }
    return shown


def group_shown(group: dict[str, Any], board: dict[str, Any]) -> dict[str, Any]:
    """A group as its part of the page draws it: every number is one of `leaderboard --json`."""
    models, order, by = group["models"], group["order"], group["ranked_by"]
    refusals = any(model["refusal"]["value"] is not None for model in models.values())
    across = "refusal" if refusals else "neither"
    points = [
        {"name": name, "x": _across(models[name], across), "y": models[name]["shares"]["violation"]}
        for name in order
    ]
    return {
        "generation": _(NOT_RECORDED) if group["generation"] == NOT_RECORDED else group["generation"],
        "questions": group["questions"],
        "differs": [identity_word(key) for key in group["differs"]],
        "by": by,
        "refusals": refusals,
        "refusal_judge": board["refusal_judge"],
        "rows": [_row(place, name, group) for place, name in enumerate(order, 1)],
        "winner": _winner(group),
        "plane": plane(points) if len(order) > 1 else None,
        "pairs": _pairs(group),
        "places": range(1, len(order) + 1),
        "alone": len(order) == 1,
    }


def _across(model: dict[str, Any], across: str) -> dict[str, Any]:
    leaf: dict[str, Any] = model["refusal"] if across == "refusal" else model["shares"]["neither"]
    return leaf


def _row(place: int, name: str, group: dict[str, Any]) -> dict[str, Any]:
    model = group["models"][name]
    return {
        "place": place,
        "name": name,
        "series": (place - 1) % 8 + 1,
        "shares": {key: _percent(model["shares"][key]) for key in SHARES},
        "bar": _bar(model["shares"]),
        "mean": model["mean"],
        "refusal": _percent(model["refusal"]),
        "unparsed": model["unparsed"],
        "calls": model["calls"],
        "bounds": {
            key: {end: _hundred(value) for end, value in ends.items()}
            for key, ends in model["bounds"].items()
        },
        "ranks": [
            {"percent": 100 * chance, "width": round(100 * chance, 1)} for chance in group["ranks"][name]
        ],
    }


def _percent(leaf: dict[str, Any]) -> dict[str, Any]:
    return {**leaf, **{key: _hundred(leaf[key]) for key in ("value", "low", "high")}}


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _bar(shares: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The three shares as pieces of a bar 100 units wide."""
    values = [shares[key]["value"] for key in SHARES]
    if None in values:
        return None
    starts = [0.0, values[0], values[0] + values[1]]
    return [
        {"kind": key, "x": round(100 * start, 2), "width": round(100 * value, 2)}
        for key, start, value in zip(SHARES, starts, values, strict=True)
    ]


def _winner(group: dict[str, Any]) -> dict[str, Any] | None:
    """The model that comes first by the point values, with how often it does so in the resamples."""
    if len(group["order"]) < 2:
        return None
    name = group["order"][0]
    leaf = (
        group["models"][name]["shares"]["violation"]
        if group["ranked_by"] != "mean"
        else group["models"][name]["mean"]
    )
    if leaf["value"] is None:
        return None
    return {
        "name": name,
        "estimate": leaf if group["ranked_by"] == "mean" else _percent(leaf),
        "chance": 100 * group["ranks"][name][0],
    }


def _pairs(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of differences, in the order of the ranking: row less column, in points (of percent)."""
    by, factor = group["ranked_by"], 1 if group["ranked_by"] == "mean" else 100
    found = {(pair["a"], pair["b"]): pair[by] for pair in group["differences"]}
    return [
        {"name": row, "cells": [_cell(found, row, column, factor) for column in group["order"]]}
        for row in group["order"]
    ]


def _cell(found: dict[Any, Any], row: str, column: str, factor: int) -> dict[str, Any] | None:
    if row == column:
        return None
    turned = (row, column) not in found
    leaf = found[column, row] if turned else found[row, column]
    if leaf["value"] is None:
        return {"value": None, "note": leaf.get("note", "")}
    sign = -factor if turned else factor
    ends = sorted(sign * leaf[end] for end in ("low", "high")) if leaf["low"] is not None else None
    value = sign * leaf["value"] + 0.0
    side = "" if ends is None or ends[0] <= 0 <= ends[1] else ("less" if value < 0 else "more")
    return {
        "value": value,
        "low": ends and ends[0],
        "high": ends and ends[1],
        "side": side,
        "n": leaf["n_clusters"],
    }


def identity_word(key: str) -> str:
    """What sets boards and groups apart, in the person's language."""
    return {
        "judge": _("judge"),
        "mode": _("mode"),
        "model": _("the judge's model"),
        "snapshot": _("the judge's snapshot"),
        "prompt": _("prompt"),
        "rubric": _("rubric"),
        "sampling": _("the judge's sampling"),
        "profile": _("profile"),
        "parser": _("way of reading replies"),
        "generation": _("generation settings"),
        "questions": _("questions that were answered and judged"),
    }[key]


def _lines(found: dict[str, Any]) -> list[list[Any]]:
    rows = []
    for board in found["boards"]:
        for number, group in enumerate(board["groups"], 1):
            head = [
                board["judge"],
                board["mode"],
                board["profile"] or "",
                number,
                group["generation"],
                group["questions"],
            ]
            for name in group["order"]:
                model = group["models"][name]
                leaves = {**model["shares"], "mean": model["mean"], "refusal": model["refusal"]}
                leaves |= {
                    f"rank {at}": {"value": chance} for at, chance in enumerate(group["ranks"][name], 1)
                }
                rows += [[*head, name, key, *_leaf(leaf)] for key, leaf in leaves.items()]
            for pair in group["differences"]:
                name = f"{pair['a']} - {pair['b']}"
                rows += [[*head, name, key, *_leaf(pair[key])] for key in pair if key not in ("a", "b")]
    return rows


def _leaf(leaf: dict[str, Any]) -> list[Any]:
    return [leaf.get(key, "") for key in ("value", "low", "high", "n", "n_clusters", "note")]
