"""Log entries as sentences for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.models import LogEntry, Person

_VERBS = {
    "start": gettext_lazy("began the item"),
    "submit": gettext_lazy("submitted question and answer"),
    "submit_question": gettext_lazy("submitted the question"),
    "revise": gettext_lazy("revised the text"),
    "approve": gettext_lazy("accepted it"),
    "request_changes": gettext_lazy("sent it back"),
    "request_answer": gettext_lazy("asked for another answer"),
    "reject": gettext_lazy("rejected it"),
    "give_opinion": gettext_lazy("gave an opinion, one of two"),
    "take_back": gettext_lazy("took their decision back"),
    "move": gettext_lazy("moved it to another category"),
    "restore": gettext_lazy("put an earlier text into their draft"),
    "hand_over": gettext_lazy("handed the review over"),
    "ask_aid": gettext_lazy("asked the drafting aid"),
    "hand_over_writing": gettext_lazy("handed the writing over"),
    "open_to_all": gettext_lazy("opened it to all writers"),
    "close_to_all": gettext_lazy("gave it back to its author alone"),
    "carry_out": gettext_lazy("began a change of several items"),
    "withdraw": gettext_lazy("withdrew it"),
    "reopen": gettext_lazy("reopened it"),
    "comment": gettext_lazy("commented"),
    "resolve": gettext_lazy("resolved a thread"),
    "take_up": gettext_lazy("reopened a thread"),
    "dismiss": gettext_lazy("dismissed a check's finding"),
    "bring_back": gettext_lazy("brought a check's finding back"),
    "translate": gettext_lazy("handed in a translation"),
    "freeze": gettext_lazy("froze a release"),
    "waive": gettext_lazy("let a gate through for a release"),
    "export": gettext_lazy("exported a release"),
    "download": gettext_lazy("downloaded a release"),
    "correct": gettext_lazy("corrected a release"),
    "plan_publication": gettext_lazy("planned to publish a release"),
    "publish": gettext_lazy("began to publish a release"),
    "succeed": gettext_lazy("published a release"),
    "fail": gettext_lazy("could not publish a release"),
    "make_link": gettext_lazy("made a download link"),
    "revoke": gettext_lazy("revoked a download link"),
    "publish_page": gettext_lazy("made the page of a release public"),
    "withdraw_page": gettext_lazy("made the page of a release private"),
    "ask_redaction": gettext_lazy("asked that a text be removed"),
    "take_back_redaction": gettext_lazy("took back the request to remove a text"),
    "redact": gettext_lazy("confirmed that a text be removed"),
    "sign_mapping": gettext_lazy("signed the taxonomy"),
    "write_codebook": gettext_lazy("made a version of the reasons"),
    "read_guideline": gettext_lazy("read a version of the guideline"),
    "write_guideline": gettext_lazy("made a version of the guideline"),
    "import_items": gettext_lazy("imported items"),
    "export_items": gettext_lazy("took a table of items"),
    "import_release": gettext_lazy("registered a published release"),
    "set_quotas": gettext_lazy("changed targets"),
    "set_routine": gettext_lazy("changed how the work goes"),
    "create_rights": gettext_lazy("entered terms"),
    "revise_rights": gettext_lazy("changed terms"),
    "create_dataset": gettext_lazy("made the dataset"),
    "load_taxonomy": gettext_lazy("loaded a taxonomy"),
    "give_role": gettext_lazy("gave a role"),
    "take_role": gettext_lazy("ended a role"),
    "rate": gettext_lazy("rated a response"),
    "skip": gettext_lazy("skipped a response"),
    "launch": gettext_lazy("launched a training run"),
    "cancel": gettext_lazy("cancelled it"),
    "resume": gettext_lazy("resumed it"),
    "finish": gettext_lazy("changed several items"),
    "finish_undo": gettext_lazy("ended taking a change of several items back"),
    "sign_in": gettext_lazy("signed in"),
    "undo": gettext_lazy("took a rating back"),
    "acknowledge_warning": gettext_lazy("read what kind of texts to expect"),
    "qualify": gettext_lazy("passed the practice"),
    "fail_practice": gettext_lazy("finished a practice"),
    "allow_attempt": gettext_lazy("allowed another practice"),
    "care": gettext_lazy("changed what is shown to them"),
    "create_task": gettext_lazy("planned a rating task"),
    "close": gettext_lazy("closed a rating task"),
    "offer": gettext_lazy("offered raters the next responses"),
    "add_raters": gettext_lazy("added raters"),
    "pause_rater": gettext_lazy("paused a rater"),
    "resume_rater": gettext_lazy("let a rater go on"),
    "adjudicate": gettext_lazy("gave a final value"),
    "create_rubric": gettext_lazy("made a version of a rubric"),
    "sign": gettext_lazy("signed a rubric"),
    "add_cases": gettext_lazy("added cases with known scores"),
    "remove_case": gettext_lazy("removed a case with a known score"),
    "import_ratings": gettext_lazy("imported ratings"),
    "read_blinding": gettext_lazy("read what raters could see"),
    "export_ratings": gettext_lazy("exported ratings"),
    "import_responses": gettext_lazy("imported responses"),
    "generate": gettext_lazy("asked models for responses"),
    "sync": gettext_lazy("exchanged a task with Label Studio"),
    "pull": gettext_lazy("took annotations from Label Studio"),
    "decide_conflict": gettext_lazy("decided a conflict with Label Studio"),
    "connect_partner": gettext_lazy("connected Label Studio"),
    "create_judge": gettext_lazy("made a judge"),
    "create_endpoint": gettext_lazy("made a model endpoint"),
    "judge": gettext_lazy("ran a judge"),
    "reparse": gettext_lazy("read replies anew"),
    "import_verdicts": gettext_lazy("imported verdicts"),
    "correct_final": gettext_lazy("replaced a final value"),
    "machine_translate": gettext_lazy("had drafts of translations made"),
    "start_anew": gettext_lazy("began a task anew in Label Studio"),
}
_VERBS_OF = {
    ("item", "undo"): gettext_lazy("took a change of several items back"),
    ("batch", "undo"): gettext_lazy("took a change of several items back"),
    ("codebook", "sign"): gettext_lazy("signed a version of the reasons"),
    ("guideline", "sign"): gettext_lazy("signed a version of the guideline"),
    ("rating", "correct"): gettext_lazy("corrected a rating"),
    ("downloadlink", "download"): gettext_lazy("downloaded a release by a link"),
}
_ICONS = {
    "submit": "write",
    "submit_question": "write",
    "revise": "write",
    "approve": "check",
    "request_changes": "back",
    "request_answer": "back",
    "reject": "cross",
    "take_back": "back",
    "withdraw": "lock",
    "freeze": "release",
    "export": "release",
    "translate": "translate",
}


def event_of(entry: LogEntry) -> dict[str, Any]:
    """What `components/timeline.html` shows of a log entry."""
    who = _("the operator") if entry.person is None else str(entry.person)
    sentence = _VERBS_OF.get((entry.object_type, entry.verb)) or _VERBS.get(entry.verb) or entry.verb
    return {
        "icon": _ICONS.get(entry.verb, "history"),
        "who": who,
        "sentence": str(sentence),
        "at": entry.created_at,
        "text": "",
    }


def alias(person: Person | None) -> str:
    """The name under which a writer's work is read."""
    if person is None:
        return _("Imported")
    return person.pseudonym or _("Writer %(n)d") % {"n": person.pk}


def split_because(why: Mapping[str, Any]) -> str:
    """Why a question has its split, from `Question.split_why`; nothing where nothing is known."""
    words = {key: why.get(key, "") for key in ("release", "seed", "rank", "of", "places", "score", "text")}
    match why.get("by"):
        case "import":
            return _("The import named it.")
        case "draw" if why.get("rank"):
            said = _(
                "Drawn for %(release)s with seed %(seed)s: rank %(rank)s of %(of)s, places for test %(places)s."
            )
            return said % words
        case "draw":
            return _("Drawn for %(release)s with seed %(seed)s.") % words
        case "twin":
            return _("Goes with %(of)s, which it resembles.") % words
        case "said":
            return str(words["text"])
    return ""
