"""Caffe's solver against numbers worked out by hand, and against torch's where the two must agree or part."""

import numpy as np
import pytest
import torch
from torch import nn

from deepfeatures.training.solver import CaffeSGD, SolverSettings

# rate 0.1, 0.05, 0.0333 at iterations 0, 1, 2
BY_HAND = SolverSettings(base_lr=0.1, momentum=0.5, weight_decay=0.1, gamma=1.0, power=1.0)


def one_weight_one_bias():
    network = nn.Linear(1, 1)
    with torch.no_grad():
        network.weight.fill_(1.0)
        network.bias.fill_(2.0)
    return network.double()


def ones():
    return [torch.ones(1, 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)]


def test_the_defaults_are_caffes_lenet_solver():
    s = SolverSettings()
    assert (s.base_lr, s.momentum, s.weight_decay, s.gamma, s.power) == (0.01, 0.9, 5e-4, 1e-4, 0.75)
    assert (s.bias_lr_mult, s.momentum_form) == (2.0, "caffe")


@pytest.mark.parametrize(
    ("iteration", "rate"),
    [
        (0, 0.01),
        (5_000, 0.0073778794),  # 1.5 ** -0.75 = exp(-0.75 * 0.4054651081)
        (10_000, 0.0059460356),  # 2 ** -0.75 = 1 / 1.6817928305
        (150_000, 0.00125),  # 16 ** -0.75 = 1 / 8
    ],
)
def test_the_learning_rate_follows_policy_inv(iteration, rate):
    assert SolverSettings().learning_rate(iteration) == pytest.approx(rate, rel=1e-7)


def test_three_steps_of_caffes_momentum_by_hand():
    """v <- 0.5 v + rate (1 + 0.1 w), w <- w - v, from w = 1 and v = 0; the bias from 2 at twice the rate.

    weight: v = 0.1 * 1.1 = 0.11                           w = 0.89
            v = 0.055 + 0.05 * 1.089 = 0.10945             w = 0.78055
            v = 0.054725 + 1.078055 / 30 = 0.0906601667    w = 0.6898898333
    bias:   v = 0.2 * 1.2 = 0.24                           b = 1.76
            v = 0.12 + 0.1 * 1.176 = 0.2376                b = 1.5224
            v = 0.1188 + 1.15224 / 15 = 0.195616           b = 1.326784
    """
    network = one_weight_one_bias()
    solver = CaffeSGD(network, BY_HAND)
    found = []
    for iteration in range(3):
        solver.step(ones(), iteration)
        found.append((network.weight.item(), network.bias.item(), *(float(v) for v in solver.velocities)))
    np.testing.assert_allclose(
        found,
        [
            (0.89, 1.76, 0.11, 0.24),
            (0.78055, 1.5224, 0.10945, 0.2376),
            (0.6898898333333333, 1.326784, 0.09066016666666667, 0.195616),
        ],
        rtol=1e-12,
    )


def random_steps(settings, steps=6):
    """A small network after some steps with random gradients, beside torch.optim.SGD's after the same ones."""
    torch.manual_seed(0)
    ours, theirs = (nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).double() for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    solver = CaffeSGD(ours, settings)
    named = list(theirs.named_parameters())
    groups = [
        {"params": [p for n, p in named if n.endswith("weight")], "multiplier": 1.0},
        {"params": [p for n, p in named if n.endswith("bias")], "multiplier": settings.bias_lr_mult},
    ]
    reference = torch.optim.SGD(groups, lr=1.0, momentum=settings.momentum, weight_decay=settings.weight_decay)
    for iteration in range(steps):
        gradients = [torch.randn_like(p) for p in ours.parameters()]
        for (_, parameter), gradient in zip(named, gradients, strict=True):
            parameter.grad = gradient.clone()
        for group in reference.param_groups:
            group["lr"] = settings.learning_rate(iteration) * group["multiplier"]
        solver.step(gradients, iteration)
        reference.step()
    flat = [torch.cat([p.detach().flatten() for p in network.parameters()]).numpy() for network in (ours, theirs)]
    return flat[0], flat[1]


@pytest.mark.parametrize("form", ["caffe", "torch"])
def test_at_a_constant_rate_both_forms_are_torchs_sgd(form):
    ours, theirs = random_steps(SolverSettings(gamma=0.0, weight_decay=0.01, momentum_form=form))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_where_the_rate_changes_only_the_torch_form_is_torchs_sgd():
    changing = {"base_lr": 0.1, "gamma": 1.0, "power": 1.0}
    ours, theirs = random_steps(SolverSettings(**changing, momentum_form="torch"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    ours, theirs = random_steps(SolverSettings(**changing, momentum_form="caffe"))
    assert np.abs(ours - theirs).max() > 0.01


def test_biases_decay_too():
    network = one_weight_one_bias()
    CaffeSGD(network, BY_HAND).step([torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)], 0)
    assert network.weight.item() == pytest.approx(1 - 0.1 * 0.1 * 1)
    assert network.bias.item() == pytest.approx(2 - 0.2 * 0.1 * 2)


def test_a_restored_state_goes_on_bit_for_bit():
    first, second = one_weight_one_bias(), one_weight_one_bias()
    ours, resumed = CaffeSGD(first, BY_HAND), CaffeSGD(second, BY_HAND)
    for iteration in range(4):
        ours.step(ones(), iteration)
    state = ours.state()
    assert set(state) == {"parameter/weight", "velocity/weight", "parameter/bias", "velocity/bias"}
    ours.step(ones(), 4)
    assert float(state["parameter/weight"]) != first.weight.item()  # a copy, not a view
    resumed.restore(state)
    resumed.step(ones(), 4)
    assert torch.equal(first.weight, second.weight) and torch.equal(first.bias, second.bias)


def test_an_unknown_momentum_is_refused():
    with pytest.raises(ValueError, match=r"momentum 'nesterov' is not one of \('caffe', 'torch'\)"):
        CaffeSGD(one_weight_one_bias(), SolverSettings(momentum_form="nesterov"))
