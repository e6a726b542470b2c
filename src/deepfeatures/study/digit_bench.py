"""Recipes that the chapters on digits share: resolved parameters in, recipes out. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deepfeatures.data.digits import DigitSource
from deepfeatures.data.rotation import ANGLES_DEG
from deepfeatures.study.recipes import Recipe

Named = dict[str, list[Recipe]]


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

    @property
    def three_times(self) -> str:
        """That variant, as tables name it."""
        return f"{self.longer_steps:,} steps"
