"""Units whose rule is known, in place of a network's: an artifact with the arrays of face features.

    axis      the rectified projection on one axis: follows the axis model in both of its parts, and is not linear
    exemplar  how near a face is to a stored one, exp(-|point - exemplar|^2 / width): changes in every direction
ids.npy, units.npy (n, UNITS) float32, meta.json. The rule is fixed by the seed: the same for portraits and for steps.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data import face_space

RULES = ("axis", "exemplar")
UNITS = 64
NOISE = 0.5  # standard deviations of the response, added to every portrait; steps have none
NEAR = 0.25  # width of an exemplar unit: this times k/3 * 2, the mean squared distance of two points


def make(out: Path, inputs: dict[str, Path], *, rule: str, seed: int = 0) -> None:
    """inputs: 'faces', portraits or steps."""
    faces = inputs["faces"]
    steps = (faces / "parameters.npy").is_file()
    meta = json.loads((faces / "meta.json").read_text())
    points = (
        np.load(faces / "parameters.npy") if steps
        else face_space.columns(np.load(faces / "factors.npy"), meta["factors"])
    )  # fmt: skip
    found = respond(points, rule, seed)
    if not steps:
        found = found + NOISE * np.random.default_rng([7, seed, 1]).normal(size=found.shape)
    np.save(out / "units.npy", found.astype(np.float32))
    np.save(out / "ids.npy", np.load(faces / "ids.npy"))
    (out / "meta.json").write_text(json.dumps({"network": f"planted {rule}", "layers": {"units": UNITS}}) + "\n")


def respond(points: np.ndarray, rule: str, seed: int) -> np.ndarray:
    """(n, UNITS) responses of about unit variance to points (n, k) drawn evenly from -1..1."""
    if rule not in RULES:
        raise ValueError(f"rule={rule!r}: allowed are {', '.join(RULES)}")
    rng = np.random.default_rng([7, seed, 0])
    k = points.shape[1]
    if rule == "axis":
        axes = rng.normal(size=(k, UNITS))
        projected = points @ (axes / np.linalg.norm(axes, axis=0)) * np.sqrt(3)  # variance 1
        return np.maximum(projected, 0) / np.sqrt(0.5 - 1 / (2 * np.pi))  # over its deviation, were it normal
    exemplars = rng.uniform(-1, 1, size=(UNITS, k))
    squared = np.square(points[:, None] - exemplars[None]).sum(axis=2)
    near = np.exp(-squared / (NEAR * k * 2 / 3))
    draws = np.random.default_rng([7, seed, 2]).uniform(-1, 1, size=(2000, k))
    usual = np.exp(-np.square(draws[:, None] - exemplars[None]).sum(axis=2) / (NEAR * k * 2 / 3))
    return (near - usual.mean(axis=0)) / usual.std(axis=0)
