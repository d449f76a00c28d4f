"""What an address asks a list of items for: read strictly, applied to a queryset, told as chips.

Pages, tables and programs share it. A filter that is not known, or a value that it does not have, raises Invalid: a list
that ignores one looks like an answer and is none. The page of items alone goes on without it, and says so above the list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.forms import ATTRIBUTES
from curation.models import Category, Dataset, DoubleReview, Item, Membership, Person, Question, Review
from curation.queries import authors_in, book_of, categories_for, matching
from curation.queries.mine import own
from curation.reasons import Book, Reason
from curation.rules import roles_of
from curation.second_opinions import open_doubles
from curation.sentences import alias

Items = QuerySet[Item]
MOST_DAYS = 3650
SENDING_BACK = ("request_changes", "request_answer", "reject")
NOBODY, YES, NO = "none", "1", "0"
AGES = (1, 7, 14, 30, 90)  # days that the page offers; an address may name any other

LABELS = {
    "q": gettext_lazy("Search"),
    "state": gettext_lazy("State"),
    "split": gettext_lazy("Split"),
    "category": gettext_lazy("Category"),
    "author": gettext_lazy("Author"),
    "attribute": gettext_lazy("Attribute"),
    "origin": gettext_lazy("Origin of the text"),
    "reason": gettext_lazy("Sent back for"),
    "age": gettext_lazy("Unchanged for"),
    "twice": gettext_lazy("Reviewed twice"),
    "open": gettext_lazy("Open to all writers"),
    "mine": gettext_lazy("Only mine"),
    "spared": gettext_lazy("Categories you opted out of"),
}
ORIGINS = {
    "typed": gettext_lazy("Typed"),
    "pasted": gettext_lazy("Partly pasted"),
    "machine": gettext_lazy("Partly from a machine"),
    "imported": gettext_lazy("Imported"),
}
TWICE = {
    "agreed": gettext_lazy("Both said the same"),
    "settled": gettext_lazy("A lead settled it"),
    "differ": gettext_lazy("Waits for a lead"),
}


@dataclass(frozen=True)
class Chip:
    """A filter that is on: its name, and in words what it is and what it asks for."""

    name: str
    label: str
    value: str


class Filters:
    """The filters of one address, for one person in one dataset. `given` holds those that are on."""

    def __init__(self, person: Person, dataset: Dataset, *, spare: bool) -> None:
        self.person, self.dataset, self.spare = person, dataset, spare
        self.given: dict[str, str] = {}

    @cached_property
    def categories(self) -> dict[int, Category]:
        """The taxonomy in its order; `closed` is what the person opted out of."""
        return {each.pk: each for each in categories_for(self.person, self.dataset)}

    @cached_property
    def authors(self) -> dict[int, Person]:
        return {each.pk: each for each in authors_in(self.dataset)}

    @cached_property
    def book(self) -> Book:
        return book_of(self.dataset)

    @cached_property
    def closed(self) -> set[int]:
        """What the person opted out of."""
        return {pk for pk, each in self.categories.items() if getattr(each, "closed", False)}

    @property
    def leads(self) -> bool:
        return Membership.Role.LEAD in roles_of(self.person, self.dataset)

    @property
    def sparing(self) -> bool:
        """Whether categories that the person opted out of are left out."""
        return self.given.get("spared", YES if self.spare else NO) == YES

    def apply(self, items: Items) -> Items:
        for name, value in self.given.items():
            if name != "spared":
                items = _NARROW[name](self, items, value)
        if self.sparing and self.closed:
            items = items.exclude(category__in=self.closed)
        return items

    def chips(self) -> list[Chip]:
        """Those that are on, in words, for a page."""
        chips = [
            Chip(name, str(LABELS[name]), _words(self, name, value)) for name, value in self.given.items()
        ]
        return [each for each in chips if each.name != "spared"]

    def address(self, *, but: Collection[str] = (), **more: str) -> str:
        """The filters as what stands behind the question mark, empty where nothing is on."""
        query = QueryDict(mutable=True)
        for name, value in (self.given | more).items():
            if name not in but:
                query[name] = value
        return query.urlencode()


def read(
    params: QueryDict | Mapping[str, str],
    person: Person,
    dataset: Dataset,
    *,
    beside: Collection[str] = (),
    spare: bool = True,
) -> Filters:
    """The filters of an address; empty ones are off. `beside` are names that are no filters, such as a page's.

    `spare`: whether what the person opted out of is left out where the address does not say. Raises Invalid, naming the
    parameter.
    """
    filters, misread = understood(params, person, dataset, beside=beside, spare=spare)
    if misread:
        raise misread[0]
    return filters


def understood(
    params: QueryDict | Mapping[str, str],
    person: Person,
    dataset: Dataset,
    *,
    beside: Collection[str] = (),
    spare: bool = True,
) -> tuple[Filters, list[Invalid]]:
    """As `read`, for a page that goes on with what it understood, and tells each parameter that it did not."""
    filters = Filters(person, dataset, spare=spare)
    misread = []
    for name in params:
        if name in beside:
            continue
        try:
            value = _value(filters, params, name)
        except Invalid as error:
            misread.append(error)
        else:
            if value:
                filters.given[name] = value
    return filters, misread


def _value(filters: Filters, params: QueryDict | Mapping[str, str], name: str) -> str:
    """What the address says of one filter, "" where that is off; raises Invalid."""
    if name not in LABELS:
        raise Invalid(_("There is no filter “%(name)s”.") % {"name": name[:40]}, field=name)
    if isinstance(params, QueryDict) and len(params.getlist(name)) > 1:
        raise Invalid(_("The filter “%(name)s” is given twice.") % {"name": name}, field=name)
    value = str(params[name]).strip()
    if value and not _KNOWN[name](filters, value):
        raise Invalid(no_value(name, value), field=name)
    return value


def no_value(name: str, value: str) -> str:
    return _("The filter “%(name)s” has no value “%(value)s”.") % {"name": name, "value": value[:40]}


def number(text: str) -> int:
    """A whole number that a key column can hold, or -1."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1


def offered(filters: Filters) -> dict[str, list[tuple[str, str]]]:
    """Of each filter that a page draws as a choice: values with their words."""
    language = get_language() or "ja"
    codes = {each.code: each.name(language) for each in _reasons(filters)}
    return {
        "state": [(value, str(label)) for value, label in Item.State.choices],
        "split": [(value, str(label)) for value, label in Question.Split.choices],
        "author": [(str(pk), alias(each)) for pk, each in filters.authors.items()] + [(NOBODY, alias(None))],
        "attribute": [(name, str(words)) for name, (words, _hint) in ATTRIBUTES.items()],
        "origin": [(name, str(words)) for name, words in ORIGINS.items()],
        "reason": list(codes.items()),
        "age": [(str(days), _days(str(days))) for days in AGES],
        "twice": [(name, str(words)) for name, words in TWICE.items() if filters.leads or name != "differ"],
    }


def _reasons(filters: Filters) -> list[Reason]:
    """What sent items back, ever: retired reasons too."""
    return [each for each in filters.book.reasons if {"question", "answer"} & set(each.parts)]


def _days(value: str) -> str:
    return ngettext("%(n)d day or more", "%(n)d days or more", int(value)) % {"n": int(value)}


# --- Which values there are ------------------------------------------------------------------------------------------

_KNOWN: dict[str, Callable[[Filters, str], bool]] = {
    "q": lambda filters, value: True,
    "state": lambda filters, value: value in Item.State.values,
    "split": lambda filters, value: value in Question.Split.values,
    "category": lambda filters, value: number(value) in filters.categories,
    "author": lambda filters, value: value == NOBODY or number(value) in filters.authors,
    "attribute": lambda filters, value: value in ATTRIBUTES,
    "origin": lambda filters, value: value in ORIGINS,
    "reason": lambda filters, value: value in {each.code for each in _reasons(filters)},
    "age": lambda filters, value: 0 < number(value) <= MOST_DAYS,
    "twice": lambda filters, value: value in TWICE and (filters.leads or value != "differ"),
    "open": lambda filters, value: value == YES,
    "mine": lambda filters, value: value == YES,
    "spared": lambda filters, value: value in (YES, NO),
}


# --- What each leaves over -------------------------------------------------------------------------------------------


def _category(filters: Filters, items: Items, value: str) -> Items:
    """The category and everything below it."""
    top = filters.categories[int(value)]
    below = [pk for pk, each in filters.categories.items() if (each.path + "\t").startswith(top.path + "\t")]
    return items.filter(category__in=below)


def _author(filters: Filters, items: Items, value: str) -> Items:
    return items.filter(author=None) if value == NOBODY else items.filter(author=int(value))


def _attribute(filters: Filters, items: Items, value: str) -> Items:
    return items.filter(**{f"current_revision__attributes__{value}": True})


def _origin(filters: Filters, items: Items, value: str) -> Items:
    """By the newest revision: its own origin, and how the characters of its parts came in."""
    if value == "imported":
        return items.filter(current_revision__origin=value)
    items = items.alias(runs=Cast("current_revision__origins", TextField()))
    pasted, machine = Q(runs__contains='"pasted"'), Q(runs__contains='"machine"')
    if value == "pasted":
        return items.filter(pasted)
    if value == "machine":
        return items.filter(machine | Q(current_revision__origin="machine"))
    return items.filter(current_revision__origin="typed").exclude(pasted | machine)


def _reason(filters: Filters, items: Items, value: str) -> Items:
    """By decisions alone: an opinion of a double review may be one that the person must not learn of yet."""
    says = Q(reason=value) | Q(reasons__question=value) | Q(reasons__answer=value)
    sent_back = Review.objects.filter(says, item=OuterRef("pk"), decides=True, decision__in=SENDING_BACK)
    return items.filter(Exists(sent_back))


def _twice(filters: Filters, items: Items, value: str) -> Items:
    doubles = DoubleReview.objects.filter(item=OuterRef("pk"))
    kept = {
        "agreed": doubles.filter(agreed=True),
        "settled": doubles.filter(agreed=False, settled_at__isnull=False),
        "differ": open_doubles().filter(item=OuterRef("pk"), agreed=False),
    }
    return items.filter(Exists(kept[value]))


def _age(filters: Filters, items: Items, value: str) -> Items:
    return items.filter(updated_at__lte=timezone.now() - timedelta(days=int(value)))


_NARROW: dict[str, Callable[[Filters, Items, str], Items]] = {
    "q": lambda filters, items, value: matching(items, value),
    "state": lambda filters, items, value: items.filter(state=value),
    "split": lambda filters, items, value: items.filter(question__split=value),
    "category": _category,
    "author": _author,
    "attribute": _attribute,
    "origin": _origin,
    "reason": _reason,
    "age": _age,
    "twice": _twice,
    "open": lambda filters, items, value: items.filter(open_to_all=True),
    "mine": lambda filters, items, value: items.filter(own(filters.person)),
}


# --- In words --------------------------------------------------------------------------------------------------------


def _words(filters: Filters, name: str, value: str) -> str:
    """What the filter asks for; "" where its name says it all."""
    match name:
        case "category":
            return filters.categories[int(value)].name
        case "author":
            return alias(None if value == NOBODY else filters.authors[int(value)])
        case "reason":
            known = filters.book.of(value)
            return known.name(get_language() or "ja") if known else value
        case "age":
            return _days(value)
        case "open" | "mine":
            return ""
    words: dict[str, Mapping[str, Any]] = {
        "state": dict(Item.State.choices),
        "split": dict(Question.Split.choices),
        "attribute": {key: label for key, (label, _hint) in ATTRIBUTES.items()},
        "origin": ORIGINS,
        "twice": TWICE,
    }
    return str(words.get(name, {}).get(value, value))
