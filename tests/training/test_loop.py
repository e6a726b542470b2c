"""The training loop: what it computes, and that no interruption changes it."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from deepfeatures.networks.lenet import as_pixels, untrained
from deepfeatures.training.batches import Partners, Stream
from deepfeatures.training.loop import Diverged, Run
from deepfeatures.training.objectives import ClassMeans, Pair, Softmax
from deepfeatures.training.solver import CaffeSGD, SolverSettings
from tests.conftest import ROOT

OBJECTIVES = {
    "softmax": Softmax(),
    "class-means": ClassMeans(torch.linspace(0, 1, 5000).reshape(10, 500), span=torch.tensor(4.0)),
    "pair": Pair(0.001),
}
ITERATIONS = 8


def run(objective="softmax", **changed):
    """12 digits at 3 angles, batches of 4."""
    images = np.random.default_rng(0).integers(0, 256, (12, 3, 28, 28), np.uint8)
    settings = {"seed": 2, "batch": 4, "solver": SolverSettings(base_lr=0.001), **changed}
    return Run(images, np.arange(12, dtype=np.uint8) % 10, OBJECTIVES[objective], **settings)


def weights(network):
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def same(found, expected):
    (network, losses), (network_expected, losses_expected) = found, expected
    assert losses.dtype == np.float32 and losses.tobytes() == losses_expected.tobytes()
    for name, value in weights(network_expected).items():
        assert torch.equal(weights(network)[name], value), name


@pytest.fixture(scope="module")
def whole():
    """Each objective trained without interruption."""
    return {name: run(name).train(ITERATIONS) for name in OBJECTIVES}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_loop_against_one_written_out(objective, whole):
    settings = run(objective)
    network = untrained(2, has_ip2=objective != "class-means")
    if objective == "class-means":
        with torch.no_grad():
            network.ip1.weight /= 4  # it begins in the normalised space
    solver = CaffeSGD(network, settings.solver)
    images, labels = settings.images.reshape(36, 28, 28), np.repeat(settings.labels, 3)
    losses = []
    for iteration in range(ITERATIONS):
        rows = Stream(36, 4, seed=2)(iteration)
        seen = rows
        if objective == "pair":
            seen = np.concatenate([rows, Partners(settings.labels, 3, "rotations", seed=2)(rows, iteration)])
        loss = OBJECTIVES[objective](network(as_pixels(images[seen])), torch.from_numpy(labels[rows].astype(np.int64)))
        network.zero_grad()
        loss.backward()
        solver.step([parameter.grad for parameter in network.parameters()], iteration)
        losses.append(loss.item())
    same((network, np.array(losses, np.float32)), whole[objective])


def test_training_learns_and_does_not_change_its_data(whole):
    settings = run(solver=SolverSettings(base_lr=0.01))
    before = settings.images.copy()
    _, losses = settings.train(60)
    assert losses[-10:].mean() < 0.5 * losses[:10].mean()
    np.testing.assert_array_equal(settings.images, before)


def test_the_seed_decides(whole):
    other, _ = run(seed=3).train(1)
    assert not torch.equal(other.conv1.weight, run().train(1)[0].conv1.weight)


def test_a_pair_of_weight_0_is_softmax(whole):
    same(replace(run("pair"), objective=Pair(0.0)).train(ITERATIONS), whole["softmax"])


class Interrupted(RuntimeError):
    pass


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_interrupted_run_ends_bit_identical(objective, whole, tmp_path):
    called = []

    def interrupt(iteration, network):
        called.append(iteration)
        if iteration == 6:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(objective).train(ITERATIONS, scratch=tmp_path, checkpoint_every=3, after=interrupt)
    with safe_open(tmp_path / "checkpoint.safetensors", framework="pt") as kept:
        assert kept.metadata()["done"] == "3"
    resumed = run(objective).train(
        ITERATIONS, scratch=tmp_path, checkpoint_every=3, after=lambda iteration, network: called.append(iteration)
    )
    assert called == [3, 6, 6, 8]  # 6 again, because it was not finished; 3 not
    same(resumed, whole[objective])


def test_a_finished_run_is_not_run_again(whole, tmp_path):
    run().train(ITERATIONS, scratch=tmp_path)
    again = run().train(ITERATIONS, scratch=tmp_path, after=lambda iteration, network: pytest.fail("it was run again"))
    same(again, whole["softmax"])


def test_after_sees_the_network_as_it_is_then(whole):
    seen = {}

    def keep(iteration, network):
        seen[iteration] = weights(network)

    run().train(ITERATIONS, checkpoint_every=4, after=keep)
    assert list(seen) == [4, 8]
    for iteration, state in seen.items():
        for name, value in weights(run().train(iteration)[0]).items():
            assert torch.equal(state[name], value)


CHILD = """
import pathlib, sys, time
from tests.training.test_loop import ITERATIONS, run

def tell(iteration, network):
    print(iteration, flush=True)
    if iteration > 4:
        time.sleep(600)  # to be killed here, before the checkpoint of 6 is written

run("pair").train(ITERATIONS, scratch=pathlib.Path(sys.argv[1]), checkpoint_every=2, after=tell)
"""


def test_a_killed_run_ends_bit_identical(whole, tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == "6":
                break
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    with safe_open(tmp_path / "checkpoint.safetensors", framework="pt") as kept:
        assert kept.metadata()["done"] == "4"
    same(run("pair").train(ITERATIONS, scratch=tmp_path), whole["pair"])


@pytest.mark.parametrize("damage", ["empty", "truncated", "foreign text"])
def test_a_broken_checkpoint_costs_time_not_the_result(damage, whole, tmp_path, capsys):
    run().train(4, scratch=tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    content = path.read_bytes()
    half = content[: len(content) // 2]
    path.write_bytes({"empty": b"", "truncated": half, "foreign text": b"not weights" * 9}[damage])
    same(run().train(ITERATIONS, scratch=tmp_path), whole["softmax"])
    assert "checkpoint.safetensors cannot be read (" in (told := "".join(capsys.readouterr()))
    assert "); starting over" in told


def test_a_checkpoint_without_its_counter_is_broken_too(whole, tmp_path):
    save_file({"losses": torch.zeros(2)}, tmp_path / "checkpoint.safetensors")
    same(run().train(ITERATIONS, scratch=tmp_path), whole["softmax"])


@pytest.mark.parametrize("where", [0.1, 0.5, 0.999])
def test_a_flipped_bit_in_a_checkpoint_is_noticed(where, whole, tmp_path, capsys):
    run().train(4, scratch=tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    content = bytearray(path.read_bytes())
    header = 8 + int.from_bytes(content[:8], "little")
    content[header + int(where * (len(content) - header))] ^= 4
    path.write_bytes(content)
    same(run().train(ITERATIONS, scratch=tmp_path), whole["softmax"])
    assert "its checksum is not that of its contents" in "".join(capsys.readouterr())


def test_a_checkpoint_of_another_network_starts_over(tmp_path, capsys, whole):
    run("class-means").train(4, scratch=tmp_path)  # has no ip2
    same(run().train(ITERATIONS, scratch=tmp_path), whole["softmax"])
    assert "it is of another network: parameter/ip2.bias" in "".join(capsys.readouterr())


def test_a_checkpoint_beyond_the_end_is_not_used(whole, tmp_path):
    run().train(ITERATIONS + 1, scratch=tmp_path)
    same(run().train(ITERATIONS, scratch=tmp_path), whole["softmax"])


def test_divergence_is_named_with_its_iteration(tmp_path):
    with pytest.raises(Diverged, match=r"^the loss is (nan|inf) at iteration \d+: lower the learning rate or weight$"):
        run("pair", solver=SolverSettings(base_lr=1e6)).train(50, scratch=tmp_path, checkpoint_every=1000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_gpu_agrees_and_its_checkpoints_go_on(objective, whole, tmp_path):
    """float32 sums in another order: losses within 1e-3 of the CPU's, weights within 1e-3 of their largest."""
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device here: the GPU's agreement with the CPU is not tried")
    there = OBJECTIVES[objective]
    if objective == "class-means":
        there = ClassMeans(there.targets.cuda(), span=there.span.cuda())
    settings = replace(run(objective), objective=there, device="cuda")
    settings.train(ITERATIONS // 2, scratch=tmp_path, checkpoint_every=2)
    network, losses = settings.train(ITERATIONS, scratch=tmp_path)
    expected, losses_expected = whole[objective]
    np.testing.assert_allclose(losses, losses_expected, rtol=1e-3)
    for name, value in weights(expected).items():
        assert (weights(network)[name].cpu() - value).abs().max() <= 1e-3 * value.abs().max(), name
