"""Small matters of reading: the gap between two sentences, words in a row, a language's own name."""

from collections.abc import Iterable

from django import template
from django.utils.translation import get_language, get_language_info

register = template.Library()


@register.simple_tag
def gap() -> str:
    """What stands between two sentences: a space, in Japanese nothing."""
    return "" if (get_language() or "ja").startswith("ja") else " "


@register.filter
def listed(words: Iterable[object]) -> str:
    """Words in a row, parted as the page's language parts them."""
    comma = "、" if (get_language() or "ja").startswith("ja") else ", "
    return comma.join(str(word) for word in words)


@register.filter
def tongue(code: str) -> str:
    """The language's own name for its code; a code that nobody knows stays as it is."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code
