"""How well the networks trained here tell people apart whom they have never seen, and what their training costs.

    python benchmarks/identity_verification.py [--people 200] [--each 16] [--side 48] [--steps 250] [--attributes]

Trains the identity network on a rendered world and reads a second one, of other people, through it, through the same
network untrained, and as raw pixels. Prints the AUC of same against different people by how far apart two heads are
turned, then seconds of CPU time; with --attributes also the balanced accuracy of the attribute network's scores.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepfeatures.analysis.verification_by_view import by_view
from deepfeatures.data import faces
from deepfeatures.data.attributes import NAMES
from deepfeatures.networks.face_artifact import Pixels
from deepfeatures.networks.face_cnn import load, untrained
from deepfeatures.training import attributes, identity

PROBED, PROBED_EACH = 120, 12


def balanced_accuracy(scores: np.ndarray, known: np.ndarray) -> dict[str, float]:
    """Mean of both classes' shares correct, by attribute that is known. scores: (n, 40); known: (n, 40) of 1, 0, -1."""
    found = {}
    for column, name in enumerate(NAMES):
        sides = [known[:, column] == side for side in (1, 0)]
        if all(side.any() for side in sides):
            right = (scores[sides[0], column] > 0).mean(), (scores[sides[1], column] <= 0).mean()
            found[name] = round(float(np.mean(right)), 3)
    return found


def measured(root: Path, people: int, each: int, side: int, steps: int, seed: int, *, with_attributes: bool) -> Any:
    folders = {name: root / name for name in ("training", "probed", "scratch", "identity", "attributes")}
    for folder in folders.values():
        folder.mkdir()
    clock = {"rendering": time.process_time()}
    for name, world_seed, n, m in (("training", 1000, people, each), ("probed", 0, PROBED, PROBED_EACH)):
        faces.make(folders[name], {}, root, dataset="rendered", seed=world_seed, identities=n,
                   images_per_identity=m, side_px=side)  # fmt: skip
    clock["training"] = time.process_time()
    inputs, scratch = {"faces": folders["training"], "network": folders["identity"]}, folders["scratch"]
    identity.make(folders["identity"], inputs, scratch, seed=seed, steps=steps)
    clock["end"] = time.process_time()
    images = np.load(folders["probed"] / "images.npy")
    trained = load(folders["identity"])
    read = {
        "pixels": Pixels((side, side)).features(images)["pixels"],
        "untrained": untrained(side, seed).features(images)["embedding"],
        "identity network": trained.features(images)["embedding"],
    }
    who, yaw = np.load(folders["probed"] / "identity.npy"), np.load(folders["probed"] / "pose.npy")[:, 0]
    table = by_view(read, who, yaw, each=100_000, resamples=200, rng=np.random.default_rng(0))
    print(table.round(3).to_string(index=False))
    facts = {
        "rendering_cpu_s": clock["training"] - clock["rendering"],
        "training_cpu_s": clock["end"] - clock["training"],
        "images_per_cpu_s": steps * 128 / (clock["end"] - clock["training"]),
        "last_loss": float(np.load(folders["identity"] / "losses.npy")[-20:].mean()),
    }
    if with_attributes:
        (scratch / "checkpoint.safetensors").unlink()
        attributes.make(folders["attributes"], inputs, scratch, root, seed=seed, steps=steps, start="network")
        scores = load(folders["attributes"]).features(images)["scores"]
        by_name = balanced_accuracy(scores, np.load(folders["probed"] / "attributes.npy"))
        print(json.dumps(by_name, indent=1))
        facts["attributes_balanced_accuracy"] = float(np.mean(list(by_name.values())))
    return {name: round(value, 3) for name, value in facts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("people", 200), ("each", 16), ("side", 48), ("steps", 250), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--attributes", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as root:
        found = measured(Path(root), given.people, given.each, given.side, given.steps, given.seed,
                         with_attributes=given.attributes)  # fmt: skip
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
