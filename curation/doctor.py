"""Is this installation in order? One finding per thing looked at, with what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from curation import frozen_rows
from curation.models import Guideline
from curation.queries import astray
from curation.worker import broker_answers, worker_listening

LEAST_FREE = 2 << 30  # bytes; an export of a full release with its checks needs well under one
SHOWN = 10  # items that a finding names
OK, NOTE, WRONG = "ok", "note", "wrong"
# What each group of packages is for, by the modules it brings.
PACKAGES = {
    "analysis": ("pandas", "pyarrow", "datasets", "mlcroissant"),
    "train": ("torch", "transformers", "tokenizers", "safetensors"),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """state: ok, note (works, but look at it) or wrong. `advice` is empty where all is well."""

    key: str
    state: str
    sentence: str
    advice: str = ""


def database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        advice = "Check DATABASE_URL and that the server runs; without DATABASE_URL, that TEINEI_VAR can be written."
        return Finding(
            key="database", state=WRONG, sentence=f"The database does not answer: {error}", advice=advice
        )
    return Finding(key="database", state=OK, sentence=f"The database answers ({connection.vendor}).")


def migrations() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return Finding(
            key="migrations", state=WRONG, sentence="Unknown: the database does not answer.", advice=""
        )
    if waiting:
        return Finding(
            key="migrations",
            state=WRONG,
            sentence=f"{len(waiting)} migrations have not been applied.",
            advice="Run manage.py migrate (manage.py serve does it by itself).",
        )
    return Finding(key="migrations", state=OK, sentence="Every migration has been applied.")


def frozen() -> Finding:
    """The database itself guards releases; a migration that broke off leaves them open."""
    try:
        gone = frozen_rows.missing()
    except DatabaseError:
        return Finding(key="frozen", state=WRONG, sentence="Unknown: the database does not answer.")
    if not gone:
        return Finding(key="frozen", state=OK, sentence="The database refuses to change what is frozen.")
    return Finding(
        key="frozen",
        state=WRONG,
        sentence=f"The database would let frozen rows be changed: {', '.join(gone)} missing.",
        advice="Run manage.py migrate to its end: it installs them.",
    )


def broker() -> Finding:
    if getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False):
        return Finding(key="broker", state=OK, sentence="Not needed: tasks run at once.")
    if broker_answers():
        return Finding(key="broker", state=OK, sentence="The broker answers.")
    return Finding(
        key="broker",
        state=WRONG,
        sentence="No broker answers.",
        advice="Start manage.py serve, which brings one, or set REDIS_URL.",
    )


def worker() -> Finding:
    silent = [queue for queue in ("work", "training") if not worker_listening(queue)]
    if not silent:
        return Finding(key="worker", state=OK, sentence="Workers listen on both queues.")
    names = " and ".join(silent)
    return Finding(
        key="worker",
        state=WRONG if "work" in silent else NOTE,
        sentence=f"Nobody listens on the queue {names}.",
        advice=f"Start manage.py serve, or celery -A config worker --queues {','.join(silent)}.",
    )


def disk() -> Finding:
    free = shutil.disk_usage(settings.TEINEI_VAR).free
    sentence = f"{free / (1 << 30):.1f} GiB are free for data, exports and checkpoints."
    if free >= LEAST_FREE:
        return Finding(key="disk", state=OK, sentence=sentence)
    advice = "Make room, or move TEINEI_VAR: below 2 GiB an export or a training run may not fit."
    return Finding(key="disk", state=WRONG, sentence=sentence, advice=advice)


def packages() -> list[Finding]:
    """Optional groups: their absence is worth a note, not a fault."""
    findings = []
    for group, modules in PACKAGES.items():
        absent = [module for module in modules if find_spec(module) is None]
        findings.append(
            Finding(
                key=f"packages_{group}",
                state=NOTE if absent else OK,
                sentence=f"Not installed: {', '.join(absent)}." if absent else f"Installed: {group}.",
                advice=f"pip install -r requirements/{group}.txt, where this machine does that work."
                if absent
                else "",
            )
        )
    return findings


def guidelines() -> Finding:
    """A guideline that nobody entitled has signed is shown as unreviewed; say which datasets work by one."""
    try:
        newest = dict(Guideline.objects.order_by("version").values_list("dataset__slug", "signed_by"))
    except DatabaseError:
        return Finding(key="guidelines", state=WRONG, sentence="Unknown: the tables cannot be read.")
    unsigned = sorted(slug for slug, signed_by in newest.items() if signed_by is None)
    if not unsigned:
        return Finding(key="guidelines", state=OK, sentence="No guideline waits for a signature.")
    return Finding(
        key="guidelines",
        state=NOTE,
        sentence=f"The guideline is unsigned in: {', '.join(unsigned)}.",
        advice="A domain expert reads it and the lead signs it; until then pages say that it is not reviewed.",
    )


def leaves() -> Finding:
    """Coverage counts items by a column of their own; it has to say what their texts say."""
    try:
        wrong = list(astray().order_by("pk").values_list("external_id", flat=True)[:SHOWN])
    except DatabaseError:
        return Finding(key="leaves", state=WRONG, sentence="Unknown: the tables cannot be read.")
    if not wrong:
        return Finding(key="leaves", state=OK, sentence="Every item is counted in the category of its text.")
    return Finding(
        key="leaves",
        state=WRONG,
        sentence=f"Items are counted in another category than their text has: {', '.join(wrong)}.",
        advice="Take a backup and restore it into an empty system: restoring counts them anew. Please report it.",
    )


CHECKS: tuple[Callable[[], Finding], ...] = (database, migrations, frozen, broker, worker, disk)


def examine() -> list[Finding]:
    """Everything that can be found out from here, in the order in which to mend it."""
    return [*(check() for check in CHECKS), *packages(), guidelines(), leaves()]
