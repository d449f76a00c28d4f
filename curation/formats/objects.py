"""One JSON value from a file or a form: encoding, soundness and depth are judged before anybody looks inside."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from .encoding import find_encoding
from .faults import Fault, UnusableFile, excerpt, gettext_noop
from .fields import kind_of, sound

DEEPEST = 40
LARGEST_TEXT = 200_000
LARGEST_FILE = 64 << 20


def read_json(path: str | Path) -> Any:
    """The JSON value of a file, fit to be stored. Raises UnusableFile with the place of the fault."""
    place = Path(path)
    if not place.exists():
        raise UnusableFile(gettext_noop("%(file)s does not exist"), file=place.name)
    if place.is_file() and place.stat().st_size > LARGEST_FILE:
        raise UnusableFile(gettext_noop("%(file)s is larger than 64 MiB"), file=place.name)
    encoding = find_encoding(place)
    try:
        value = json.loads(
            place.read_text(encoding=encoding), parse_constant=_no_constant, object_pairs_hook=_once
        )
        check_json(value)
    except json.JSONDecodeError as error:
        raise UnusableFile(
            gettext_noop("%(file)s is not sound JSON: it breaks at line %(line)s; nothing was read"),
            file=place.name,
            line=error.lineno,
        ) from None
    except (ValueError, RecursionError):
        raise UnusableFile(
            gettext_noop(
                "%(file)s is JSON with a number too long, NaN, Infinity, or nesting too deep to be kept"
            ),
            file=place.name,
        ) from None
    except Fault as fault:
        values = {"field": fault.field, **fault.values}
        raise UnusableFile("%(file)s: %(why)s", file=place.name, why=fault.template % values) from None
    return value


def read_object(path: str | Path) -> dict[str, Any]:
    """The JSON object of a file. Raises UnusableFile, also for a value of another kind."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise UnusableFile(
            gettext_noop("%(file)s holds %(kind)s; it must hold one object with keys and values"),
            file=Path(path).name,
            kind=kind_of(value),
        )
    return value


def check_json(value: Any, field: str = "", *, depth: int = 0) -> None:
    """Fault, naming the place, where a database could not keep the value: NUL, half a surrogate pair, NaN, too deep."""
    here = field or "the value"
    if isinstance(value, str):
        sound(value, here, limit=LARGEST_TEXT)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Fault(gettext_noop("%(field)s is not a finite number; JSON has no NaN or Infinity"), field=here)
    elif isinstance(value, dict | list):
        if depth >= DEEPEST:
            raise Fault(
                gettext_noop("%(field)s is nested more than %(depth)s deep"), field=here, depth=DEEPEST
            )
        pairs = value.items() if isinstance(value, dict) else enumerate(value, 1)
        for key, inner in pairs:
            sound(str(key), f"a key of {here}", limit=LARGEST_TEXT)
            check_json(inner, f"{field}.{key}" if field else str(key), depth=depth + 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, unless it names one key twice: which value was meant is not known."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise Fault(gettext_noop("%(field)s stands twice in one object; keep one"), field=excerpt(key))
        made[key] = value
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
