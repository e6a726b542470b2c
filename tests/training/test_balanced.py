"""MOON's balance by hand, unknown attributes without a say, and chance that is a function of the rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from deepfeatures.training.balanced import (
    asked_in_fold,
    balance,
    balanced_loss,
    chances,
    dropped,
    fit,
    without_unlearnt,
)

#                   rare  half  absent  unknown  some known
KNOWN = np.array([[1, 1, 0, -1, 1],
                  [0, 0, 0, -1, -1],
                  [0, 1, 0, -1, 0],
                  [0, 0, 0, -1, 1]], np.int8)  # fmt: skip


def test_the_balance_against_numbers_by_hand() -> None:
    absent, present = balance(KNOWN)
    assert balance(KNOWN).dtype == np.float32
    assert present.tolist() == [1, 1, 0, 0, 0.5]  # column 4: one absent, two present
    assert absent.tolist() == [np.float32(1 / 3), 1, 0, 0, 1]


@given(arrays(np.int8, (30, 3), elements=st.sampled_from([-1, 0, 1])))
def test_both_sides_weigh_the_same_and_the_rarer_one_counts_fully(known: np.ndarray) -> None:
    weights = balance(known)
    for column in range(3):
        counts = [(known[:, column] == side).sum() for side in (0, 1)]
        totals = weights[:, column] * counts
        np.testing.assert_allclose(totals[0], totals[1], rtol=1e-6)
        assert weights[:, column].max() == (1 if min(counts) else 0)


def test_the_loss_against_one_written_out() -> None:
    scores = torch.from_numpy(np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32))
    weights = balance(KNOWN)
    total = 0.0
    for row in range(4):
        for column in range(5):
            if (side := int(KNOWN[row, column])) >= 0:
                target = 2 * side - 1
                total += weights[side, column] * (scores[row, column].item() - target) ** 2
    got = balanced_loss(scores, torch.from_numpy(KNOWN), torch.from_numpy(weights))
    assert got.item() == pytest.approx(total / (4 * 3), rel=1e-6)  # three columns have both sides


def test_what_is_unknown_has_no_gradient() -> None:
    scores = torch.randn(4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    balanced_loss(scores, torch.from_numpy(KNOWN), torch.from_numpy(balance(KNOWN))).backward()
    gradient = scores.grad
    assert gradient is not None
    both = (KNOWN >= 0) & np.array([True, True, False, False, True])
    np.testing.assert_array_equal(gradient.numpy() != 0, both)


def test_what_is_unlearnt_says_nothing() -> None:
    scores = without_unlearnt(np.zeros((2, 5)), KNOWN)
    assert np.isnan(scores).tolist() == 2 * [[False, False, True, True, False]] and scores.dtype == np.float32


def test_chance_is_of_the_rows_alone() -> None:
    one, again = (chances(3, np.array([1, 5, 9])).random(4) for _ in range(2))
    assert one.tolist() == again.tolist()
    others = [chances(3, np.array([1, 5, 8])), chances(4, np.array([1, 5, 9]))]
    assert all(other.random() != one[0] for other in others)


def test_half_is_dropped_and_the_sum_stays_on_average() -> None:
    left = dropped(torch.ones(200, 100), np.random.default_rng(0))
    assert set(left.unique().tolist()) == {0.0, 2.0}
    assert left.mean().item() == pytest.approx(1, abs=0.03)


def test_folds_hold_people_together_and_everyone_is_tested_once() -> None:
    identity = np.repeat(np.arange(7) * 3, 4)
    masks = [asked_in_fold(identity, fold, 3, 5) for fold in range(3)]
    assert (np.sum(masks, axis=0) == 1).all()
    for mask in masks:
        assert not set(identity[mask]) & set(identity[~mask])
    assert any((mask != asked_in_fold(identity, fold, 3, 6)).any() for fold, mask in enumerate(masks))
    with pytest.raises(ValueError, match="fold=3 of 3: 0 to 2"):
        asked_in_fold(identity, 3, 3, 5)


def test_rows_come_sorted_with_their_own_labels() -> None:
    """A network that can only answer by row learns each row's own label, in whatever order rows were drawn."""
    known = np.array([[1], [0], [0], [1], [1], [0]], np.int8)
    table = nn.Embedding(6, 1)
    nn.init.zeros_(table.weight)
    seen: list[np.ndarray] = []

    def scores_of(rows: np.ndarray) -> torch.Tensor:
        seen.append(rows)
        return table(torch.from_numpy(rows))

    fit(table, scores_of, known, seed=0, steps=40, batch=4)
    assert all((np.diff(rows) >= 0).all() for rows in seen)
    assert ((table.weight.detach().numpy() > 0) == (known > 0)).all()
    with pytest.raises(ValueError, match="of 1 attributes none is both present and absent in 6 images"):
        fit(table, scores_of, np.ones_like(known), seed=0, steps=1)
