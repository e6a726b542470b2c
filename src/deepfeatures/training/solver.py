"""Caffe's stochastic gradient descent (BVLC/caffe, src/caffe/solvers/sgd_solver.cpp)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

MOMENTA = ("caffe", "torch")


@dataclass(frozen=True)
class SolverSettings:
    """Defaults: examples/mnist/lenet_solver.prototxt; lr multipliers: lenet_train_test.prototxt."""

    base_lr: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4  # biases decay too: decay_mult is 1 for all
    gamma: float = 1e-4
    power: float = 0.75
    bias_lr_mult: float = 2.0
    momentum_form: str = "caffe"  # 'torch' only to measure what the difference does

    def learning_rate(self, iteration: int) -> float:
        """Policy `inv`: base_lr * (1 + gamma * iteration) ** -power."""
        return self.base_lr * (1 + self.gamma * iteration) ** -self.power


class CaffeSGD:
    """v <- momentum * v + lr * (gradient + decay * w);  w <- w - v.

    Caffe holds the learning rate inside the velocity, torch.optim.SGD outside; they part where the rate changes, as
    it does here at every iteration. `momentum_form='torch'` gives the latter.
    """

    def __init__(self, network: nn.Module, settings: SolverSettings) -> None:
        if settings.momentum_form not in MOMENTA:
            raise ValueError(f"momentum {settings.momentum_form!r} is not one of {MOMENTA}")
        self.settings = settings
        named = list(network.named_parameters())
        self.names = [name for name, _ in named]
        self.parameters: list[torch.Tensor] = [parameter for _, parameter in named]
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._biases = [i for i, name in enumerate(self.names) if name.endswith("bias")]
        self._weights = [i for i, name in enumerate(self.names) if not name.endswith("bias")]

    @torch.no_grad()
    def step(self, gradients: list[torch.Tensor], iteration: int) -> None:
        """One update in place. gradients: as `parameters`; they are consumed."""
        s = self.settings
        rate = s.learning_rate(iteration)
        torch._foreach_add_(gradients, self.parameters, alpha=s.weight_decay)
        torch._foreach_mul_(self.velocities, s.momentum)
        inside = s.momentum_form == "caffe"
        for members, multiplier in ((self._weights, 1.0), (self._biases, s.bias_lr_mult)):
            velocities = [self.velocities[i] for i in members]
            step_rate = rate * multiplier
            torch._foreach_add_(velocities, [gradients[i] for i in members], alpha=step_rate if inside else 1.0)
            torch._foreach_sub_([self.parameters[i] for i in members], velocities, alpha=1.0 if inside else step_rate)

    def state(self) -> dict[str, torch.Tensor]:
        """Parameters and velocities by name, contiguous copies: everything an update depends on but the iteration."""
        state = {}
        for name, parameter, velocity in zip(self.names, self.parameters, self.velocities, strict=True):
            state[f"parameter/{name}"] = parameter.detach().cpu().contiguous().clone()
            state[f"velocity/{name}"] = velocity.detach().cpu().contiguous().clone()
        return state

    @torch.no_grad()
    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from `state`, bit for bit."""
        for name, parameter, velocity in zip(self.names, self.parameters, self.velocities, strict=True):
            parameter.copy_(state[f"parameter/{name}"])
            velocity.copy_(state[f"velocity/{name}"])
