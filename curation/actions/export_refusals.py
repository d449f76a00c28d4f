"""What keeps the texts of a release from going out. Its ids may always."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from curation.access import not_redistributable, protected, terms_used
from curation.errors import Invalid
from curation.log import Actor, person_of
from curation.models import Release, ReleaseItem
from curation.queries import datasets_of, texts_by_hash

SHOWN = 10


class Refused(Invalid):
    """Texts cannot be exported; `ids` are the items concerned, all of them."""

    def __init__(self, template: str, ids: list[str], **values: Any) -> None:
        shown = ", ".join(ids[:SHOWN])
        super().__init__(template % {"n": len(ids), "ids": shown, **values}, field="formats")
        self.ids = ids


def refuse_texts(actor: Actor, release: Release) -> None:
    """Raises Refused, with the list, where the release's texts must not be written into files."""
    if release.imported:
        raise Invalid(_("This release was published elsewhere: only its ids can be exported here."))
    if bound := not_redistributable(release):
        raise Refused(
            _("%(n)d items must not be redistributed; only ids can be exported. The first: %(ids)s."), bound
        )
    held = release.items.filter(revision__category__provisional=True).order_by("position")
    if ids := list(held.values_list("external_id", flat=True)):
        raise Refused(_("%(n)d items stand in a provisional category. The first: %(ids)s."), ids)
    for source, ids in copied(release).items():
        raise Refused(
            _(
                "%(n)d items hold a text of %(release)s, which must not be passed on; only ids can be exported. The first: "
                "%(ids)s."
            ),
            ids,
            release=_name_for(actor, release, source),
        )


def copied(release: Release) -> dict[Release, list[str]]:
    """By release from elsewhere whose texts must not be passed on: ids of items that hold one of them, after folding.

    Questions, answers and translations of both sides count: what is derived must hold nothing of the original.
    """
    sources = protected()
    if not sources:
        return {}
    held = _folded_by_item(release)
    found: dict[Release, list[str]] = {}
    for source in sources:
        theirs = _folded(source)
        if ids := [key for key, texts in held if not theirs.isdisjoint(texts)]:
            found[source] = ids
    return found


def _folded_by_item(release: Release) -> list[tuple[str, set[str]]]:
    rows = _hashes(release)
    translated = _folded_of(digest for _key, _own, others in rows for digest in others)
    return [
        (key, {each for each in (*own, *(translated.get(digest, "") for digest in others)) if each})
        for key, own, others in rows
    ]


def _folded(release: Release) -> set[str]:
    """Folded hashes of every text; what folds to nothing matches nothing."""
    rows = _hashes(release)
    own = {each for _key, folded, _others in rows for each in folded}
    return {*own, *_folded_of(digest for _key, _own, others in rows for digest in others).values()} - {""}


def _hashes(release: Release) -> list[tuple[str, tuple[str, str], list[str]]]:
    """Per item: id, folded hashes of question and answer, hashes of its translations."""
    rows = ReleaseItem.objects.filter(release=release).order_by("position")
    columns = ("external_id", "question_text__folded_hash", "answer_text__folded_hash", "translations")
    return [
        (key, (question, answer or ""), [h for parts in told.values() for h in parts.values() if h])
        for key, question, answer, told in rows.values_list(*columns).iterator(2000)
    ]


def _folded_of(digests: Iterable[str]) -> dict[str, str]:
    return dict(texts_by_hash(digests, "folded_hash"))


def _name_for(actor: Actor, release: Release, source: Release) -> str:
    person = person_of(actor)
    own = source.dataset_id == release.dataset_id
    if own or person is None or datasets_of(person).filter(pk=source.dataset_id).exists():
        return source.name
    return _("one you cannot see")


def carried_terms(release: Release) -> str:
    """The release's terms, and below them attribution and inherited terms of every set that items came from."""
    own = str(release.rights.get("name", ""))
    used = terms_used(release) - {own}
    parts = [release.terms] if release.terms else []
    for terms in release.snapshot.get("rights", []):
        if terms["name"] not in used:
            continue
        licence = f" ({terms['licence']})" if terms["licence"] else ""
        said = [f"Holds items that came under: {terms['name']}{licence}"]
        said += [terms[key] for key in ("attribution", "purpose") if terms[key]]
        if terms["inherits"] and terms["terms"]:
            said.append(terms["terms"])
        parts.append("\n".join(said))
    return "\n\n".join(parts)
