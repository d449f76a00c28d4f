"""What a model is asked to help a writer with: the shipped prompts, a file for each kind of help. Pure: no Django, no models.

The texts are often about harm: the model is told what the work is, and answers with the text alone. A prompt whose words
change gets another version: what it wrote before names the earlier one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from curation.release_hashes import content_digest

FOLDER = Path(__file__).resolve().parent / "prompts"


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One prompt: `system` is sent before the question, with the least and most characters of an answer filled in."""

    kind: str
    name: str
    version: int
    language: str
    reviewed: bool
    system: str

    @property
    def label(self) -> str:
        """Which one it is, in a few letters."""
        return f"{self.name} v{self.version}"

    @property
    def hash(self) -> str:
        """SHA-256 of name, version and words."""
        return content_digest([self.name, self.version, self.system])


@cache
def prompts() -> dict[str, Prompt]:
    """The shipped prompts by kind, in the order in which they are offered: answer, harmless, evasive."""
    read = [Prompt(**json.loads(path.read_text(encoding="utf-8"))) for path in FOLDER.glob("*.json")]
    by_kind = {prompt.kind: prompt for prompt in read}
    return {kind: by_kind[kind] for kind in ("answer", "harmless", "evasive")}


def messages(prompt: Prompt, question: str, *, length: tuple[int, int]) -> list[dict[str, str]]:
    """The messages of a call; `length` is least and most characters of an answer."""
    system = prompt.system.format(least=length[0], most=length[1])
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]
