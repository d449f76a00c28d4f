"""A decision that sends work back says why, of each part that is not good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.reasons import Book


def need_reason(book: Book, decision: str, *parts: str, reason: str, comment: str) -> None:
    """Raises Invalid, naming the field, where neither a reason of the decision's list nor a comment says why.

    `parts`: what the reasons speak of, as in `Book.offered`.
    """
    known = {each.code: each for each in book.offered(decision, *parts)}
    if reason and reason not in known:
        raise Invalid(
            _("This reason does not belong to this decision. Choose one from the list."), field="reason"
        )
    if not (reason or comment.strip()):
        raise Invalid(_("Say why: choose a reason or write a comment."), field="reason")
    if reason and known[reason].comment_required and not comment.strip():
        raise Invalid(_("Write the reason in so many words."), field="comment")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a decision says of the question and of the answer: whether it is good, and the coded reason where not."""

    question_ok: bool | None = None
    answer_ok: bool | None = None
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        return next(iter(self.reasons.values()), "")


ACCEPTED = Judged(question_ok=True, answer_ok=True)


def judged(
    book: Book,
    decision: str,
    *,
    said: Mapping[str, bool | None],
    reasons: Mapping[str, str],
    reason: str,
    comment: str,
) -> Judged:
    """Both parts judged apart, for a decision that sends back; raises Invalid, naming the field, where that is not said.

    `said` is of "question" and "answer"; `reasons` has a code for each part that is not good. `reason` alone stands for
    those of the parts that it speaks of.
    """
    if reason and reason not in {each.code for each in book.offered(decision)}:
        raise Invalid(
            _("This reason does not belong to this decision. Choose one from the list."), field="reason"
        )
    bad = _not_good(decision, said=said, reasons=reasons)
    codes = {part: reasons.get(part) or _speaks_of(book, reason, decision, part) for part in bad}
    for part, code in codes.items():
        need_code(book, decision, part, code)
    if not comment.strip():
        raise Invalid(_("Write what should change, in so many words."), field="comment")
    return Judged(question_ok="question" not in bad, answer_ok="answer" not in bad, reasons=codes)


def _not_good(decision: str, *, said: Mapping[str, bool | None], reasons: Mapping[str, str]) -> list[str]:
    """The parts that are not good; who asks for another answer accepts the question by that."""
    known = dict(said) | ({"question": True, "answer": False} if decision == "request_answer" else {})
    bad = []
    for part in ("question", "answer"):
        good, code = known.get(part), reasons.get(part, "")
        if good and code:
            raise Invalid(_("A part that is good needs no reason."), field=part)
        if good is None and not code:
            raise Invalid(_("Say of the question and of the answer whether they are good."), field=part)
        if not good:
            bad.append(part)
    if not bad:
        raise Invalid(_("Both parts are called good. Say what is not, or accept it."), field="question")
    return bad


def _speaks_of(book: Book, reason: str, decision: str, part: str) -> str:
    return reason if reason in {each.code for each in book.offered(decision, part)} else ""


def need_code(book: Book, decision: str, part: str, code: str) -> None:
    """Raises Invalid, naming the part, where the code is none of the reasons of this decision for the part."""
    if not code:
        raise Invalid(_("Choose a reason from the list for each part that is not good."), field=part)
    if not _speaks_of(book, code, decision, part):
        raise Invalid(
            _("This reason does not belong to this decision. Choose one from the list."), field=part
        )
