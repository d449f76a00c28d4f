"""What the judging floor does about a text that is redacted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Response
from curation.errors import Invalid
from curation.redaction import frozen_with, wipe
from curation.registry import RedactedText, Redactor
from judging.models import Attempt, JudgeRun, Verdict


def remove(gone: RedactedText) -> dict[str, int]:
    """Whole quotations in what judges replied, and files that people brought and that hold the text.

    Prompts are not kept: their hash is. Raises Invalid while a run is at work that may hold the text.
    """
    _refuse_running(gone.hash)
    return {
        "judge_replies": len(wipe(Attempt.objects.exclude(reply=""), ["reply", "request"], gone.pieces))
        + len(wipe(Verdict.objects.exclude(reason=""), ["reason"], gone.pieces)),
        "brought_files": _remove_brought(gone.pieces),
    }


def _refuse_running(digest: str) -> None:
    theirs = Response.objects.filter(Q(question_hash=digest) | Q(text=digest)).values("dataset")
    frozen = frozen_with(digest).values("release__dataset")
    held = Q(judge__dataset__in=theirs) | Q(judge__dataset__in=frozen)
    run = JudgeRun.objects.filter(held, state=JudgeRun.State.RUNNING).first()
    if run is not None:
        message = _("A run of the judge %(judge)s may hold this text: pause it first, then go on with it.")
        raise Invalid(message % {"judge": run.judge.name})


def _remove_brought(pieces: Iterable[str]) -> int:
    """Places of brought files with the text are deleted whole: their owners bring them again without it."""
    root = Path(settings.TEINEI_VAR) / "brought"
    wanted = [needle for piece in pieces for needle in _written(piece)]
    places = {path.relative_to(root).parts[:2] for path in _files(root) if _holds(path, wanted)}
    for place in places:
        target = root.joinpath(*place)
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    return len(places)


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _written(piece: str) -> list[bytes]:
    """The piece as files may hold it: bare, and inside JSON."""
    inside = [json.dumps(piece, ensure_ascii=escaped)[1:-1] for escaped in (True, False)]
    forms = {piece.encode(), *(form.encode() for form in inside), piece.encode("cp932", "ignore")}
    return [form for form in forms if len(form) > 8]


def _holds(path: Path, wanted: Iterable[bytes]) -> bool:
    content = path.read_bytes()
    return any(needle in content for needle in wanted)


def by_hand(digest: str) -> list[str]:
    """Replies of judges about the question or the answer may quote a part of it."""
    about = Q(call__response__question_hash=digest) | Q(call__response__text=digest)
    replies = Attempt.objects.filter(about).exclude(reply="").count()
    if not replies:
        return []
    said = ngettext(
        "%(n)d reply of a judge about this text is kept and may quote a part of it: whole quotations were removed.",
        "%(n)d replies of judges about this text are kept and may quote parts of it: whole quotations were removed.",
        replies,
    )
    return [said % {"n": replies}]


def nowhere(digest: str) -> set[int]:
    """This floor has no texts of its own."""
    return set()


REDACTOR = Redactor(key="judging", datasets=nowhere, remove=remove, by_hand=by_hand)
