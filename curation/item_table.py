"""The list of items as a table: the columns of the page, for spreadsheets, read and written piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.filters import Filters
from curation.formats.writing.csv_files import ENCODINGS, csv_line, formula_safe
from curation.log import record
from curation.models import Dataset, Item, Person
from curation.sentences import alias

PIECE = 500  # rows a query
COLUMNS = (
    gettext_lazy("Id"),
    gettext_lazy("Question"),
    gettext_lazy("Category"),
    gettext_lazy("State"),
    gettext_lazy("Split"),
    gettext_lazy("Author"),
    gettext_lazy("Changed"),
)


SHOWN = (
    "external_id",
    "state",
    "updated_at",
    "question__split",
    "author__pseudonym",
    "current_revision__question_text__body",
    "current_revision__question_text__redacted_at",
    "category__name_ja",
    "category__name_en",
    "category__parent__parent",
)


def listed(items: QuerySet[Item]) -> QuerySet[Item]:
    """What the table shows, in one query, by key: few columns of few tables, for planning more takes longer than reading."""
    joined = ("question", "author", "current_revision__question_text", "category__parent")
    return items.select_related(*joined).only(*SHOWN).order_by("pk")


def is_covered(item: Item, person: Person, closed: set[int]) -> bool:
    """Whether the text stays covered: the person has it covered, all or of this category, or opted out of that."""
    return item.category_id in closed or person.hides(item.category)


def cells(item: Item, person: Person, closed: set[int]) -> list[str]:
    """What the page shows of the item, in the language of the moment, the question at its full length."""
    asked = item.current_revision.question_shown if item.current_revision else ""
    split = item.question.split
    return [
        item.external_id,
        _("covered") if asked and is_covered(item, person, closed) else asked,
        item.category.name if item.category else "",
        str(Item.State(item.state).label),
        "" if split == "none" else split,
        alias(item.author),
        localtime(item.updated_at).date().isoformat(),
    ]


def lines(items: QuerySet[Item], person: Person, closed: set[int], *, language: str) -> Iterator[str]:
    """The table a piece at a time: memory stays flat, and no cursor stays open while somebody's line is slow."""
    with translation.override(language):
        heads = csv_line(str(heading) for heading in COLUMNS)
    yield heads
    last = 0
    while rows := list(listed(items).filter(pk__gt=last)[:PIECE]):
        with translation.override(language):  # the request's own ended when the first piece was sent
            text = "".join([csv_line(map(formula_safe, cells(row, person, closed))) for row in rows])
        yield text
        last = rows[-1].pk


def encoding_of(given: str) -> str:
    """The encoding that was asked for, utf-8 where none was; raises Invalid for any other than those of exports."""
    if given and given not in ENCODINGS:
        message = _("“%(given)s” is no encoding of tables: utf-8 or utf-8-sig.")
        raise Invalid(message % {"given": given[:40]}, field="encoding")
    return given or ENCODINGS[0]


def answer(
    person: Person, dataset: Dataset, items: QuerySet[Item], filters: Filters, *, encoding: str = ""
) -> StreamingHttpResponse:
    """The table as a file, with the rows that `filters` left over; that it was taken is logged, without words."""
    encoding = encoding_of(encoding)
    found = filters.apply(items)
    closed, language = filters.closed, get_language() or "ja"
    record(person, "export_items", dataset, filters=sorted(filters.given))
    start = [b"\xef\xbb\xbf"] if encoding == "utf-8-sig" else []

    def pieces() -> Iterator[bytes]:
        yield from start
        for text in lines(found, person, closed, language=language):
            yield text.encode()

    response = StreamingHttpResponse(pieces(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{dataset.slug}-items.csv"'
    response["Cache-Control"] = "private, no-store"
    return response
