"""LeNet trained on images in an order that never changes, as Caffe reads them from a database (deviation D5).

Everywhere else images are shuffled anew for each pass. Rudd et al. 2017 do not say in which order their rotated digits
lay in the database; here are three that are easily made, and the usual one for as many steps.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from deepfeatures.networks.lenet import LeNet, as_pixels, save, untrained
from deepfeatures.training.batches import Stream

# Private names of the loop that every other network is trained by: to publish them there would be to make every
# trained network out of date.
from deepfeatures.training.loop import Diverged, _keep, _resume
from deepfeatures.training.objectives import Softmax
from deepfeatures.training.solver import CaffeSGD, SolverSettings

ORDERS: dict[str, Callable[[int, int, int], np.ndarray]] = {
    # name: (digits, angles, seed) to rows, digit-major (row = digit * angles + angle index)
    "angle by angle": lambda digits, angles, seed: np.arange(digits * angles).reshape(digits, angles).T.ravel(),
    "copies together": lambda digits, angles, seed: np.arange(digits * angles),
    # The first pass is the usual one's first.
    "one shuffle": lambda digits, angles, seed: np.random.default_rng([seed, 0]).permutation(digits * angles),
}
USUAL = "shuffled anew"


class FixedOrder:
    """`order` from its beginning to its end, again and again, in batches that run across its ends."""

    def __init__(self, order: np.ndarray, batch: int) -> None:
        if len(order) < 1 or batch < 1:
            raise ValueError(f"{len(order)} rows in batches of {batch}: both must be at least 1")
        self.order, self.batch = order, batch

    def __call__(self, iteration: int) -> np.ndarray:
        """Rows of one iteration: (batch,) int64."""
        return self.order[np.arange(iteration * self.batch, (iteration + 1) * self.batch) % len(self.order)]


def whole_passes(rows: int, batch: int, cap: int) -> int:
    """Iterations of as many whole passes over `rows` as `cap` iterations hold, at least one even where it is longer.

    A run that stopped inside a pass would have seen some angles once more than others where they lie angle by angle.
    """
    if min(rows, batch, cap) < 1:
        raise ValueError(f"{rows} rows in batches of {batch} for at most {cap} iterations: all must be at least 1")
    return -(-max(cap * batch // rows, 1) * rows // batch)


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    order: str,
    seed: int,
    cap: int = 0,
    iterations: int = 0,
    batch: int = 64,
    checkpoint_every: int = 500,
    device: str = "cpu",
) -> None:
    """Write the network, and losses.npy (iterations,), as training.final does. inputs: 'rotated'.

    order: one of ORDERS, or USUAL. iterations: 0 for those of the whole passes that `cap` holds. Raises Diverged.
    """
    if order not in (*ORDERS, USUAL):
        raise ValueError(f"order {order!r} is not one of {[*ORDERS, USUAL]}")
    images = np.load(inputs["rotated"] / "train_images.npy", mmap_mode="r")
    labels = np.load(inputs["rotated"] / "train_labels.npy")
    digits, angles = images.shape[:2]
    iterations = iterations or whole_passes(digits * angles, batch, cap)
    stream: Callable[[int], np.ndarray] = (
        Stream(digits * angles, batch, seed)
        if order == USUAL
        else FixedOrder(ORDERS[order](digits, angles, seed), batch)
    )
    network, losses = _train(
        images.reshape(-1, *images.shape[2:]),
        torch.from_numpy(np.repeat(labels, angles).astype(np.int64)),
        stream, iterations, scratch, seed=seed, checkpoint_every=checkpoint_every, device=device,
        description=f"softmax, {order}, seed {seed}",
    )  # fmt: skip
    np.save(out / "losses.npy", losses)
    save(network, out, objective="softmax", iterations=iterations, seed=seed, order=order)


def _train(
    images: np.ndarray,
    labels: torch.Tensor,
    stream: Callable[[int], np.ndarray],
    iterations: int,
    scratch: Path,
    *,
    seed: int,
    checkpoint_every: int,
    device: str,
    description: str,
) -> tuple[LeNet, np.ndarray]:
    network, objective = untrained(seed).to(device), Softmax()
    solver, losses = CaffeSGD(network, SolverSettings()), np.zeros(iterations, np.float32)
    done = _resume(scratch, solver, losses)
    bar = tqdm(range(done, iterations), initial=done, total=iterations, desc=description, unit="it", mininterval=1)
    for iteration in bar:
        rows = stream(iteration)
        loss = objective(network(as_pixels(images[rows], device)), labels[rows].to(device))
        solver.step(list(torch.autograd.grad(loss, solver.parameters)), iteration)
        losses[iteration] = loss.item()
        if not np.isfinite(losses[iteration]):
            raise Diverged(f"the loss is {losses[iteration]} at iteration {iteration}")
        if (iteration + 1) % checkpoint_every == 0 or iteration + 1 == iterations:
            _keep(scratch, solver, losses, iteration + 1)
    return network, losses
