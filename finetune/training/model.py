"""The model: built tiny, or loaded from a folder; and the machine it runs on. Nothing is ever downloaded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from finetune.training.config import ModelFolder, TinyLlama
from finetune.training.errors import BadConfig
from finetune.training.files import sha256_of_file, sha256_of_json
from finetune.training.job import Job, read_examples
from finetune.training.manifest import MANIFEST, building_folder, publish, seal, verified_manifest
from finetune.training.tokenizer import FolderTokenizer, train_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

POSITIONS = 4096
OPTIMIZER = "optimizer.safetensors"
NOT_MODEL = (MANIFEST, OPTIMIZER)


def prepare_torch(seed: int) -> torch.device:
    """Choose the device, fix seeds and threads, ask for deterministic kernels (on CUDA.

    Where there are any).
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
    return device


def base_folder(job: Job) -> Path:
    """The folder of the untrained model.

    A tiny one is built at the first call and found again at the next.
    """
    if isinstance(job.recipe.model, ModelFolder):
        folder = Path(job.recipe.model.path)
        if not (folder / "config.json").is_file():
            raise BadConfig("model.path", "is not a model folder on this machine (no config.json).")
        return folder
    if verified_manifest(job.base) is None:
        build_tiny(job, job.recipe.model)
    return job.base


def build_tiny(job: Job, shape: TinyLlama) -> None:
    """Write a random Llama and a tokenizer trained on the job's examples to the job's `base` folder."""
    from transformers import LlamaConfig, LlamaForCausalLM

    building = building_folder(job.base)
    train_tokenizer(texts_of(job), vocab=shape.vocab, folder=building)
    tokenizer = FolderTokenizer(building)
    torch.manual_seed(shape.seed)
    config = LlamaConfig(
        vocab_size=tokenizer.size,
        hidden_size=shape.hidden,
        intermediate_size=4 * shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=max(POSITIONS, job.recipe.max_length),
        bos_token_id=tokenizer.bos,
        eos_token_id=tokenizer.eos,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    model: Any = LlamaForCausalLM(config)
    model.to(torch.float32).save_pretrained(building)
    seal(building, facts={"kind": "base"})
    publish(building, final=job.base)


def texts_of(job: Job) -> Iterator[str]:
    """The texts a tiny model's tokenizer learns from: the system sentence and every message."""
    yield job.recipe.system
    for example in read_examples(job.examples):
        for message in example.messages:
            text = message.get("content") if isinstance(message, dict) else None
            if isinstance(text, str):
                yield text


def load_model(folder: Path, *, device: torch.device) -> Any:
    """The causal language model of a folder in fp32.

    Only safetensors are read, and no code of the folder is run. Raises: BadConfig where weights are
    missing, which would otherwise be filled with random numbers.
    """
    from transformers import AutoModelForCausalLM

    loader: Any = AutoModelForCausalLM
    try:
        model, report = loader.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError) as error:
        sentence = f"cannot be loaded as a causal language model ({type(error).__name__})."
        raise BadConfig("model.path", sentence) from None
    if report["missing_keys"] or report["mismatched_keys"]:
        count = len(report["missing_keys"]) + len(report["mismatched_keys"])
        raise BadConfig("model.path", f"lacks {count} weight tensors of its own architecture.")
    return model.to(device)


def sha256_of_model(folder: Path) -> str:
    """Identity of a model folder: hash over names and hashes of its weights, configuration and tokenizer."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in (".safetensors", ".json", ".model")]
    return sha256_of_json({path.name: sha256_of_file(path) for path in paths if path.name not in NOT_MODEL})
