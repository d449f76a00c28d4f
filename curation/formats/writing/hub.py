"""A folder for the Hugging Face hub: parquet, a card that names the splits and the terms, and a Croissant description."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .parquet import write_parquet
from .rows import META_ORDERS, SPLITS, ReleaseDescription, ReleaseRow, by_split, locales

DATA_NAME = "{split}-00000-of-00001.parquet"
# Line breaks of YAML 1.1 and the byte order mark, which a JSON string leaves bare.
_YAML_ESCAPES = {0x85: "\\x85", 0x2028: "\\u2028", 0x2029: "\\u2029", 0xFEFF: "\\ufeff", 0x7F: "\\x7f"}
_CONTEXT_TERMS = [
    "citeAs",
    "column",
    "conformsTo",
    "equivalentProperty",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
]


def write_hf(
    rows: Iterable[ReleaseRow],
    folder: Path,
    description: ReleaseDescription,
    *,
    output_field: str = "output",
    meta_order: Sequence[str] = META_ORDERS["hf"],
) -> list[Path]:
    """data/{dev,test}-00000-of-00001.parquet, README.md and croissant.json under the folder.

    A split without rows has no file and is not named: `datasets` 5.2 fails on a parquet file without rows.
    """
    kept = list(rows)
    (folder / "data").mkdir()
    files = write_parquet(
        kept,
        folder / "data",
        output_field=output_field,
        meta_order=meta_order,
        name=DATA_NAME,
        splits=filled(kept),
    )
    card = folder / "README.md"
    card.write_text(card_text(kept, description), encoding="utf-8", newline="")
    croissant = folder / "croissant.json"
    described = croissant_of(kept, folder, description, output_field=output_field, meta_order=meta_order)
    text = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
    croissant.write_text(text, encoding="utf-8", newline="")
    return [*files, card, croissant]


def filled(rows: Iterable[ReleaseRow]) -> list[str]:
    """The splits that have rows, dev first."""
    return [split for split, chosen in by_split(rows).items() if chosen]


def yaml_string(text: str) -> str:
    """A double-quoted YAML scalar."""
    return json.dumps(text, ensure_ascii=False).translate(_YAML_ESCAPES)


def card_text(rows: list[ReleaseRow], description: ReleaseDescription) -> str:
    """The dataset card: YAML front matter, counts, warning, terms and citation."""
    counts = Counter(row.split for row in rows)
    present = filled(rows)
    languages = dict.fromkeys((*description.languages, *locales(rows)))
    front = [
        "---",
        f"pretty_name: {yaml_string(f'{description.dataset} {description.name}')}",
        "language:",
        *(f"- {yaml_string(language)}" for language in languages),
        "license: other",
        f"license_name: {yaml_string(slug(description.licence))}",
        "license_link: TERMS.txt",
        *([f"extra_gated_prompt: {yaml_string(description.terms)}"] if description.gated else []),
        "configs:",
        "- config_name: default",
        "  data_files:",
        *(f"  - split: {split}\n    path: data/{DATA_NAME.format(split=split)}" for split in present),
        "---",
    ]
    body = [
        f"# {description.dataset} {description.name}",
        description.summary,
        description.content_warning and f"**Content warning.** {description.content_warning}",
        "| split | items |\n| --- | --- |\n"
        + "\n".join(f"| {split} | {counts[split]} |" for split in SPLITS),
        f"Taxonomy: {description.taxonomy}. Created: {description.created}.",
        "`attributes` is a JSON object as text. A missing translation is null.",
        f"## Terms\n\n{description.licence}\n\n{description.terms}",
        f"## Citation\n\n{description.citation}",
    ]
    return "\n".join(front) + "\n\n" + "\n\n".join(part for part in body if part) + "\n"


def slug(text: str) -> str:
    """A licence name as the hub wants it: lower-case ASCII letters, digits, dots and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "other"


def croissant_of(
    rows: list[ReleaseRow],
    folder: Path,
    description: ReleaseDescription,
    *,
    output_field: str,
    meta_order: Sequence[str],
) -> dict[str, Any]:
    """The Croissant 1.0 description of the parquet files under the folder, with their SHA-256."""
    columns = ["ID", "text", output_field, "attributes", "content_hash"]
    columns += [f"{part}_{locale}" for locale in locales(rows) for part in ("question", "answer")]
    name = slug(f"{description.dataset} {description.name}")
    described = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": name if name != "other" else "release",
        "description": description.summary or f"{description.dataset} {description.name}",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": f"{description.licence}\n\n{description.terms}",
        "url": description.homepage or f"urn:release:{name}",
        "datePublished": description.created,
        "citeAs": description.citation,
        "inLanguage": list(dict.fromkeys((*description.languages, *locales(rows)))),
        "distribution": [_file(folder, split) for split in filled(rows)],
        "recordSet": [_record_set(split, columns, meta_order) for split in filled(rows)],
    }
    if description.version:
        described["version"] = description.version
    return described


def _context() -> dict[str, Any]:
    context: dict[str, Any] = {"@language": "en", "@vocab": "https://schema.org/"}
    context |= {
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "sc": "https://schema.org/",
    }
    context |= {term: f"cr:{term}" for term in _CONTEXT_TERMS}
    context["conformsTo"] = "dct:conformsTo"
    context["data"] = {"@id": "cr:data", "@type": "@json"}
    context["dataType"] = {"@id": "cr:dataType", "@type": "@vocab"}
    context["examples"] = {"@id": "cr:examples", "@type": "@json"}
    return context


def _file(folder: Path, split: str) -> dict[str, Any]:
    path = f"data/{DATA_NAME.format(split=split)}"
    return {
        "@type": "cr:FileObject",
        "@id": f"file-{split}",
        "name": f"file-{split}",
        "contentUrl": path,
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256((folder / path).read_bytes()).hexdigest(),
    }


def _record_set(split: str, columns: Sequence[str], meta_order: Sequence[str]) -> dict[str, Any]:
    def source(column: str, **more: Any) -> dict[str, Any]:
        return {"fileObject": {"@id": f"file-{split}"}, "extract": {"column": column}, **more}

    def text_field(name: str, origin: dict[str, Any]) -> dict[str, Any]:
        return {"@type": "cr:Field", "@id": name, "name": name, "dataType": "sc:Text", "source": origin}

    labels = [
        text_field(f"{split}/meta/{key}", source("meta", transform={"jsonPath": f"$['{key}']"}))
        for key in meta_order
    ]
    meta = {"@type": "cr:Field", "@id": f"{split}/meta", "name": f"{split}/meta", "subField": labels}
    plain = [text_field(f"{split}/{column}", source(column)) for column in columns]
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "key": {"@id": f"{split}/ID"},
        "field": [*plain[:3], meta, *plain[3:]],
    }
