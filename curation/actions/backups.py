"""The whole system's rows to one file and back: the same file for SQLite and PostgreSQL.

The file is a ZIP of JSON lines, one entry a model, with a manifest that counts and hashes them. Nothing in it is ever
evaluated or unpickled. Checkpoints and exported files are not in it: they lie in var/ and are named by the manifest
rows that are.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.queries import astray, expected_leaf

FLOORS = ("curation", "annotation", "judging", "finetune")
MANIFEST = "manifest.json"
FORMAT = 1
# A row holds two texts of 20,000 characters at most, or one job's result: a longer line is no row.
LONGEST_LINE = 64 << 20
LONGEST_MANIFEST = 1 << 20
UNREADABLE = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    RuntimeError,  # an encrypted entry; NotImplementedError: an unknown compression
    FieldDoesNotExist,
    ValidationError,
    DatabaseError,  # rows that do not fit together
    serializers.base.DeserializationError,
)


def kept_models() -> list[type[models.Model]]:
    """Every model of the four floors, those referred to first where there is no circle."""
    return [model for floor in FLOORS for model in apps.get_app_config(floor).get_models()]


def backup(path: str | Path) -> dict[str, int]:
    """Write every row to a new file; returns rows per model. Refuses to write over anything."""
    target = Path(path)
    if target.exists():
        raise Invalid(_("%(file)s exists already. Choose another name.") % {"file": target.name})
    counts: dict[str, int] = {}
    hashes: dict[str, str] = {}
    draft = target.with_name(target.name + ".part")
    try:
        with transaction.atomic(), zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for model in kept_models():
                name = f"{model._meta.label_lower}.jsonl"
                digest = hashlib.sha256()
                counts[name] = 0
                with archive.open(name, "w", force_zip64=True) as out:
                    for line in _lines(model):
                        out.write(line)
                        digest.update(line)
                        counts[name] += 1
                hashes[name] = digest.hexdigest()
            manifest = {"format": FORMAT, "rows": counts, "sha256": hashes}
            archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        draft.replace(target)
    except OSError as error:
        raise Invalid(_("The backup could not be written: %(error)s") % {"error": error}) from None
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _lines(model: type[models.Model]) -> Iterator[bytes]:
    for row in model._default_manager.order_by("pk").iterator(chunk_size=500):
        fields = json.loads(serializers.serialize("json", [row]))[0]
        yield (json.dumps(fields, ensure_ascii=False) + "\n").encode()


def restore(path: str | Path) -> dict[str, int]:
    """Bring every row of a backup into an empty system, or nothing at all; returns rows per model."""
    try:
        with transaction.atomic():  # rows that refer to nothing are found when it ends
            return _restore(Path(path))
    except UNREADABLE as error:
        why = str(error).strip() or type(error).__name__
        message = _("The backup cannot be read: %(error)s") % {"error": why[:300]}
        raise Invalid(message, field="file") from None


def _restore(path: Path) -> dict[str, int]:
    taken = [model._meta.label for model in kept_models() if model._default_manager.exists()]
    if taken:
        raise Invalid(_("This system is not empty (%(what)s): restore into a new one.") % {"what": taken[0]})
    with zipfile.ZipFile(path) as archive:
        with archive.open(MANIFEST) as stream:
            manifest = json.loads(stream.read(LONGEST_MANIFEST))
        if manifest["format"] != FORMAT:
            raise Invalid(_("The backup has a format that this version does not know."))
        counts = {name: _load(archive, name, manifest) for name in _names(manifest)}
    astray().update(category=expected_leaf())  # a backup of an older version does not hold it
    _reset_sequences()
    return counts


def _names(manifest: dict[str, Any]) -> list[str]:
    known = [f"{model._meta.label_lower}.jsonl" for model in kept_models()]
    if unknown := set(manifest["rows"]) - set(known):
        raise Invalid(_("The backup holds something unknown: %(name)s") % {"name": min(unknown)})
    return [name for name in known if name in manifest["rows"]]


def _load(archive: zipfile.ZipFile, name: str, manifest: dict[str, Any]) -> int:
    digest, rows = hashlib.sha256(), 0
    label = name.removesuffix(".jsonl")
    with archive.open(name) as lines:
        while line := lines.readline(LONGEST_LINE):
            digest.update(line)
            if not line.endswith(b"\n") or rows >= manifest["rows"][name]:
                raise Invalid(_("The backup is damaged: %(name)s") % {"name": name})
            record = json.loads(line)
            if record["model"] != label:
                raise Invalid(_("The backup is damaged: %(name)s") % {"name": name})
            for found in serializers.deserialize("python", [record]):
                found.save()
            rows += 1
    if rows != manifest["rows"][name] or digest.hexdigest() != manifest["sha256"][name]:
        raise Invalid(_("The backup is damaged: %(name)s") % {"name": name})
    return rows


def _reset_sequences() -> None:
    statements = connection.ops.sequence_reset_sql(no_style(), kept_models())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
