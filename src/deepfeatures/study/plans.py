"""What each chapter needs: resolved parameters in, named recipes out. Nothing is computed here.

A name stands for one recipe or, where training is involved, for one a seed. Parameters have been checked by
`study.parameters` before they come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deepfeatures.data.digits import DigitSource
from deepfeatures.data.rotation import ANGLES_DEG
from deepfeatures.study import borrowed_plans, face_plans, substitute_digits
from deepfeatures.study.face_plans import FaceBench
from deepfeatures.study.face_plans_attributes import attributes
from deepfeatures.study.face_plans_deepid import sparse_selective_robust
from deepfeatures.study.face_plans_lnets import localize_then_describe
from deepfeatures.study.face_plans_pose import pose_chapter
from deepfeatures.study.face_plans_space import parameter_space
from deepfeatures.study.face_plans_views import views_and_quality
from deepfeatures.study.recipes import Recipe

Named = dict[str, list[Recipe]]
Plan = Callable[[Any, Mapping[str, Any], str], Named]  # source of the data, a chapter's parameters, device
LIGHTER = 10  # the variant lighter-pairs trains PAIR at the weight divided by this
ROTATED_OTHERWISE = {"cubic": "cubic", "whole": "nothing cut off"}  # data.rotated_otherwise: as tables name it
ORDERS = ("shuffled anew", "one shuffle", "copies together", "angle by angle")  # training.in_order
CAFFE_STEPS = 10_000  # max_iter of examples/mnist/lenet_solver.prototxt
IN_ALL = 10  # networks a plain LeNet is trained as, by the variant more-seeds
MU_STARTS = ("normalised", "caffe")  # mu-LeNet's initial ip1: divided by the span of the min-max, or as Caffe fills it


@dataclass(frozen=True)
class Workbench:
    """Builds the recipes that chapters share. source: the digits; params: a chapter's; device: 'cpu' or 'cuda'."""

    source: DigitSource
    params: Mapping[str, Any]
    device: str = "cpu"

    @property
    def seeds(self) -> range:
        first = self.params["first_seed"]
        return range(first, first + self.params["seeds"])

    @property
    def longer_steps(self) -> int:
        """How long the variant three-times-longer trains."""
        return 3 * int(self.params["iterations_cap"])

    def rotated(self, interpolation: str | None = None) -> Recipe:
        p = self.params
        return Recipe(
            "rotated",
            {
                "dataset": self.source.name,
                "fingerprint": self.source.fingerprint,
                "train_digits": p["train_digits"],
                "test_digits": p["test_digits"],
                "interpolation": interpolation or p["interpolation"],
                "angles_deg": list(ANGLES_DEG),
            },
        )

    def selection(self, objective: str, *, cap: int | None = None, **settings: Any) -> Recipe:
        """One run on the split decides for all seeds: it is made with the first seed."""
        p = self.params
        inputs = {"rotated": self.rotated()}
        if objective == "class-means":
            inputs["teacher"] = self.selection("softmax")
        cap = p["iterations_cap"] if cap is None else cap
        return Recipe(
            "selection",
            {
                "objective": objective,
                "seed": p["first_seed"],
                "cap": cap,
                "evaluate_every": min(p["evaluate_every"], cap),
                "patience": p["patience"],
                "tolerance_pp": p["tolerance_pp"],
                "validation_digits": p["validation_digits"],
                "device": self.device,
                **settings,
            },
            inputs,
        )

    def network(
        self,
        objective: str,
        seed: int,
        *,
        selection: Recipe | None = None,
        rotated: Recipe | None = None,
        **settings: Any,
    ) -> Recipe:
        inputs = {
            "rotated": rotated or self.rotated(),
            "selection": self.selection(objective, **settings) if selection is None else selection,
        }
        if objective == "class-means":
            inputs["teacher"] = self.network("softmax", seed)
        return Recipe("network", {"objective": objective, "seed": seed, "device": self.device, **settings}, inputs)

    def readout(
        self, network: Recipe | None, *, seed: int, features: str = "network", rotated: Recipe | None = None
    ) -> Recipe:
        inputs = {"rotated": rotated or self.rotated()}
        if network is not None:
            inputs["network"] = network
        return Recipe(
            "readout",
            {
                "features": features,
                "seed": seed,
                "prototypes": self.params["prototypes"],
                "heat_digits": self.params["heat_digits"],
            },
            inputs,
        )

    def turned(self, network: Recipe, seed: int) -> list[Recipe]:
        """A few test digits turned in small steps, as one network sees them."""
        inputs = {"rotated": self.rotated(), "network": network, "readout": self.readout(network, seed=seed)}
        return [Recipe("turned-digits", {}, inputs)]

    def raw(self, seed: int) -> Recipe:
        return self.network("softmax", seed)

    def mu(self, seed: int, normalise: str) -> Recipe:
        return self.network("class-means", seed, normalise=normalise)

    def pair(self, seed: int, kind: str) -> Recipe:
        return self.network("pair", seed, pair_kind=kind, pair_weight=self.params["pair_weight"])

    def unpaired(self, seed: int) -> Recipe:
        """PAIR at weight 0, which is LeNet itself, trained for as many steps as PAIR is."""
        p = self.params
        as_long = self.selection("pair", pair_kind=p["pair_kind"], pair_weight=p["pair_weight"])
        return self.network("softmax", seed, selection=as_long)

    def readouts(self, network_of: Callable[[int], Recipe]) -> list[Recipe]:
        return [self.readout(network_of(seed), seed=seed) for seed in self.seeds]

    def longer(self, objective: str, **settings: Any) -> Recipe:
        """The first seed's network trained for three times the cap, whatever the rule of stopping says."""
        first, steps = self.params["first_seed"], self.longer_steps
        inputs = {"rotated": self.rotated()}
        if objective == "class-means":
            inputs["teacher"] = self.raw(first)
        settings = {"objective": objective, "seed": first, "device": self.device, "iterations": steps, **settings}
        return self.readout(Recipe("network", settings, inputs), seed=first)

    def untrained(self) -> list[Recipe]:
        """One a seed: with the weights from which that seed's network was trained."""
        return [self.readout(None, seed=seed, features="untrained") for seed in self.seeds]

    def pixels(self) -> list[Recipe]:
        return [self.readout(None, seed=self.params["first_seed"], features="pixels")]


def rotated_mnist(bench: Workbench) -> Named:
    first = bench.params["first_seed"]
    named = {
        "raw": bench.readouts(bench.raw),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "rotated": [bench.rotated()],
        "raw/selection": [bench.selection("softmax")],
    }
    chosen = bench.selection("softmax")
    turned = {}
    if "nearest-interpolation" in bench.params["variants"]:
        turned["nearest"] = bench.rotated("nearest")
    if "other-rotations" in bench.params["variants"]:
        turned |= {name: _otherwise(bench, way) for way, name in ROTATED_OTHERWISE.items()}
    for name, rotated in turned.items():
        network = bench.network("softmax", first, selection=chosen, rotated=rotated)
        named[f"raw, {name}"] = [bench.readout(network, seed=first, rotated=rotated)]
    if "other-rotations" in bench.params["variants"]:
        network = bench.network("softmax", first, selection=chosen, rotated=_otherwise(bench, "upright"))
        named["raw, trained on upright digits"] = [bench.readout(network, seed=first)]
    if "three-times-longer" in bench.params["variants"]:
        named[f"raw, {_three_times(bench)}"] = [bench.longer("softmax")]
    if "other-readings" in bench.params["variants"]:
        inputs = {"rotated": bench.rotated(), "network": bench.raw(first)}
        named["raw/readings"] = [Recipe("readings", {"seed": first}, inputs)]
        named["raw/further readings"] = [
            Recipe("further-readings", {}, {"rotated": bench.rotated(), "network": bench.raw(seed)})
            for seed in bench.seeds
        ]
    if "other-orders" in bench.params["variants"]:
        named["ordered"] = [_ordered(bench, order) for order in ORDERS]
        named |= {f"raw, {order}": [bench.readout(_ordered(bench, order), seed=first)] for order in ORDERS}
        halted = _ordered(bench, ORDERS[-1], iterations=CAFFE_STEPS)
        named[f"raw, {ORDERS[-1]}, {CAFFE_STEPS:,} steps"] = [bench.readout(halted, seed=first)]
    if "more-seeds" in bench.params["variants"] and (more := range(bench.seeds.stop, first + IN_ALL)):
        named["raw, more seeds"] = [bench.readout(bench.raw(seed), seed=seed) for seed in more]
    if "torch-momentum" in bench.params["variants"]:
        moved = bench.network("softmax", first, selection=chosen, momentum="torch")
        named["raw, torch momentum"] = [bench.readout(moved, seed=first)]
    return named


def _otherwise(bench: Workbench, way: str) -> Recipe:
    return Recipe("rotated-otherwise", {"way": way}, {"rotated": bench.rotated()})


def _ordered(bench: Workbench, order: str, **changed: Any) -> Recipe:
    """The first seed's LeNet, trained for the whole passes under the cap unless `iterations` are given."""
    p = bench.params
    settings = {"seed": p["first_seed"], "order": order, "device": bench.device}
    return Recipe(
        "network-in-order", settings | (changed or {"cap": p["iterations_cap"]}), {"rotated": bench.rotated()}
    )


def mu_lenet(bench: Workbench) -> Named:
    main, short = bench.params["normalise"], bench.params["sensitivity_iterations"]
    first = bench.params["first_seed"]
    other = "per-feature" if main == "global" else "global"
    named = {
        "raw": bench.readouts(bench.raw),
        "mu": bench.readouts(lambda seed: bench.mu(seed, main)),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "raw/selection": [bench.selection("softmax")],
        "mu/selection": [bench.selection("class-means", normalise=main)],
        "mu, unscaled/selection": [bench.selection("class-means", cap=short, normalise="none")],
        "starts/selection": [
            bench.selection("class-means", cap=short, normalise=main, **_unless_usual(start, rate))
            for start in MU_STARTS
            for rate in bench.params["learning_rates"]
        ],
        "unscaled starts/selection": [
            bench.selection("class-means", cap=short, normalise="none", **_unless_usual("normalised", rate))
            for rate in bench.params["learning_rates"]
        ],
        **{
            f"short, {normalise}/selection": [bench.selection("class-means", cap=short, normalise=normalise)]
            for normalise in ("global", "per-feature")
        },
    }
    if "other-normalisation" in bench.params["variants"]:
        named[f"mu, {other}"] = [bench.readout(bench.mu(first, other), seed=first)]
        named[f"mu, {other}/selection"] = [bench.selection("class-means", normalise=other)]
    if "three-times-longer" in bench.params["variants"]:
        named[f"mu, {_three_times(bench)}"] = [bench.longer("class-means", normalise=main)]
        # Where the cap ends mu's run on the split, it does not say when the rule would have: this one goes on.
        named["mu, longer/selection"] = [bench.selection("class-means", cap=bench.longer_steps, normalise=main)]
    return named


def _three_times(bench: Workbench) -> str:
    return f"{bench.longer_steps:,} steps"


def _unless_usual(start: str, rate: float) -> dict[str, Any]:
    """Settings of a short run that differ from the makers' own: so that the usual run is one recipe, not two."""
    return {
        **({} if start == "normalised" else {"start": start}),
        **({} if rate == 0.01 else {"base_lr": rate}),  # Caffe lenet_solver.prototxt
    }


def pair_lenet(bench: Workbench) -> Named:
    p = bench.params
    main, weight, short = p["pair_kind"], p["pair_weight"], p["sensitivity_iterations"]
    first, other = p["first_seed"], "class" if p["pair_kind"] == "rotations" else "rotations"
    named = {
        "raw": bench.readouts(bench.raw),
        "mu": bench.readouts(lambda seed: bench.mu(seed, "global")),
        "pair": bench.readouts(lambda seed: bench.pair(seed, main)),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "raw/selection": [bench.selection("softmax")],
        "pair/selection": [bench.selection("pair", pair_kind=main, pair_weight=weight)],
        "weights/selection": [
            bench.selection("pair", cap=short, pair_kind=main, pair_weight=each) for each in p["pair_weights"]
        ],
        **{
            f"short, {kind}/selection": [bench.selection("pair", cap=short, pair_kind=kind, pair_weight=weight)]
            for kind in ("rotations", "class")
        },
        "turned/raw": bench.turned(bench.raw(first), first),
        "turned/mu": bench.turned(bench.mu(first, "global"), first),
        "turned/pair": bench.turned(bench.pair(first, main), first),
    }
    if "other-pairs" in p["variants"]:
        named[f"pair, {other}"] = [bench.readout(bench.pair(first, other), seed=first)]
        named[f"pair, {other}/selection"] = [bench.selection("pair", pair_kind=other, pair_weight=weight)]
    if "three-times-longer" in p["variants"]:
        named[f"pair, {_three_times(bench)}"] = [bench.longer("pair", pair_kind=main, pair_weight=weight)]
    if "lighter-pairs" in p["variants"]:
        settings = {"pair_kind": main, "pair_weight": weight / LIGHTER}
        name = f"pair, weight {settings['pair_weight']:g}"
        named[name] = [bench.readout(bench.network("pair", first, **settings), seed=first)]
        named[f"{name}/selection"] = [bench.selection("pair", **settings)]
    return named | weight_0(bench)


def weight_0(bench: Workbench) -> Named:
    """PAIR's control, trained as long as PAIR where the chapter asks for it; else LeNet stands for it."""
    if "weight-0-as-long" not in bench.params["variants"]:
        return {}
    return {"pair, weight 0": bench.readouts(bench.unpaired)}


def feature_spaces(bench: Workbench) -> Named:
    return weight_0(bench) | {
        "raw": bench.readouts(bench.raw),
        "mu": bench.readouts(lambda seed: bench.mu(seed, bench.params["normalise"])),
        "pair": bench.readouts(lambda seed: bench.pair(seed, bench.params["pair_kind"])),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "rotated": [bench.rotated()],
    }


def _digits(of: Callable[[Workbench], Named]) -> Plan:
    return lambda source, params, device: of(Workbench(source, substitute_digits.fitted(source, params), device))


def _faces(of: Callable[[FaceBench], Named]) -> Plan:
    return lambda source, params, device: of(FaceBench(source, params, device))


class _Plans(dict[str, Plan]):
    """Plans by chapter. One that is not here may borrow another's: its notebook says whose."""

    def __missing__(self, slug: str) -> Plan:
        return borrowed_plans.plan(slug, self)


PLANS: dict[str, Plan] = _Plans({
    "rotated-mnist": _digits(rotated_mnist),
    "mu-lenet": _digits(mu_lenet),
    "pair-lenet": _digits(pair_lenet),
    "feature-spaces": _digits(feature_spaces),
    "rendered-faces": _faces(face_plans.rendered_faces),
    "attributes": _faces(attributes),
    "pose": _faces(pose_chapter),
    "views-and-quality": _faces(views_and_quality),
    "parameter-space": _faces(parameter_space),
    "sparse-selective-robust": _faces(sparse_selective_robust),
    "localize-then-describe": _faces(localize_then_describe),
})
