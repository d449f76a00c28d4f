"""The words of a hub folder: the card with its YAML, how to cite, the change log."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from .rows import SPLITS, ReleaseDescription
from .statistics import Tally, summary
from .tables import FOLDER, SPLIT, HumanTable

DATA_NAME = "{split}-00000-of-00001.parquet"
# Line breaks of YAML 1.1 and the byte order mark, which a JSON string leaves bare.
_YAML_ESCAPES = {0x85: "\\x85", 0x2028: "\\u2028", 0x2029: "\\u2029", 0xFEFF: "\\ufeff", 0x7F: "\\x7f"}
# The hub's own words for the size of a dataset.
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
GATE_FIELDS = (("Name", "text"), ("Affiliation", "text"), ("Country", "country"), ("Intended use", "text"))
AGREED = "I have read the terms and use this dataset only as they allow"


def yaml_string(text: str) -> str:
    """A double-quoted YAML scalar."""
    return json.dumps(text, ensure_ascii=False).translate(_YAML_ESCAPES)


def slug(text: str) -> str:
    """A licence name as the hub wants it: lower-case ASCII letters, digits, dots and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "other"


def size_category(items: int) -> str:
    """The hub's word for so many items."""
    return next((word for most, word in SIZES if items < most), "1M<n<10M")


def languages_of(description: ReleaseDescription, locales: Iterable[str]) -> list[str]:
    """Of the texts, then of their translations."""
    return list(dict.fromkeys((*description.languages, *locales)))


def front_matter(
    description: ReleaseDescription, tally: Tally, *, locales: Sequence[str], tables: Sequence[HumanTable]
) -> list[str]:
    """The lines of YAML between the two marks."""
    counts = tally.counts(redacted=False)
    return [
        f"pretty_name: {yaml_string(description.title)}",
        "language:",
        *(f"- {yaml_string(language)}" for language in languages_of(description, locales)),
        "license: other",
        f"license_name: {yaml_string(slug(description.licence))}",
        "license_link: TERMS.txt",
        "task_categories:",
        "- text-generation",
        "tags:",
        "- safety",
        "- croissant",
        "size_categories:",
        f"- {size_category(sum(counts.values()))}",
        *(_gate(description) if description.gated else []),
        *configs([split for split in SPLITS if counts[split]], tables),
    ]


def configs(present: Sequence[str], tables: Sequence[HumanTable]) -> list[str]:
    """The lines that name the files: the items by split, and a config for each table of people's data."""
    return [
        "configs:",
        "- config_name: default",
        "  default: true",
        "  data_files:",
        *(f"  - split: {split}\n    path: data/{DATA_NAME.format(split=split)}" for split in present),
        *(
            f"- config_name: {table.name}\n  data_files:\n"
            f"  - split: {SPLIT}\n    path: {FOLDER}/{table.name}.parquet"
            for table in tables
            if table.rows  # see ParquetFiles: no file without rows can be loaded
        ),
    ]


def _gate(description: ReleaseDescription) -> list[str]:
    purpose = str(description.rights.get("purpose") or "")
    prompt = "\n\n".join(part for part in (description.terms, purpose) if part)
    return [
        f"extra_gated_prompt: {yaml_string(prompt)}",
        "extra_gated_fields:",
        *(f"  {name}: {kind}" for name, kind in GATE_FIELDS),
        f"  {AGREED}: checkbox",
    ]


def card_text(
    description: ReleaseDescription,
    tally: Tally,
    *,
    locales: Sequence[str] = (),
    tables: Sequence[HumanTable] = (),
    figures: Iterable[str] = (),
) -> str:
    """The dataset card: YAML front matter, what it is, figures, warning, terms, how to cite."""
    front = front_matter(description, tally, locales=locales, tables=tables)
    version = description.version and f"Version {description.version}. "
    body = [
        f"# {description.title}",
        description.summary,
        description.content_warning and f"**Content warning.** {description.content_warning}",
        f"{version}Taxonomy: {description.taxonomy}. Created: {description.created}.",
        description.root_hash and f"Root hash (SHA-256): `{description.root_hash}`",
        _contents(tally),
        "`attributes` and `sources` are JSON as text. A missing translation is null.",
        _tables(tables),
        "\n\n".join(f"![{name}](figures/{name})" for name in figures),
        _terms(description),
        f"## How to cite\n\n{description.citation}\n\n{_fenced(bibtex_of(description), 'bibtex')}",
        "Every file is listed with its SHA-256 in `SHA256SUMS`; changes of each version stand in `CHANGELOG.md`.",
    ]
    return "\n".join(["---", *front, "---"]) + "\n\n" + "\n\n".join(part for part in body if part) + "\n"


def _contents(tally: Tally) -> str:
    counts, lost = tally.counts(redacted=False), tally.redacted_counts()
    lines = ["## What is inside", "", "| split | items |", "| --- | --- |"]
    lines += [f"| {split} | {counts[split]} |" for split in SPLITS]
    if any(lost.values()):
        numbers = ", ".join(f"{split} {lost[split]}" for split in SPLITS if lost[split])
        lines += ["", f"Redacted, and known by their hashes alone: {numbers}."]
    lines += ["", "| characters | n | median | mean | max |", "| --- | --- | --- | --- | --- |"]
    for part, found in sorted(tally.lengths.items()):
        if found:
            told = summary(found)
            lines.append(f"| {part} | {told['n']} | {told['median']} | {told['mean']} | {told['max']} |")
    return "\n".join(lines)


def _tables(tables: Sequence[HumanTable]) -> str:
    if not tables:
        return ""
    lines = ["## People's data", "", "People stand in these tables under pseudonyms.", ""]
    lines += ["| config | rows | what it is |", "| --- | --- | --- |"]
    return "\n".join(
        lines + [f"| `{t.name}` | {len(t.rows)} | {' '.join(t.about.split())} |" for t in tables]
    )


def _terms(description: ReleaseDescription) -> str:
    rights = description.rights
    parts = [
        "## Terms",
        description.licence,
        description.terms,
        rights.get("purpose") and f"**Purpose.** {rights['purpose']}",
        rights.get("attribution") and f"**Attribution.** {rights['attribution']}",
        rights.get("inherits") and "Derivatives carry the same terms.",
        rights.get("redistributable") is False and "This dataset must not be redistributed.",
    ]
    return "\n\n".join(str(part) for part in parts if part)


def _fenced(text: str, kind: str) -> str:
    marks = "```"
    while marks in text:
        marks += "`"
    return f"{marks}{kind}\n{text}\n{marks}"


# BibTeX counts every brace, even one behind a backslash: a title with a single one would swallow what follows.
_TEX = str.maketrans(
    {char: f"\\{char}" for char in "%#&_$"}
    | {"{": "\\textbraceleft ", "}": "\\textbraceright ", "\\": "\\textbackslash ", "~": "\\textasciitilde "}
)


def bibtex_of(description: ReleaseDescription) -> str:
    """The entry that the description has, else one made of what it says."""
    if description.bibtex:
        return description.bibtex.strip()

    def braced(text: str) -> str:
        return "{" + text.translate(_TEX) + "}"

    fields = {
        "title": "{" + braced(description.title) + "}",
        "author": "{" + " and ".join(braced(name) for name in authors_of(description)) + "}",
        "year": "{" + description.created[:4] + "}",
        "version": description.version and braced(description.version),
        "publisher": description.publisher and braced(description.publisher),
        "howpublished": description.homepage and braced(description.homepage),
        "note": description.root_hash and "{sha256:" + description.root_hash + "}",
    }
    lines = ",\n".join(f"  {key} = {value}" for key, value in fields.items() if value)
    return f"@misc{{{slug(description.title)},\n{lines}\n}}"


def authors_of(description: ReleaseDescription) -> tuple[str, ...]:
    """The authors, else the publisher, else the contributors as a body: a citation needs somebody."""
    if description.authors:
        return description.authors
    return (description.publisher or f"{description.dataset} contributors",)


def citation_cff(description: ReleaseDescription) -> str:
    """CITATION.cff (Citation File Format 1.2.0)."""
    lines = [
        "cff-version: 1.2.0",
        f"message: {yaml_string('If you use this dataset, please cite it as below.')}",
        "type: dataset",
        f"title: {yaml_string(description.title)}",
        "authors:",
        *(f"- name: {yaml_string(name)}" for name in authors_of(description)),
        *([f"version: {yaml_string(description.version)}"] if description.version else []),
        f"date-released: {yaml_string(description.created)}",
        *([f"url: {yaml_string(description.homepage)}"] if description.homepage else []),
        *([f"abstract: {yaml_string(description.summary)}"] if description.summary else []),
        *(_identifier(description.root_hash) if description.root_hash else []),
    ]
    return "\n".join(lines) + "\n"


def _identifier(root: str) -> list[str]:
    return [
        "identifiers:",
        "- type: other",
        f"  value: {yaml_string('sha256:' + root)}",
        f"  description: {yaml_string('Root hash of the frozen items')}",
    ]


def changelog_text(description: ReleaseDescription) -> str:
    """CHANGELOG.md: the newest version first, as the caller gives them."""
    parts = ["# Changes"]
    for change in description.changes:
        words = [change.release, change.version and f"({change.version})", change.date]
        lines = [f"- {' '.join(line.split())}" for line in change.lines]
        parts.append("\n".join([f"## {' '.join(word for word in words if word)}", "", *lines]).rstrip())
    if not description.changes:
        parts.append(f"## {description.name}\n\n- Nothing is recorded of earlier versions.")
    return "\n\n".join(parts) + "\n"


def as_list(value: Any) -> list[str]:
    """One text or several, as several."""
    return [value] if isinstance(value, str) else [str(part) for part in value]
