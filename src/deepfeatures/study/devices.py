"""Where training runs: a GPU where there is one, never needed."""

from __future__ import annotations

from pathlib import Path


def pick_device(device: str) -> str:
    """'auto' becomes 'cuda' or 'cpu'; 'cuda' without one raises RuntimeError. Asks torch only where it may help."""
    if device == "cpu":
        return "cpu"
    # Importing torch takes seconds; without the driver's device file or module there is nothing to ask it.
    possible = Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()
    if possible:
        import torch

        if torch.cuda.is_available():
            return "cuda"
    if device == "cuda":
        raise RuntimeError("device=cuda, but torch sees no CUDA device here: allowed are auto and cpu")
    return "cpu"
