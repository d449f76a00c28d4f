"""A study as lines of text for a terminal: every block that the page has, every number with its interval and its n."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unicodedata import east_asian_width

from curation.figures import PAPER_BAND

Part = dict[str, Any]
SOURCES = {"human_majority": "people's majority", "judge": "judge alone", "combined": "both combined"}
RATES = ("violation", "acceptable")
NAME = 30  # columns of a name
TITLES = {
    "judge_human": "Judge against people",
    "human_human": "People among themselves",
    "judge_judge": "The judge with itself",
    "system_level": "Models as a whole",
}
VERDICTS = {
    "pass": "the judge may stand in for a rater",
    "fail": "the judge may not stand in for a rater",
    "under_powered": "too small a sample to say whether the judge may stand in for a rater",
}
NOISE = {
    "observed": "observed Pearson r",
    "corrected_for_judge": "without the judge's own noise",
    "corrected_for_raters": "without the raters' noise",
    "latent": "without either: latent r",
}


def readable(result: Part) -> str:
    """The whole study, block by block, in the order of the page."""
    blocks: list[tuple[str, Iterator[str]]] = [("", _head(result))]
    blocks += [(title, _leaves(result[key])) for key, title in TITLES.items()]
    for rate in RATES:
        blocks.append(
            (f"{rate.capitalize()} rate, with unparsed calls at best and at worst", _rate(result, rate))
        )
    blocks += [
        ("The judge's three shares of each model", _shares(result)),
        ("Verdicts against ratings, percent of all pairs (rows: judge, columns: people)", _pairs(result)),
        *(
            (f"Is it {'a violation' if rate == 'violation' else 'acceptable'}?", _decision(result, rate))
            for rate in RATES
        ),
        ("Categories, both combined; bias is judge less people", _categories(result)),
        ("Specific harms, posterior violation rate", _harms(result)),
        ("Noise", _noise(result)),
        (
            "With the reference less without it"
            if result["mode"] == "ref"
            else "Without the reference less with it",
            _modes(result),
        ),
        ("Raters: own score less the others'", _raters(result)),
        ("Alternative annotator test", _alternative(result)),
        ("What to rate next", _next(result)),
        ("Health of the calls", _health(result)),
        ("Left out, by name", _excluded(result)),
        ("", iter([_methods(result)])),
    ]
    lines: list[str] = []
    for title, found in blocks:
        told = list(found)
        if told:
            lines += ["", *([title] if title else []), *told]
    return "\n".join(lines[1:])


def _head(result: Part) -> Iterator[str]:
    """The finding in one sentence, and what it rests on."""
    profile = f" ({result['profile']})" if result.get("profile") else ""
    yield f"{result['judge']}{profile}, mode {result['mode']}, on {result['task']}"
    scaled = "spearman" in result["judge_human"]
    main = result["judge_human"]["spearman" if scaled else "cohen_kappa"]
    people = result["human_human"]["spearman_pairs" if scaled else "krippendorff_alpha_nominal"]
    word = "Spearman" if scaled else "Cohen's kappa"
    yield f"The judge agrees with people at {word} {_said(main)}; people agree with each other at {_said(people)}."
    if scaled and result["mode"] == "ref" and main["low"] is not None:
        low, high = PAPER_BAND
        lies = "lies below" if main["high"] < low else "lies above" if main["low"] > high else "overlaps"
        yield f"The interval {lies} the paper's {low}-{high}, given there for a coefficient it does not name."
    counts = {name: n for name, n in result["counts"].items() if n is not None}
    yield ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())


def _leaves(block: Part) -> Iterator[str]:
    for name, leaf in block.items():
        yield _line(name.replace("_", " "), _said(leaf))


def _rate(result: Part, rate: str) -> Iterator[str]:
    parts = {"all models": result, **result["by_model"]}
    for name, part in parts.items():
        yield f"  {name}"
        for source, word in SOURCES.items():
            yield _line(f"  {word}", _said(part[rate][source], percent=True))
        bounds = part.get("bounds") if name != "all models" else None
        if bounds and bounds[rate]["low"] is not None:  # a scale without an order has no rate
            low, high = (_number(bounds[rate][end], percent=True) for end in ("low", "high"))
            yield _line("  judge, at best and worst", f"{low} - {high}, unparsed calls: {bounds['unparsed']}")


def _shares(result: Part) -> Iterator[str]:
    for name, part in result["by_model"].items():
        yield f"  {name}"
        yield from (_line(f"  {share}", _said(leaf, percent=True)) for share, leaf in part["shares"].items())


def _pairs(result: Part) -> Iterator[str]:
    """The agreement table, then what people give where the judge gives a score."""
    scale = result["agreement"]["scale"]
    if not scale:
        return
    width = max(6, *(_width(str(score)) + 2 for score in scale))
    yield "  " + " " * width + "".join(_right(str(score), width) for score in scale)
    for score, row in zip(scale, result["agreement"]["table"], strict=True):
        yield "  " + _right(str(score), width) + "".join(f"{100 * share:{width}.1f}" for share in row)
    for point in result["agreement"]["calibration"]:
        name = f"where the judge gives {point['score']}"
        yield _line(name, f"people give {_said(point['human_mean'])}, bias {_said(point['bias'])}")


def _decision(result: Part, rate: str) -> Iterator[str]:
    block = result["decisions"].get(rate) or {}
    for name, leaf in block.items():
        if name == "counts":
            yield _line("responses", ", ".join(f"{n} {key.replace('_', ' ')}" for key, n in leaf.items()))
        else:
            yield _line(name.replace("_", " "), _said(leaf))


def _categories(result: Part) -> Iterator[str]:
    for path, part in result["by_category"].items():
        yield f"  {path}"
        for rate in RATES:
            yield _line(f"  {rate}", _said(part[rate]["combined"], percent=True))
        if "bias" in part["judge_human"]:
            yield _line("  bias", _said(part["judge_human"]["bias"]))
        differs = part.get("differs")
        yield _line(
            "  differs from the rest",
            f"p={differs['p']:.3f} q={differs['q']:.3f}" if differs else part["differs_note"],
        )


def _harms(result: Part) -> Iterator[str]:
    for path, leaf in result["leaves"].items():
        yield f"  {path}"
        yield _line("  violation", _said(leaf["violation"], percent=True))


def _noise(result: Part) -> Iterator[str]:
    for name, leaf in result["noise"].items():
        yield _line(NOISE.get(name, name.replace("_", " ")), _said(leaf))


def _modes(result: Part) -> Iterator[str]:
    other = result["other_mode"]
    if other is None:
        yield "  The judge has verdicts in one mode only."
        return
    yield f"  {other['responses']} responses judged in both, {other['moved']} moved by two points or more"
    yield from _leaves(other["differences"])


def _raters(result: Part) -> Iterator[str]:
    for name, part in result["raters"].items():
        yield _line(name, f"{_said(part['severity'])}, {part['ratings']} ratings")


def _alternative(result: Part) -> Iterator[str]:
    test = result["alt_test"]
    yield _line("verdict", f"{test['verdict']}: {VERDICTS[test['verdict']]} (epsilon {test['epsilon']})")
    for name in ("winning_rate", "advantage_probability"):
        yield _line(name.replace("_", " "), _said(test[name]))


def _next(result: Part) -> Iterator[str]:
    """Where the combined violation rate stands, what more ratings bring, and at which scores they tell most."""
    block = result["rate_next"]
    if block["half_width"] is not None:
        yield _line("half width of the interval now", _number(block["half_width"], percent=True))
    for step in block["plan"]:
        yield _line(f"with {step['more']} more responses", _number(step["half_width"], percent=True))
    for one in block["strata"]:
        told = f"{one['rated']} of {one['responses']} responses rated, share of the next {one['share']:.0%}"
        yield _line(f"judge's score {one['score']}", told)


def _health(result: Part) -> Iterator[str]:
    health = result["health"]
    yield _line("calls with a score", f"{health['ok']} of {health['calls']}")
    for name, part in health["by_model"].items():
        failures = ", ".join(f"{key} {n}" for key, n in part["failures"].items())
        yield _line(name, f"{part['ok']} of {part['calls']}{f' ({failures})' if failures else ''}")
    differs = health["differs_by_model"]
    if differs["p"] is not None:
        yield _line("differs by model", f"p={differs['p']:.3f}")


def _excluded(result: Part) -> Iterator[str]:
    shown = {name: row for name, row in result["excluded"].items() if row["calls"] or row["responses"]}
    for name, row in shown.items():
        yield _line(name, f"{row['calls']} calls or ratings, {row['responses']} responses")
    if not shown:
        yield "  nothing"


def _methods(result: Part) -> str:
    chosen = result["options"]
    least, of = chosen["majority"]["at_least"], chosen["majority"]["of"]
    majority = f"{least}/{of}" if of else f"{least}"
    return (
        f"95 % intervals; seed {result['seed']}, {result['resamples']} resamples, majority {majority}, "
        f"epsilon {chosen['epsilon']}, target {chosen['target']}, {result['code_version']}"
    )


def _said(leaf: Part, *, percent: bool = False) -> str:
    """Value, interval, n responses and n questions; or why there is none."""
    if leaf["value"] is None:
        return f"not estimable. {leaf.get('note') or ''}".strip()
    value = _number(leaf["value"], percent=percent)
    if leaf["low"] is not None:
        ends = (_number(leaf[end], percent=percent).removesuffix(" %") for end in ("low", "high"))
        value = f"{value} [{', '.join(ends)}]"
    return f"{value} n={leaf['n']} questions={leaf['n_clusters']}"


def _number(value: float, *, percent: bool = False) -> str:
    return f"{100 * value:.1f} %" if percent else f"{value:.4f}"


def _line(name: str, told: str) -> str:
    return f"  {name}{' ' * max(1, NAME - _width(name))}{told}"


def _right(text: str, width: int) -> str:
    return " " * max(0, width - _width(text)) + text


def _width(text: str) -> int:
    """Columns of a terminal: full-width signs take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
