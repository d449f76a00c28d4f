"""Sessions in the database, as Django keeps them; the one query that every request makes is compiled once."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from curation.prepared import Prepared, word_slot

KEY = word_slot(1)
_ROW = Prepared(lambda: Session.objects.filter(session_key=KEY))


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = _ROW.first({KEY: self.session_key})
        if found is None or found.expire_date <= timezone.now():
            self._session_key = None
            return None
        return found
