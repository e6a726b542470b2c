"""The loop of the face networks: what it computes, and that no interruption changes it."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from deepfeatures.training import adam_loop
from deepfeatures.training.adam_loop import Shuffled, train
from deepfeatures.training.batches import Stream
from deepfeatures.training.loop import Diverged
from tests.conftest import ROOT

ROWS, STEPS, BATCH, SEED = 20, 8, 6, 3
PICTURES = torch.from_numpy(np.random.default_rng(0).random((ROWS, 3, 8, 8), np.float32))
TARGETS = PICTURES.mean((2, 3)) * 2 - 1


def network(width=5):
    """In the layout of face networks. No bias before a normalisation: its gradient is rounding noise."""
    torch.manual_seed(1)
    body = nn.Sequential(
        nn.Conv2d(3, width, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(width, 3, bias=False), nn.BatchNorm1d(3),
    )  # fmt: skip
    return nn.ModuleDict({"body": body.to(memory_format=torch.channels_last)})


class Killed(RuntimeError):
    pass


def run(scratch=None, *, steps=STEPS, seed=SEED, width=5, stop_before=None, tell=None, every=3):
    """(state, losses) of a run; stopped before a step, as a kill would."""
    modules, called = network(width), []

    def loss_of(rows):
        called.append(rows)
        if tell is not None:
            tell(len(called))
        if stop_before is not None and len(called) > stop_before:
            raise Killed
        return (modules["body"](PICTURES[rows]) - TARGETS[rows]).square().mean()

    batches = Shuffled(ROWS, BATCH, seed)
    losses = train(modules, loss_of, batches=batches, steps=steps, scratch=scratch, checkpoint_every=every)
    return {name: value.clone() for name, value in modules.state_dict().items()}, losses, len(called)


def same(found, expected):
    assert found[1].dtype == np.float32 and found[1].tobytes() == expected[1].tobytes()
    assert list(found[0]) == list(expected[0])
    for name, value in expected[0].items():
        assert torch.equal(found[0][name], value), name


@pytest.fixture(scope="module")
def whole():
    return run()


def test_the_loop_against_one_written_out():
    """In float64, where the order of sums is no excuse."""
    ours, slow = network().double(), network().double().train()

    def loss_of(modules, rows):
        return (modules["body"](PICTURES[rows].double()) - TARGETS[rows]).square().mean()

    found = train(ours, lambda rows: loss_of(ours, rows), batches=Shuffled(ROWS, BATCH, SEED), steps=STEPS)
    mean = [torch.zeros_like(p) for p in slow.parameters()]
    square = [torch.zeros_like(p) for p in slow.parameters()]
    losses, stream = [], Stream(ROWS, BATCH, SEED)
    for step in range(STEPS):
        loss = loss_of(slow, stream(step))
        rate = 5e-3 * (1 - step / STEPS) + 1e-5
        gradients = torch.autograd.grad(loss, list(slow.parameters()))
        with torch.no_grad():
            for p, g, m, v in zip(slow.parameters(), gradients, mean, square, strict=True):
                p.mul_(1 - rate * 1e-3)
                m.mul_(0.9).add_(0.1 * g)
                v.mul_(0.999).add_(0.001 * g * g)
                unbiased = m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))
                p.sub_(rate * unbiased[0] / (unbiased[1].sqrt() + 1e-8))
        losses.append(loss.item())
    np.testing.assert_allclose(found, losses, rtol=1e-6)  # kept in float32
    for name, value in slow.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-9, atol=1e-12)
    assert ours.state_dict()["body.1.num_batches_tracked"] == STEPS


def test_the_networks_are_left_ready_to_be_read():
    modules = network()
    train(modules, lambda rows: modules["body"](PICTURES[rows]).square().mean(), batches=Shuffled(ROWS, 4, 0), steps=1)
    assert not any(module.training for module in modules.modules())


def test_the_seed_decides(whole):
    assert run(seed=4)[1].tobytes() != whole[1].tobytes()


@pytest.mark.parametrize("stopped", [0, 2, 3, 5, 7])
def test_an_interrupted_run_ends_bit_identical(stopped, whole, tmp_path):
    with pytest.raises(Killed):
        run(tmp_path, stop_before=stopped)
    resumed = run(tmp_path)
    assert resumed[2] == STEPS - stopped // 3 * 3  # only what its last checkpoint did not hold
    same(resumed, whole)


def test_a_finished_run_is_not_run_again(whole, tmp_path):
    run(tmp_path)
    again = run(tmp_path)
    assert again[2] == 0
    same(again, whole)


CHILD = """
import pathlib, sys, time
from tests.training.test_adam_loop import run

def tell(step):
    print(step, flush=True)
    if step == 7:
        time.sleep(600)  # to be killed here, after the checkpoint of 6 was written

run(pathlib.Path(sys.argv[1]), tell=tell)
"""


def test_a_killed_run_ends_bit_identical(whole, tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == "7":
                break
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    with safe_open(tmp_path / "checkpoint.safetensors", framework="pt") as kept:
        assert kept.metadata()["done"] == "6"
    resumed = run(tmp_path)
    assert resumed[2] == 2
    same(resumed, whole)


@pytest.mark.parametrize("damage", ["empty", "truncated", "foreign text", "no facts"])
def test_a_broken_checkpoint_costs_time_not_the_result(damage, whole, tmp_path, capsys):
    with pytest.raises(Killed):
        run(tmp_path, stop_before=4)
    path = tmp_path / "checkpoint.safetensors"
    content = path.read_bytes()
    half = content[: len(content) // 2]
    if damage == "no facts":
        save_file({"losses": torch.zeros(2)}, path)
    else:
        path.write_bytes({"empty": b"", "truncated": half, "foreign text": b"not weights" * 9}[damage])
    same(run(tmp_path), whole)
    told = "".join(capsys.readouterr())
    assert "checkpoint.safetensors cannot be read (" in told and "); starting over" in told


@pytest.mark.parametrize("where", [0.1, 0.5, 0.999])
def test_a_flipped_bit_in_a_checkpoint_is_noticed(where, whole, tmp_path, capsys):
    with pytest.raises(Killed):
        run(tmp_path, stop_before=4)
    path = tmp_path / "checkpoint.safetensors"
    content = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    content[header + int(where * (len(content) - header))] ^= 4
    path.write_bytes(content)
    same(run(tmp_path), whole)
    assert "its checksum is not that of its contents" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        ({"width": 4}, "it is of another network: module/body.0."),
        ({"steps": STEPS + 1}, "it is of 9 steps, batches of 6 of 20, seed 3; this run is of 8 steps"),
        ({"seed": 4}, "seed 4; this run is of 8 steps, batches of 6 of 20, seed 3"),
    ],
)
def test_the_checkpoint_of_another_run_is_not_gone_on_from(other, complaint, whole, tmp_path, capsys):
    with pytest.raises(Killed):
        run(tmp_path, stop_before=4, **other)
    same(run(tmp_path), whole)
    assert complaint in "".join(capsys.readouterr())


def test_divergence_is_named_with_its_step_and_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(adam_loop, "LEARNING_RATE", 1e30)
    with pytest.raises(Diverged, match=r"^the loss is (nan|inf) at step \d: lower the learning rate$"):
        run(tmp_path, every=100)
    assert not list(tmp_path.iterdir())
