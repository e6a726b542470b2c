"""Singular values from moments against numpy.linalg.svd: within 1e-5 of the largest, whatever the conditioning."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeatures.analysis.rank import rank_accuracy, ranks_up_to
from deepfeatures.analysis.spectrum import singular_values, spectrum_of
from deepfeatures.probes.mean_activation import class_means, cosine_similarity, nearest_label
from deepfeatures.probes.moments import moments
from deepfeatures.probes.normalisation import extremes, min_max


def svd(features: np.ndarray, *, centred: bool) -> np.ndarray:
    rows = features.astype(np.float64)
    return np.linalg.svd(rows - rows.mean(axis=0) if centred else rows, compute_uv=False)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5 * expected[0] + 1e-300


def cases() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    plain = rng.standard_normal((400, 30))
    turned = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    return {
        "plain": plain.astype(np.float32),
        "ill-conditioned": plain @ (turned * np.logspace(0, -12, 30)) @ turned.T,
        "rank-deficient": (plain[:, :4] @ rng.standard_normal((4, 30))).astype(np.float32),
        "constant columns": np.column_stack([plain, np.full((400, 3), 12.5), np.zeros((400, 2))]),
        "large mean": plain + 1e4,
        "relu, mostly dead": np.maximum(plain - np.linspace(0, 6, 30), 0).astype(np.float32),
        "fewer rows than columns": plain[:12],
        "sorted by class": np.repeat(np.eye(10), 40, axis=0) * 50 + rng.standard_normal((400, 10)),
    }


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("name", list(cases()))
def test_equals_svd(name: str, centred: bool) -> None:
    features = cases()[name]
    assert_same(singular_values(features, centred=centred), svd(features, centred=centred))
    assert_same(singular_values(moments(features, chunk_rows=37), centred=centred), svd(features, centred=centred))


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("axis", ["global", "per-feature"])
@pytest.mark.parametrize("name", list(cases()))
def test_normalising_the_moments_is_normalising_the_data(name: str, axis: str, centred: bool) -> None:
    features = cases()[name].astype(np.float64)
    to_unit = min_max(*extremes(features), axis=axis, to=(-1, 1))
    assert_same(singular_values(features, centred=centred, normalise=to_unit), svd(to_unit(features), centred=centred))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 25), st.integers(1, 8)), elements=st.floats(0, 100, width=32)),
    st.booleans(),
)
def test_equals_svd_for_any_small_matrix(features: np.ndarray, centred: bool) -> None:
    expected = svd(features, centred=centred)
    # A matrix that is constant but for rounding has no spectrum to compare relatively.
    largest = max(expected[0], 1e-6 * float(np.abs(features).max(initial=0)))
    assert np.abs(singular_values(features, centred=centred) - expected).max() <= 1e-5 * largest + 1e-300


def test_ten_ideal_classes_have_rank_nine_centred_and_ten_uncentred() -> None:
    features = np.repeat(np.random.default_rng(0).random((10, 50)), 20, axis=0)
    for centred, rank in ((True, 9), (False, 10)):
        values = singular_values(features, centred=centred)
        assert (values > 1e-6 * values[0]).sum() == rank
    simplex = spectrum_of(singular_values(np.repeat(np.eye(10), 5, axis=0)))
    assert simplex.effective_rank == pytest.approx(9)
    assert (simplex.rank_95, simplex.rank_99) == (9, 9)
    np.testing.assert_allclose(simplex.variance_fraction[:9], 1 / 9)


def test_summary_of_known_values() -> None:
    found = spectrum_of(np.sqrt(np.array([94.0, 4.5, 1.0, 0.5])))
    assert (found.rank_95, found.rank_99) == (2, 3)
    assert found.held_by(2) == pytest.approx(0.985)
    assert spectrum_of(np.array([3.0, 0, 0])).effective_rank == pytest.approx(1)
    assert spectrum_of(np.full(10, 0.1)).rank_99 == 10
    with pytest.raises(ValueError, match="constant"):
        spectrum_of(np.zeros(3))


def slow_rank_accuracy(
    features: np.ndarray, labels: np.ndarray, means: np.ndarray, basis: np.ndarray, rank: int
) -> float:
    centre = basis.mean(axis=0)
    directions = np.linalg.svd(basis - centre, full_matrices=False)[2][:rank]
    kept = [centre + (x - centre) @ directions.T @ directions for x in (features, means)]
    return float((nearest_label(cosine_similarity(kept[0], kept[1])) == labels).mean())


def test_rank_accuracy_projects_rows_and_means() -> None:
    rng = np.random.default_rng(3)
    labels = np.tile(np.arange(5), 40)
    train = np.maximum(rng.random((5, 12))[labels] + 0.4 * rng.standard_normal((200, 12)), 0)
    test = np.maximum(train + 0.3 * rng.standard_normal((200, 12)), 0)
    means = class_means(train, labels, n_labels=5)
    ranks = [1, 2, 3, 5, 8, 12]
    found = rank_accuracy(test, labels, means, moments(train), ranks, chunk_rows=33)
    np.testing.assert_allclose(found, [slow_rank_accuracy(test, labels, means, train, rank) for rank in ranks])
    assert found[-1] == (nearest_label(cosine_similarity(test, means)) == labels).mean()


def test_ranks_end_at_the_width() -> None:
    assert ranks_up_to(10) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert ranks_up_to(500)[-2:] == [400, 500]
    with pytest.raises(ValueError, match="ascend within 1..4"):
        rank_accuracy(np.zeros((2, 4)), np.zeros(2), np.zeros((2, 4)), moments(np.zeros((2, 4))), [2, 5])
