"""The Croissant 1.1 description of a hub folder, with what is known for its RAI extension.

The context is the one that `mlcroissant` 1.1 takes for standard, and types carry the prefixes that its loader wants
(an https Croissant address as a type is refused, mlcommons/croissant #959 and #975).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .card import DATA_NAME, as_list, authors_of, bibtex_of, languages_of, slug
from .manifest import TERMS, Options, file_hash
from .rows import ReleaseDescription, UnwritableRelease
from .tables import FOLDER, HumanTable

CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
_TERMS = [
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isArray",
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


def _context() -> dict[str, Any]:
    context: dict[str, Any] = {"@language": "en", "@vocab": "https://schema.org/"}
    context |= {
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "prov": "http://www.w3.org/ns/prov#",
        "sc": "https://schema.org/",
    }
    context |= {term: f"cr:{term}" for term in _TERMS}
    context["conformsTo"] = "dct:conformsTo"
    context["data"] = {"@id": "cr:data", "@type": "@json"}
    context["dataType"] = {"@id": "cr:dataType", "@type": "@vocab"}
    context["examples"] = {"@id": "cr:examples", "@type": "@json"}
    context["name"] = context["description"] = {"@container": "@language"}
    return context


CONTEXT = _context()
_ONE = ("annotationsPerItem", "dataCollection", "dataReleaseMaintenancePlan", "dataSocialImpact")
_MANY = (
    "annotatorDemographics",
    "dataAnnotationAnalysis",
    "dataAnnotationPlatform",
    "dataAnnotationProtocol",
    "dataBiases",
    "dataCollectionTimeFrame",
    "dataCollectionType",
    "dataLimitations",
    "dataPreprocessingProtocol",
    "dataUseCases",
    "machineAnnotationTools",
    "personalSensitiveInformation",
)
_TYPES = {"text": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean"}


def croissant_of(
    folder: Path,
    description: ReleaseDescription,
    *,
    present: Sequence[str],
    locales: Sequence[str],
    tables: Sequence[HumanTable],
    options: Options,
) -> dict[str, Any]:
    """The description of the parquet files under the folder, with their SHA-256. `present` are splits that have rows."""
    name = slug(description.title)
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": name if name != "other" else "release",
        "description": description.summary or description.title,
        "conformsTo": CONFORMS_TO,
        "version": description.version,
        "license": "\n\n".join(part for part in (description.licence, description.terms) if part),
        "usageInfo": _usage(description),
        "conditionsOfAccess": description.terms if description.gated else "",
        "url": description.homepage or f"urn:release:{name}",
        "datePublished": description.created,
        "creator": [_body(author) for author in authors_of(description)],
        "publisher": _body(description.publisher) if description.publisher else None,
        "citeAs": bibtex_of(description),
        "inLanguage": languages_of(description, locales),
        "prov:wasDerivedFrom": [{"prov:label": source} for source in description.derived_from],
        **_rai(description),
        **contents_of(folder, present=present, locales=locales, tables=tables, options=options),
    }
    return {key: value for key, value in described.items() if value not in ("", None, [], {})}


def contents_of(
    folder: Path,
    *,
    present: Sequence[str],
    locales: Sequence[str],
    tables: Sequence[HumanTable],
    options: Options,
) -> dict[str, Any]:
    """The part that a reader follows: files with their sums, records with their fields."""
    filled = [table for table in tables if table.rows]
    files = {split: _data(split) for split in present}
    files |= {table.name: f"{FOLDER}/{table.name}.parquet" for table in filled}
    return {
        "distribution": [_file(folder, f"file-{name}", path) for name, path in files.items()],
        "recordSet": [_items(split, locales, options) for split in present]
        + [_table(table) for table in filled],
    }


def _data(split: str) -> str:
    return f"data/{DATA_NAME.format(split=split)}"


def _body(name: str) -> dict[str, str]:
    return {"@type": "sc:Organization", "name": name}


def _usage(description: ReleaseDescription) -> dict[str, str]:
    """Terms of use as a document of its own, beside the licence's name."""
    purpose = str(description.rights.get("purpose") or "")
    if not (description.terms or purpose):
        return {}
    told = {
        "@type": "sc:CreativeWork",
        "name": description.licence or TERMS,
        "url": TERMS,
        "abstract": purpose,
    }
    return {key: value for key, value in told.items() if value}


def _rai(description: ReleaseDescription) -> dict[str, Any]:
    """The facts, one text or a list as the extension has it. UnwritableRelease for a property that it has not."""
    if unknown := set(description.facts) - {*_ONE, *_MANY}:
        raise UnwritableRelease(
            f"{min(unknown)} is no property of Croissant's RAI extension that is written here"
        )
    found: dict[str, Any] = {}
    for key, value in sorted(description.facts.items()):
        parts = [part for part in as_list(value) if part]
        if parts:
            found[f"rai:{key}"] = " ".join(parts) if key in _ONE else parts
    return found


def _file(folder: Path, name: str, path: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": path,
        "contentSize": f"{(folder / path).stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file_hash(folder / path),
    }


def _field(name: str, origin: dict[str, Any], kind: str = "sc:Text") -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name, "dataType": kind, "source": origin}


def _column(file: str, column: str, **more: Any) -> dict[str, Any]:
    return {"fileObject": {"@id": file}, "extract": {"column": column}, **more}


def _items(split: str, locales: Sequence[str], options: Options) -> dict[str, Any]:
    file = f"file-{split}"
    columns = ["ID", "text", options.output_field, "attributes", "sources", "content_hash"]
    columns += [f"{part}_{locale}" for locale in locales for part in ("question", "answer")]
    labels = [
        _field(f"{split}/meta/{key}", _column(file, "meta", transform={"jsonPath": f"$['{key}']"}))
        for key in options.order("hf")
    ]
    meta = {"@type": "cr:Field", "@id": f"{split}/meta", "name": f"{split}/meta", "subField": labels}
    plain = [_field(f"{split}/{column}", _column(file, column)) for column in columns]
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "key": {"@id": f"{split}/ID"},
        "field": [*plain[:3], meta, *plain[3:]],
    }


def _table(table: HumanTable) -> dict[str, Any]:
    file = f"file-{table.name}"
    told = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.about,
        "field": [
            _field(f"{table.name}/{column}", _column(file, column), _TYPES[kind])
            for column, kind in table.columns.items()
        ],
    }
    return {key: value for key, value in told.items() if value}
