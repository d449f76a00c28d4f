"""What has to be set before torch is imported: threads, no network, deterministic CUDA libraries."""

from __future__ import annotations

import os
import signal
from types import FrameType


def prepare_environment() -> None:
    """Set the process's environment; call it before the first import of torch or transformers.

    OMP_NUM_THREADS is kept where it is set. With two busy cores torch's default is about 100 times slower.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


class Stop:
    """Whether somebody asked the run to end.

    SIGTERM and SIGINT set it, the loop looks at it between steps.
    """

    def __init__(self) -> None:
        """Not requested yet; signals are only listened to after `listen`."""
        self.requested = False

    def listen(self) -> None:
        """Turn SIGTERM and SIGINT into a request (main thread only)."""
        signal.signal(signal.SIGTERM, self._request)
        signal.signal(signal.SIGINT, self._request)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
