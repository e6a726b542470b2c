"""Single steps in the parameter space: people, each with one parameter moved down and up, all else fixed; an artifact.

    ids.npy, images.npy        a row an image, as `data.faces` has them (so that features are read as of any faces)
    base (n,) int64: whose face; parameter (n,) int64: which was moved, -1 none; parameters (n, 59): of the image
    identity (n,): the same as base; meta.json

Nothing of an image varies but the step: no pose, no light, no noise. What a response changes by is the step's doing.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data import face_space, portraits


def make(
    out: Path, inputs: dict[str, Path], *, seed: int, bases: int, step: float, side_px: int, dataset: str = "rendered"
) -> None:
    """bases: people, drawn as portraits draw them; step: of a parameter whose range is -1..1."""
    table = steps(drawn(seed, bases), step)
    np.save(out / "images.npy", portraits.render_neutral(table["parameters"], side_px))
    for name, values in table.items():
        np.save(out / f"{name}.npy", values)
    np.save(out / "identity.npy", table["base"])
    np.save(out / "ids.npy", np.array([f"step-{seed}-{number:07d}" for number in range(len(table["base"]))]))
    meta = {"report": f"{bases} people, each parameter moved by {step} down and up", "step": step}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def drawn(seed: int, people: int) -> np.ndarray:
    """(people, 59): the parameters of as many portraits' people."""
    truth = portraits.world(seed, people, 1, 32).truth()
    return truth[list(face_space.NAMES)].to_numpy(np.float64)


def steps(points: np.ndarray, step: float) -> dict[str, np.ndarray]:
    """base, parameter, parameters of every image: each point itself, then each parameter moved down, then up.

    points: (bases, k) in -1..1. A step that would leave the range ends at its limit: the parameters say how far it
    went.
    """
    if not 0 < step <= 2:
        raise ValueError(f"step is {step:g}, expected above 0 and at most 2, the width of a parameter's range")
    bases, k = points.shape
    moved = np.repeat(points, 2 * k + 1, axis=0).reshape(bases, 2 * k + 1, k)
    number = np.arange(k)
    moved[:, 1 + 2 * number, number] = np.maximum(points - step, -1)
    moved[:, 2 + 2 * number, number] = np.minimum(points + step, 1)
    parameter = np.concatenate([[-1], np.repeat(number, 2)])
    return {
        "base": np.repeat(np.arange(bases), 2 * k + 1),
        "parameter": np.tile(parameter, bases),
        "parameters": moved.reshape(-1, k),
    }


def slopes(responses: np.ndarray, parameters: np.ndarray, bases: int) -> np.ndarray:
    """Change of each response per unit of each parameter at each person: (bases, k, units), from `steps`' order.

    responses: (n, units); parameters: (n, k).
    """
    k = parameters.shape[1]
    if len(responses) != bases * (2 * k + 1) or len(parameters) != len(responses):
        raise ValueError(f"{len(responses)} responses, {len(parameters)} points: {bases} x {2 * k + 1} are expected")
    by_base = np.asarray(responses, np.float64).reshape(bases, 2 * k + 1, -1)
    places = parameters.reshape(bases, 2 * k + 1, k)
    number = np.arange(k)
    went = places[:, 2 + 2 * number, number] - places[:, 1 + 2 * number, number]
    return (by_base[:, 2::2] - by_base[:, 1::2]) / went[:, :, None]
