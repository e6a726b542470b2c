"""The triplet embedding: its gradient, that it forgets nuisances on people it never saw, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from deepfeatures.probes.triplet_embedding import TripletEmbedding, _Triplets, triplet_loss
from deepfeatures.probes.verification import cosine_of_pairs, pairs, verification


def made_up(people: int = 80, images: int = 8, width: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Identity in 20 directions, a nuisance twice as strong in 10 others: X (people * images, width), identities."""
    rng = np.random.default_rng(seed)
    identity = np.repeat(rng.standard_normal((people, 20)), images, axis=0) @ rng.standard_normal((20, width))
    nuisance = 2 * rng.standard_normal((people * images, 10)) @ np.random.default_rng(9).standard_normal((10, width))
    noise = rng.standard_normal((people * images, width))
    return (identity + nuisance + noise).astype(np.float32), np.repeat(np.arange(people), images)


def test_loss_and_gradient_by_finite_differences() -> None:
    rng = np.random.default_rng(0)
    W, a, p, n = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((3, 5), (7, 5), (7, 5), (7, 5)))
    slow = np.mean([-np.log(1 / (1 + np.exp(-float((W @ a[i]) @ (W @ (p[i] - n[i])))))) for i in range(7)])
    assert triplet_loss(W, a, p, n).item() == pytest.approx(slow)
    assert torch.autograd.gradcheck(lambda w: triplet_loss(w, a, p, n), W.requires_grad_())


def test_held_out_people_are_told_apart_better_than_by_pca() -> None:
    X, who = made_up()
    train, test = who < 50, who >= 50
    of = pairs(who[test])

    def auc(features: np.ndarray) -> float:
        return verification(cosine_of_pairs(features, of), of.same, fpr=(0.1,)).auc

    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    control = PCA(16, random_state=0).fit(unit[train])
    embedding = TripletEmbedding(16, steps=150, batch=64, learning_rate=1e-2).fit(X[train], who[train])
    assert auc(embedding.transform(X[test])) > auc(control.transform(unit[test])) + 0.03
    assert embedding.loss_[-20:].mean() < embedding.loss_[:20].mean()


def test_deterministic_and_scale_free() -> None:
    X, who = made_up(people=10, images=3)
    settings = {"dimensions": 4, "steps": 5, "batch": 16}
    first = TripletEmbedding(**settings).fit(X, who)
    np.testing.assert_array_equal(TripletEmbedding(**settings).fit(X, who).components_, first.components_)
    assert not np.array_equal(TripletEmbedding(**settings, seed=1).fit(X, who).components_, first.components_)
    np.testing.assert_allclose(first.transform(8 * X), first.transform(X), rtol=1e-5, atol=1e-6)
    assert not first.transform(np.zeros_like(X)).any()


def test_triplets_hold_one_identity_twice_and_others() -> None:
    who = np.array(list("babcacbdda"))
    draw = _Triplets(who, lone="error", rng=np.random.default_rng(0))
    a, p, others = draw(3000, 4)
    assert (who[a] == who[p]).all() and (a != p).all() and (who[others] != who[a][:, None]).all()
    assert set(a) == set(range(len(who))) and set(others.ravel()) == set(range(len(who)))
    rows_of_others = others[who[a] == "a"].ravel()
    share = np.bincount(rows_of_others, minlength=len(who))[who != "a"] / len(rows_of_others)
    np.testing.assert_allclose(share, 1 / 7, atol=0.03)


def test_bad_input_is_named() -> None:
    X, who = made_up(people=4, images=3)
    with pytest.raises(ValueError, match="1 identity: triplets need at least 2"):
        TripletEmbedding(2).fit(X, np.zeros(12))
    lone = who.copy()
    lone[0] = 77
    with pytest.raises(ValueError, match=r"1 of 5 identities have one image only \(first: .*77.*lone='negative'"):
        TripletEmbedding(2).fit(X, lone)
    assert 0 not in _Triplets(lone, lone="negative", rng=np.random.default_rng(0))(500, 1)[0]
    with pytest.raises(ValueError, match="12 of 12 identities"):
        TripletEmbedding(2, lone="negative").fit(X, np.arange(12))
    with pytest.raises(ValueError, match=r"must lie in 1\.\.12"):
        TripletEmbedding(13).fit(X, who)
    with pytest.raises(ValueError, match="11 identities for 12 rows"):
        TripletEmbedding(2).fit(X, who[:11])
