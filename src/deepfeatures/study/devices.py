"""Where training runs: a GPU where there is one, never needed."""

from __future__ import annotations

from pathlib import Path


class NoDevice(RuntimeError):
    """The device asked for is not there."""


def pick_device(device: str) -> str:
    """'auto' becomes 'cuda' or 'cpu'; 'cuda' without one raises NoDevice. Asks torch only where it may help."""
    if device == "cpu":
        return "cpu"
    # Importing torch takes seconds; without the driver's device file or module there is nothing to ask it.
    possible = Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()
    if possible:
        import torch

        if torch.cuda.is_available():
            return "cuda"
    if device == "cuda":
        raise NoDevice("device=cuda, but torch sees no CUDA device here: allowed are auto and cpu")
    return "cpu"
