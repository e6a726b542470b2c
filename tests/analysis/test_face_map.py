"""The plane pictures: PCA as scikit-learn has it, neighbours kept by t-SNE, the same picture every time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from deepfeatures.analysis import face_map
from deepfeatures.analysis.quality_maps import same_person

RNG = np.random.default_rng(0)
WHO = np.repeat(np.arange(6), 15)
VALUES = (RNG.standard_normal((90, 10)) + 8 * RNG.standard_normal((6, 10))[WHO]).astype(np.float32)


def made(root: Path, **given: int) -> dict[str, np.ndarray]:
    features, out = root / "features", root / f"out-{len(list(root.iterdir()))}"
    features.mkdir(exist_ok=True)
    out.mkdir()
    np.save(features / "layer.npy", VALUES)
    face_map.make(out, {"features": features}, layer="layer", **{"images": 1_000, "seed": 3, **given})
    return {path.stem: np.load(path) for path in out.glob("*.npy")} | {
        "meta": json.loads((out / "meta.json").read_text())
    }


def test_pca_and_t_sne_of_all_images(tmp_path: Path) -> None:
    got = made(tmp_path)
    assert got["row"].tolist() == list(range(90))
    pca = PCA(2).fit(VALUES.astype(float))
    np.testing.assert_allclose(np.abs(got["pca"]), np.abs(pca.transform(VALUES)), rtol=1e-3, atol=1e-3)
    assert got["meta"]["explained"] == pytest.approx(pca.explained_variance_ratio_)
    assert same_person(got["tsne"], WHO) > 0.95 > 0.4 > same_person(RNG.permutation(got["tsne"]), WHO)
    np.testing.assert_array_equal(made(tmp_path)["tsne"], got["tsne"])


def test_some_of_the_images_are_drawn_at_random_and_named(tmp_path: Path) -> None:
    got = made(tmp_path, images=40)
    assert len(set(got["row"].tolist())) == 40 and (np.diff(got["row"]) > 0).all() and got["tsne"].shape == (40, 2)
    assert got["meta"]["perplexity"] == pytest.approx(13)
    assert made(tmp_path, images=40, seed=4)["row"].tolist() != got["row"].tolist()
