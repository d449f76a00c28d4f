"""The gates of a draft as the page lists them: state, sentence, findings with where to mend them, waivers."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from curation.gates import NEVER_WAIVED
from curation.models import Category, Dataset, Item, Job, Person, Waiver
from curation.queries import named_steps

SHOWN = 50  # findings of a gate
ORDER = ("red", "waived", "green")  # what there is to do stands first
# Pages where more than one item is mended at once.
PAGES = {"quota": ("curation:coverage", _("Coverage")), "rights": ("curation:rights", _("Rights"))}


def checklist(job: Job, *, viewer: Person) -> dict[str, Any]:
    """`gates`, those that stop the freeze first, `red` (how many stop the freeze) and `own` (whether the viewer has waived one)."""
    assert job.dataset is not None
    said = job.result["gates"]
    waivers = Waiver.objects.filter(
        dataset=job.dataset, release_name=job.arguments["choice"]["name"]
    ).select_related("person")
    by_gate: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        by_gate.setdefault(waiver.gate, []).append(waiver)
    links = _Links(job.dataset, [found for gate in said for found in gate["findings"][:SHOWN]])
    rows = [_row(gate, by_gate.get(gate["key"], []), job, links) for gate in said]
    rows.sort(key=lambda row: ORDER.index(row["state"]))
    counting = [waiver for row in rows for waiver in row["counting"]]
    return {
        "gates": rows,
        "red": sum(row["state"] == "red" for row in rows),
        "own": any(waiver.person_id == viewer.pk for waiver in counting),
    }


def _row(gate: dict[str, Any], waivers: list[Waiver], job: Job, links: _Links) -> dict[str, Any]:
    """A gate with its state as it is now: waived where somebody other than who drew it up let through just this."""
    known = [w for w in waivers if w.finding == gate["finding"]]
    counting = [] if gate["green"] else [w for w in known if w.person_id != job.person_id]
    findings = gate["findings"][:SHOWN]
    page, label = PAGES.get(gate["key"], ("", ""))
    return {
        "key": gate["key"],
        "title": gate["title"],
        "sentence": gate["sentence"],
        "state": "green" if gate["green"] else "waived" if counting else "red",
        "count": gate["count"],
        "findings": [links.shown(found) for found in findings],
        "more": gate["count"] - len(findings),
        "page": reverse(page, args=[links.dataset.slug]) if page else "",
        "page_label": label,
        "counting": counting,
        "outdated": [w for w in waivers if w.finding != gate["finding"]] if not gate["green"] else [],
        "waivable": gate["key"] not in NEVER_WAIVED,
    }


class _Links:
    """Where the things that gates found are mended; two queries for all of them."""

    def __init__(self, dataset: Dataset, findings: list[dict[str, Any]]) -> None:
        self.dataset = dataset
        ids = {f["key"] for f in findings if f["kind"] in ("item", "translation")}
        ids |= {f["other"] for f in findings if f["kind"] == "item" and f["other"]}
        items = Item.objects.filter(dataset=dataset, external_id__in=ids)
        self.items = dict(items.values_list("external_id", "pk"))
        paths = sorted({f["key"] for f in findings if f["kind"] == "category"})
        leaves = Category.objects.filter(taxonomy=dataset.taxonomy_id, path__in=paths)
        self.leaves = dict(leaves.values_list("path", "pk"))
        self.steps = dict(zip(paths, named_steps(dataset, paths), strict=True)) if paths else {}

    def shown(self, found: dict[str, Any]) -> dict[str, Any]:
        key, kind = found["key"], found["kind"]
        if kind == "category":
            url = reverse("curation:coverage", args=[self.dataset.slug])
            anchor = f"#leaf-{self.leaves[key]}" if key in self.leaves else ""
            return found | {"url": url + anchor, "label": " › ".join(self.steps[key])}
        return found | {"url": self._item(key), "label": key, "other_url": self._item(found["other"])}

    def _item(self, key: str) -> str:
        pk = self.items.get(key)
        return reverse("curation:item", args=[self.dataset.slug, pk]) if pk else ""
