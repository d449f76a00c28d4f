"""Checks of single values: each returns the value as it will be stored, or raises `Fault` naming what is right."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .faults import Fault, gettext_noop

TEXT_LIMIT = 20_000
ID_LIMIT = 200
NAME_LIMIT = 300
LOCALE_LIMIT = 10
RUBRIC_LIMIT = 80
RATER_LIMIT = 80
JUDGE_LIMIT = 120
AXIS_LIMIT = 40
SCORE_LIMIT = 40  # a point of a scale as it is kept
LABEL_LIMIT = 2_000  # Do-Not-Answer writes its definitions into the label: up to 930 characters
DEPTH_LIMIT = 8

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """The kind of a JSON value in words."""
    return "empty (null)" if value is None else _KINDS.get(type(value), type(value).__name__)


def sound(value: str, field: str, *, limit: int = TEXT_LIMIT) -> str:
    """A string that can be stored everywhere: no NUL, no lone surrogate, not over the limit (characters)."""
    if (at := value.find("\0")) >= 0:
        raise Fault(
            gettext_noop("%(field)s holds a NUL character (U+0000) as character %(at)s; remove it"),
            field=field,
            at=at + 1,
            content=value,
        )
    if found := _SURROGATE.search(value):
        raise Fault(
            gettext_noop(
                "%(field)s holds half of a surrogate pair (%(code)s) as character %(at)s, which is no character; "
                "write the whole character"
            ),
            field=field,
            at=found.start() + 1,
            code=f"U+{ord(found.group()):04X}",
            content=value,
        )
    if len(value) > limit:
        raise Fault(
            gettext_noop("%(field)s is %(length)s characters long; at most %(limit)s can be stored"),
            field=field,
            length=f"{len(value):,}",
            limit=f"{limit:,}",
            content=value,
        )
    return value


def text(value: object, field: str, *, limit: int = TEXT_LIMIT) -> str:
    """A text that must be there and not blank; kept character for character."""
    if value is None:
        raise Fault(gettext_noop("%(field)s is missing; every record needs it"), field=field)
    if not isinstance(value, str):
        raise Fault(gettext_noop("%(field)s is %(kind)s; it must be text"), field=field, kind=kind_of(value))
    if not value.strip():
        raise Fault(gettext_noop("%(field)s is blank; every record needs it"), field=field)
    return sound(value, field, limit=limit)


def optional_text(value: object, field: str, *, limit: int = TEXT_LIMIT) -> str | None:
    """A text that may be missing: missing, null and blank are all None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return text(value, field, limit=limit)


def identifier(value: object, field: str) -> str:
    """An opaque external id: text or a whole number, one line, at most 200 characters; kept as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    given = text(value, field, limit=ID_LIMIT)
    if _CONTROL.search(given) or given != given.strip():
        raise Fault(
            gettext_noop(
                "%(field)s has spaces at its ends, a line break or a control character; remove them"
            ),
            field=field,
            content=given,
        )
    return given


def name(value: object, field: str, *, limit: int = NAME_LIMIT) -> str:
    """A name of a model, a rater, a judge: one line of text, at most 300 characters where no limit is given."""
    given = text(value, field, limit=limit)
    if _CONTROL.search(given):
        raise Fault(
            gettext_noop("%(field)s has a line break or a control character in it"),
            field=field,
            content=given,
        )
    return given.strip()


def label(value: object, field: str) -> str:
    """A label string of a taxonomy, exact: only its presence and soundness are checked."""
    return text(value, field, limit=LABEL_LIMIT)


def locale(value: object, field: str) -> str:
    """A language tag such as en or zh-Hant."""
    given = text(value, field, limit=LOCALE_LIMIT)
    if not _LOCALE.fullmatch(given):
        raise Fault(
            gettext_noop("%(field)s is not a language tag; write for example en, ko or zh-Hant"),
            field=field,
            content=given,
        )
    return given


def one_of(value: object, field: str, allowed: Iterable[str]) -> str:
    """One of the allowed words."""
    words = tuple(allowed)
    if not isinstance(value, str) or value not in words:
        raise Fault(
            gettext_noop("%(field)s must be one of: %(words)s"),
            field=field,
            words=", ".join(words),
            content=value,
        )
    return value


def whole(value: object, field: str, *, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number in a range; digits as text are taken, since CSV knows nothing else."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Fault(
            gettext_noop("%(field)s must be a whole number from %(least)s to %(most)s"),
            field=field,
            least=least,
            most=most,
            content=value,
        )
    return value


def number(
    value: object, field: str, *, above: float | None = None, least: float = 0.0, most: float = math.inf
) -> float:
    """A finite number with least <= value <= most, and value > above where that is given."""
    try:
        given = (
            math.nan if isinstance(value, bool) or not isinstance(value, str | int | float) else float(value)
        )
    except (ValueError, OverflowError):
        given = math.nan
    if not (math.isfinite(given) and least <= given <= most and (above is None or given > above)):
        raise Fault(
            gettext_noop("%(field)s must be a number %(range)s"),
            field=field,
            range=f"> {above:g}, <= {most:g}" if above is not None else f">= {least:g}",
            content=value,
        )
    return given


def truth(value: object, field: str) -> bool:
    """true or false; null and '' are false; CSV's true/false/1/0 are taken."""
    if isinstance(value, bool):
        return value
    if value is None or value in ("", 0) or (isinstance(value, str) and value.casefold() in ("false", "0")):
        return False
    if value == 1 or (isinstance(value, str) and value.casefold() in ("true", "1")):
        return True
    raise Fault(gettext_noop("%(field)s must be true or false"), field=field, content=value)


def sha256(value: object, field: str) -> str | None:
    """64 lower-case hexadecimal digits, or None where missing."""
    given = optional_text(value, field)
    if given is not None and not _SHA256.fullmatch(given):
        raise Fault(
            gettext_noop("%(field)s must be 64 lower-case hexadecimal digits (SHA-256)"),
            field=field,
            content=given,
        )
    return given


def free_value(value: object, field: str, *, depth: int = 0) -> Any:
    """Any JSON value whose strings are sound and whose numbers are finite, at most 8 levels deep."""
    if isinstance(value, str):
        return sound(value, field)
    if isinstance(value, float) and not math.isfinite(value):
        raise Fault(
            gettext_noop("%(field)s is not a finite number; JSON has no NaN or Infinity"), field=field
        )
    if depth > DEPTH_LIMIT:
        raise Fault(
            gettext_noop("%(field)s is nested more than %(depth)s deep"), field=field, depth=DEPTH_LIMIT
        )
    if isinstance(value, Mapping):
        return {
            sound(str(key), field, limit=ID_LIMIT): free_value(inner, field, depth=depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [free_value(inner, field, depth=depth + 1) for inner in value]
    return value
