"""Training a face network with AdamW and a rate that falls linearly: resumable, and bit-identical when resumed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn
from tqdm import tqdm

from deepfeatures.training.batches import Stream
from deepfeatures.training.loop import Diverged
from deepfeatures.training.loop import digest as digest_of

LEARNING_RATE, LAST_RATE, WEIGHT_DECAY = 2e-3, 1e-5, 1e-3  # ours


def train(
    modules: nn.ModuleDict,
    loss_of: Callable[[np.ndarray], torch.Tensor],
    *,
    rows: int,
    steps: int,
    seed: int,
    batch: int = 128,
    scratch: Path | None = None,
    checkpoint_every: int = 200,
    description: str = "training",
) -> np.ndarray:
    """The loss of every step, (steps,) float32; `modules` are trained in place.

    loss_of: the loss of a batch, given its rows among `rows` examples. scratch: a folder in which a killed run goes on.
    Raises Diverged naming the step.
    """
    solver = torch.optim.AdamW(modules.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    stream, losses = Stream(rows, batch, seed), np.zeros(steps, np.float32)
    done = _resume(scratch, modules, solver, losses)
    modules.train()
    for step in tqdm(range(done, steps), initial=done, total=steps, desc=description, unit="step", mininterval=1):
        for group in solver.param_groups:
            group["lr"] = LEARNING_RATE * (1 - step / steps) + LAST_RATE
        loss = loss_of(stream(step))
        solver.zero_grad()
        loss.backward()
        solver.step()
        losses[step] = loss.item()
        if not np.isfinite(losses[step]):
            raise Diverged(f"the loss is {losses[step]} at step {step}")
        if (step + 1) % checkpoint_every == 0 or step + 1 == steps:
            _keep(scratch, modules, solver, losses, step + 1)
    modules.eval()
    return losses


def _state(modules: nn.ModuleDict, solver: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    weights = modules.state_dict().items()
    state = {f"module/{name}": value.detach().cpu().contiguous().clone() for name, value in weights}
    for number, kept in solver.state_dict()["state"].items():
        state |= {f"solver/{number}/{name}": torch.as_tensor(value).cpu().contiguous() for name, value in kept.items()}
    return state


def _keep(
    scratch: Path | None, modules: nn.ModuleDict, solver: torch.optim.Optimizer, losses: np.ndarray, done: int
) -> None:
    if scratch is None:
        return
    state = {**_state(modules, solver), "losses": torch.from_numpy(losses[:done].copy())}
    temporary = scratch / f"checkpoint.{os.getpid()}.tmp"
    save_file(state, temporary, metadata={"done": str(done), "sha256": digest_of(state)})
    temporary.replace(scratch / "checkpoint.safetensors")


def _resume(scratch: Path | None, modules: nn.ModuleDict, solver: torch.optim.Optimizer, losses: np.ndarray) -> int:
    path = scratch / "checkpoint.safetensors" if scratch is not None else None
    if path is None or not path.exists():
        return 0
    try:
        with safe_open(path, framework="pt") as kept:
            done = int(kept.metadata()["done"])
            state = {name: kept.get_tensor(name) for name in list(kept.keys())}
            if kept.metadata()["sha256"] != digest_of(state):
                raise ValueError("its checksum is not that of its contents")
    except Exception as damage:  # a checkpoint only saves time: a broken one costs time, never a result
        tqdm.write(f"{path.name} cannot be read ({damage}); starting over")
        path.unlink()
        return 0
    if done > len(losses):
        return 0
    losses[:done] = state.pop("losses").numpy()
    modules.load_state_dict({name[7:]: value for name, value in state.items() if name.startswith("module/")})
    kept_solver = solver.state_dict()
    found: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in state.items():
        if name.startswith("solver/"):
            _, number, entry = name.split("/")
            found.setdefault(int(number), {})[entry] = value
    solver.load_state_dict({**kept_solver, "state": found})
    return done
