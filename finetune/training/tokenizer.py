"""The tokenizer of a model folder, and the small one trained on the spot.

Uses the tokenizers library alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from finetune.training.errors import BadConfig
from finetune.training.files import sha256_of_file
from finetune.training.job import read_object

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
)


class FolderTokenizer:
    """tokenizer.json of a model folder, used as written.

    The same bytes serve training, checkpoints and generation.
    """

    def __init__(self, folder: Path) -> None:
        """Raises.

        BadConfig where tokenizer.json is missing or unreadable or no end-of-text token is named.
        """
        from tokenizers import Tokenizer

        path = folder / "tokenizer.json"
        if not path.is_file():
            raise BadConfig("model.path", "has no tokenizer.json.")
        try:
            self.inner = Tokenizer.from_file(str(path))
        except Exception:
            raise BadConfig("model.path", "has a tokenizer.json that cannot be read.") from None
        # A text may contain "</s>": it must come out as ordinary characters, not as the control token.
        self.inner.encode_special_tokens = True
        self.inner.no_truncation()
        self.inner.no_padding()
        settings = read_object(folder / "tokenizer_config.json")
        self.bos = self._special(settings.get("bos_token"))
        end = self._special(settings.get("eos_token"))
        if end is None:
            raise BadConfig("model.path", "has a tokenizer without an end-of-text token (eos_token).")
        self.eos = end
        self.size = self.inner.get_vocab_size(with_added_tokens=True)
        self.sha256 = sha256_of_file(path)
        self._newline = self.encode("\n")

    def _special(self, token: Any) -> int | None:
        content = token.get("content") if isinstance(token, dict) else token
        return self.inner.token_to_id(content) if isinstance(content, str) else None

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without any special token."""
        ids: list[int] = self.inner.encode(text, add_special_tokens=False).ids
        return ids

    def encode_after_newline(self, text: str) -> list[int]:
        """Ids of a text that continues a line break.

        No prefix space of a SentencePiece tokenizer gets in between.
        """
        ids = self.encode("\n" + text)
        kept = len(self._newline)
        return ids[kept:] if ids[:kept] == self._newline else self.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, special tokens shown."""
        text: str = self.inner.decode(list(ids), skip_special_tokens=False)
        return text

    def answer(self, ids: Sequence[int]) -> str:
        """Text of generated ids, special tokens left out."""
        text: str = self.inner.decode(list(ids), skip_special_tokens=True)
        return text


def train_tokenizer(texts: Iterable[str], *, vocab: int, folder: Path) -> None:
    """Train byte-level BPE on the texts and write tokenizer.json and tokenizer_config.json into the folder.

    Every text can be encoded (256 bytes are always in); the same texts in the same order give the same file.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer=trainer)
    (folder / "tokenizer.json").write_text(inner.to_str(pretty=True), encoding="utf-8")
    pad, bos, eos, unk = SPECIAL
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": bos,
        "eos_token": eos,
        "pad_token": pad,
        "unk_token": unk,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def copy_tokenizer(source: Path, *, to: Path) -> None:
    """Copy the tokenizer's files byte for byte."""
    for name in FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, to / name)
