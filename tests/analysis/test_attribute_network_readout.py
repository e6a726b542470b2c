"""Networks of all folds as one read-out: everybody asked of the one network that has not seen them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import attribute_network_readout, attribute_readout
from deepfeatures.data import attributes
from deepfeatures.training.balanced import asked_in_fold

PEOPLE, EACH, FOLDS, SEED = 24, 4, 3, 2
NAMES = attributes.NAMES
MALE, SMILING, HAT, BALD = (NAMES.index(name) for name in ("Male", "Smiling", "Wearing_Hat", "Bald"))
MISSING = 5  # a face that could not be read


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    """Networks that score 1 on everybody they learned from and -2 on whom they did not; HAT is unlearnt in one fold."""
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(PEOPLE) * 5, EACH)
    known = np.full((len(identity), 40), -1, np.int8)
    for a in (MALE, SMILING, HAT):
        known[:, a] = rng.integers(0, 2, len(identity))
    known[:, BALD] = identity == 5  # one person
    ids = np.array([f"image-{number:03d}" for number in range(len(identity))])
    folder = tmp_path / "faces"
    folder.mkdir()
    for name, values in {"identity": identity, "attributes": known, "ids": ids}.items():
        np.save(folder / f"{name}.npy", values)
    given = np.delete(rng.permutation(len(ids)), 0)
    given = given[given != MISSING]  # another face lacks too: in no order
    made = {"faces": folder}
    for fold in range(FOLDS):
        out = made[f"fold {fold}"] = tmp_path / f"fold{fold}"
        out.mkdir()
        asked = asked_in_fold(identity, fold, FOLDS, SEED)
        scores = np.where(asked[:, None], -2.0, 1.0) * np.ones(40) + fold / 10
        scores[:, HAT] = np.nan if fold == 1 else scores[:, HAT]
        embedding = rng.standard_normal((len(ids), 6)) + 8.0 * known[:, [SMILING]] * (np.arange(6) == fold)
        np.save(out / "ids.npy", ids[given])
        np.save(out / "scores.npy", scores[given].astype(np.float32))
        np.save(out / "embedding.npy", embedding[given].astype(np.float32))
        (out / "meta.json").write_text(json.dumps({"fold": fold, "folds": FOLDS, "fold_seed": SEED}))
    return made


def read(inputs: dict[str, Path], out: Path, **changed: object) -> dict[str, np.ndarray]:
    out.mkdir()
    settings: dict[str, object] = {"layer": "scores", "folds": FOLDS, "seed": SEED}
    attribute_network_readout.make(out, inputs, **{**settings, **changed})  # type: ignore[arg-type]
    return {path.stem: np.load(path) for path in out.glob("*.npy")}


def test_nobody_is_asked_of_a_network_that_learned_from_them(inputs: dict[str, Path], tmp_path: Path) -> None:
    found = read(inputs, tmp_path / "out")
    here = found["fold"] >= 0
    np.testing.assert_allclose(found["scores"][here, SMILING], -2 + found["fold"][here] / 10, rtol=1e-6)
    gone = np.isin(np.load(inputs["faces"] / "ids.npy"), np.load(inputs["fold 0"] / "ids.npy"), invert=True)
    assert gone.sum() == 2 and gone[MISSING] and (~here == gone).all() and np.isnan(found["scores"][gone]).all()
    assert np.isnan(found["scores"][here][:, BALD]).all()  # too few people
    assert np.isnan(found["scores"][:, HAT]).tolist() == (gone | (found["fold"] == 1)).tolist()
    assert found["scores"].dtype == np.float32 and found["fold"].dtype == np.int8


def test_the_folds_are_those_of_other_read_outs(inputs: dict[str, Path], tmp_path: Path) -> None:
    found = read(inputs, tmp_path / "out")
    (tmp_path / "other").mkdir()
    attribute_readout.make(
        tmp_path / "other", {"faces": inputs["faces"], "x": inputs["fold 0"]}, parts=[["x", "embedding"]],
        embedding="none", dimensions=0, folds=FOLDS, penalties=[0.01], seed=SEED,
    )  # fmt: skip
    np.testing.assert_array_equal(found["fold"], np.load(tmp_path / "other" / "fold.npy"))
    files, others = ({path.name for path in (tmp_path / name).iterdir()} for name in ("out", "other"))
    metas = [json.loads((tmp_path / name / "meta.json").read_text()) for name in ("out", "other")]
    assert files == others and set(metas[0]) == set(metas[1])
    assert {name: found[name].shape for name in found} == {
        name: np.load(tmp_path / "other" / f"{name}.npy").shape for name in found
    }


def test_machines_read_each_network_s_own_embedding(inputs: dict[str, Path], tmp_path: Path) -> None:
    """What tells is in another column of every network: machines of one are no use for the next."""
    found = read(inputs, tmp_path / "out", layer="embedding", penalties=[0.01, 0.1])
    known = np.load(inputs["faces"] / "attributes.npy")
    here = found["fold"] >= 0
    for fold in range(FOLDS):
        mine = found["fold"] == fold
        assert ((found["scores"][mine, SMILING] > 0) == (known[mine, SMILING] == 1)).mean() > 0.9
    assert 0.25 < ((found["scores"][here, MALE] > 0) == (known[here, MALE] == 1)).mean() < 0.75
    assert np.isfinite(found["chosen_C"][:, SMILING]).all()
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert set(meta["at_grid_end"]) == {"smallest", "largest"} and meta["width"] == 6


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"layer": "block2"}, "layer='block2': allowed are scores, embedding"),
        ({"layer": "embedding"}, "0 penalties for layer='embedding'"),
        ({"penalties": [0.1]}, "1 penalties for layer='scores'"),
        ({"seed": 3}, "a network of fold 0 of 3, seed 2, is no use for fold 0 of 3, seed 3"),
        ({"folds": 2}, "a network of fold 0 of 3, seed 2, is no use for fold 0 of 2, seed 2"),
    ],
)
def test_what_cannot_be_is_refused(
    changed: dict[str, object], message: str, inputs: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        read(inputs, tmp_path / "out", **changed)
