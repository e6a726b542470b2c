"""The paper's three groups of attributes: their mean errors, their order, and what each loses through an embedding.

Two questions, two tests. Intervals draw people anew and take the attributes as they are: would other people give the
same? p-values take the errors as they are and shuffle what belongs to which group, or which column is before and which
after: is it more than these few attributes would give by accident?
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from deepfeatures.analysis.attribute_errors import Errors
from deepfeatures.analysis.measured import Measured
from deepfeatures.data.attributes import GROUPS, Group

EXACT = 12  # attributes up to which all sign flips are counted out


def group_error(errors: Errors, representation: str, group: Group) -> np.ndarray:
    """Mean balanced error of a group's measured attributes in every draw, %: (1 + resamples, seeds)."""
    rates = errors[representation]
    return 100 * rates.error[..., rates.columns(errors.in_group(group))].mean(axis=-1)


def order_of_groups(errors: Errors, representation: str) -> Measured:
    """The smaller of correlated minus dependent and independent minus correlated, percentage points of balanced error.

    Positive: dependent attributes are read best, then correlated, then independent ones.
    """
    for group in GROUPS:
        if not errors.in_group(group):
            return errors.of((), lambda: np.empty(0))
    dependent, correlated, independent = (group_error(errors, representation, group) for group in GROUPS)
    return errors.interval(np.minimum(correlated - dependent, independent - correlated))


def order_p(errors: Errors, representation: str, *, permutations: int, rng: np.random.Generator) -> float:
    """How often attributes dealt into such groups at random are as strongly ordered; nan with an empty group."""
    sizes = [len(errors.in_group(group)) for group in GROUPS]
    if 0 in sizes:
        return float("nan")
    rates = errors[representation]
    columns = rates.columns([name for group in GROUPS for name in errors.in_group(group)])
    error = rates.error[0].mean(axis=0)[columns]
    ends = np.cumsum(sizes)[:-1]

    def strength(values: np.ndarray) -> float:
        means = [part.mean() for part in np.split(values, ends)]
        return float(min(means[1] - means[0], means[2] - means[1]))

    observed = strength(error)
    as_strong = sum(strength(rng.permutation(error)) >= observed - 1e-12 for _ in range(permutations))
    return (1 + as_strong) / (1 + permutations)


@dataclass(frozen=True)
class Loss:
    """What a group of `attributes` loses: points of balanced error, after minus before; p: by sign flips."""

    group: Group
    attributes: int
    points: Measured
    p: float


def losses(
    errors: Errors, before: str, after: str, *, permutations: int, rng: np.random.Generator
) -> list[Loss]:
    """Of each group, percentage points of balanced error that `after` is worse than `before`."""
    found = []
    for group in GROUPS:
        names = errors.in_group(group)
        points = errors.of(names, lambda group=group: loss(errors, before, after, errors.in_group(group)))  # type: ignore[misc]
        changes = each_loss(errors, before, after, names)
        found.append(Loss(group, len(names), points, flip_p(changes, permutations=permutations, rng=rng)))
    return found


def loss(errors: Errors, before: str, after: str, names: Sequence[str]) -> np.ndarray:
    """Mean loss of these attributes in every draw, percentage points: (1 + resamples, seeds)."""
    one, other = errors[before], errors[after]
    columns = one.columns(names)
    return 100 * (other.error[..., columns] - one.error[..., columns]).mean(axis=-1)


def each_loss(errors: Errors, before: str, after: str, names: Sequence[str]) -> np.ndarray:
    """(names,) percentage points, averaged over seeds."""
    one, other = errors[before], errors[after]
    columns = one.columns(names)
    return 100 * (other.error[0].mean(axis=0) - one.error[0].mean(axis=0))[columns]


def flip_p(changes: np.ndarray, *, permutations: int, rng: np.random.Generator) -> float:
    """Two-sided p of a mean change of 0 where before and after could be swapped, attribute by attribute.

    changes: (attributes,). All flips are counted out for EXACT attributes or fewer, else drawn. nan for none.
    """
    changes = np.asarray(changes, np.float64)
    if not len(changes):
        return float("nan")
    observed = abs(changes.sum()) - 1e-12
    if len(changes) <= EXACT:
        flips = np.array(list(product((-1, 1), repeat=len(changes))))
        return float((np.abs(flips @ changes) >= observed).mean())
    flips = rng.choice((-1, 1), (permutations, len(changes)))
    return float((1 + (np.abs(flips @ changes) >= observed).sum()) / (1 + permutations))


def between_p(one: np.ndarray, other: np.ndarray, *, permutations: int, rng: np.random.Generator) -> float:
    """Two-sided p of two groups' losses where attributes could be dealt into them anew; nan for an empty group."""
    if not len(one) or not len(other):
        return float("nan")
    joined = np.concatenate([one, other])
    observed = abs(np.mean(one) - np.mean(other)) - 1e-12
    as_far = 0
    for _ in range(permutations):
        dealt = rng.permutation(joined)
        as_far += abs(dealt[: len(one)].mean() - dealt[len(one) :].mean()) >= observed
    return (1 + as_far) / (1 + permutations)
