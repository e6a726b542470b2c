"""Attributes read out of fold: against scikit-learn's machines, without a person on two sides, the same every time."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from deepfeatures.analysis import attribute_labels, attribute_readout, embeddings
from deepfeatures.data import attributes

PEOPLE, EACH, WIDTH = 24, 6, 10
NAMES = attributes.NAMES
MALE, SMILING, HAT, BALD = (NAMES.index(name) for name in ("Male", "Smiling", "Wearing_Hat", "Bald"))
SETTINGS = {
    "parts": [["features", "layer"]],
    "embedding": "none",
    "dimensions": 4,
    "folds": 3,
    "penalties": [0.01, 0.1],
    "seed": 0,
}


@pytest.fixture
def faces(tmp_path: Path) -> dict[str, Path]:
    """People whose features hold who they are, and whether they are Male (a person's) or Smiling (an image's)."""
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(PEOPLE) * 3, EACH)
    labels = np.full((len(identity), 40), -1, np.int8)
    labels[:, MALE] = np.repeat(np.arange(PEOPLE) % 2, EACH)
    labels[:, SMILING] = rng.integers(0, 2, len(identity))
    labels[:, HAT] = rng.integers(0, 2, len(identity))  # in no feature
    labels[:, BALD] = (identity == 3) | (identity == 9)  # two people
    X = rng.standard_normal((len(identity), WIDTH)) + np.repeat(rng.standard_normal((PEOPLE, WIDTH)), EACH, axis=0)
    X[:, 0] += 3.0 * labels[:, MALE]
    X[:, 1] += 6.0 * labels[:, SMILING]
    X[:, 2] = 7.0  # a column that says nothing
    for name in ("faces", "features"):
        (tmp_path / name).mkdir()
    ids = np.array([f"image-{number:03d}" for number in range(len(identity))])
    np.save(tmp_path / "faces" / "ids.npy", ids)
    np.save(tmp_path / "faces" / "identity.npy", identity)
    np.save(tmp_path / "faces" / "attributes.npy", labels)
    order = rng.permutation(len(ids))  # features need not come in the order of the faces
    np.save(tmp_path / "features" / "ids.npy", ids[order])
    np.save(tmp_path / "features" / "layer.npy", X[order].astype(np.float32))
    return {name: tmp_path / name for name in ("faces", "features")}


def read(faces: dict[str, Path], folder: Path, **changed: object) -> dict[str, np.ndarray]:
    folder.mkdir()
    attribute_readout.make(folder, faces, **{**SETTINGS, **changed})  # type: ignore[arg-type]
    return {path.stem: np.load(path) for path in folder.glob("*.npy")}


def balanced_error(scores: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([((scores[labels == label] > 0) != label).mean() for label in (0, 1)]))


def test_what_is_in_the_features_is_read_and_what_is_not_is_not(faces: dict[str, Path], tmp_path: Path) -> None:
    found, labels = read(faces, tmp_path / "out"), np.load(faces["faces"] / "attributes.npy")
    assert balanced_error(found["scores"][:, SMILING], labels[:, SMILING]) < 0.15
    assert 0.3 < balanced_error(found["scores"][:, HAT], labels[:, HAT]) < 0.7
    assert found["scores"].dtype == np.float32 and found["fold"].dtype == np.int8


def test_no_machine_where_too_few_people_show_it_or_it_is_unknown(faces: dict[str, Path], tmp_path: Path) -> None:
    found = read(faces, tmp_path / "out")
    known = {MALE, SMILING, HAT}
    assert {a for a in range(40) if np.isfinite(found["scores"][:, a]).all()} == known
    assert {a for a in range(40) if np.isfinite(found["chosen_C"][:, a]).all()} == known
    assert np.isnan(found["scores"][:, BALD]).all()


def test_decision_values_are_those_of_linear_svc_fitted_fold_by_fold(
    faces: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow, obvious twin: one C, one attribute, one fold at a time."""
    monkeypatch.setattr(attribute_readout, "TOLERANCE", 1e-6)
    found = read(faces, tmp_path / "out", penalties=[0.1])
    labels, identity = (np.load(faces["faces"] / f"{name}.npy") for name in ("attributes", "identity"))
    X = dict(zip(np.load(faces["features"] / "ids.npy"), np.load(faces["features"] / "layer.npy"), strict=True))
    X = np.stack([X[name] for name in np.load(faces["faces"] / "ids.npy")]).astype(np.float64)
    for attribute in (MALE, SMILING, HAT):
        for fold in range(3):
            train, test = found["fold"] != fold, found["fold"] == fold
            assert not set(identity[train]) & set(identity[test])
            mean, spread = X[train].mean(0), X[train].std(0)
            Z = np.where(spread > 1e-9, (X - mean) / np.maximum(spread, 1e-9), 0)
            svc = LinearSVC(C=0.1, class_weight="balanced", dual=False, tol=1e-8)
            svc.fit(Z[train], labels[train, attribute])
            np.testing.assert_allclose(found["scores"][test, attribute], svc.decision_function(Z[test]), atol=2e-3)


def test_the_wide_road_and_the_long_one_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """More columns than rows: machines in a basis of the rows are those in all columns."""
    monkeypatch.setattr(attribute_readout, "TOLERANCE", 1e-6)
    rng = np.random.default_rng(1)
    X, X_test = rng.standard_normal((30, 80)).astype(np.float32), rng.standard_normal((9, 80)).astype(np.float32)
    signs = rng.choice([-1, 1], (2, 30)).astype(np.int8)
    C = np.array([0.01, 1.0])
    found = attribute_readout.decision_path(X, signs, X_test, C)
    for c, value in enumerate(C):
        for a in range(2):
            svc = LinearSVC(C=value, class_weight="balanced", dual=False, tol=1e-8).fit(X, signs[a])
            np.testing.assert_allclose(found[c, :, a], svc.decision_function(X_test), atol=1e-3)


def test_c_is_the_one_with_the_smallest_balanced_error_and_of_equal_ones_the_smallest() -> None:
    signs = np.array([[-1, -1, -1, 1]], np.int8)
    right, misses, alarms = [-1, -1, -1, 1], [-1, -1, -1, -1], [1, -1, -1, 1]
    path = np.array([misses, alarms, right, right], float)[:, :, None]
    assert attribute_readout.choose(path, signs).tolist() == [2]
    assert attribute_readout.choose(path[:2], signs).tolist() == [1]  # an alarm of three weighs less than a miss
    assert attribute_readout.choose(np.full((2, 4, 1), np.nan), signs).tolist() == [0]


def test_faces_without_features_are_left_out_and_counted(faces: dict[str, Path], tmp_path: Path) -> None:
    for name in ("ids", "layer"):
        np.save(faces["features"] / f"{name}.npy", np.load(faces["features"] / f"{name}.npy")[5:])
    found = read(faces, tmp_path / "out")
    gone = ~np.isin(np.load(faces["faces"] / "ids.npy"), np.load(faces["features"] / "ids.npy"))
    assert gone.sum() == 5 and (found["fold"][gone] == -1).all() and np.isnan(found["scores"][gone]).all()
    assert np.isfinite(found["scores"][~gone][:, SMILING]).all()
    assert json.loads((tmp_path / "out" / "meta.json").read_text())["without_features"] == 5


@pytest.mark.parametrize("embedding", embeddings.EMBEDDINGS)
def test_a_second_run_has_the_same_bytes(embedding: str, faces: dict[str, Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        read(faces, tmp_path / name, embedding=embedding, triplet_steps=5)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["chosen_C.npy", "fold.npy", "meta.json", "scores.npy"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_two_parts_stand_side_by_side(faces: dict[str, Path], tmp_path: Path) -> None:
    twice = [["features", "layer"], ["features", "layer"]]
    read(faces, tmp_path / "out", parts=twice)
    assert json.loads((tmp_path / "out" / "meta.json").read_text())["width"] == 2 * WIDTH


def test_embeddings_are_learned_without_the_people_they_are_tested_on(
    faces: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = []

    def spy(kind: str, X: np.ndarray, identity: np.ndarray, dimensions: int, **kwargs: object) -> np.ndarray:
        learned.append(set(identity.tolist()))
        return embeddings.learn("pca", X, identity, dimensions, rng=np.random.default_rng(0))

    monkeypatch.setattr(attribute_readout, "learn", spy)
    fold = read(faces, tmp_path / "out", embedding="triplet")["fold"]
    identity = np.load(faces["faces"] / "identity.npy")
    for number in range(3):
        tested, (inner, outer) = set(identity[fold == number].tolist()), learned[2 * number : 2 * number + 2]
        assert not tested & outer and inner < outer


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"embedding": "tsne"}, "embedding='tsne': allowed are none, triplet, pca, random"),
        ({"penalties": []}, "penalties is empty"),
        ({"parts": []}, "parts is empty"),
        ({"embedding": "pca", "dimensions": 11}, "dimensions=11: between 1 and 10"),
    ],
)
def test_what_cannot_be_is_refused(
    changed: dict[str, object], message: str, faces: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        read(faces, tmp_path / "out", **changed)


def test_pca_holds_more_variance_than_random_directions() -> None:
    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, 8)) * [5, 4, 1, 1, 1, 1, 1, 1]
    identity = np.repeat(np.arange(20), 3)
    held = {
        kind: embeddings.project(X, embeddings.learn(kind, X, identity, 2, rng=np.random.default_rng(0))).var(0).sum()
        for kind in ("pca", "random")
    }
    assert held["pca"] > 1.5 * held["random"]


def test_people_are_counted_on_both_sides() -> None:
    signs = np.array([[1, 1, -1, 0], [-1, -1, -1, 1]], np.int8)
    assert attribute_labels.people_of(signs, np.array([5, 5, 5, 8])).tolist() == [[1, 1], [1, 1]]


def test_the_auc_of_a_sample_of_pairs_is_near_that_of_all_and_all_are_taken_where_they_are_few() -> None:
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(60), 8)
    rows = rng.standard_normal((60, 5))[identity] + 1.5 * rng.standard_normal((len(identity), 5))
    every = attribute_readout.same_person_auc(rows, identity, rng=np.random.default_rng(1))
    again = attribute_readout.same_person_auc(rows, identity, rng=np.random.default_rng(2))
    sampled = attribute_readout.same_person_auc(rows, identity, rng=np.random.default_rng(1), each=1_000)
    assert every == again  # 114,960 pairs: none is drawn
    assert sampled != every and sampled == pytest.approx(every, abs=0.04)
