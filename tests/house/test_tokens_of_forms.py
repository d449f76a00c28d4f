"""A form included with `only` would come without its token: the page shows a button that the server refuses."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDED = re.compile(r"{%\s*include \"([^\"]+)\"([^%]*)%}")


def templates() -> dict[str, str]:
    folders = [ROOT / "config" / "templates", *(ROOT / app / "templates" for app in APPS)]
    files = [(folder, file) for folder in folders for file in folder.rglob("*.html")]
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for folder, file in files}


APPS = ("curation", "annotation", "judging", "finetune")


def test_no_form_is_included_without_its_token() -> None:
    known = templates()
    with_token = {name for name, text in known.items() if "{% csrf_token %}" in text}
    assert len(with_token) > 20
    bare = [
        (name, included)
        for name, text in known.items()
        for included, rest in INCLUDED.findall(text)
        if included in with_token and rest.split()[-1:] == ["only"]
    ]
    assert bare == []
