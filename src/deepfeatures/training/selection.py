"""How long to train: a run on the training side of a split, scored on the other side until the cap."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data.split import split_digits
from deepfeatures.networks.lenet import LeNet, load, save
from deepfeatures.training.class_means import describe, nearest_mean
from deepfeatures.training.loop import Diverged, Run
from deepfeatures.training.objective_of import objective_of
from deepfeatures.training.solver import SolverSettings
from deepfeatures.training.stopping import Convergence, converged_at

MEAN_DIGITS = 3000  # training digits whose copies form the class means while validating: enough, and quick


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    objective: str,
    seed: int,
    cap: int,
    evaluate_every: int,
    patience: int,
    tolerance_pp: float,
    validation_digits: int,
    batch: int = 64,
    momentum: str = "caffe",
    base_lr: float = 0.01,
    normalise: str = "global",
    start: str = "normalised",
    pair_kind: str = "rotations",
    pair_weight: float = 0.0,
    device: str = "cpu",
) -> None:
    """Write curve.json, per-digit scores, the chosen iteration, and the network at it.

    inputs: 'rotated', and for class means 'teacher' (a selection too, so that no validation digit leaks).
    mav_correct.npy, softmax_correct.npy: (evaluations, validation digits) copies classified correctly, 0..angles.
    Where the loss stops being finite, curve.json says so, `chosen` is 0 and there is no network.
    The score that decides is the one the paper reports: cosine to class means for mu-LeNet, softmax for the others.
    """
    images = np.load(inputs["rotated"] / "train_images.npy", mmap_mode="r")
    labels = np.load(inputs["rotated"] / "train_labels.npy")
    train, validation = split_digits(labels, validation_digits, seed=0)
    train_images, train_labels = images[train], labels[train]
    judge = _Judge(
        train_images[:MEAN_DIGITS], train_labels[:MEAN_DIGITS], images[validation], labels[validation], scratch
    )
    run = Run(
        train_images,
        train_labels,
        objective_of(
            objective,
            teacher=inputs.get("teacher"),
            images=train_images,
            labels=train_labels,
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
    diverged = None
    try:
        _, losses = run.train(
            cap, scratch=scratch, checkpoint_every=evaluate_every, after=judge, description=f"selection {objective}"
        )
        np.save(out / "losses.npy", losses)
    except Diverged as failure:  # a finding about the setting, not an accident: recorded, and drawn as such
        diverged = str(failure)
    steps = judge.steps()
    score = "mav" if objective == "class-means" else "softmax"
    correct = {name: judge.correct(name, steps) for name in ("mav", "softmax")}
    accuracies = {name: None if c is None else (c.mean(1) / images.shape[1]).tolist() for name, c in correct.items()}
    chosen = (
        Convergence(0, capped=True)
        if diverged
        else converged_at(steps, accuracies[score] or [], patience, tolerance_pp)
    )
    for name, counts in correct.items():
        if counts is not None:
            np.save(out / f"{name}_correct.npy", counts)
    if not diverged:
        save(load(scratch / f"at-{chosen.iteration}"), out, objective=objective, iterations=chosen.iteration)
    facts = {
        "iterations": steps,
        "accuracy": accuracies,
        "decided_by": score,
        "chosen": chosen.iteration,
        "capped": chosen.capped,
        "diverged": diverged,
        "validation_digits": len(validation),
        "training_digits": len(train),
    }
    (out / "curve.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")


class _Judge:
    """Scores the network on the validation digits and keeps what it found in `scratch`, one folder an evaluation."""

    def __init__(
        self, mean_images: np.ndarray, mean_labels: np.ndarray, images: np.ndarray, labels: np.ndarray, scratch: Path
    ) -> None:
        self.angles = images.shape[1]
        self.mean_images = mean_images.reshape(-1, *images.shape[2:])
        self.mean_labels = np.repeat(mean_labels, self.angles)
        self.images = images.reshape(-1, *images.shape[2:])
        self.labels = np.repeat(labels, self.angles)
        self.scratch = scratch

    def __call__(self, iteration: int, network: LeNet) -> None:
        means = describe(network, self.mean_images, self.mean_labels).means
        mav, softmax = [], []
        for start in range(0, len(self.images), 256):
            layers = network.features(self.images[start : start + 256])
            mav.append(nearest_mean(layers["ip1"], means))
            if "ip2" in layers:
                softmax.append(layers["ip2"].argmax(1).cpu().numpy())
        folder = self.scratch / f"at-{iteration}"
        folder.mkdir(parents=True, exist_ok=True)
        save(network, folder)
        for name, predictions in (("softmax", softmax), ("mav", mav)):  # mav last: its file says "complete"
            if predictions:
                right = (np.concatenate(predictions) == self.labels).reshape(-1, self.angles).sum(1)
                np.save(folder / f"{name}.npy", right.astype(np.uint8))

    def steps(self) -> list[int]:
        return sorted(int(folder.name[3:]) for folder in self.scratch.glob("at-*") if (folder / "mav.npy").exists())

    def correct(self, name: str, steps: list[int]) -> np.ndarray | None:
        files = [self.scratch / f"at-{step}" / f"{name}.npy" for step in steps]
        if not files:
            return None
        return np.stack([np.load(file) for file in files]) if all(file.exists() for file in files) else None
