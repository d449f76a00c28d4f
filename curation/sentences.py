"""Log entries as sentences for people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.models import LogEntry

_VERBS = {
    "start": gettext_lazy("began the item"),
    "submit": gettext_lazy("submitted question and answer"),
    "submit_question": gettext_lazy("submitted the question"),
    "revise": gettext_lazy("revised the text"),
    "approve": gettext_lazy("accepted it"),
    "request_changes": gettext_lazy("sent it back"),
    "request_answer": gettext_lazy("asked for another answer"),
    "reject": gettext_lazy("rejected it"),
    "withdraw": gettext_lazy("withdrew it"),
    "reopen": gettext_lazy("reopened it"),
    "comment": gettext_lazy("commented"),
    "translate": gettext_lazy("handed in a translation"),
    "freeze": gettext_lazy("froze a release"),
    "export": gettext_lazy("exported a release"),
    "download": gettext_lazy("downloaded a release"),
    "correct": gettext_lazy("corrected a release"),
    "import_items": gettext_lazy("imported items"),
    "import_release": gettext_lazy("registered a published release"),
    "create_dataset": gettext_lazy("made the dataset"),
    "load_taxonomy": gettext_lazy("loaded a taxonomy"),
    "give_role": gettext_lazy("gave a role"),
    "take_role": gettext_lazy("ended a role"),
    "rate": gettext_lazy("rated a response"),
    "skip": gettext_lazy("skipped a response"),
    "launch": gettext_lazy("launched a training run"),
    "cancel": gettext_lazy("cancelled it"),
    "resume": gettext_lazy("resumed it"),
    "sign_in": gettext_lazy("signed in"),
}
_ICONS = {
    "submit": "write",
    "submit_question": "write",
    "revise": "write",
    "approve": "check",
    "request_changes": "back",
    "request_answer": "back",
    "reject": "cross",
    "withdraw": "lock",
    "freeze": "release",
    "export": "release",
    "translate": "translate",
}


def event_of(entry: LogEntry) -> dict[str, Any]:
    """What `components/timeline.html` shows of a log entry."""
    who = _("the operator") if entry.person is None else str(entry.person)
    return {
        "icon": _ICONS.get(entry.verb, "history"),
        "who": who,
        "sentence": str(_VERBS.get(entry.verb, entry.verb)),
        "at": entry.created_at,
        "text": "",
    }
