"""What Rudd et al. 2017 assert of attributes in deep features (sections 1, 3.1, 5), each as the ledger measures it.

Roles: `before`, the deep features; `after`, the same after the triplet embedding; `learned` and `untrained`, the last
layer of one identity network and of its twin with random weights; `trained`, an attribute network (the paper's AFFACT),
where there is one.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.attribute_errors import Errors, Rates
from deepfeatures.analysis.attribute_groups import group_error, loss, order_of_groups
from deepfeatures.analysis.measured import Measured, NotApplicable

LIKE_AFFACT = ("Male", "Pointy_Nose", "Bald")
EXCEPTIONS = ("Narrow_Eyes", "Oval_Face")
ASYMMETRIC = ("Gray_Hair", "Sideburns")
FAR_HARDER = ("Smiling", "Blurry", "Wearing_Necklace")
EXPRESSIONS = ("Smiling", "Mouth_Slightly_Open")
ACCESSORIES = ("Eyeglasses", "Wearing_Earrings", "Wearing_Hat", "Wearing_Necklace", "Wearing_Necktie")
VERY_ACCURATE = ("Wearing_Hat", "Eyeglasses")
VERY_EASY = ("Wearing_Hat", "Wearing_Lipstick")
ATTRIBUTE_NETWORK = "attributes/scores"  # a representation of this name is the row that stands for AFFACT
DEPENDENT, CORRELATED, INDEPENDENT = "identity-dependent", "identity-correlated", "identity-independent"


@dataclass(frozen=True)
class Roles:
    """Which representation of `errors` plays which part. None: there is none in this run."""

    errors: Errors
    before: str
    after: str
    learned: str | None = None
    untrained: str | None = None
    trained: str | None = None

    def mean(self, role: str, names: Sequence[str], part: str = "error") -> np.ndarray:
        """Mean over these attributes in every draw, %: (1 + resamples, seeds). part: error, fn or fp."""
        return self._of(role, names, part).mean(axis=-1)

    def worst(self, role: str, names: Sequence[str], part: str = "error") -> np.ndarray:
        """The largest over these attributes, taken anew in every draw, %."""
        return self._of(role, names, part).max(axis=-1)

    def _of(self, role: str, names: Sequence[str], part: str) -> np.ndarray:
        rates: Rates = self.errors[getattr(self, role)]
        return np.asarray(100 * getattr(rates, part)[..., rates.columns(names)])

    def group(self, group: str) -> tuple[str, ...]:
        return self.errors.in_group(group)  # type: ignore[arg-type]


Statistic = Callable[[Roles], np.ndarray]
Names = Callable[[Roles], Sequence[str]]


@dataclass(frozen=True)
class Question:
    """names: attributes that must be measured; statistic: in every draw; needs: roles besides before and after."""

    names: Names
    statistic: Statistic
    needs: tuple[str, ...] = ()


def only(*names: str) -> Names:
    return lambda roles: names


def of_group(group: str) -> Names:
    return lambda roles: roles.group(group)


def everything(roles: Roles) -> Sequence[str]:
    return roles.errors.names


def of_both(group: str, other: str) -> Names:
    """Nothing where either is empty: the two are compared."""
    return lambda roles: (*roles.group(group), *roles.group(other)) if roles.group(group) and roles.group(other) else ()


def above_trained(names: Names, part: str = "error") -> Statistic:
    """Deep features minus the attribute network, percentage points."""
    return lambda roles: roles.mean("before", names(roles), part) - roles.mean("trained", names(roles), part)


def asymmetry(roles: Roles) -> np.ndarray:
    """Misses minus false alarms, the smaller of the two attributes', percentage points."""
    return np.minimum.reduce([roles.mean("before", [n], "fn") - roles.mean("before", [n], "fp") for n in ASYMMETRIC])


def exceptions(roles: Roles) -> np.ndarray:
    others = [name for name in roles.group(DEPENDENT) if name not in EXCEPTIONS]
    return roles.mean("before", EXCEPTIONS) - roles.mean("before", others)


def with_others(roles: Roles) -> Sequence[str]:
    """Their whole group; nothing where the exceptions are all there is of it."""
    return () if set(roles.group(DEPENDENT)) <= set(EXCEPTIONS) else (*EXCEPTIONS, *roles.group(DEPENDENT))


def times_trained(roles: Roles) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(roles.mean("before", FAR_HARDER) / roles.mean("trained", FAR_HARDER))


def trained_away(roles: Roles) -> np.ndarray:
    names = roles.group(INDEPENDENT)
    return roles.mean("learned", names) - roles.mean("untrained", names)


def lost(group: str) -> Statistic:
    return lambda roles: loss(roles.errors, roles.before, roles.after, roles.group(group))


def kept_by_both(names: Sequence[str]) -> Statistic:
    """The worst of these attributes, before and after the embedding."""
    return lambda roles: np.maximum(roles.worst("before", names), roles.worst("after", names))


def harder_than_dependent(roles: Roles) -> np.ndarray:
    errors, before = roles.errors, roles.before
    return group_error(errors, before, CORRELATED) - group_error(errors, before, DEPENDENT)  # type: ignore[arg-type]


QUESTIONS: Mapping[str, Question] = {
    "dependent-as-affact": Question(only(*LIKE_AFFACT), above_trained(only(*LIKE_AFFACT)), ("trained",)),
    "dependent-well-contained": Question(only(*LIKE_AFFACT), lambda r: r.mean("before", LIKE_AFFACT)),
    "exceptions-harder": Question(with_others, exceptions),
    "correlated-harder": Question(of_both(CORRELATED, DEPENDENT), harder_than_dependent),
    "correlated-better-than-chance": Question(
        of_group(CORRELATED), lambda r: r.worst("before", r.group(CORRELATED))
    ),
    "correlated-above-affact": Question(of_group(CORRELATED), above_trained(of_group(CORRELATED)), ("trained",)),
    "embedding-costs-correlated": Question(of_group(CORRELATED), lost(CORRELATED)),
    "presence-harder-than-absence": Question(only(*ASYMMETRIC), asymmetry),
    "absence-as-affact": Question(only(*ASYMMETRIC), above_trained(only(*ASYMMETRIC), "fp"), ("trained",)),
    "presence-below-affact": Question(only(*ASYMMETRIC), above_trained(only(*ASYMMETRIC), "fn"), ("trained",)),
    "independent-far-above-affact": Question(only(*FAR_HARDER), times_trained, ("trained",)),
    "independent-better-than-chance": Question(
        of_group(INDEPENDENT), lambda r: r.worst("before", r.group(INDEPENDENT))
    ),
    "identity-training-attenuates": Question(of_group(INDEPENDENT), trained_away, ("learned", "untrained")),
    "embedding-costs-independent": Question(of_group(INDEPENDENT), lost(INDEPENDENT)),
    "hat-eyeglasses-very-accurate": Question(only(*VERY_ACCURATE), kept_by_both(VERY_ACCURATE)),
    "independent-after-embedding": Question(
        of_group(INDEPENDENT), lambda r: r.worst("after", r.group(INDEPENDENT))
    ),
    "expressions-and-accessories": Question(
        only(*EXPRESSIONS, *ACCESSORIES), lambda r: r.worst("before", [*EXPRESSIONS, *ACCESSORIES])
    ),
    "smiling-high-performance": Question(only("Smiling"), lambda r: r.mean("before", ["Smiling"])),
    "dependent-near-state-of-the-art": Question(
        of_group(DEPENDENT), above_trained(of_group(DEPENDENT)), ("trained",)
    ),
    "attributes-after-embedding": Question(everything, lambda r: r.mean("after", r.errors.names)),
    "all-better-than-chance": Question(everything, lambda r: r.worst("before", r.errors.names)),
    "hat-lipstick-very-easy": Question(only(*VERY_EASY), lambda r: r.worst("before", VERY_EASY)),
}
LACKING = {
    "trained": "this run has no attribute network to compare with, the row that stands for AFFACT",
    "learned": "this run has no identity network whose twin of random weights was read",
    "untrained": "this run has no network of random weights to compare with",
}


def roles_of(errors: Errors) -> Roles:
    """Our own network's where the faces are rendered; else those of both published networks side by side."""
    own = "trained/embedding" in errors.rates
    before = "trained/embedding" if own else "deep/embedding"
    learned, untrained = ("trained", "untrained") if own else ("mobilefacenet-ms1m", "mobilefacenet-ms1m-untrained")

    def there(name: str) -> str | None:
        return name if name in errors.rates else None

    return Roles(
        errors, before, f"{before}+triplet", there(f"{learned}/embedding"), there(f"{untrained}/embedding"),
        there(ATTRIBUTE_NETWORK),
    )  # fmt: skip


def measure(roles: Roles) -> dict[str, Measured]:
    """Every claim of the chapter, by its name in the ledger: a statistic with its interval, or why there is none."""
    found: dict[str, Measured] = {}
    for claim, question in QUESTIONS.items():
        missing = [role for role in question.needs if getattr(roles, role) is None]
        if missing:
            found[claim] = NotApplicable(LACKING[missing[0]])
        else:
            found[claim] = roles.errors.of(
                question.names(roles), lambda question=question: question.statistic(roles)  # type: ignore[misc]
            )
    found["group-ordering"] = order_of_groups(roles.errors, roles.before)
    return found
