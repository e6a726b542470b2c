"""The network that is measured: trained on every training digit for the number of iterations selected."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.networks.lenet import save
from deepfeatures.training.loop import Diverged, Run
from deepfeatures.training.objective_of import objective_of
from deepfeatures.training.solver import SolverSettings


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    objective: str,
    seed: int,
    iterations: int = 0,
    batch: int = 64,
    momentum: str = "caffe",
    base_lr: float = 0.01,
    normalise: str = "global",
    start: str = "normalised",
    pair_kind: str = "rotations",
    pair_weight: float = 0.0,
    device: str = "cpu",
) -> None:
    """Write the network, and losses.npy (iterations,).

    inputs: 'rotated'; 'selection' where `iterations` is 0 (it says how many); 'teacher' for class means.
    """
    if iterations == 0:
        curve = json.loads((inputs["selection"] / "curve.json").read_text())
        if curve["diverged"]:
            raise Diverged(f"no number of iterations could be selected for {objective}: {curve['diverged']}")
        iterations = curve["chosen"]
    images = np.load(inputs["rotated"] / "train_images.npy", mmap_mode="r")
    labels = np.load(inputs["rotated"] / "train_labels.npy")
    run = Run(
        images,
        labels,
        objective_of(
            objective,
            teacher=inputs.get("teacher"),
            images=images,
            labels=labels,
            normalise=normalise,
            start=start,
            pair_weight=pair_weight,
            device=device,
        ),
        seed=seed,
        pair_kind=pair_kind,
        batch=batch,
        solver=SolverSettings(base_lr=base_lr, momentum_form=momentum),
        device=device,
    )
    network, losses = run.train(iterations, scratch=scratch, description=f"{objective} seed {seed}")
    np.save(out / "losses.npy", losses)
    save(network, out, objective=objective, iterations=iterations, seed=seed)
