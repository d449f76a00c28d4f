"""Simple checks of a question and its answer, for the writer and the reviewer. Pure: no Django, no models.

They point at things and never stop a submit: what to do about them is a person's decision, and a person may dismiss
each with a reason. What they say in words stands in `curation/check_words.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from curation.checks.characters import machine_dependent
from curation.checks.findings import Finding, Place
from curation.checks.lengths import (
    ANSWER_LENGTH,
    BANDS,
    QUESTION_LENGTH,
    Bands,
    bands_of,
    length,
    length_band,
)
from curation.checks.persons import persons_data
from curation.checks.refusals import only_refuses
from curation.checks.templates import Ends, ends, like_a_template
from curation.checks.widths import mixed_widths

__all__ = [
    "ANSWER_LENGTH",
    "QUESTION_LENGTH",
    "Bands",
    "Ends",
    "Finding",
    "Place",
    "bands_of",
    "check",
    "ends",
    "length",
    "length_band",
    "like_a_template",
    "machine_dependent",
    "mixed_widths",
    "only_refuses",
    "persons_data",
]


def check(
    question: str,
    answer: str,
    *,
    others: Iterable[Ends] = (),
    bands: Bands | None = None,
) -> list[Finding]:
    """All findings of both parts in a fixed order; an empty part is skipped.

    `others` are the ends of the questions that a template would show in: those of the same author and category.
    `bands` gives other least and most characters for a part than the guideline's.
    """
    limits = BANDS | (bands or {})
    findings: list[Finding] = []
    for part, text in (("question", question), ("answer", answer)):
        if not text.strip():
            continue
        findings.append(length_band(part, text, limits[part]))
        if part == "question":
            findings += like_a_template(text, others)
        else:
            findings += only_refuses(text)
        findings += [*persons_data(part, text), *mixed_widths(part, text), *machine_dependent(part, text)]
    return findings
