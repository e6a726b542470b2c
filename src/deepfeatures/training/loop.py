"""The one training loop: resumable, and bit-identical whether it was interrupted or not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tqdm import tqdm

from deepfeatures.networks.lenet import LeNet, as_pixels, untrained
from deepfeatures.training.batches import Partners, Stream
from deepfeatures.training.objectives import ClassMeans, Pair, Softmax
from deepfeatures.training.solver import CaffeSGD, SolverSettings

Objective = Softmax | ClassMeans | Pair


class Diverged(RuntimeError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class Run:
    """One training run. images: (n, angles, 28, 28) uint8, labels: (n,) uint8, a digit's copies side by side."""

    images: np.ndarray
    labels: np.ndarray
    objective: Objective
    seed: int
    pair_kind: str = "rotations"
    batch: int = 64
    solver: SolverSettings = field(default_factory=SolverSettings)
    device: str = "cpu"

    def train(
        self,
        iterations: int,
        *,
        scratch: Path | None = None,
        checkpoint_every: int = 500,
        after: Callable[[int, LeNet], None] | None = None,
        description: str = "training",
    ) -> tuple[LeNet, np.ndarray]:
        """The network after `iterations` steps and the loss of every step: (iterations,) float32.

        With `scratch`, the state is kept there every `checkpoint_every` iterations and a later call goes on from it.
        `after(iteration, network)` is called at those same points, and again for none that a resumed run has passed.
        Raises Diverged naming the iteration.
        """
        network = untrained(self.seed, has_ip2=not isinstance(self.objective, ClassMeans)).to(self.device)
        if isinstance(self.objective, ClassMeans):
            self.objective.begin(network)
        solver = CaffeSGD(network, self.solver)
        losses = np.zeros(iterations, np.float32)
        done = _resume(scratch, solver, losses)
        images = self.images.reshape(-1, *self.images.shape[2:])
        angles = self.images.shape[1]
        labels = torch.from_numpy(np.repeat(self.labels, angles).astype(np.int64))
        stream = Stream(len(images), self.batch, self.seed)
        pair = isinstance(self.objective, Pair) and self.objective.weight > 0
        partners = Partners(self.labels, angles, self.pair_kind, self.seed) if pair else None
        objective = Softmax() if isinstance(self.objective, Pair) and not pair else self.objective
        bar = tqdm(range(done, iterations), initial=done, total=iterations, desc=description, unit="it", mininterval=1)
        for iteration in bar:
            rows = stream(iteration)
            targets = labels[rows].to(self.device)
            if partners is not None:
                rows = np.concatenate([rows, partners(rows, iteration)])
            loss = objective(network(as_pixels(images[rows], self.device)), targets)
            solver.step(list(torch.autograd.grad(loss, solver.parameters)), iteration)
            losses[iteration] = loss.item()
            if not np.isfinite(losses[iteration]):
                raise Diverged(
                    f"the loss is {losses[iteration]} at iteration {iteration}: lower the learning rate or weight"
                )
            if (iteration + 1) % checkpoint_every == 0 or iteration + 1 == iterations:
                if after is not None:
                    after(iteration + 1, network)
                _keep(scratch, solver, losses, iteration + 1)
        return network, losses


def _keep(scratch: Path | None, solver: CaffeSGD, losses: np.ndarray, done: int) -> None:
    if scratch is None:
        return
    state = {**solver.state(), "losses": torch.from_numpy(losses[:done].copy())}
    temporary = scratch / f"checkpoint.{os.getpid()}.tmp"
    save_file(state, temporary, metadata={"done": str(done), "sha256": digest(state)})
    temporary.replace(scratch / "checkpoint.safetensors")  # whole or not at all


def digest(state: dict[str, torch.Tensor]) -> str:
    """SHA-256 of names, shapes and bytes: safetensors itself keeps none, and one flipped bit would train on."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {tuple(state[name].shape)} {state[name].dtype}".encode())
        digest.update(state[name].numpy().tobytes())
    return digest.hexdigest()


def _resume(scratch: Path | None, solver: CaffeSGD, losses: np.ndarray) -> int:
    path = scratch / "checkpoint.safetensors" if scratch is not None else None
    if path is None or not path.exists():
        return 0
    try:
        with safe_open(path, framework="pt") as kept:
            done = int(kept.metadata()["done"])
            state = {name: kept.get_tensor(name) for name in list(kept.keys())}
            if kept.metadata()["sha256"] != digest(state):
                raise ValueError("its checksum is not that of its contents")
        if wanted := sorted({"losses", *solver.state()} ^ set(state)):
            raise ValueError(f"it is of another network: {', '.join(wanted)}")
    except Exception as damage:  # a checkpoint only saves time: a broken one costs time, never a result
        tqdm.write(f"{path.name} cannot be read ({damage}); starting over")
        path.unlink()
        return 0
    if done > len(losses):
        return 0
    losses[:done] = state["losses"].numpy()
    solver.restore(state)
    return done
