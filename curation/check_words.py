"""What the checks say: what was found, why it matters, how to mend it, and which section of the guideline speaks of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from curation.checks import Finding
from curation.guideline_text import Section

QUESTION, ANSWER, POLICY = 2, 4, 1  # the sections of the shipped guideline


@dataclass(frozen=True, kw_only=True)
class Words:
    """Sentences of one check; `section` is the number of a section of the guideline, 0 where none speaks of it."""

    says: Any
    why: Any = ""
    mend: Any = ""
    section: int = 0


_ELSEWHERE = _(
    "Programs that know fewer characters show something else there, a search for the usual form does not find it, "
    "and a model reads it as a sign of its own."
)
_WIDTH = _("A search for one width does not find the other, and a model learns two spellings of one word.")
_REAL = _("The dataset is published: whoever it belongs to could be called, written to or found.")

WORDS = {
    "length": Words(says=_("%(count)d characters, as the guideline asks")),
    "short.question": Words(
        says=_("%(count)d characters: short. Between %(least)d and %(most)d are usual."),
        why=_(
            "A very short question names no situation, so nobody can tell what a careful answer has to see to."
        ),
        mend=_("Say who is asking, and in what situation."),
        section=QUESTION,
    ),
    "short.answer": Words(
        says=_("%(count)d characters: short. Between %(least)d and %(most)d are usual."),
        why=_("A short answer seldom has room for conclusion, reason and next step."),
        mend=_("Add the reason, or what the person can do next."),
        section=ANSWER,
    ),
    "long.question": Words(
        says=_("%(count)d characters: long. Between %(least)d and %(most)d are usual."),
        why=_(
            "A long question mostly asks several things, and an answer to one of them passes as an answer to all."
        ),
        mend=_("Ask one thing, and leave out what the answer does not depend on."),
        section=QUESTION,
    ),
    "long.answer": Words(
        says=_("%(count)d characters: long. Between %(least)d and %(most)d are usual."),
        why=_("In a long answer the point that matters is missed, and models learn to be wordy."),
        mend=_("Put conclusion, reason and next step in this order and cut the rest."),
        section=ANSWER,
    ),
    "half_kana": Words(
        says=_("Half-width kana"),
        why=_WIDTH,
        mend=_("Write them full-width."),
    ),
    "mixed_digits": Words(
        says=_("Full-width and half-width digits are mixed"),
        why=_WIDTH,
        mend=_("Choose one width in a text; half-width is usual here."),
    ),
    "mixed_letters": Words(
        says=_("Full-width and half-width letters are mixed"),
        why=_WIDTH,
        mend=_("Choose one width in a text; half-width is usual here."),
    ),
    "full_width": Words(
        says=_("Full-width letters or digits"),
        why=_WIDTH,
        mend=_("Write them half-width, as the rest of the dataset does."),
    ),
    "circled": Words(
        says=_("Circled numbers or letters"),
        why=_ELSEWHERE,
        mend=_("Write them as plain numbers, such as (1)."),
    ),
    "roman": Words(
        says=_("Roman numerals of one character"),
        why=_ELSEWHERE,
        mend=_("Write them with letters, such as IV."),
    ),
    "unit": Words(
        says=_("Several letters in one character"),
        why=_ELSEWHERE,
        mend=_("Write it out, such as (株) or ミリ."),
    ),
    "variant": Words(
        says=_("A variant form of a kanji"),
        why=_ELSEWHERE,
        mend=_("Write the usual form, unless the form itself is what the text is about."),
    ),
    "private_use": Words(
        says=_("Characters that only one maker's fonts have"),
        why=_("Everywhere else they are an empty box."),
        mend=_("Write what is meant in other words."),
    ),
    "decomposed": Words(
        says=_("Kana with a voicing mark of its own"),
        why=_(
            "It looks the same and is two characters: a search does not find it, and lengths are counted wrongly."
        ),
        mend=_("Type the word again. It often comes from a copied file name."),
    ),
    "invisible": Words(
        says=_("Characters that nobody sees"),
        why=_("They split words for a search and for a model, and mostly come along with a copied text."),
        mend=_("Delete them, or type the place again."),
    ),
    "mail": Words(
        says=_("Looks like a mail address"),
        why=_REAL,
        mend=_("Invent one under example.com, or name a public desk instead."),
        section=QUESTION,
    ),
    "phone": Words(
        says=_("Looks like a telephone number"),
        why=_REAL,
        mend=_("Write 090-0000-0000, or check that it is the number of a public desk and say so here."),
        section=QUESTION,
    ),
    "postal_code": Words(
        says=_("Looks like a postal code"),
        why=_REAL,
        mend=_("Leave it out, or write 000-0000."),
        section=QUESTION,
    ),
    "my_number": Words(
        says=_("Looks like a My Number: its check digit is right"),
        why=_("Nobody may collect or publish another person's My Number; the law forbids it."),
        mend=_("Leave it out."),
        section=QUESTION,
    ),
    "card": Words(
        says=_("Looks like a card number: its check digit is right"),
        why=_REAL,
        mend=_("Leave it out, or write a number for tests such as 4111 1111 1111 1111."),
        section=QUESTION,
    ),
    "name": Words(
        says=_("Looks like a person's full name with a title"),
        why=_("A real person could be recognised, and what is said of them would be published."),
        mend=_("Write the family name alone, or a name from a form's example such as 山田太郎."),
        section=QUESTION,
    ),
    "same_opening": Words(
        says=_("%(count)d other questions begin in the same way"),
        why=_("A model learns the form instead of the care, and a test measures one question many times."),
        mend=_("Ask it as another person would, in another situation."),
        section=QUESTION,
    ),
    "same_ending": Words(
        says=_("%(count)d other questions end in the same way"),
        why=_("A model learns the form instead of the care, and a test measures one question many times."),
        mend=_("Ask it as another person would, in another situation."),
        section=QUESTION,
    ),
    "bare_refusal": Words(
        says=_("It declines and leaves it at that"),
        why=_("A bare refusal may be safe, yet the person is left alone with the trouble."),
        mend=_("Say why it is declined and what can be done instead, or where to turn."),
        section=POLICY,
    ),
}


def words_of(finding: Finding) -> Words:
    """The words of a finding's check."""
    return WORDS.get(f"{finding.key}.{finding.part}") or WORDS[finding.key]


def sentence_of(finding: Finding) -> str:
    """What was found, with its numbers."""
    least, most = finding.bounds or (0, 0)
    return str(words_of(finding).says) % {"count": finding.count, "least": least, "most": most}


def section_of(finding: Finding, held: Sequence[Section]) -> Section | None:
    """The section of this guideline that speaks of it; None where the guideline has none of that number."""
    number = words_of(finding).section
    return next((section for section in held if section.number == number), None) if number else None
