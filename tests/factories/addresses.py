"""Every address of the site, from the resolver, so that a new page joins the sweeps by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


def addresses(patterns: Any, names: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all addresses, with their namespaces; those of allauth and the admin are not ours."""
    for each in patterns:
        if isinstance(each, URLResolver):
            if each.namespace != "admin" and str(each.pattern) != "accounts/":
                inner = (*names, each.namespace) if each.namespace else names
                yield from addresses(each.url_patterns, inner)
        elif isinstance(each, URLPattern) and each.name:
            yield ":".join((*names, each.name))


def every_name() -> list[str]:
    return sorted(set(addresses(get_resolver().url_patterns)))


def address_of(name: str, keys: dict[str, Any]) -> str:
    """The address of that name with those of the keys that it asks for."""
    resolver: Any = get_resolver()
    *spaces, last = name.split(":")
    asked: list[str] = []
    for space in spaces:
        prefix, resolver = resolver.namespace_dict[space]
        asked += [key for key in keys if f"({key})s" in prefix]
    asked += resolver.reverse_dict.getlist(last)[0][0][0][1]
    return reverse(name, kwargs={key: keys[key] for key in asked})
