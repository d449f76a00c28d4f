"""Whether what came in under some terms may go out under others. Pure: two sets of terms in, the obstacles out.

| what the item's terms say | what the release's own must | else |
| --- | --- | --- |
| not redistributable | nothing helps | NOT_REDISTRIBUTABLE |
| gate no_access or requested | nothing helps | NO_ACCESS |
| inherits | exist | NO_TERMS |
| inherits, with a licence | name the same licence | OTHER_LICENCE |
| inherits, with terms | hold those terms, word for word | OTHER_TERMS |
| inherits | be inherited too | NOT_INHERITED |
| a purpose | carry it, as purpose or in the terms | PURPOSE |
| an attribution | carry it, as attribution or in the terms | ATTRIBUTION |
| a licence of the CC BY family, no attribution | nothing helps: whom to name is not known | NOBODY_NAMED |

Terms go with themselves in everything but the first two and the last. Texts are compared after width, case and white space.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from curation.formats.faults import gettext_noop

NOT_REDISTRIBUTABLE = gettext_noop("its terms “%(name)s” forbid passing it on")
NO_ACCESS = gettext_noop("access under its terms “%(name)s” has not been granted")
NO_TERMS = gettext_noop("its terms “%(name)s” are inherited, and the release names no terms")
OTHER_LICENCE = gettext_noop("its terms “%(name)s” are inherited, and the release has another licence")
OTHER_TERMS = gettext_noop("its terms “%(name)s” are inherited, and the release's terms do not hold them")
NOT_INHERITED = gettext_noop(
    "its terms “%(name)s” are inherited, and the release's terms end with the release"
)
PURPOSE = gettext_noop("its terms “%(name)s” bind it to a purpose that the release's terms do not carry")
ATTRIBUTION = gettext_noop(
    "its terms “%(name)s” ask for an attribution that the release's terms do not carry"
)
NOBODY_NAMED = gettext_noop(
    "its terms “%(name)s” have a licence that asks for an attribution, and name nobody"
)

CLOSED = frozenset({"no_access", "requested"})


def obstacles(item: Mapping[str, Any], release: Mapping[str, Any] | None) -> list[str]:
    """Why an item under the terms `item` cannot go out under `release`; [] where it can.

    Both have the keys name, licence, terms, purpose, attribution, inherits, redistributable, gate; a key may be missing.
    `release` is None where it names no terms. The sentences take %(name)s, the name of the item's terms.
    """
    found = []
    if not item.get("redistributable", True):
        found.append(NOT_REDISTRIBUTABLE)
    if item.get("gate") in CLOSED:
        found.append(NO_ACCESS)
    if _asks_for_a_name(item) and not _text(item, "attribution"):
        found.append(NOBODY_NAMED)
    own = {key: release.get(key) for key in _COMPARED} if release else {}
    if release and own == {key: item.get(key) for key in _COMPARED}:
        return found
    if item.get("inherits"):
        found += _inherited(item, release)
    carried = f"{_text(own, 'terms')}\n"
    if not _held(_text(item, "purpose"), carried + _text(own, "purpose")):
        found.append(PURPOSE)
    if not _held(_text(item, "attribution"), carried + _text(own, "attribution")):
        found.append(ATTRIBUTION)
    return found


_COMPARED = ("licence", "terms", "purpose", "attribution", "inherits")


def _inherited(item: Mapping[str, Any], release: Mapping[str, Any] | None) -> list[str]:
    if not release or not (_text(release, "terms") or _text(release, "licence")):
        return [NO_TERMS]
    found = []
    if _text(item, "licence") and _text(item, "licence") != _text(release, "licence"):
        found.append(OTHER_LICENCE)
    if not _held(_text(item, "terms"), _text(release, "terms")):
        found.append(OTHER_TERMS)
    if not release.get("inherits"):
        found.append(NOT_INHERITED)
    return found


def _held(part: str, whole: str) -> bool:
    return part in whole


def _text(terms: Mapping[str, Any], key: str) -> str:
    """A field as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", str(terms.get(key) or "")).casefold().split())


def _asks_for_a_name(terms: Mapping[str, Any]) -> bool:
    return _text(terms, "licence").replace(" ", "-").startswith("cc-by")
