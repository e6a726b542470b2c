"""Images in an order that never changes: against the loop that all other networks are trained by."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.networks.lenet import load
from deepfeatures.study import digit_plans_rotated
from deepfeatures.training import in_order, loop
from deepfeatures.training.batches import Stream
from deepfeatures.training.in_order import ORDERS, FixedOrder, whole_passes
from deepfeatures.training.objectives import Softmax

DIGITS, ANGLES, BATCH = 12, 3, 5


@pytest.fixture(scope="module")
def rotated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rotated")
    images = np.random.default_rng(0).integers(0, 256, (DIGITS, ANGLES, 28, 28), np.uint8)
    np.save(folder / "train_images.npy", images)
    np.save(folder / "train_labels.npy", np.arange(DIGITS, dtype=np.uint8) % 10)
    return folder


def made(folder, rotated, order, **changed):
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir(parents=True)
    scratch.mkdir(exist_ok=True)
    settings = {"seed": 2, "cap": 8, "batch": BATCH, "checkpoint_every": 3, **changed}  # 8 steps: a pass
    in_order.make(out, {"rotated": rotated}, scratch, order=order, **settings)
    return load(out).state_dict(), np.load(out / "losses.npy"), json.loads((out / "meta.json").read_text())


@pytest.mark.parametrize("order", ORDERS)
def test_the_network_is_the_loop_s_where_that_is_given_the_same_order(order, rotated, tmp_path, monkeypatch):
    weights, losses, meta = made(tmp_path, rotated, order)
    rows = ORDERS[order](DIGITS, ANGLES, 2)
    monkeypatch.setattr(loop, "Stream", lambda count, batch, seed: FixedOrder(rows, batch))
    images = np.load(rotated / "train_images.npy")
    run = loop.Run(images, np.load(rotated / "train_labels.npy"), Softmax(), seed=2, batch=BATCH)
    network, expected = run.train(len(losses))
    assert losses.tobytes() == expected.tobytes() and meta["iterations"] == len(losses) == 8
    for name, value in network.state_dict().items():
        assert torch.equal(weights[name], value), name


def test_the_usual_order_is_the_loop_s_own(rotated, tmp_path):
    weights, losses, meta = made(tmp_path, rotated, in_order.USUAL, iterations=11)
    images = np.load(rotated / "train_images.npy")
    run = loop.Run(images, np.load(rotated / "train_labels.npy"), Softmax(), seed=2, batch=BATCH)
    network, expected = run.train(11)
    assert losses.tobytes() == expected.tobytes() and meta["order"] == "shuffled anew" and meta["iterations"] == 11
    assert all(torch.equal(weights[name], value) for name, value in network.state_dict().items())
    stream = Stream(DIGITS * ANGLES, BATCH, 2)
    first_pass = np.concatenate([stream(iteration) for iteration in range(8)])[: DIGITS * ANGLES]
    np.testing.assert_array_equal(ORDERS["one shuffle"](DIGITS, ANGLES, 2), first_pass)


def test_a_killed_run_goes_on_and_ends_the_same(rotated, tmp_path, monkeypatch):
    weights, losses, _ = made(tmp_path / "whole", rotated, "angle by angle", cap=16)
    keep = in_order._keep

    def killed(scratch, solver, found, done):
        keep(scratch, solver, found, done)
        if done == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(in_order, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "killed", rotated, "angle by angle", cap=16)
    monkeypatch.setattr(in_order, "_keep", keep)
    (tmp_path / "killed" / "out").rmdir()
    begun = []
    step = in_order.FixedOrder.__call__
    monkeypatch.setattr(in_order.FixedOrder, "__call__", lambda self, i: begun.append(i) or step(self, i))
    again, later, _ = made(tmp_path / "killed", rotated, "angle by angle", cap=16)
    assert begun[0] == 6  # from where it was killed, not from the beginning
    assert later.tobytes() == losses.tobytes()
    for name, value in weights.items():
        assert torch.equal(again[name], value), name


def test_the_orders():
    rows = {name: order(DIGITS, ANGLES, 0) for name, order in ORDERS.items()}
    for order in rows.values():
        assert sorted(order) == list(range(DIGITS * ANGLES))
    assert (rows["angle by angle"] % ANGLES).tolist() == sorted([0, 1, 2] * DIGITS)  # all digits at one angle first
    assert (rows["angle by angle"][:DIGITS] // ANGLES).tolist() == list(range(DIGITS))
    assert (rows["copies together"] // ANGLES).tolist() == sorted([*range(DIGITS)] * ANGLES)
    assert not np.array_equal(rows["one shuffle"], ORDERS["one shuffle"](DIGITS, ANGLES, 1))


@given(rows=st.integers(1, 200), batch=st.integers(1, 70), iterations=st.integers(1, 12))
def test_batches_follow_the_order_round_and_round(rows, batch, iterations):
    order = np.random.default_rng(rows).permutation(rows)
    stream = FixedOrder(order, batch)
    seen = np.concatenate([stream(iteration) for iteration in range(iterations)])
    np.testing.assert_array_equal(seen, np.resize(order, iterations * batch))


@given(rows=st.integers(1, 500), batch=st.integers(1, 70), cap=st.integers(1, 300))
def test_whole_passes_fit_under_the_cap(rows, batch, cap):
    iterations = whole_passes(rows, batch, cap)
    passes = iterations * batch // rows
    assert passes >= 1 and (iterations - 1) * batch < passes * rows  # the last batch is the one that ends a pass
    assert passes == 1 or passes * rows <= cap * batch
    assert (passes + 1) * rows > cap * batch


def test_what_is_asked_wrongly_is_said(rotated, tmp_path):
    with pytest.raises(ValueError, match=r"^order 'random' is not one of \['angle by angle', "):
        made(tmp_path, rotated, "random")
    with pytest.raises(ValueError, match=r"^0 rows in batches of 64: both must be at least 1$"):
        FixedOrder(np.empty(0, np.int64), 64)
    with pytest.raises(ValueError, match=r"^36 rows in batches of 5 for at most 0 iterations: all must be at least 1$"):
        made(tmp_path / "no steps", rotated, "angle by angle", cap=0)


def test_plans_ask_for_each_order():
    assert {in_order.USUAL, *ORDERS} == {*digit_plans_rotated.ORDERS}
