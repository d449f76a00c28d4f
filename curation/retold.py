"""Sentences that were kept in English, told again in the reader's language.

Estimates, the gates of a frozen release and the last word of a job are kept as text: a study's file must not depend on
who looked first. Each is found again among the messages below and filled in with what it held.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext, gettext_noop

# What the panels of a study say of themselves.
_PANELS = (
    gettext_noop("No rated response has verdicts in both modes."),
    gettext_noop("Not estimable: no response has two repeats with a score, or all verdicts are the same."),
    gettext_noop("Not estimable: no response has two ratings, or all ratings are the same."),
    gettext_noop("Not estimable: the judge's reliability may lie below %(least)s."),
    gettext_noop("Not estimable: the people's reliability may lie below %(least)s."),
    gettext_noop("Capped: the corrected value is %(value)s."),
    gettext_noop("The interval is capped at 1."),
    gettext_noop("Fewer than %(n)s responses are shared with another rater."),
    gettext_noop("Not estimable: the rater or the others give every shared response the same mean score."),
    gettext_noop("No response here has both a rating and a verdict."),
    gettext_noop("No response here is shared with another rater."),
    gettext_noop("There is nothing to count yet."),
    gettext_noop("Not estimable: the judge or the humans give every response here the same mean score."),
    gettext_noop("Not estimable: differences of judge and people do not vary within any leaf."),
    gettext_noop("Posterior under a hierarchical model of %(n)s leaf; no test."),
    gettext_noop("Posterior under a hierarchical model of %(n)s leaves; no test."),
    gettext_noop("Not estimable: judge and people put every response on the same side of the cut."),
    gettext_noop("No decided response is a violation to its raters."),
    gettext_noop("No decided response is acceptable to its raters."),
    gettext_noop("Every decided response is a violation to its raters."),
    gettext_noop("Every decided response is acceptable to its raters."),
    gettext_noop("No decided response is a violation to the judge."),
    gettext_noop("No decided response is acceptable to the judge."),
    gettext_noop("Every decided response is a violation to the judge."),
    gettext_noop("Every decided response is acceptable to the judge."),
    gettext_noop("No compared response has a mean verdict at this point."),
    gettext_noop("No call failed."),
    gettext_noop("Every call failed."),
    gettext_noop("Only one model has calls: there is nothing to compare."),
    gettext_noop("Fewer than %(n)s failures or scores are expected of some model: the p value is rough."),
    gettext_noop("Not tested: effectively %(size)s responses here, fewer than %(n)s."),
    gettext_noop("Not tested: effectively %(size)s responses in the rest, fewer than %(n)s."),
    gettext_noop("Not tested: all responses are on one side of the cut."),
)
# What jobs that write files or publish them say last.
_OUTGOING = (
    gettext_noop("The files did not verify: %(why)s"),
    gettext_noop("The files could not be written: %(error)s"),
    gettext_noop("Writing items: %(done)d of %(total)d"),
    gettext_noop("Packing file %(n)d of %(total)d: %(name)s"),
    gettext_noop("The worker stopped %(n)d times while it was at this. Ask for it again."),
    gettext_noop("%(file)s is not the file that was planned. Plan again."),
    gettext_noop("The card or %(file)s does not carry the release's terms."),
    gettext_noop("The release has an erratum: publish %(name)s instead."),
    gettext_noop("The repository has a tag %(tag)s already, on something else."),
    gettext_noop("The repository holds files that are not ours. The first: %(files)s."),
    gettext_noop("Items must not be redistributed. The first: %(ids)s."),
    gettext_noop("Terms that derivatives must carry are missing from those of the release: %(name)s."),
    gettext_noop("The hub cannot be reached, or broke off: %(why)s. Try again later."),
    gettext_noop("The hub has trouble of its own (%(status)s). Try again later."),
    gettext_noop("The hub refused (%(status)s): %(why)s"),
)
_KEPT = (
    *_PANELS,
    *_OUTGOING,
    gettext_noop("No text has been read by two people yet."),
    gettext_noop("The rubric has no cut point for a violation."),
    gettext_noop("The rubric has no cut point for an acceptable answer."),
    gettext_noop("No ratings."),
    gettext_noop("No verdicts."),
    gettext_noop("No verdicts: the judge has scored none of these responses."),
    gettext_noop("No ratings: nobody has rated any of these responses."),
    gettext_noop("No overlap: no response has both a rating and a verdict."),
    gettext_noop("No response has a majority among its raters."),
    gettext_noop("No judged response has a majority among its raters."),
    gettext_noop("No judged response is a violation to most of its raters."),
    gettext_noop("No response has two ratings."),
    gettext_noop("No response has two repeats with a score."),
    gettext_noop("No response has both a label by majority of the humans and one of the judge."),
    gettext_noop("Left out for want of a majority: %(n)s of the rated responses."),
    gettext_noop(
        "Target: the %(size)s judged responses themselves, %(labelled)s of them with a human majority."
    ),
    gettext_noop(
        "Target: the population behind the %(size)s judged responses, %(labelled)s with a human majority."
    ),
    gettext_noop("All are labelled, so nothing is left to estimate and the interval has no width."),
    gettext_noop(
        "Prior: Beta of strength %(strength)s with means %(means)s from the lowest judge score to the highest; "
        "%(draws)s draws, seed %(seed)s."
    ),
    gettext_noop("Only %(n)s question: at least %(least)s are needed for an interval."),
    gettext_noop("Only %(n)s questions: at least %(least)s are needed for an interval."),
    gettext_noop("Only %(n)s model: at least %(least)s are needed."),
    gettext_noop("Only %(n)s models: at least %(least)s are needed."),
    gettext_noop("No interval: the statistic is undefined in %(share)s of the resamples."),
    gettext_noop("No interval: every resample gives the same value."),
    gettext_noop("Every question gives the same share: Wilson interval with the questions as trials."),
    gettext_noop("The statistic is undefined in %(share)s of the resamples, which are left out."),
    gettext_noop("No inclusion probabilities are recorded: taken as a full sample."),
    gettext_noop("Not estimable: the statistic is undefined on these responses."),
    gettext_noop("Not estimable: the raters' reliability (icc_1) is not above zero."),
    gettext_noop("Not estimable: all ratings are the same."),
    gettext_noop("Not estimable: all ratings are the same, so there is no variance to divide."),
    gettext_noop("Not estimable: all verdicts are the same."),
    gettext_noop("Not estimable: in every pair of raters one gives a single score throughout."),
    gettext_noop("Not estimable: the judge gives every response the same mean score."),
    gettext_noop("Not estimable: the humans give every response the same mean score."),
    gettext_noop(
        "Not estimable: the judge gives every response the same mean score and the humans give every response "
        "the same mean score."
    ),
    gettext_noop("Not estimable: judge and humans give every response one and the same score."),
    gettext_noop("Not estimable: judge and humans give every response one and the same label."),
    gettext_noop("Not estimable: the judge or the humans give every model the same mean score."),
    gettext_noop("Not defined: the number of raters per response varies from %(least)s to %(most)s."),
    gettext_noop(
        "No rater has %(n)s responses that also have a verdict and another rating; the test needs that many."
    ),
    gettext_noop("No two raters share at least %(n)s responses."),
    gettext_noop("No verdicts of a judge that looks for refusals."),
    gettext_noop("The rubric has no cut point for this share."),
    gettext_noop("The two models have no judged question in common."),
    gettext_noop("%(short)d of %(all)d categories hold fewer than %(k)d test questions."),
    gettext_noop("Some dev questions are test questions of: %(releases)s."),
    gettext_noop("Some dev questions are nearly test questions of: %(releases)s."),
    gettext_noop("Dev questions that are nearly the same as a test question: %(n)d."),
    gettext_noop("Questions with a near-duplicate in their own split: %(n)d."),
    gettext_noop("The same question as %(other)s."),
    gettext_noop("Nearly the same as the test question %(other)s (%(score)s of 100)."),
    gettext_noop("A test question of %(other)s."),
    gettext_noop("Nearly a test question of %(other)s (%(score)s of 100)."),
    gettext_noop("In other words a test question of %(other)s (%(score)s of 100)."),
    gettext_noop("Nearly a test question of another dataset's release (%(score)s of 100)."),
    gettext_noop("In other words a test question of another dataset's release (%(score)s of 100)."),
    gettext_noop("Some items were accepted under an earlier guideline than %(new)d."),
    gettext_noop("Every item was accepted under guideline %(new)d."),
    gettext_noop("Accepted elsewhere and imported: %(n)d."),
    gettext_noop("Guideline %(n)d is not signed yet."),
    gettext_noop("Version %(n)d of the reasons is not signed yet."),
    gettext_noop("It was imported as accepted before guideline %(new)d."),
    gettext_noop("It was accepted under guideline %(old)d; the newest is %(new)d."),
    gettext_noop("%(short)d of %(all)d targets of the categories for dev and test are not reached."),
    gettext_noop("%(split)s: %(have)d of %(wanted)d questions."),
    gettext_noop("Every item has an approved translation in: %(locales)s."),
    gettext_noop("Left out by choice: %(n)d translations."),
    gettext_noop("%(n)d translations are not ready."),
    gettext_noop("Missing: %(n)d."),
    gettext_noop("Out of date: %(n)d."),
    gettext_noop("Draft: %(n)d."),
    gettext_noop("In review: %(n)d."),
    gettext_noop("Sent back: %(n)d."),
    gettext_noop("In the translation: %(locale)s."),
    gettext_noop("No worker could be reached (%(error)s)."),
    gettext_noop("The worker went away. What was answered is kept; resume to go on."),
    gettext_noop(
        "The endpoint does not answer (%(said)s), so the run has paused itself. What was answered is kept; resume it when "
        "the endpoint is back."
    ),
    gettext_noop(
        "The run has reached its cap: %(spent)s spent. What was answered is kept; raise the cap to go on."
    ),
)
_PLACE = re.compile(r"%\((\w+)\)([sd])")
# What may stand in a place: a number tells where its sentence ends.
_FILLED = {"s": ".+?", "d": r"-?\d+"}
_BETWEEN = re.compile(r"(?<=[.)]) (?=[A-Z])")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """(what the sentence looks like, its message) of every message with something filled in."""
    found = []
    for message in _KEPT:
        parts = _PLACE.split(message)  # text, name, kind, text, name, kind, ..., text
        if len(parts) > 1:
            places = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
            shape = "".join(f"(?P<{name}>{_FILLED[kind]}){re.escape(text)}" for name, kind, text in places)
            found.append((re.compile(re.escape(parts[0]) + shape), message))
    return tuple(found)


def _sentence(text: str) -> str | None:
    """One sentence in the reader's language; None where it is none of the messages."""
    if (told := gettext(text)) != text:
        return told
    for pattern, message in _patterns():
        if match := pattern.fullmatch(text):
            return _PLACE.sub(lambda place: match[place[1]], gettext(message))
    return None


def retold(text: str | None) -> str:
    """The kept text in the reader's language, sentence by sentence; what is not known stays as it is."""
    if not text or (get_language() or "en").startswith("en"):
        return text or ""
    if (whole := _sentence(text)) is not None:
        return whole
    told = [(sentence, _sentence(sentence)) for sentence in _BETWEEN.split(text)]
    if all(translated is not None for _kept, translated in told):
        return "".join(str(translated) for _kept, translated in told)
    return " ".join(translated or kept for kept, translated in told)
