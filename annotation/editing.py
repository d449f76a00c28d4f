"""A rubric's object as a form edits it, and what differs between two versions. Pure.

Fields of the form: the words and cuts by their keys, `anchor-AXIS-POINT-KEY` by numbers of axis and point, and
`example-N-KEY`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

WORDS = ("title_ja", "title_en", "instructions_ja", "instructions_en")
CUTS = ("violation_at_most", "acceptable_at_least", "reason_below", "refusal_at_most")
ANCHOR_KEYS = ("ja", "en", "long_ja", "long_en", "example_ja", "example_en")
EXAMPLE_KEYS = ("label", "score", "question_ja", "response_ja", "why_ja", "why_en")
BLANK_EXAMPLES = 2  # rows to fill in after those that are there
MOST_EXAMPLES = 220


def scales_of(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects that hold a scale with anchors: the rubric itself, then its further axes."""
    return [given, *(axis for axis in given.get("axes") or [] if isinstance(axis, dict))]


def edited(base: dict[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
    """The object with what the form sent; what it did not send stays. An example whose texts are all empty is left out.

    A cut that is no number stays as it was typed, for the check to name it.
    """
    given = copy.deepcopy(base)
    for key in WORDS:
        if key in sent:
            given[key] = _lines(sent[key])
    for key in CUTS:
        if key in sent:
            given[key] = _number(sent[key])
    for at, scale in enumerate(scales_of(given)):
        anchors = scale["anchors"] = dict(scale.get("anchors") or {})
        for number, point in enumerate(scale["scale"]):
            words = dict(anchors.get(str(point)) or {})
            for key in ANCHOR_KEYS:
                field = f"anchor-{at}-{number}-{key}"
                if field in sent:
                    words[key] = _lines(sent[field])
            anchors[str(point)] = {key: word for key, word in words.items() if word}
    if "example-0-label" in sent:
        given["examples"] = _examples(base.get("examples") or [], sent)
    return given


def _examples(base: list[dict[str, Any]], sent: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for n in range(MOST_EXAMPLES):
        if f"example-{n}-label" not in sent:
            break
        words = {key: _lines(sent.get(f"example-{n}-{key}", "")) for key in EXAMPLE_KEYS}
        if not any(words[key] for key in EXAMPLE_KEYS if key not in ("label", "score")):
            continue
        kept = dict(base[n]) if n < len(base) else {}
        score = kept.get("score")
        found.append(
            {**kept, **words, "score": score if str(score) == words["score"] else _number(words["score"])}
        )
    return found


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _number(text: str) -> Any:
    plain = text.strip()
    if not plain:
        return None
    try:
        number = float(plain)
    except ValueError:
        return plain
    return int(number) if number.is_integer() and abs(number) < 1e9 else number


def flat(given: dict[str, Any]) -> dict[str, str]:
    """The object's texts by their place, such as `anchors.1.ja` or `examples.2.why_ja`; empty ones are none."""
    found: dict[str, str] = {}

    def walk(value: Any, place: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{place}.{key}" if place else str(key))
        elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
            for at, inner in enumerate(value, start=1):
                walk(inner, f"{place}.{at}")
        elif value not in (None, "", []):
            found[place] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    walk(given, "")
    return found


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(place, text before, text after) of what differs; an empty text is one that is not there."""
    old, new = flat(before), flat(after)
    places = [*old, *(place for place in new if place not in old)]
    return [
        (place, old.get(place, ""), new.get(place, ""))
        for place in places
        if old.get(place, "") != new.get(place, "")
    ]
