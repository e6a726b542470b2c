"""Which number each claim of Sun, Wang and Tang 2014 takes from which, by planted values that are all different."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deepfeatures.analysis import deepid_claims as claims
from deepfeatures.analysis.measured import NotApplicable

RNG = np.random.default_rng(0)
MODELS = {
    "proposed": [{claims.TOP: 79.0, f"{claims.TOP} bits": 77.5, f"{claims.TOP} magnitudes": 61.0}],
    "lbp": [{"lbp": 58.0}],
}
REGIONS = {"smaller and mirrored": 70.0, "all regions and mirrored": 82.0, "proposed and mirrored": 79.5}


class Judged:
    """Judges of which each says the planted number, twenty times; an interval is the mean."""

    def of_model(self, model: dict[str, float], name: str) -> np.ndarray:
        return np.full(20, model[name])

    def interval(self, values: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(value=float(np.mean(values)))

    over_seeds = interval


def of(found: dict) -> dict[str, float]:
    return {name: one.value for name, one in found.items()}


def test_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    gains = {"no-layerwise": 1.25, "less-data": 2.5, "smaller": 3.75}
    monkeypatch.setattr(claims, "gain", lambda models, network, judged: np.full((3, 20), gains[network]))
    identified = SimpleNamespace(closed=SimpleNamespace(value=31.0), found=SimpleNamespace(value=17.0))
    read = SimpleNamespace(judged=Judged(), models=MODELS, regions=REGIONS, identified=identified)
    assert of(claims._performance(read)) == {
        "layerwise-signals-help": 1.25,
        "more-data-helps": 2.5,
        "larger-network-helps": 3.75,
        "single-network-verification": 79.5,
        "ensemble-verification": 82.0,
        "regions-together-better": 82.0 - 70.0,
        "deep-above-low-level": 79.0 - 58.0,
        "closed-set": 31.0,
        "open-set": 17.0,
    }


def test_binary_codes_lose_what_real_values_have_more() -> None:
    read = SimpleNamespace(judged=Judged(), models=MODELS, features={"fc4": np.zeros((4, 512), np.float32)})
    assert of(claims._binary(read)) == {
        "binarised-high-accuracy": 77.5,
        "binarised-little-lost": 79.0 - 77.5,
        "pattern-above-magnitude": 77.5 - 61.0,
        "binary-saves-storage": 32.0,
    }


def test_robustness_is_of_the_top_layer_less_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {claims.TOP: 0.75, "proposed fc1": 0.5, "lbp": 0.25}
    under = {claims.TOP: 70.0, "proposed fc1": 66.0, "lbp": 61.0}
    hidden = claims.deepid_hidden
    monkeypatch.setattr(hidden, "judges_of", lambda *_, **__: Judged())
    monkeypatch.setattr(hidden, "accuracy", lambda _, name, __: name)
    monkeypatch.setattr(hidden, "retained", lambda name: np.full(20, left[name]))
    monkeypatch.setattr(hidden, "covered", lambda name: np.full(20, under[name]))
    monkeypatch.setattr(hidden, "kept_pattern", lambda _, name, __: np.full(20, {claims.TOP: 0.875}[name]))
    assert of(claims._robustness(SimpleNamespace(hidden=None), resamples=5, rng=RNG)) == {
        "hidden-higher-layers-better": 4.0,
        "hidden-better-than-lbp": 9.0,
        "higher-layers-more-robust": 0.25,
        "more-robust-than-lbp": 0.5,
        "much-more-robust-than-lbp": 3.0,
        "pattern-stable-when-hidden": 0.875,
    }
    left["lbp"] = 0.0  # no lead of which to keep more
    found = claims._robustness(SimpleNamespace(hidden=None), resamples=5, rng=RNG)
    assert isinstance(found["much-more-robust-than-lbp"], NotApplicable)


def selected(**more: np.ndarray) -> dict:
    class Opened(dict):
        meta = {"people": 8, "layers": [claims.TOP, "proposed fc1", "untrained fc4", "lbp lbp"]}  # noqa: RUF012

    units = {claims.TOP: (0.875, 0.75), "proposed fc1": (0.625, 0.6875), "untrained fc4": (0.5, 0.5625),
             "lbp lbp": (0.53125, 0.5)}  # fmt: skip
    arrays = {f"identities, {name}": np.tile(np.array(both)[:, None], (1, 8)) for name, both in units.items()}
    arrays[f"subsets, {claims.TOP}"] = np.tile([[9.0], [7.0]], (1, 8))
    arrays[f"subsets shuffled, {claims.TOP}"] = np.tile([[4.0], [3.0]], (1, 8))
    return Opened(arrays | more)


def test_selectivity_of_identities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims.deepid_selectivity, "attribute_columns", lambda _: np.arange(0))
    found = claims._selectivity(SimpleNamespace(selected=selected()), resamples=5, rng=RNG)
    known = {name: one.value for name, one in found.items() if not isinstance(one, NotApplicable)}
    assert known == {
        "unit-of-an-identity-excitatory": 87.5,
        "unit-of-an-identity-inhibitory": 75.0,
        "higher-layers-more-selective": 87.5 - 68.75,
        "more-selective-than-lbp": 87.5 - 53.125,
        "excitatory-subset": 5.0,
        "inhibitory-subset": 4.0,
    }
    assert all(one is claims.FEW for one in found.values() if isinstance(one, NotApplicable))


def test_selectivity_of_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    single = {(claims.TOP, 0): 0.75, (claims.TOP, 1): 0.625, ("proposed fc1", 0): 0.5625, ("proposed fc1", 1): 0.5}
    machines = {claims.TOP: 0.9375, "untrained fc4": 0.6875, "lbp lbp": 0.625}
    part = claims.deepid_selectivity
    monkeypatch.setattr(part, "attribute_columns", lambda _: np.arange(2))
    monkeypatch.setattr(part, "drawn_people", lambda *_, **__: Judged())
    monkeypatch.setattr(part, "single_unit_attributes", lambda _, layer, side, *__: np.full(20, single[layer, side]))
    monkeypatch.setattr(part, "machine_attributes", lambda _, layer, *__: np.full(20, machines[layer]))
    monkeypatch.setattr(claims.deepid_subsets, "of_attributes", lambda *_, **__: np.tile([[0.25], [0.125]], (1, 20)))
    read = SimpleNamespace(selected=selected(labels=np.zeros((8, 2), bool)), features={"fc4": np.zeros((8, 3))})
    found = of(claims._selectivity(read, resamples=5, rng=np.random.default_rng(0)))
    assert {name: found[name] for name in found if "attribute" in name} == {
        "unit-of-an-attribute-excitatory": 0.75,
        "unit-of-an-attribute-inhibitory": 0.625,
        "attributes-learnt-implicitly": 0.25,
        "attributes-better-than-lbp": 0.3125,
        "higher-layers-tell-more-attributes": 0.6875 - 0.53125,
        "excitatory-subset-of-an-attribute": 0.25,
        "inhibitory-subset-of-an-attribute": 0.125,
    }


def test_what_comes_with_training_is_the_trained_layer_less_random_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = claims.deepid_hidden
    left = {claims.TOP: 0.75, claims.TWIN: 0.25}
    monkeypatch.setattr(hidden, "judges_of", lambda *_, **__: Judged())
    monkeypatch.setattr(hidden, "accuracy", lambda _, name, __: name)
    monkeypatch.setattr(hidden, "retained", lambda name: np.full(20, left[name]))
    person = np.repeat(np.arange(8), 2)
    half = np.tile([[1.0], [-1.0]], (8, 4))  # each unit active on half of the faces: all are moderate
    always = np.ones((16, 4))
    read = SimpleNamespace(
        judged=SimpleNamespace(of=SimpleNamespace(person=person)), features={"fc4": half}, untrained={"fc4": always},
        selected=selected(), hidden=None,
    )  # fmt: skip
    assert of(claims._learnt(read, resamples=5, rng=np.random.default_rng(0))) == {
        "sparsity-comes-with-training": 1.0,
        "selectivity-comes-with-training": 100 * (0.8125 - 0.53125),
        "robustness-comes-with-training": 0.5,
    }
