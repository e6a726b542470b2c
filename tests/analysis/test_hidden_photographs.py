"""Hidden photographs: what networks and LBP see of them, judged by the models of whole ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import hidden_photographs, joint_bayesian
from deepfeatures.analysis.hidden_photographs import cropped, read
from deepfeatures.analysis.joint_bayesian import model_of
from deepfeatures.data import celeba, crops
from deepfeatures.data.decoding import decode
from deepfeatures.networks.face_features import celeba_photographs
from deepfeatures.networks.face_network import FaceInput
from deepfeatures.study.opened import Described
from tests.data.made_up_faces import write_celeba
from tests.networks.test_face_features import Toy

PEOPLE, EACH = 12, 4


class Wide(Toy):
    """Reads images wider than high, which nobody crops."""

    input = FaceInput(8, 9, (0.0,) * 3, (1.0,) * 3)


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Models of half of twelve people, as Toy sees them; its colours are all above 0, so its bits are medians."""
    monkeypatch.setattr(hidden_photographs, "network_of", lambda name, root, seed: Toy())
    write_celeba(tmp_path, np.repeat(np.arange(PEOPLE), EACH).tolist(), [0] * (PEOPLE * EACH))
    known = celeba.read(tmp_path)
    faces, toy, models = (tmp_path / name for name in ("faces", "toy", "models"))
    for folder in (faces, toy, models):
        folder.mkdir()
    np.save(faces / "ids.npy", known.ids)
    np.save(faces / "identity.npy", known.identity)
    squares = cropped(celeba_photographs(known), known.ids, 16)
    np.save(toy / "ids.npy", known.ids)
    for layer, values in read(Toy(), squares).items():
        np.save(toy / f"{layer}.npy", values)
    wanted = {
        "toy small": {"parts": [["toy", "small"]], "kind": "real"},
        "toy small bits": {"parts": [["toy", "small"]], "kind": "medians"},
    }
    given = {"faces": faces, "toy": toy}
    joint_bayesian.make(models, given, representations=wanted, dimensions=4)
    return {"faces": faces, "models": models}


def made(inputs: dict[str, Path], root: Path, **given: object) -> Described:
    out = root / "kind" / "out"
    out.mkdir(parents=True, exist_ok=True)
    settings = {"networks": ["toy"], "shares": {"band": [0.5]}, "folds": 2}
    fingerprint = celeba.read(root).fingerprint
    hidden_photographs.make(out, inputs, root, **{**settings, "fingerprint": fingerprint, **given})  # type: ignore[arg-type]
    return Described(out)


def test_the_second_of_a_pair_is_seen_with_its_lower_half_grey(inputs: dict[str, Path], tmp_path: Path) -> None:
    found = made(inputs, tmp_path)
    faces = celeba.read(tmp_path)
    rows = np.load(inputs["models"] / "rows.npy")
    whole = np.concatenate([
        crops.crop(decode(faces.paths()[row])[None], crops.celeba_crop((16, 16)), (16, 16)) for row in rows
    ])  # fmt: skip
    covered = whole.copy()
    covered[:, 8:] = 128
    code, model = model_of(inputs["models"], "toy small bits")
    seen, hidden = (Toy().features(images[:, :, 2:14])["small"] for images in (whole, covered))
    expected = model.of_pairs(
        model.coordinates(code(seen))[found["first"]], model.coordinates(code(hidden))[found["second"]]
    )
    np.testing.assert_allclose(found["band 0.5, toy small bits"], expected, rtol=1e-3, atol=1e-3)
    needed = found["hidden"]
    kept = (code(seen)[needed] == code(hidden)[needed]).mean(axis=1)
    np.testing.assert_allclose(found["unchanged, band 0.5, toy small bits"], kept, atol=1e-6)
    assert 0 < kept.mean() < 1
    assert "agree, toy small" not in found  # signed numbers have no pattern of their own


def test_other_photographs_than_planned_and_lost_ones_are_refused(inputs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plan again"):
        made(inputs, tmp_path, fingerprint="celeba-0")
    rows = np.load(inputs["models"] / "rows.npy")
    path = celeba.read(tmp_path).paths()[int(rows[0])]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match=f"cannot be now: .*{path.stem}"):
        made(inputs, tmp_path)


def test_networks_are_named_as_in_the_catalogue(tmp_path: Path) -> None:
    assert hidden_photographs.network_of("lbp", tmp_path, 0).name == "lbp"
    twin = hidden_photographs.network_of("mobilefacenet-ms1m-untrained", tmp_path, 3)
    assert "embedding" in twin.layers
    with pytest.raises(ValueError, match="wider than high"):
        read(Wide(), np.zeros((1, 8, 8, 3), np.uint8))
