"""A recipe says how an artifact is made; its key says what it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from deepfeatures.study import fingerprint

THREADS = 1  # every artifact is computed by one thread: results then do not depend on how many cores there are


@dataclass(frozen=True)
class Kind:
    """maker: the module whose `make` writes the artifact. sources: what it depends on, if not all it imports."""

    maker: str
    sources: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        return fingerprint.source(self.sources or (self.maker,))


KINDS: dict[str, Kind] = {
    # Reading the raw files is covered by their checksum, so the code that finds and reads them does not count.
    "rotated": Kind("deepfeatures.data.rotated", ("deepfeatures.data.rotation",)),
    "rotated-otherwise": Kind("deepfeatures.data.rotated_otherwise"),
    "selection": Kind("deepfeatures.training.selection"),
    "network-in-order": Kind("deepfeatures.training.in_order"),
    "network": Kind("deepfeatures.training.final"),
    "readout": Kind("deepfeatures.analysis.readout"),
    "readings": Kind("deepfeatures.analysis.readings"),
    "further-readings": Kind("deepfeatures.analysis.further_readings"),
    "turned-digits": Kind("deepfeatures.analysis.turned_digits"),
    # Photographs are read by names and sizes that their fingerprints cover; what is rendered is made by code.
    "faces": Kind("deepfeatures.data.faces"),
    "one-face": Kind("deepfeatures.data.one_face"),
    "identity-network": Kind("deepfeatures.training.identity"),
    "attribute-network": Kind("deepfeatures.training.attributes"),
    "trunk-maps": Kind("deepfeatures.networks.trunk_maps"),
    "attribute-tail": Kind("deepfeatures.training.attribute_tail"),
    "face-features": Kind("deepfeatures.networks.face_artifact"),
    "own-faces": Kind("deepfeatures.data.own_images"),
    "own-features": Kind("deepfeatures.networks.own_features"),
    "factor-readout": Kind("deepfeatures.analysis.factor_readout"),
    "attribute-readout": Kind("deepfeatures.analysis.attribute_readout"),
    "attribute-penalties": Kind("deepfeatures.analysis.attribute_penalties"),
    "attribute-network-readout": Kind("deepfeatures.analysis.attribute_network_readout"),
    "pose-readout": Kind("deepfeatures.analysis.pose_readout"),
    "pose-penalties": Kind("deepfeatures.analysis.pose_penalties"),
    "pose-network-readout": Kind("deepfeatures.analysis.pose_network_readout"),
    "face-walk": Kind("deepfeatures.analysis.face_walk"),
    "designed-faces": Kind("deepfeatures.data.designed_faces"),
    "damaged-features": Kind("deepfeatures.networks.damaged_features"),
    "view-readout": Kind("deepfeatures.analysis.view_readout"),
    "face-map": Kind("deepfeatures.analysis.face_map"),
    "portraits": Kind("deepfeatures.data.portraits"),
    "face-steps": Kind("deepfeatures.data.face_steps"),
    "parameter-space": Kind("deepfeatures.analysis.parameter_space_readout"),
    "axis-model": Kind("deepfeatures.analysis.axis_model_readout"),
    "planted-units": Kind("deepfeatures.analysis.axis_model_planted"),
    "photograph-space": Kind("deepfeatures.analysis.parameter_space_photographs"),
    "deepid-network": Kind("deepfeatures.training.deepid2plus"),
    "deepid-features": Kind("deepfeatures.networks.deepid_features"),
    "joint-bayesian": Kind("deepfeatures.analysis.joint_bayesian"),
    "selectivity": Kind("deepfeatures.analysis.selectivity"),
    "hidden-faces": Kind("deepfeatures.analysis.hidden_faces"),
    "photograph-patterns": Kind("deepfeatures.networks.photograph_patterns"),
    "hidden-photographs": Kind("deepfeatures.analysis.hidden_photographs"),
    "scenes": Kind("deepfeatures.data.scene_artifact"),
    "localiser": Kind("deepfeatures.training.localiser"),
    "located": Kind("deepfeatures.networks.located"),
    "localiser-imagenet": Kind("deepfeatures.training.localiser_imagenet"),
    "located-imagenet": Kind("deepfeatures.networks.located_imagenet"),
    "anet": Kind("deepfeatures.training.anet"),
    "anet-features": Kind("deepfeatures.networks.anet_features"),
}


@dataclass(frozen=True)
class Recipe:
    """kind: a name in KINDS. params: JSON values given to the maker. inputs: recipes, by the maker's names."""

    kind: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Recipe] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not a kind of artifact: {', '.join(KINDS)}")

    @cached_property
    def key(self) -> str:
        """20 hexadecimal digits: kind, parameters (device among them), inputs, code, numerical packages, threads."""
        return hashlib.sha256(json.dumps(self._identity(), sort_keys=True).encode()).hexdigest()[:20]

    def _identity(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "params": dict(self.params),
            "inputs": {name: recipe.key for name, recipe in self.inputs.items()},
            "source": KINDS[self.kind].fingerprint(),
            "numerics": fingerprint.numerics(),
            "threads": THREADS,
        }

    def closure(self) -> dict[str, Recipe]:
        """This recipe and all it needs, by key, inputs before what uses them."""
        found: dict[str, Recipe] = {}
        for recipe in self.inputs.values():
            found.update(recipe.closure())
        found[self.key] = self
        return found

    def given(self) -> dict[str, Any]:
        """The parameters as the maker gets them: names in order in every mapping.

        The key does not tell one order from another, and a plan's file keeps none, so a maker that draws at random as
        it goes through a mapping would otherwise make one thing in a job and another in a chapter's own process.
        """
        ordered: dict[str, Any] = json.loads(json.dumps(dict(self.params), sort_keys=True))
        return ordered

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it: inputs by key."""
        inputs = {name: recipe.key for name, recipe in self.inputs.items()}
        return {"kind": self.kind, "params": dict(self.params), "inputs": inputs}


def from_json(records: Mapping[str, Mapping[str, Any]], key: str) -> Recipe:
    """The recipe of `key` among records made by `to_json`. Raises KeyError where it is not there."""
    record = records[key]
    inputs = {name: from_json(records, inner) for name, inner in record["inputs"].items()}
    return Recipe(record["kind"], record["params"], inputs)
