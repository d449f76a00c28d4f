"""What a web process reads while it starts, beside the first requests."""

from __future__ import annotations

import logging
from threading import Thread

from django.db import Error, connection

log = logging.getLogger(__name__)


def begin() -> None:
    """Read all questions in a thread of its own; whoever asks meanwhile is told that they are being read."""
    Thread(target=_read, name="reading-ahead", daemon=True).start()


def _read() -> None:
    from curation.finding import ASKED
    from curation.meant import MEANT

    try:
        ASKED.read()
        MEANT.read()
    except Error as error:  # an installation that is being migrated, say: the first who asks reads then
        log.warning("The questions could not be read ahead: %s", error)
    finally:
        connection.close()
