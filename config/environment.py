"""The environment's words as values, and Django's settings of the two databases."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env(name: str, default: str = "") -> str:
    """The variable, stripped; the default where it is missing or empty."""
    return os.environ.get(name, "").strip() or default


def env_flag(name: str, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off; anything else is an error rather than a silent false."""
    text = env(name).lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {text!r}.")


def env_int(name: str, default: int) -> int:
    """A whole number."""
    text = env(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}.") from None


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in env(name, default).split(",") if word.strip()]


def env_secret(name: str) -> str:
    """NAME, else the content of the file that NAME_FILE names, else empty."""
    if value := env(name):
        return value
    if not (file := env(f"{name}_FILE")):
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error}.") from None


SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL;PRAGMA synchronous={};PRAGMA busy_timeout=20000;"


def sqlite(path: Path | str, *, synchronous: str = "FULL", max_age: int = 60) -> dict[str, Any]:
    """SQLite that keeps what it acknowledged: FULL survives a power cut, IMMEDIATE makes writers queue.

    A connection is kept for some seconds: opening one takes longer than most requests need for all their queries.
    """
    return {
        "ENGINE": "config.sqlite",
        "NAME": str(path),
        "CONN_MAX_AGE": max_age,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": SQLITE_PRAGMAS.format(synchronous),
        },
    }


# Pages ask small questions, many at a time: a query that takes other processes to help it, or is compiled, costs all of
# them more than it gains.
POSTGRES_OPTIONS = "-c max_parallel_workers_per_gather=0 -c jit=off"


def database(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?option=value` or `sqlite:///path`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(unquote(parts.path[1:]))  # as elsewhere: three slashes are relative, four absolute
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql:// or sqlite:///.")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or "") or env_secret("TEINEI_DATABASE_PASSWORD"),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": POSTGRES_OPTIONS} | options,
    }
