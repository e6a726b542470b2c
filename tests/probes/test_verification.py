"""Pairs by counting, metrics against scikit-learn's ROC."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from deepfeatures.probes.verification import cosine_of_pairs, pairs, verification


@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=14).filter(lambda x: len(x) > len(set(x)) > 1), st.integers(1, 30)
)
def test_pairs_by_counting(identities: list[int], each: int) -> None:
    n, names = len(identities), np.array(identities)
    every = pairs(names)
    slow = {(i, j): identities[i] == identities[j] for i in range(n) for j in range(i + 1, n)}
    assert (
        dict(zip(zip(every.first.tolist(), every.second.tolist(), strict=True), every.same.tolist(), strict=True))
        == slow
    )
    drawn = pairs(names, each=each, rng=np.random.default_rng(0))
    keys = list(zip(drawn.first.tolist(), drawn.second.tolist(), strict=True))
    assert len(set(keys)) == len(keys) and all(slow[key] == same for key, same in zip(keys, drawn.same, strict=True))
    assert drawn.same.sum() == min(each, sum(slow.values()))
    assert (~drawn.same).sum() == min(each, n * (n - 1) // 2 - sum(slow.values()))


def test_a_sample_depends_on_the_seed_alone() -> None:
    names = np.repeat([f"p{i}" for i in range(40)], 5)
    a, b, c = (pairs(names, each=200, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.first, b.first)
    assert not np.array_equal(a.first, c.first)
    assert (~a.same).sum() == 200 and not (names[a.first[~a.same]] == names[a.second[~a.same]]).any()


@given(st.integers(0, 1000), st.booleans())
def test_metrics_are_scikit_learns(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    same = rng.permutation(np.arange(300) < 90)
    score = rng.standard_normal(300) + same
    score = np.round(score) if ties else score
    found = verification(score, same, fpr=(0.05, 0.2))
    assert found.auc == pytest.approx(roc_auc_score(same, score), abs=1e-12)
    fpr, tpr, _ = roc_curve(same, score, drop_intermediate=False)
    for rate, ours in zip(found.fpr, found.tpr, strict=True):
        assert ours == pytest.approx(tpr[fpr <= rate + 1e-12].max())


def test_cosines_of_pairs() -> None:
    features = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    features[2] = 0
    of = pairs(np.array([0, 0, 1, 1, 2, 2]))
    slow = [
        0.0
        if 2 in (i, j)
        else float(features[i] @ features[j] / np.linalg.norm(features[i]) / np.linalg.norm(features[j]))
        for i, j in zip(of.first, of.second, strict=True)
    ]
    np.testing.assert_allclose(cosine_of_pairs(features, of, chunk=4), slow, atol=1e-6)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="0 pairs of one identity and 3 of two"):
        pairs(np.arange(3))
    with pytest.raises(ValueError, match="needs rng"):
        pairs(np.array([0, 0, 1]), each=2)
    with pytest.raises(ValueError, match="at least 1000 are needed"):
        verification(np.arange(20.0), np.arange(20) > 9, fpr=(0.1, 1e-3))
    with pytest.raises(ValueError, match="1 of 2 similarities are not finite"):
        verification(np.array([0, np.nan]), np.array([True, False]))
    with pytest.raises(ValueError, match="verification needs both"):
        verification(np.zeros(2), np.array([True, True]))
