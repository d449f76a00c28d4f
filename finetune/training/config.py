"""The recipe of a run: what is trained, on what, how.

Importable without torch: the launch form validates with it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.training.errors import BadConfig
from finetune.training.files import sha256_of_json

SYSTEM = "以下は、タスクを説明する指示です。要求を適切に満たす応答を書きなさい。"
SCHEDULES = ("cosine", "constant")
PRECISIONS = ("fp32", "bf16")
WHEN_TOO_LONG = ("refuse", "leave_out")
TRAINABLE_SPLITS = ("dev", "train")


@dataclass(frozen=True, kw_only=True, slots=True)
class TinyLlama:
    """A random Llama small enough for a laptop, with a tokenizer trained on the run's own examples."""

    hidden: int = 64
    """Width of the hidden states.

    A multiple of twice `heads`, because rotary positions need an even head width.
    """
    layers: int = 2
    """Number of transformer blocks."""
    heads: int = 4
    """Number of attention heads."""
    vocab: int = 512
    """Upper bound of the vocabulary: 256 bytes, 4 special tokens, and merges."""
    seed: int = 0
    """Seed of the random weights."""

    def __post_init__(self) -> None:
        """Refuse shapes that no model can have."""
        require_integer("model.hidden", self.hidden, low=8, high=4096)
        require_integer("model.layers", self.layers, low=1, high=48)
        require_integer("model.heads", self.heads, low=1, high=64)
        require_integer("model.vocab", self.vocab, low=260, high=65536)
        require_integer("model.seed", self.seed, low=0, high=2**32 - 1)
        if self.hidden % (2 * self.heads):
            raise BadConfig(
                "model.hidden", f"must be a multiple of {2 * self.heads} (twice heads), not {self.hidden}."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFolder:
    """A model on the training machine: config.json, *.safetensors, tokenizer.json. Nothing is downloaded."""

    path: str
    """Absolute path of the folder."""

    def __post_init__(self) -> None:
        """Refuse names of a hub: a run never reaches for the network.

        Existence is checked where the run starts.
        """
        if not isinstance(self.path, str) or not self.path.startswith("/") or "\0" in self.path:
            raise BadConfig("model.path", "must be the absolute path of a folder on the training machine.")


@dataclass(frozen=True, kw_only=True, slots=True)
class MixturePart:
    """One source of examples and how often each of its rows is seen in an epoch."""

    release: str
    """Name of the frozen release."""
    split: str = "dev"
    """Split of the release; test questions are never trained on."""
    repeat: int = 1
    """Passes over this source in one epoch (AnswerCarefully's published practice is 16)."""
    max_items: int | None = None
    """Take at most this many rows; null takes all."""

    def __post_init__(self) -> None:
        """Refuse the test split above all."""
        if not isinstance(self.release, str) or not self.release.strip():
            raise BadConfig("mixture.release", "must name a frozen release.")
        if self.split not in TRAINABLE_SPLITS:
            raise BadConfig(
                "mixture.split", f'must be "dev" or "train", not "{self.split}": test is never trained on.'
            )
        require_integer("mixture.repeat", self.repeat, low=1, high=1000)
        if self.max_items is not None:
            require_integer("mixture.max_items", self.max_items, low=1, high=10**9)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Everything that decides a run's result besides the examples and the machine."""

    name: str
    """What people call this recipe."""
    model: TinyLlama | ModelFolder
    """Where the run starts from."""
    mixture: tuple[MixturePart, ...]
    """Sources and repeat factors; the launching action resolves them to examples.jsonl."""
    system: str = SYSTEM
    """The system sentence in front of every conversation that brings none.

    The same in training and generation.
    """
    epochs: int = 2
    """Times through the mixture (repeat factors included). Published practice: 1 to 3."""
    batch_size: int = 64
    """Examples per optimizer step."""
    micro_batch: int | None = None
    """Examples per forward pass; gradients of a step are summed over them. Null: the whole batch at once."""
    learning_rate: float = 2e-5
    """Peak learning rate. 2e-5 is the paper's, 1e-5 llm-jp-sft's, for full fine-tuning."""
    schedule: str = "cosine"
    """"cosine" falls to a tenth of the peak at the last step; "constant" stays."""
    warmup: float = 0.03
    """Share of all steps over which the learning rate rises from zero (0 to below 1)."""
    weight_decay: float = 0.0
    """AdamW's decay of matrices; vectors (norms, biases) are never decayed."""
    max_length: int = 2048
    """Longest conversation in tokens. An answer is never cut: see when_too_long."""
    when_too_long: str = "refuse"
    """"refuse" ends the run before its first step, with the ids; "leave_out" trains without those examples
    and counts them in data.json."""
    held_out: int = 0
    """Examples of the most repeated source kept out of training, whose loss is followed beside that of
    trained ones: the gap shows memorisation. Items of one question stay together. 0: no held-out loss."""
    precision: str = "fp32"
    """Arithmetic of forward and backward pass; weights and optimizer states are fp32 in both."""
    seed: int = 0
    """Decides the order of examples and dropout."""
    checkpoint_every: int = 100
    """Steps between checkpoints; one more is written at the end and on SIGTERM."""
    evaluate_every: int = 100
    """Steps between measurements of the held-out loss."""
    max_steps: int | None = None
    """Stop after this many steps even if epochs are left; null: no limit."""

    def __post_init__(self) -> None:
        """Refuse what cannot be trained, each with the field's name."""
        if not isinstance(self.name, str) or not self.name.strip():
            raise BadConfig("name", "must not be empty.")
        if not isinstance(self.system, str):
            raise BadConfig("system", "must be a text.")
        self._check_mixture()
        for field, low, high in _INTEGERS:
            require_integer(field, getattr(self, field), low=low, high=high)
        for field in ("micro_batch", "max_steps"):
            if getattr(self, field) is not None:
                require_integer(field, getattr(self, field), low=1, high=10**9)
        if self.micro_batch is not None and self.micro_batch > self.batch_size:
            raise BadConfig("micro_batch", f"must not exceed batch_size ({self.batch_size}).")
        require_number("learning_rate", self.learning_rate, low=0.0, high=1.0, open_low=True)
        require_number("warmup", self.warmup, low=0.0, high=1.0, open_high=True)
        require_number("weight_decay", self.weight_decay, low=0.0, high=1.0)
        require_choice("schedule", self.schedule, SCHEDULES)
        require_choice("precision", self.precision, PRECISIONS)
        require_choice("when_too_long", self.when_too_long, WHEN_TOO_LONG)

    def _check_mixture(self) -> None:
        if not self.mixture:
            raise BadConfig("mixture", "must have at least one source.")
        seen = [(part.release, part.split) for part in self.mixture]
        if len(set(seen)) < len(seen):
            raise BadConfig("mixture", "names a release and split twice; use repeat instead.")

    @classmethod
    def from_json(cls, value: object) -> Recipe:
        """A recipe from its JSON object.

        Raises: BadConfig (a ValueError) naming the field: unknown or missing keys, wrong types, values out
        of range.
        """
        fields = require_object(
            "recipe", value, known=field_names(cls), required=("name", "model", "mixture")
        )
        parts = fields["mixture"]
        if not isinstance(parts, Sequence) or isinstance(parts, str):
            raise BadConfig("mixture", "must be a list of sources.")
        fields["model"] = model_from_json(fields["model"])
        fields["mixture"] = tuple(part_from_json(part) for part in parts)
        return cls(**fields)

    def as_json(self) -> dict[str, Any]:
        """The recipe with every default written out; `from_json` reads it back to an equal recipe."""
        value = dataclasses.asdict(self)
        kind = "tiny_llama" if isinstance(self.model, TinyLlama) else "folder"
        value["model"] = {"kind": kind, **value["model"]}
        value["mixture"] = [dataclasses.asdict(part) for part in self.mixture]
        return value

    def sha256(self) -> str:
        """Identity of the recipe: hash of its canonical JSON, defaults included."""
        return sha256_of_json(self.as_json())


_INTEGERS = (
    ("epochs", 1, 1000),
    ("batch_size", 1, 65536),
    ("max_length", 8, 131072),
    ("held_out", 0, 100000),
    ("seed", 0, 2**32 - 1),
    ("checkpoint_every", 1, 10**9),
    ("evaluate_every", 1, 10**9),
)


def model_from_json(value: object) -> TinyLlama | ModelFolder:
    """The model of a recipe, by its `kind`: "tiny_llama" or "folder"."""
    kinds: dict[str, type[TinyLlama] | type[ModelFolder]] = {"tiny_llama": TinyLlama, "folder": ModelFolder}
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise BadConfig("model.kind", 'must be "tiny_llama" or "folder".')
    required = ("kind", "path") if kind == "folder" else ("kind",)
    fields = require_object("model", value, known=("kind", *field_names(kinds[kind])), required=required)
    del fields["kind"]
    return kinds[kind](**fields)


def part_from_json(value: object) -> MixturePart:
    """One source of the mixture; "validation" is read as "dev"."""
    fields = require_object("mixture", value, known=field_names(MixturePart), required=("release",))
    if fields.get("split") == "validation":
        fields["split"] = "dev"
    return MixturePart(**fields)


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """Names of a dataclass's fields, in order."""
    return tuple(field.name for field in dataclasses.fields(cls))


def require_object(
    place: str, value: object, *, known: Sequence[str], required: Sequence[str]
) -> dict[str, Any]:
    """A copy of a JSON object whose keys are all known and that lacks no required one."""
    if not isinstance(value, Mapping):
        raise BadConfig(place, "must be a JSON object.")
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        raise BadConfig(place, f"has unknown keys: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    missing = [key for key in required if key not in value]
    if missing:
        raise BadConfig(place, f"lacks {', '.join(missing)}.")
    return dict(value)


def require_integer(field: str, value: object, *, low: int, high: int) -> None:
    """Refuse anything but a whole number from low to high (true and false are not numbers)."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadConfig(field, f"must be a whole number, not {type(value).__name__}.")
    if not low <= value <= high:
        raise BadConfig(field, f"must be from {low} to {high}, not {value}.")


def require_number(
    field: str, value: object, *, low: float, high: float, open_low: bool = False, open_high: bool = False
) -> None:
    """Refuse anything but a finite number in the interval; an open end excludes its bound."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadConfig(field, "must be a finite number.")
    if value < low or value > high or (open_low and value == low) or (open_high and value == high):
        ends = f"{'above' if open_low else 'from'} {low} {'to below' if open_high else 'to'} {high}"
        raise BadConfig(field, f"must be {ends}, not {value}.")


def require_choice(field: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a word that is not among the choices."""
    if value not in choices:
        raise BadConfig(field, f"must be one of {', '.join(choices)}, not {value!r}.")
