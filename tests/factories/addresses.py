"""Every address of the site, from the resolver, so that a new page joins the sweeps by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

if TYPE_CHECKING:
    from curation.models import Person
    from tests.factories.whole import Whole

TEXT_FIELD = re.compile(
    r"<(?:textarea\b|input\b(?![^>]*type=\"(?!text|search|url|email)))[^>]*?(?:name|id)=\"([^\"]+)\""
)
NUMBER = re.compile(r"[0-9a-f]{12,}|\d+")


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


def pages_with_fields(client: Client, person: Person, whole: Whole) -> list[str]:
    """Addresses whose pages hold a field of text of a kind that no page before held, as that person finds them.

    From every name of the URL table, and from what a page offers of itself (`?decide=...`).
    """
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    client.post(address_of("curation:warning", whole.keys("curation:warning")))
    todo = [address_of(name, whole.keys(name)) for name in reversed(every_name())]
    asked, seen = set[str](), set[tuple[str, str]]()
    found: list[str] = []
    while todo:
        address = todo.pop()
        if address in asked:
            continue
        asked.add(address)
        html = _page(client, address)
        path = address.partition("?")[0]
        if path == address:
            todo += _offered(html, path)
        fields = {NUMBER.sub("0", name) for name in TEXT_FIELD.findall(html.partition("<main")[2])}
        kinds = {(NUMBER.sub("0", path), name) for name in fields}
        if not kinds <= seen:
            seen |= kinds
            found.append(address)
    return found


def _page(client: Client, address: str) -> str:
    answer = client.get(address)
    html = answer.headers.get("Content-Type", "").startswith("text/html") and answer.status_code == 200
    return answer.content.decode() if html else ""


def _offered(html: str, path: str) -> list[str]:
    links = re.findall(rf'href="(?:{re.escape(path)})?(\?[^"#]+)', html)
    return [
        path + link.replace("&amp;", "&") for link in {NUMBER.sub("0", each): each for each in links}.values()
    ]
