r"""The chat template of LLM-jp (llm-jp-sft), rendered to token ids and loss mask in one go.

`<s>` system, then per turn `\n\n### 指示:\n` question `\n\n### 応答:\n` answer `</s>`.
The loss falls on the answer's tokens and its one end token.
Source: github.com/llm-jp/llm-jp-sft and the record formats of llm-jp's later pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from finetune.training.files import sha256_of_json

INSTRUCTION = "\n\n### 指示:\n"
RESPONSE = "\n\n### 応答:\n"
TEMPLATE_SHA256 = sha256_of_json(
    {"form": "bos system (instruction q response a eos)+", "parts": [INSTRUCTION, RESPONSE]}
)

Message = Mapping[str, str]


class Tokenizer(Protocol):
    """What rendering needs of a tokenizer: text without special tokens, and the two ids around it."""

    bos: int | None
    eos: int

    def encode(self, text: str) -> list[int]:
        """Ids of a text that stands at the beginning."""

    def encode_after_newline(self, text: str) -> list[int]:
        """Ids of a text that continues a line break."""

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, special tokens shown."""


class BadConversation(ValueError):
    """A conversation that cannot be rendered; the sentence quotes none of it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Token ids and, for each, 1 where the loss counts it as a target."""

    ids: list[int]
    mask: list[int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a preview: its text and whether the model is trained to write it."""

    text: str
    supervised: bool


def render(messages: Sequence[Message], *, system: str, tokenizer: Tokenizer) -> Rendered:
    """A whole conversation, ready to train on: every turn ends with an answer.

    A leading system message replaces `system`. Raises: BadConversation.
    """
    sentence, turns = split_turns(messages, system=system)
    if not turns or any(answer is None for _, answer in turns):
        raise BadConversation("has a question without an answer.")
    rendered = _render(sentence, turns, tokenizer)
    check_rendered(rendered, answers=len(turns), tokenizer=tokenizer)
    return rendered


def render_prompt(messages: Sequence[Message], *, system: str, tokenizer: Tokenizer) -> list[int]:
    """Ids up to where the answer to the last question begins; the same ids that precede it in training."""
    sentence, turns = split_turns(messages, system=system)
    if not turns or turns[-1][1] is not None:
        raise BadConversation("must end with a question.")
    return _render(sentence, turns, tokenizer).ids


def split_turns(messages: Sequence[Message], *, system: str) -> tuple[str, list[tuple[str, str | None]]]:
    """System sentence and (question, answer) pairs; the last answer may be missing.

    Raises: BadConversation where roles do not alternate, or a text is missing or empty.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise BadConversation("must be a list of messages.")
    turns: list[tuple[str, str | None]] = []
    for index, message in enumerate(messages):
        role = message.get("role") if isinstance(message, Mapping) else None
        text = message.get("content") if isinstance(message, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            raise BadConversation(f"has no text in message {index + 1}.")
        answered = not turns or turns[-1][1] is not None
        if role == "system" and index == 0:
            system = text
        elif role == "user" and answered:
            turns.append((text, None))
        elif role == "assistant" and not answered:
            turns[-1] = (turns[-1][0], text)
        else:
            raise BadConversation(f"has its roles out of order at message {index + 1}.")
    return system, turns


def _render(system: str, turns: Sequence[tuple[str, str | None]], tokenizer: Tokenizer) -> Rendered:
    ids = [] if tokenizer.bos is None else [tokenizer.bos]
    mask = [0] * len(ids)
    for index, (question, answer) in enumerate(turns):
        asked = INSTRUCTION + question + RESPONSE
        prompt = tokenizer.encode(system + asked) if index == 0 else tokenizer.encode_after_newline(asked)
        ids += prompt
        mask += [0] * len(prompt)
        if answer is not None:
            written = [*tokenizer.encode_after_newline(answer), tokenizer.eos]
            ids += written
            mask += [1] * len(written)
    _refuse_special_inside(ids, answers=sum(answer is not None for _, answer in turns), tokenizer=tokenizer)
    return Rendered(ids=ids, mask=mask)


def _refuse_special_inside(ids: Sequence[int], *, answers: int, tokenizer: Tokenizer) -> None:
    """Keep text from writing the model's control tokens, and a tokenizer from adding a second beginning."""
    if tokenizer.bos is not None and tokenizer.bos != tokenizer.eos and ids.count(tokenizer.bos) != 1:
        raise BadConversation("has a second beginning-of-text token.")
    expected = answers + (tokenizer.bos == tokenizer.eos)
    if ids.count(tokenizer.eos) != expected:
        raise BadConversation("has an end-of-text token inside its text.")


def check_rendered(rendered: Rendered, *, answers: int, tokenizer: Tokenizer) -> None:
    """Refuse a mask that trains on a prompt token, on no answer, or not on one end per answer."""
    ids, mask = rendered.ids, rendered.mask
    if len(ids) != len(mask) or mask[0] != 0:
        raise BadConversation("has a mask that does not fit its tokens.")
    begins = [at for at in range(1, len(ids)) if mask[at] and not mask[at - 1]]
    ends = [at for at in range(len(ids)) if mask[at] and (at + 1 == len(ids) or not mask[at + 1])]
    supervised_ends = sum(
        1 for token, counts in zip(ids, mask, strict=True) if counts and token == tokenizer.eos
    )
    if len(begins) != answers or supervised_ends != answers or any(ids[at] != tokenizer.eos for at in ends):
        raise BadConversation("must supervise each answer and exactly one end token after it.")
    if any(ids[at] == tokenizer.eos for at in begins):
        raise BadConversation("has an answer without a token.")
    before = tokenizer.decode(ids[: begins[0]])
    if not before.endswith(RESPONSE):
        raise BadConversation("has a first supervised token that is not the answer's first.")


def preview(rendered: Rendered, *, tokenizer: Tokenizer) -> list[Piece]:
    """The conversation as the model sees it, cut where supervision begins and ends, special tokens shown.

    It shows training text: for pages behind access control, never for logs.
    """
    pieces: list[Piece] = []
    start = 0
    for at in range(1, len(rendered.ids) + 1):
        if at == len(rendered.ids) or rendered.mask[at] != rendered.mask[start]:
            pieces.append(
                Piece(text=tokenizer.decode(rendered.ids[start:at]), supervised=bool(rendered.mask[start]))
            )
            start = at
    return pieces
