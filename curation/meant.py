"""Questions that mean the same as one that is being typed, where requirements/meaning.txt is installed.

While somebody waits nothing is embedded but what they type. The worker embeds what was written (`embed_new`, every
minute) and keeps the vectors in the file that the gates of a freeze read; a process that answers keeps those of all
standing questions, 1 KB each. So a question is found by its letters at once, and by its meaning a minute or two later.
Import it where it is needed: it loads numpy.
"""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock

from django.conf import settings

from curation import meaning
from curation.finding import ASKED, Near
from curation.models import Text

_AT_ONCE = 500  # texts of one round of the worker: some 2 s of one processor
_EVERY = 20.0  # seconds between two looks for vectors that were not there yet
_WAIT = 0.2  # seconds
_SLICE = 2000  # texts of one look


def switched_on() -> bool:
    """Whether meaning is compared on this server."""
    return bool(settings.TEINEI_MEANING) and meaning.installed()


def vectors_file() -> Path:
    """Where vectors are kept; the folder is made."""
    folder = Path(settings.TEINEI_VAR) / "near"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / "meaning.sqlite3"


def embed_new(most: int = _AT_ONCE) -> int:
    """Embed standing questions that have no vector yet, at most so many; how many that were. None where it is switched off."""
    if not switched_on():
        return 0
    memory = meaning.Memory(vectors_file())
    missing = memory.missing(ASKED.hashes())[
        -most:
    ]  # the newest first: somebody may be writing the same just now
    texts = Text.objects.filter(pk__in=missing)
    bodies = dict(texts.filter(redacted_at=None).values_list("pk", "body"))
    memory.make(bodies)
    gone = texts.exclude(redacted_at=None).values_list("pk", flat=True)  # perhaps while it was embedded
    memory.forget(list(gone.filter(pk__in=list(bodies))))
    return len(bodies)


class Meant:
    """The vectors of all standing questions, as far as they have one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as where another database takes the place of this one."""
        self._shelf = meaning.Shelf()
        self._waiting: dict[str, None] = {}
        self._seen, self._turn, self._looked = 0, 0, -_EVERY

    def read(self) -> None:
        """Read all vectors and the model, so that who asks first need not wait a second for them."""
        if switched_on():
            self._up_to_date(patience=-1)
            meaning.embedded("")

    def near(self, text: str, *, limit: int) -> list[Near]:
        """The standing questions that mean the same as an exact text, best first. None where it is switched off."""
        if not switched_on():
            return []
        shelf = self._up_to_date(patience=_WAIT)
        found = shelf.close(meaning.embedded(text), limit=limit) if len(shelf) else []
        kept = Text.objects.filter(pk__in=[key for key, _score in found], redacted_at=None)
        standing = set(kept.values_list("pk", flat=True)) if found else set()
        return [Near(key, score, meant=True) for key, score in found if key in standing]

    def _up_to_date(self, patience: float) -> meaning.Shelf:
        if not self._lock.acquire(timeout=patience):
            return self._shelf  # another thread reads: what it holds so far is better than no answer
        try:
            fresh = ASKED.hashes(self._seen)
            self._seen += len(fresh)
            self._waiting |= dict.fromkeys(fresh)
            asked = fresh + self._due()
            if asked and vectors_file().exists():
                self._take_in(list(dict.fromkeys(asked)))
            return self._shelf
        finally:
            self._lock.release()

    def _take_in(self, hashes: list[str]) -> None:
        """A slice at a time: all at once, 200,000 vectors would be held four times over while they are read."""
        memory = meaning.Memory(vectors_file())
        for start in range(0, len(hashes), _SLICE):
            keys, rows = memory.read(hashes[start : start + _SLICE])
            self._shelf.add(keys, rows)
            for key in keys:
                del self._waiting[key]

    def _due(self) -> list[str]:
        """Of those that wait for a vector the newest, which the worker embeds first, and a slice of the others in turn.

        Never all of them: while the worker is at the first 200,000, whoever types would wait for as many to be looked for.
        """
        if time.monotonic() - self._looked < _EVERY:
            return []
        self._looked, waiting = time.monotonic(), list(self._waiting)
        self._turn = self._turn + _SLICE if self._turn + _SLICE < len(waiting) else 0
        return waiting[-_SLICE:] + waiting[self._turn : self._turn + _SLICE]


MEANT = Meant()
