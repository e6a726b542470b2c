"""The identity network: it learns who is who on a tiny world, the same way every time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.networks.face_cnn import load, untrained
from deepfeatures.training import identity
from deepfeatures.training.identity import centre_loss

PEOPLE, EACH = 5, 8


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people, each a pattern of colours under noise; their numbers have gaps."""
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    person = rng.permutation(np.repeat(np.arange(PEOPLE), EACH))
    patterns = rng.integers(40, 216, (PEOPLE, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)
    noise = rng.integers(-30, 31, (len(person), 32, 32, 3))
    np.save(folder / "images.npy", (patterns[person] + noise).astype(np.uint8))
    np.save(folder / "identity.npy", 10 * person + 3)
    return folder


def trained(faces: Path, root: Path, name: str, *, seed: int = 1, steps: int = 20) -> Path:
    out, scratch = root / name, root / f"{name}-scratch"
    out.mkdir()
    scratch.mkdir()
    identity.make(out, {"faces": faces}, scratch, seed=seed, steps=steps, batch=16)
    return out


@pytest.fixture(scope="module")
def learnt(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(faces, tmp_path_factory.mktemp("learnt"), "one")


def test_it_learns(faces: Path, learnt: Path) -> None:
    losses = np.load(learnt / "losses.npy")
    assert losses.shape == (20,) and losses.dtype == np.float32
    assert losses[-4:].mean() < 0.5 * losses[:4].mean()
    images, person = np.load(faces / "images.npy"), np.load(faces / "identity.npy")
    nearer = []
    for network in (untrained(32, 1), load(learnt)):
        rows = network.features(images)["embedding"]
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        cosine = rows @ rows.T
        same = (person[:, None] == person) & ~np.eye(len(person), dtype=bool)
        nearer.append(cosine[same].mean() - cosine[person[:, None] != person].mean())
    assert nearer[1] > nearer[0] + 0.2


def test_the_network_begins_as_the_untrained_one_of_its_seed(faces: Path, tmp_path: Path) -> None:
    """So that 'untrained' is the control of 'trained': with no step between them only the statistics could differ."""
    begun = load(trained(faces, tmp_path, "none", steps=0))
    for name, value in untrained(32, 1).state_dict().items():
        assert torch.equal(begun.state_dict()[name], value), name


def test_two_runs_are_one_and_the_seed_decides(faces: Path, learnt: Path, tmp_path: Path) -> None:
    again = trained(faces, tmp_path, "again")
    for file in ("network.safetensors", "losses.npy", "meta.json"):
        assert (again / file).read_bytes() == (learnt / file).read_bytes(), file
    other = trained(faces, tmp_path, "other", seed=2, steps=2)
    assert np.load(other / "losses.npy")[0] != np.load(learnt / "losses.npy")[0]


def test_the_loss_against_one_written_out() -> None:
    rows = torch.randn(12, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    unit, losses = rows / rows.norm(dim=1, keepdim=True), []
    for image in range(12):
        cosines = []
        for person in range(4):
            others = [row for row in range(3 * person, 3 * person + 3) if row != image]
            centre = unit[others].mean(0)
            cosine = unit[image] @ centre / centre.norm()
            cosines.append(cosine - 0.2 if person == image // 3 else cosine)
        logits = 5 * torch.stack(cosines)
        losses.append(torch.logsumexp(logits, 0) - logits[image // 3])
    got = centre_loss(rows, 3, margin=0.2, scale=5)
    torch.testing.assert_close(got, torch.stack(losses).mean())
    assert centre_loss(100 * rows, 3, margin=0.2, scale=5) == pytest.approx(got.item())  # lengths do not count


def test_what_was_trained_is_told(learnt: Path) -> None:
    meta = json.loads((learnt / "meta.json").read_text())
    told = {key: meta[key] for key in ("people", "steps", "seed", "side_px", "outputs", "name")}
    assert told == {"people": PEOPLE, "steps": 20, "seed": 1, "side_px": 32, "outputs": 0, "name": "identity-network"}
