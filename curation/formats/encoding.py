"""Whether a file is text, and in which encoding: found from its content, before anything of it is read as records."""

import codecs
from pathlib import Path

from .faults import UnusableFile, gettext_noop

LARGEST_FILE = 2 << 30
CHUNK = 1 << 20
ENCODINGS = ("utf-8", "utf-8-sig", "cp932")

_MAGIC = {
    b"PK\x03\x04": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF file",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"SQLite format 3": "a database file",
    b"GGUF": "a model file",
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1b")


def find_encoding(place: Path) -> str:
    """The first of utf-8, utf-8-sig, cp932 in which the whole file decodes; a leading mark makes it utf-8-sig."""
    if not place.is_file():
        raise UnusableFile(gettext_noop("%(file)s is not a file"), file=place.name)
    size = place.stat().st_size
    if size > LARGEST_FILE:
        raise UnusableFile(gettext_noop("%(file)s is larger than 2 GiB; split it"), file=place.name)
    with place.open("rb") as stream:
        head = stream.read(8192)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise UnusableFile(gettext_noop("%(file)s is empty"), file=place.name)
    _refuse_binary(head, place.name)
    for encoding in ENCODINGS:
        if encoding == "utf-8" and head.startswith(codecs.BOM_UTF8):
            continue
        if _decodes(place, encoding):
            return encoding
    raise UnusableFile(
        gettext_noop(
            "%(file)s is in none of the encodings UTF-8, UTF-8 with a mark, CP932; save it as UTF-8"
        ),
        file=place.name,
    )


def _refuse_binary(head: bytes, name: str) -> None:
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise UnusableFile(
                gettext_noop("%(file)s is %(kind)s; give a JSON, JSONL, CSV or TSV file"),
                file=name,
                kind=kind,
            )
    if head.startswith(_UTF16):
        raise UnusableFile(gettext_noop("%(file)s is UTF-16; save it as UTF-8"), file=name)
    controls = sum(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in head)
    # A stray NUL in a text is one row's fault; a tenth of control characters is no text at all.
    if controls > max(16, len(head) // 10):
        raise UnusableFile(
            gettext_noop("%(file)s is not text; give a JSON, JSONL, CSV or TSV file"), file=name
        )


def _decodes(place: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with place.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
