from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions import redactions
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset, Item, Redaction
from curation.redaction import texts_of

PARTS = ("question", "answer")


class Command(BenchCommand):
    help = "Take texts out of everything: `ask`, then `confirm` by somebody else, or `take-back`; `list` shows requests."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["ask", "confirm", "take-back", "list"])
        parser.add_argument("--item", metavar="ID", help="ask: the item whose texts must go")
        parser.add_argument(
            "--part", action="append", choices=PARTS, dest="parts", help="ask: of the item; both without it"
        )
        parser.add_argument(
            "--text", action="append", default=[], metavar="SHA256", help="ask: further texts"
        )
        parser.add_argument("--reason", default="", metavar="TEXT", help="ask: why")
        parser.add_argument("--request", type=int, metavar="N", help="confirm, take-back: the request")

    def act(self, *, actor: Actor, dataset: Dataset, act: str, **options: Any) -> Outcome:
        if act == "list":
            return _listed(dataset)
        if act == "ask":
            texts = [*_of_item(dataset, options["item"], options["parts"] or PARTS), *options["text"]]
            made = redactions.ask(actor, dataset, texts, reason=options["reason"])
            numbers = ", ".join(str(request.pk) for request in made)
            return Outcome(
                sentence=f"Asked for: {numbers}. Nothing is removed until somebody else confirms.",
                payload={"requests": [_told(request) for request in made]},
            )
        request = Redaction.objects.filter(dataset=dataset, pk=options["request"] or 0).first()
        if request is None:
            raise Unusable(
                "There is no such request in this dataset; `redact list` shows them.", field="request"
            )
        if act == "take-back":
            told = _told(request)
            redactions.take_back(actor, request)
            return Outcome(sentence=f"Request {told['request']} is withdrawn.", payload={"requests": [told]})
        copies = redactions.confirm(actor, request)
        request.refresh_from_db()
        left = redactions.by_hand(request)
        return Outcome(
            sentence="\n".join([f"Removed: {copies}. What is left to do by hand:", *left]),
            payload={"requests": [_told(request)], "copies": copies, "by_hand": left},
        )


def _of_item(dataset: Dataset, name: str | None, parts: Any) -> list[str]:
    if name is None:
        return []
    item = Item.objects.filter(dataset=dataset, external_id=name).first()
    if item is None:
        raise Unusable(f"{dataset.slug} has no item {name}.", field="item")
    return list(texts_of(item, parts))


def _listed(dataset: Dataset) -> Outcome:
    found = (
        Redaction.objects.filter(dataset=dataset).order_by("pk").select_related("asked_by", "confirmed_by")
    )
    told = [_told(request) for request in found]
    lines = [f"{row['request']} {row['text']} {row['confirmed_by'] or 'open'}" for row in told]
    return Outcome(sentence="\n".join(lines) or "No request.", payload={"requests": told})


def _told(request: Redaction) -> dict[str, Any]:
    return {
        "request": request.pk,
        "text": request.text_id,
        "reason": request.reason,
        "asked_by": request.asked_by.username,
        "confirmed_by": request.confirmed_by.username if request.confirmed_by else None,
    }
