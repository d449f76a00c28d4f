"""Taxonomies, datasets under them, and the people in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.formats.objects import read_object
from curation.log import Actor, record
from curation.models import (
    Category,
    CategoryMapping,
    Codebook,
    Dataset,
    Guideline,
    Membership,
    Person,
    Quota,
    Taxonomy,
)
from curation.reasons import shipped
from curation.rules import require

SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}")
SHIPPED = Path(__file__).resolve().parent.parent / "taxonomies"
GUIDELINES = Path(__file__).resolve().parent.parent / "guidelines"


def shipped_taxonomies() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.json") if path.stem != "mappings")


@transaction.atomic
def load_taxonomy(actor: Actor, name_or_file: str) -> tuple[Taxonomy, bool]:
    """Bring in a shipped taxonomy by its name, or one from a JSON file. Returns it and whether it is new.

    A taxonomy that is there already with the same labels is left as it is; other labels under the same name are
    refused: a changed tree is a new version with a name of its own.
    """
    tree = _read_tree(name_or_file)
    name = tree["name"]
    known = Taxonomy.objects.filter(name=name).first()
    if known:
        paths = set(known.categories.values_list("path", flat=True))
        if paths != {path for path, _node, _level in _walk(tree["categories"])}:
            raise Invalid(
                _("A taxonomy named %(name)s exists with other labels. Give yours another name.")
                % {"name": name}
            )
        return known, False
    taxonomy = Taxonomy.objects.create(
        name=name,
        title_ja=tree["title_ja"],
        title_en=tree["title_en"],
        source=tree.get("source", ""),
    )
    made: dict[str, Category] = {}
    for position, (path, node, level) in enumerate(_walk(tree["categories"])):
        made[path] = Category.objects.create(
            taxonomy=taxonomy,
            parent=made.get(path.rpartition("\t")[0]),
            level=level,
            position=position,
            label=node["label"],
            path=path,
            name_ja=node.get("name_ja", node["label"]),
            name_en=node.get("name_en", node["label"]),
            definition_ja=node.get("definition_ja", ""),
            definition_en=node.get("definition_en", ""),
            hints={key: node[key] for key in ("do_ja", "dont_ja", "do_en", "dont_en", "note") if key in node},
            default_quota={} if node.get("provisional") else node.get("quota") or tree.get("quota") or {},
            provisional=bool(node.get("provisional")),
        )
    _load_mappings()
    record(actor, "load_taxonomy", taxonomy, categories=len(made))
    return taxonomy, True


def _read_tree(name_or_file: str) -> dict[str, Any]:
    shipped = SHIPPED / f"{name_or_file}.json"
    path = shipped if name_or_file in shipped_taxonomies() else Path(name_or_file)
    if not path.is_file():
        names = ", ".join(shipped_taxonomies())
        message = _("There is no taxonomy or file “%(name)s”. Shipped: %(names)s.")
        raise Invalid(message % {"name": name_or_file, "names": names})
    tree = read_object(path)
    missing = [key for key in ("name", "title_ja", "title_en", "categories") if not tree.get(key)]
    if missing:
        message = _("The taxonomy lacks %(fields)s.")
        raise Invalid(message % {"fields": ", ".join(missing)}, field=missing[0])
    for key, most in (("name", 40), ("title_ja", 120), ("title_en", 120), ("source", None)):
        _fits(tree.get(key, ""), key, most)
    _check_quota(tree.get("quota") or {}, "quota")
    _check_nodes(tree["categories"], "categories")
    nodes = list(_walk(tree["categories"]))
    tree["name"] = slugify(tree["name"])
    complete = bool(tree["name"] and nodes)
    if not complete or {level for _path, _node, level in nodes} != {1, 2, 3}:
        raise Invalid(_("A taxonomy needs a name, two titles, and categories on exactly three levels."))
    if len({path for path, _node, _level in nodes}) != len(nodes):
        raise Invalid(_("Two categories of the taxonomy have the same labels."))
    return tree


def _fits(value: object, field: str, most: int | None) -> None:
    """Invalid where the value is no text, or longer than its column."""
    if not isinstance(value, str):
        raise Invalid(_("%(field)s must be a text.") % {"field": field}, field=field)
    if most is not None and len(value) > most:
        message = _("%(field)s has %(n)d characters; at most %(most)d can be kept.")
        raise Invalid(message % {"field": field, "n": len(value), "most": most}, field=field)


def _check_nodes(nodes: object, field: str, above: str = "", level: int = 1) -> None:
    """Invalid, with the place, where the categories have another shape than the shipped ones."""
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise Invalid(_("%(field)s must be a list of objects.") % {"field": field}, field=field)
    if level > 3 and nodes:
        raise Invalid(_("%(field)s: categories have exactly three levels.") % {"field": field}, field=field)
    for number, node in enumerate(nodes, 1):
        here = f"{field}.{number}"
        if not node.get("label"):
            raise Invalid(_("%(field)s is missing.") % {"field": f"{here}.label"}, field=f"{here}.label")
        for key in ("label", "name_ja", "name_en"):
            _fits(node.get(key, ""), f"{here}.{key}", 255)
        for key in ("definition_ja", "definition_en"):
            _fits(node.get(key, ""), f"{here}.{key}", None)
        if "\t" in node["label"] or "\n" in node["label"]:
            message = _("%(field)s must be one line without a tab.")
            raise Invalid(message % {"field": f"{here}.label"}, field=f"{here}.label")
        path = f"{above}\t{node['label']}" if above else node["label"]
        _fits(path, f"{here}.label", 600)
        _check_quota(node.get("quota") or {}, f"{here}.quota")
        _check_nodes(node.get("children", []), f"{here}.children", path, level + 1)


def _check_quota(quota: object, field: str) -> None:
    sound = isinstance(quota, dict) and all(
        split in ("dev", "test") and isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= 1_000_000
        for split, n in quota.items()
    )
    if not sound:
        message = _('%(field)s must be an object such as {"dev": 30, "test": 6}.')
        raise Invalid(message % {"field": field}, field=field)


def _walk(
    nodes: list[dict[str, Any]], above: str = "", level: int = 1
) -> list[tuple[str, dict[str, Any], int]]:
    found = []
    for node in nodes:
        path = f"{above}\t{node['label']}" if above else str(node["label"])
        found.append((path, node, level))
        found.extend(_walk(node.get("children", []), path, level + 1))
    return found


def _load_mappings() -> None:
    """Link the taxonomies that are present, by the shipped table."""
    table = SHIPPED / "mappings.json"
    if not table.exists():
        return
    known = {
        (category.taxonomy.name, category.path): category
        for category in Category.objects.select_related("taxonomy")
    }

    def find(end: list[str] | None) -> Category | None:
        return known.get((end[0], "\t".join(end[1:]))) if end else None

    rows = []
    for row in json.loads(table.read_text(encoding="utf-8")):
        source, target = find(row["from"]), find(row["to"])
        if (source or not row["from"]) and (target or not row["to"]) and (source or target):
            rows.append(CategoryMapping(source=source, target=target, kind=row["kind"]))
    CategoryMapping.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def create_dataset(
    actor: Actor,
    *,
    name: str,
    taxonomy: Taxonomy,
    slug: str = "",
    description: str = "",
) -> Dataset:
    """A dataset under a taxonomy, with the taxonomy's default quotas, the shipped guideline and reasons (unsigned)."""
    require(actor, "create_dataset", taxonomy)
    slug = slug or slugify(name)
    if not SLUG.fullmatch(slug):
        raise Invalid(_("Give the dataset a short name of letters and digits."), field="name")
    if len(name) > 120 or not name.isprintable():
        raise Invalid(_("A dataset's title is one line of at most 120 characters."), field="title")
    if Dataset.objects.filter(slug=slug).exists():
        raise Invalid(_("A dataset named %(name)s exists already.") % {"name": slug}, field="name")
    dataset = Dataset.objects.create(slug=slug, name=name, taxonomy=taxonomy, description=description)
    Quota.objects.bulk_create(
        Quota(dataset=dataset, category=leaf, split=split, target=target)
        for leaf in taxonomy.categories.filter(level=3)
        for split, target in leaf.default_quota.items()
        if target
    )
    texts = {ending: GUIDELINES / f"ac2_{ending}.md" for ending in ("ja", "en")}
    if all(path.exists() for path in texts.values()):
        Guideline.objects.create(
            dataset=dataset,
            version=1,
            text_ja=texts["ja"].read_text(encoding="utf-8"),
            text_en=texts["en"].read_text(encoding="utf-8"),
        )
    dataset.codebook = Codebook.objects.create(dataset=dataset, version=1, entries=shipped().rows())
    dataset.save(update_fields=["codebook"])
    record(actor, "create_dataset", dataset)
    return dataset


def take_turns(dataset: Dataset) -> None:
    """Wait until nobody else adds a named thing to the dataset; until the transaction ends the others wait.

    For acts that ask what there is before they add to it: two at once would both find nothing.
    """
    Dataset.objects.select_for_update(no_key=True).get(
        pk=dataset.pk
    )  # rows that name the dataset need not wait


@transaction.atomic
def give_role(actor: Actor, dataset: Dataset, person: Person, role: str) -> Membership:
    """Let a person take a role in a dataset."""
    require(actor, "invite", dataset)
    membership, new = Membership.objects.get_or_create(dataset=dataset, person=person, role=role)
    if new:
        record(actor, "give_role", membership, dataset=dataset, person=person.pk, role=role)
    return membership


@transaction.atomic
def take_role(actor: Actor, membership: Membership) -> None:
    """End a role. What the person wrote stays theirs: they still never review it."""
    require(actor, "invite", membership.dataset)
    record(
        actor,
        "take_role",
        membership,
        dataset=membership.dataset,
        person=membership.person_id,
        role=membership.role,
    )
    membership.delete()
