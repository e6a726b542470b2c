"""Localisers and ANet as artifacts: tags alone, from a start, coarse to fine; and that they learn."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import faces, scene_artifact
from deepfeatures.networks.lnet_anet import load_anet, load_lnet
from deepfeatures.training import anet, localiser


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("learnt")
    settings = {"dataset": "rendered", "side_px": 64}
    for name, more in {
        "scenes": {"seed": 1, "people": 12, "each": 4},
        "objects": {"seed": 2, "people": 48, "each": 1, "heads": False},
    }.items():
        (root / name).mkdir()
        scene_artifact.make(root / name, {}, root, **settings, **more)
    (root / "faces").mkdir()
    faces.make(root / "faces", {}, root, dataset="rendered", seed=3, identities=10, images_per_identity=6, side_px=32)
    return {name: root / name for name in ("scenes", "objects", "faces")}


def train(folder: Path, maker, inputs: dict[str, Path], **settings) -> Path:
    out, scratch = folder / "out", folder / "scratch"
    for one in (out, scratch):
        one.mkdir(parents=True)
    more = {"data_root": folder} if maker is localiser else {}
    maker.make(out, inputs, scratch, **more, **settings)
    return out


def named(folder: Path) -> str:
    return str(json.loads((folder / "meta.json").read_text())["name"])


def filters(folder: Path) -> np.ndarray:
    """All weights of the convolutions, flat."""
    return np.concatenate([weight.detach().numpy().ravel() for weight in load_lnet(folder).blocks.parameters()])


def test_a_localiser_learns_from_tags_and_reads_no_box(made: dict[str, Path], tmp_path: Path) -> None:
    blind = tmp_path / "blind"
    shutil.copytree(made["scenes"], blind)
    (blind / "boxes.npy").unlink()  # whoever read boxes in training would fail here
    out = train(tmp_path / "o", localiser, {"scenes": blind}, tags="attributes", seed=0, steps=40, batch=32)
    losses = np.load(out / "losses.npy")
    assert losses.shape == (40,) and losses[-8:].mean() < 0.9 * losses[:4].mean()
    assert named(out) == "lnet-o" and load_lnet(out).outputs == 40


def test_from_objects_to_attributes_and_from_coarse_to_fine(made: dict[str, Path], tmp_path: Path) -> None:
    short = {"seed": 0, "steps": 3, "batch": 16}
    start = train(tmp_path / "start", localiser, {"scenes": made["objects"]}, tags="objects", **(short | {"seed": 5}))
    assert load_lnet(start).outputs == 10

    def learnt(name: str, reading: str = "", **inputs: Path) -> Path:
        scenes = {"scenes": made["scenes"]} | inputs
        return train(tmp_path / name, localiser, scenes, tags="attributes", reading=reading, **short)

    coarse, random = learnt("o", start=start), learnt("r")
    # Three steps move a weight little: what began from the start is still near it, another beginning is far.
    moved, apart = (np.abs(filters(one) - filters(start)).mean() for one in (coarse, random))
    assert 0 < moved < 0.1 * apart
    fine = learnt("s", "selected", start=start, coarse=coarse)
    assert (named(coarse), named(fine)) == ("lnet-o", "lnet-s")
    # Everything but the pictures is the same for both, and the same once more gives the same: so it saw other pictures,
    # and others again where another network points.
    losses = {one.parent.name: np.load(one / "losses.npy") for one in (coarse, fine)}
    again = learnt("s again", "selected", start=start, coarse=coarse)
    np.testing.assert_array_equal(np.load(again / "losses.npy"), losses["s"])
    assert (np.abs(losses["s"] - losses["o"])[1:] > 1e-4).all()
    elsewhere = learnt("elsewhere", "selected", start=start, coarse=random)
    assert (np.abs(np.load(elsewhere / "losses.npy") - losses["s"])[1:] > 1e-4).all()


def test_what_cannot_be_learnt_is_refused(made: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="of 40 tags none is both present and absent in 48"):
        train(tmp_path / "o", localiser, {"scenes": made["objects"]}, tags="attributes", seed=0, steps=1)
    with pytest.raises(ValueError, match="allowed are objects, attributes"):
        train(tmp_path / "b", localiser, {"scenes": made["objects"]}, tags="boxes", seed=0, steps=1)


def test_anet_learns_people_then_attributes(made: dict[str, Path], tmp_path: Path) -> None:
    short = {"local": True, "seed": 0, "batch": 24}
    identity = train(tmp_path / "i", anet, {"faces": made["faces"]}, goal="identity", steps=25, **short)
    losses = np.load(identity / "losses.npy")
    assert losses[-5:].mean() < 0.9 * losses[:3].mean()
    inputs = {"faces": made["faces"], "start": identity}
    both = train(tmp_path / "b", anet, inputs, goal="attributes", steps=30, **short)
    losses = np.load(both / "losses.npy")
    assert losses[-6:].mean() < 0.8 * losses[:2].mean()
    network = load_anet(both)
    weight = network.head.weight.detach().numpy()
    known = (np.load(made["faces"] / "attributes.npy") >= 0).all(axis=0)
    assert (np.abs(weight[~known]).sum(axis=1) == 0).all() and (np.abs(weight[known]).sum(axis=1) > 0).sum() > 15
    assert (load_anet(identity).head.weight == 0).all()
    with pytest.raises(ValueError, match="allowed are identity, attributes"):
        train(tmp_path / "c", anet, {"faces": made["faces"]}, goal="pose", steps=1, **short)
