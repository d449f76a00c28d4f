"""Nothing that a page loads comes from another host."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "curation", "annotation", "judging", "finetune")
NAMESPACES = re.compile(r"http://www\.w3\.org/[\w/.#-]*")
LINK_OF_A_PERSON = re.compile(
    r"""<a\b[^>]*?\bhref=["']https?://[^"']*["']|\bplaceholder=["'][^"']*["']""", re.DOTALL
)
ADDRESS = re.compile(r"""(?:https?:|wss?:|["'(=])//[\w.-]+\.[a-z]{2,}[^\s"')]*""")
LOADED_BY_CSS = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//[^"')\s]+""")


def files(*suffixes: str) -> list[Path]:
    """Templates and static files of ours."""
    rooms = [ROOT / app / room for app in APPS for room in ("templates", "static")]
    return sorted(path for room in rooms for path in room.rglob("*") if path.suffix in suffixes)


def without_comments(text: str) -> str:
    text = re.sub(r"/\*.*?\*/|<!--.*?-->|\{#.*?#\}|\{% comment.*?endcomment %\}", "", text, flags=re.DOTALL)
    return re.sub(r"(^|\s)//\s.*$", "", text, flags=re.MULTILINE)


def test_templates_load_nothing_from_another_host() -> None:
    wrong = {}
    for path in files(".html"):
        text = NAMESPACES.sub(
            "", LINK_OF_A_PERSON.sub("", without_comments(path.read_text(encoding="utf-8")))
        )
        if found := ADDRESS.findall(text):
            wrong[path.relative_to(ROOT).as_posix()] = found
    assert wrong == {}


def test_own_styles_and_scripts_name_no_other_host() -> None:
    wrong = {}
    for path in files(".css", ".js", ".mjs", ".svg"):
        if "vendor" in path.parts:
            continue
        text = NAMESPACES.sub("", without_comments(path.read_text(encoding="utf-8")))
        if found := ADDRESS.findall(text):
            wrong[path.relative_to(ROOT).as_posix()] = found
    assert wrong == {}


def test_vendored_styles_load_nothing() -> None:
    vendored = [path for path in files(".css") if "vendor" in path.parts]
    assert [path.name for path in vendored if LOADED_BY_CSS.search(path.read_text(encoding="utf-8"))] == []


def test_templates_have_no_inline_script_or_style() -> None:
    inline = re.compile(
        r"""<script(?![^>]*\bsrc=)(?![^>]*type=["']application/json)[^>]*>|<style\b|\sstyle=["']|\son(click|change|submit|input|load|key\w+)=["']"""
    )
    wrong = {}
    for path in files(".html"):
        if found := [
            match.group(0) for match in inline.finditer(without_comments(path.read_text(encoding="utf-8")))
        ]:
            wrong[path.relative_to(ROOT).as_posix()] = found
    assert wrong == {}
