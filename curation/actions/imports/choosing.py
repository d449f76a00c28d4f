"""Which rows of a file can be written: first by themselves, then beside what the dataset has, a chunk at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from curation.actions.texts import LONGEST
from curation.formats.category_names import CategoryNames, LeafNames
from curation.formats.faults import Quarantined, excerpt, gettext_noop
from curation.formats.item_stream import ItemStream
from curation.formats.reading import ItemRow
from curation.formats.spool import Kept, Spool
from curation.models import Category, Dataset, Item, Revision, Text
from curation.similar import folded_hash, text_hash

S = Item.State
LONGEST_ID = 120  # the column of Item
MOST_WORDS = 500  # different words for categories that are remembered
_REMOVED = gettext_noop("A text of this row was removed for good by two people. It cannot be entered again.")
_THERE = gettext_noop("The same question exists already as %(id)s.")
_OTHER = gettext_noop("%(id)s exists already with another text. Revise it there, or give the row another id.")


def names_of(leaves: Iterable[Category]) -> CategoryNames:
    """The leaves by all their names. They come with what stands above them (`leaves_of`)."""
    return CategoryNames(map(_names, leaves))


def _names(leaf: Category) -> LeafNames:
    chain = [leaf]
    while chain[0].parent is not None:
        chain.insert(0, chain[0].parent)
    return LeafNames(leaf.pk, tuple(leaf.labels), tuple((each.name_ja, each.name_en) for each in chain))


@dataclass(kw_only=True)
class Filled:
    """What a file holds, before it is compared with the dataset."""

    format: str
    warnings: list[str]
    leaves: dict[int, Category]
    unknown: Counter[str] = field(
        default_factory=Counter
    )  # words for categories that no leaf has, and how often


def fill(
    spool: Spool,
    stream: ItemStream,
    dataset: Dataset,
    leaves: dict[int, Category],
    names: CategoryNames,
    *,
    as_state: str | None,
) -> Filled:
    """Read the whole file into the spool. Raises UnusableFile where it breaks; nothing is written before."""
    find = names.exactly if stream.columns is None else names.find
    filled = Filled(format=stream.format, warnings=[], leaves=leaves)
    for row in stream.rows:
        if isinstance(row, Quarantined):
            spool.set_apart(row)
            continue
        leaf = find(row.labels)
        words = " > ".join(row.labels)
        if leaf is None and words and (words in filled.unknown or len(filled.unknown) < MOST_WORDS):
            filled.unknown[words] += 1
        kept = _kept(row, leaf, dataset, spool, as_state)
        if isinstance(kept, Quarantined):
            spool.set_apart(kept)
        else:
            spool.keep(kept)
    filled.warnings = [_(notice.template) % notice.values for notice in stream.warnings]
    return filled


def _kept(
    row: ItemRow, leaf: int | None, dataset: Dataset, spool: Spool, as_state: str | None
) -> Kept | Quarantined:
    """The row as it can be written, or why not: by itself, and beside the rows before it."""
    folded = folded_hash(row.question)
    fault = _fault(row, leaf, folded, as_state)
    if fault is not None:
        return fault
    assert leaf is not None
    external_id = row.external_id or f"{dataset.slug}-{text_hash(row.question)[:12]}"
    if row.external_id is None:
        if (first := spool.seen.ids.get(external_id)) is not None:
            template = gettext_noop(
                "the same question stands already in row %(first)s; to keep both answers give each an ID, and both one "
                "question ID"
            )
            return set_apart(row, template, "text", first=first)
        spool.seen.ids[external_id] = row.row
    group = row.question_id or external_id
    known = spool.questions.get(folded)
    if known is not None and known != group:
        return set_apart(row, _THERE, "text", id=known)
    spool.questions[folded] = group
    return Kept(row, leaf, external_id, folded)


def set_apart(row: ItemRow, template: str, field: str, **values: str | int) -> Quarantined:
    return Quarantined(
        row.row, template, field, excerpt(row.question), row.file, row.line, {"field": field, **values}
    )


def _fault(row: ItemRow, leaf: int | None, folded: str, as_state: str | None) -> Quarantined | None:
    answer = (row.answer or "").strip()
    if row.external_id and len(row.external_id) > LONGEST_ID:
        template = gettext_noop("The ID has %(n)d characters; at most %(most)d can be kept.")
        return set_apart(row, template, "ID", n=len(row.external_id), most=LONGEST_ID)
    if leaf is None:
        labels = " > ".join(row.labels) or "-"
        template = gettext_noop("The labels “%(labels)s” are not in the dataset's taxonomy.")
        return set_apart(row, template, "category", labels=labels)
    if not folded:
        return set_apart(row, gettext_noop("The question is empty, or has no letters."), "text")
    if as_state == "approved" and not answer:
        return set_apart(row, gettext_noop("An approved item needs an answer."), "output")
    if max(len(row.question), len(answer)) > LONGEST:
        template = gettext_noop("A text is longer than %(most)d characters.")
        return set_apart(row, template, "text", most=LONGEST)
    return None


@dataclass(kw_only=True)
class Compared:
    """A chunk beside what the dataset has. `questions`: group of siblings -> the question that one of them has."""

    new: list[Kept] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Quarantined] = field(default_factory=list)
    questions: dict[str, int] = field(default_factory=dict)


def compare(dataset: Dataset, chunk: Sequence[Kept], spool: Spool) -> Compared:
    """Asks for the ids, questions and texts of the chunk alone, whatever the dataset holds."""
    known = _known_items(dataset, [kept.external_id for kept in chunk])
    named, redacted = _known_texts(dataset, chunk)
    siblings = spool.siblings({kept.row.question_id for kept in chunk if kept.row.question_id})
    compared = Compared(questions=_known_siblings(dataset, siblings))
    for kept in chunk:
        answer = (kept.row.answer or "").strip()
        texts = (text_hash(kept.row.question.strip()), text_hash(answer) if answer else None)
        group = kept.row.question_id
        own = {kept.external_id, *([group, *siblings[group]] if group else ())}
        others = [name for name in named.get(kept.folded, ()) if name not in own]
        if kept.external_id in known:
            there = known[kept.external_id]
            if there == texts or (there[0] == texts[0] and not answer):
                compared.unchanged += 1
            else:
                compared.refused.append(set_apart(kept.row, _OTHER, "ID", id=kept.external_id))
        elif others:
            compared.refused.append(set_apart(kept.row, _THERE, "text", id=others[0]))
        elif redacted & {kept.folded, texts[0], texts[1] or ""}:
            compared.refused.append(set_apart(kept.row, _REMOVED, "text"))
        else:
            compared.new.append(kept)
    return compared


def _known_items(dataset: Dataset, names: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """The texts, by their hashes, of the items of these ids."""
    rows = Item.objects.filter(dataset=dataset, external_id__in=names).values_list(
        "external_id", "current_revision__question_text", "current_revision__answer_text"
    )
    return {name: (question, answer) for name, question, answer in rows}


def _known_texts(dataset: Dataset, chunk: Sequence[Kept]) -> tuple[dict[str, list[str]], set[str]]:
    """Folded question -> ids of the items that ask it; and the hashes, exact and folded, of removed texts.

    Step by step over one index each, and the dataset last: as one query, SQLite would go through all of its items.
    """
    answers = [text_hash(answer) for kept in chunk if (answer := (kept.row.answer or "").strip())]
    folded = {kept.folded for kept in chunk}
    asking = list(
        Text.objects.filter(folded_hash__in=folded).values_list("hash", "folded_hash", "redacted_at")
    )
    removed = Text.objects.filter(hash__in=answers, redacted_at__isnull=False)
    redacted = {digest for *pair, at in asking if at for digest in pair} | set(
        removed.values_list("hash", flat=True)
    )
    folded_of = {digest: name for digest, name, _at in asking}
    revisions = dict(Revision.objects.filter(question_text__in=folded_of).values_list("pk", "question_text"))
    items = Item.objects.filter(current_revision__in=revisions).exclude(state__in=[S.REJECTED, S.WITHDRAWN])
    named: dict[str, list[str]] = {}
    for revision, name, of in items.order_by("pk").values_list("current_revision", "external_id", "dataset"):
        if of == dataset.pk:
            named.setdefault(folded_of[revisions[revision]], []).append(name)
    return named, redacted


def _known_siblings(dataset: Dataset, siblings: dict[str, list[str]]) -> dict[str, int]:
    group_of = {name: group for group, names in siblings.items() for name in names}
    if not group_of:
        return {}
    rows = Item.objects.filter(dataset=dataset, external_id__in=group_of).values_list(
        "external_id", "question"
    )
    return {group_of[name]: question for name, question in rows}
