"""Small matters of reading: the gap between two sentences, words in a row, a language's own name."""

from collections.abc import Iterable
from uuid import uuid4

from django import template
from django.utils.translation import get_language, get_language_info

from curation.models import Category, Person

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
def covers(person: Person | None, category: Category | None) -> bool:
    """Whether the person wants texts of the category covered until they ask for them."""
    return isinstance(person, Person) and isinstance(category, Category) and person.covers_texts_of(category)


@register.filter
def tongue(code: str) -> str:
    """The language's own name for its code; a code that nobody knows stays as it is."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


@register.filter
def many(count: int | None) -> str:
    """A count of what waits; it is counted to a hundred and no further."""
    return "99+" if (count or 0) > 99 else str(count or 0)


@register.simple_tag
def new_client_id() -> str:
    """A name for one submit of a form: sent twice, it is done once."""
    return str(uuid4())
