"""Raters as programs of their own: real processes on the database of the test, which can be killed at any moment.

`python -m tests.rig.raters TASK PERSON[,PERSON...] DYING`: one process for each person named (the same one twice: two
tabs), all let go at once. DYING is the share of them that is killed between a lease and its submit. Prints how each ended.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.rig.databases import database_url

ROOT = Path(__file__).resolve().parent.parent.parent
KILLED = -signal.SIGKILL


def let_rate(task: Any, people: list[Any], *, dying: float = 0.0) -> Counter[int]:
    """Run the clients to their ends; how many ended with which code."""
    return let_work("tests.rig.raters", task, people, dying)


def let_work(module: str, what: Any, people: list[Any], dying: float) -> Counter[int]:
    """Run a module of clients, one for each person named, on the database of the test."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "TEINEI_SECRET_KEY": "x" * 50,
        "TEINEI_FIELD_KEY": "x" * 50,
    }
    named = ",".join(str(person.pk) for person in people)
    words = [sys.executable, "-m", module, str(what.pk), named, str(dying)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-9000:]
    ended = Counter(json.loads(done.stdout))
    assert set(ended) <= {0, KILLED}, done.stderr[-9000:]
    return ended


def client(task_id: int, person_id: int, chance: float) -> None:
    """What one does: rate what comes until nothing comes. Every submit is sent twice."""
    from annotation.actions.leases import lease
    from annotation.actions.ratings import rate
    from annotation.models import RatingTask
    from curation.models import Person

    person, task = Person.objects.get(pk=person_id), RatingTask.objects.get(pk=task_id)
    fate = random.Random(person_id)
    held = lease(person, task)
    while held is not None:
        if fate.random() < chance:
            os.kill(os.getpid(), signal.SIGKILL)
        sent = {"token": held.token, "score": 4, "client_id": held.token}
        done = rate(person, task, **sent)
        again = rate(person, task, **sent, and_next=False)
        assert done.rating.pk == again.rating.pk
        held = done.following


def main(client: Callable[[int, int, float], None], *modules: str) -> None:
    """Fork one client for each person named, let all go at once, print how each ended.

    On SQLite they write in the line in which requests of people stand, so that none gives up on a busy machine.
    """
    import django

    from config.sqlite.base import DatabaseWrapper

    DatabaseWrapper.in_line = True
    django.setup()
    from django.db import connections

    for module in modules:
        import_module(module)  # loaded once, for all

    what, people, chance = int(sys.argv[1]), sys.argv[2].split(","), float(sys.argv[3])
    connections.close_all()
    start = time.monotonic() + 0.3 + 0.01 * len(people)
    processes = [_forked(partial(client, what, int(person), chance), start) for person in people]
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in processes]))


def _forked(act: Callable[[], None], start: float) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        time.sleep(max(0.0, start - time.monotonic()))
        act()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(client, "annotation.actions.ratings")
