"""What holds for every drawing function, on small made-up data."""

from __future__ import annotations

import pickle
from functools import cache
from types import SimpleNamespace
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from deepfeatures import figures

ANGLES = np.arange(-45.0, 46.0, 15.0)
NAMES = ("lenet", "mu-lenet", "pair-lenet")
RNG = np.random.default_rng(0)
LABELS, SAMPLE_ANGLES = np.repeat(np.arange(10), 7), np.tile(ANGLES, 10)
READ = {name: (0.8 * ANGLES, np.full(7, 12.0)) for name in NAMES}
SPECTRA = {name: np.linspace(9, 0, 50) for name in NAMES}
HEAT = {name: RNG.random((70, 40)) for name in NAMES}
FACES = RNG.integers(0, 256, (5, 8, 8, 3), np.uint8)
TECHNIQUES = ("lenet-softmax", "lenet-mav")


def table(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


BOTH = [("Bald", "dependent"), ("Smiling", "independent")]
MIRRORED = table(
    "attribute group representation kind percent lo hi",
    *[(a, g, r, k, 30.0, 20.0, 45.0) for a, g in BOTH for r in ("before", "after") for k in ("fn", "fp")],
)
BY_DEPTH = table(
    "network layer group error_percent",
    *[(n, layer, g, 30.0) for n in ("trained", "untrained") for layer in ("block2", "embedding") for _, g in BOTH],
)

SHARES = table(
    "subject network layer reading share lo hi",
    *[(s, "trained", layer, "linear", 0.3, 0.2, 0.4) for s in ("pose", "light") for layer in ("block2", "embedding")],
)

# name: (arguments, keywords, panels: None for one Axes)
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any], int | None]] = {
    "attribute_errors": (({"one": MIRRORED, "other": MIRRORED[MIRRORED["attribute"] == "Bald"]},), {}, 2),
    "group_error_by_layer": (({"one": BY_DEPTH, "other": BY_DEPTH},), {}, 4),
    "factors_by_layer": ((SHARES,), {}, 2),
    "rotated_digits": ((RNG.integers(0, 256, (3, 7, 28, 28)), ANGLES), {"row_labels": [4, 5, 6]}, None),
    "angle_prediction": ((READ, ANGLES), {}, None),
    "bias_and_spread": ((READ, ANGLES), {}, 2),
    "errors_per_digit": (
        (table("technique digit error_percent", *[(t, d, 2.0) for t in TECHNIQUES for d in [*range(10), "mean"]]),),
        {},
        None,
    ),
    "scree": ((SPECTRA,), {}, 3),
    "cumulative": ((SPECTRA,), {}, None),
    "rank_accuracy": (({name: ([1, 2, 9], [20.0, 40.0, 90.0]) for name in NAMES},), {}, None),
    "heat_maps": ((HEAT, LABELS, SAMPLE_ANGLES), {}, 3),
    "block_diagonal": ((HEAT, {name: np.arange(40) % 11 - 1 for name in NAMES}, LABELS), {}, 3),
    "units_per_class": (({name: np.arange(10) for name in NAMES},), {}, None),
    "pair_topology": (
        (),
        {"weights": {"ip1": 0.1, "pool1": 0.0}, "images": (np.zeros((28, 28)), np.ones((28, 28)))},
        None,
    ),
    "lenet": ((), {}, None),
    "accuracy_against_iterations": (
        (
            table(
                "network iteration accuracy_percent kind",
                *[(n, i, 90.0 + i / 100, "test") for n in NAMES for i in (100, 500)],
            ),
        ),
        {"chosen": {"lenet": 500}},
        None,
    ),
    "weights_scan": (
        (table("weight metric value", *[(w, m, 1.0 + w) for w in (0.0, 0.1, 1.0) for m in ("spread", "accuracy")]),),
        {"units": {"spread": "degrees", "accuracy": "%"}, "chosen": 0.1},
        2,
    ),
    "per_angle_controls": (
        (
            table(
                "name accuracy_percent lo hi",
                ("plain", 90.0, 89.5, 90.5),
                ("predicted", 95.0, 94.5, 95.5),
                ("oracle", 96.0, 95, 97),
            ),
        ),
        {"paper_percent": 95.44},
        None,
    ),
    "by_layer": (
        (table("network layer index", *[(n, layer, 0.5) for n in NAMES for layer in ("pool1", "ip1")]),),
        {},
        None,
    ),
    "pair_and_class_distances": (
        (table("network kind distance", *[(n, kind, 3.0) for n in NAMES for kind in ("pair", "class")]),),
        {},
        None,
    ),
    "encoding_shares": (
        (
            table(
                "world name way share lo hi",
                *[(w, f"trained/{layer}", way, 0.7, 0.6, 0.8) for w in ("portraits", "rendered")
                  for layer in ("block2", "block3") for way in ("linear", "with a kernel")],
            ),
        ),
        {"bar": 0.75},
        2,
    ),
    "explained_by_unit": (
        ({name: table("ceiling explained", (0.9, 0.7), (0.5, -0.02)) for name in ("trained", "untrained")},),
        {},
        2,
    ),
    "decoded_by_parameter": (
        (
            table(
                "parameter kind network correlation",
                *[(p, k, n, 0.5) for p, k in (("jaw_width", "shape"), ("skin_tone", "appearance"))
                  for n in ("trained", "pixels")],
            ),
        ),
        {},
        2,
    ),
    "axis_tuning": (
        (
            table(
                "network direction place mean sd",
                *[(n, d, x, x / 2, 0.2) for n in ("trained", "pixels") for d in ("along", "across") for x in (-1.0, 1)],
            ),
        ),
        {},
        2,
    ),
    "axis_shares": (
        (
            table(
                "name axis weighted best flat lo hi",
                *[(f"trained/{layer}", 0.8, 0.7, 0.6, 0.5, 0.4, 0.6) for layer in ("block2", "block3")],
            ),
        ),
        {"chance": 0.02},
        None,
    ),
    "pose_error_by_range": (
        (
            table(
                "world predictor range error_deg images",
                *[(w, p, r, 9.0, 40) for w in ("rendered", "celeba") for p in ("trained", "equal precision")
                  for r in ("0–15", "total")],
            ),
        ),
        {},
        2,
    ),
    "pose_read": (
        (
            table(
                "target world true_deg mean_deg sd_deg",
                *[(t, "rendered", x, x / 2, 9.0) for t in ("abs_yaw", "yaw") for x in (0.0, 30.0, 60.0)],
            ),
        ),
        {},
        2,
    ),
    "verification_by_layer": (
        (table("network layer accuracy_percent", *[(n, f"FC-{k}", 70.0) for n in ("net", "twin") for k in (1, 2)]),),
        {},
        None,
    ),
    "activity_histograms": (
        (
            table(
                "network layer of low high share",
                *[(n, "fc1", of, low, low + 0.5, 0.5) for n in ("net", "twin") for of in ("face", "unit")
                  for low in (0.0, 0.5)],
            ),
        ),
        {"labels": {"net": "trained", "twin": "random"}},
        2,
    ),
    "codes_by_level": (
        (table("level accuracy_percent differ independent", *[(p, 70.0, p / 2, 2 * p * (1 - p)) for p in (0.1, 0.5)]),),
        {},
        2,
    ),
    "units_by_layer": (
        (
            table(
                "what side layer accuracy_percent chosen_percent shuffled_percent",
                *[(w, side, "net", 70.0, 80.0, 50.0) for w in ("attributes", "identities")
                  for side in ("excitatory", "inhibitory")],
            ),
        ),
        {"labels": {"net": "FC-4"}},
        2,
    ),
    "hidden_faces": (
        (
            table(
                "hider share name accuracy_percent",
                *[(h, s, "net", 70.0 - s) for h in ("block", "band") for s in (0, 0.4)],
            ),
        ),
        {"labels": {"net": "FC-4"}},
        2,
    ),
    "pattern_stability": (
        (
            table(
                "hider share name unchanged people images",
                *[(h, s, "net", 1 - s, 0.6, 0.7) for h in ("block", "band") for s in (0.2, 0.4)],
            ),
        ),
        {"labels": {"net": "FC-4"}},
        2,
    ),
    "pose_by_layer": (
        (
            table(
                "name width way error_deg",
                *[(f"trained/{layer}", 48, way, 9.0) for layer in ("block2", "block3") for way in ("linear", "kernel")],
            ),
        ),
        {"constant_deg": 12.0},
        None,
    ),
    "view_energies": (({name: RNG.random((2, 5, 7)) for name in ("trained", "pixels", "other")},), {}, 3),
    "view_spread": (
        ({name: {"people": RNG.random(5), "features": RNG.random(7)} for name in ("trained", "pixels")},), {}, 2
    ),
    "view_variances": (
        (
            table(
                "world network part share",
                *[(w, n, p, 0.25) for w in ("rendered, designed", "CelebA") for n in ("trained", "pixels")
                  for p in ("person", "view", "person x view", "image")],
            ),
        ),
        {},
        2,
    ),
    "space_maps": (
        (
            {
                world: (
                    {"PCA": RNG.random((9, 2)), "t-SNE": RNG.random((9, 2))},
                    {"far": RNG.random(9), "defects": [0, 1, 2] * 3},
                )
                for world in ("rendered", "CelebA")
            },
        ),
        {},
        8,
    ),
    "defects_along": (
        (
            table(
                "world network distance part defects",
                *[("rendered", n, d, part, 2.0 - part) for n in ("trained", "pixels") for d in ("origin", "unit")
                  for part in (0, 1)],
            ),
        ),
        {},
        2,
    ),
    "quality_correlations": (
        (
            table(
                "world network distance factor rho",
                *[(w, n, d, f, 0.3) for w in ("rendered", "CelebA") for n in ("trained", "pixels")
                  for d in ("origin", "unit") for f in ("blur", "yaw")],
            ),
        ),
        {},
        4,
    ),
    "defect_changes": (
        (
            table(
                "network distance defect level change",
                *[(n, d, f, level, -0.5) for n in ("trained", "pixels") for d in ("origin", "unit")
                  for f in ("blur", "occlusion") for level in (1, 2, 3)],
            ),
        ),
        {},
        4,
    ),
    "hyperplanes": (
        (
            ["Bald", "Bangs", "Big_Nose"], np.eye(3), np.array([[0, 1, 0.4, 2], [2, 3, 0.9, 3.0]]),
            ["hair", "hair", ""], [0, 0, 1],
        ),
        {},
        2,
    ),
    "localisation": (
        (
            table(
                "world answer metric value",
                *[(w, a, m, 0.5) for w in ("rendered", "celeba") for a in ("centre box", "LNet_o")
                  for m in ("recall", "in_head")],
            ),
        ),
        {},
        2,
    ),
    "scene_windows": (
        (FACES, {"true box": np.tile([1, 2, 5, 6], (5, 1))}, RNG.random((5, 4, 4))), {"columns": 3}, None,
    ),
    "unit_faces": (([SimpleNamespace(unit=3, faces=FACES[:3], attribute="Big_Nose", auc=0.7, p=0.01)] * 3,), {}, None),
    "units_tell": (({"ANet": np.linspace(0.5, 0.9, 7), "random weights": np.full(7, 0.5)},), {}, None),
    "contact_sheet": ((FACES,), {"titles": list("abcde"), "columns": 3}, None),
    "factor_sweep": (({"yaw_deg": ([-30, 30], FACES[:2]), "smile": ([0, 0.5, 1], FACES[:3])},), {}, None),
    "trend_within_digit": (({name: RNG.random((6, 7)) for name in NAMES}, ANGLES), {"digit": 3}, 3),
}
UNITS = ("degrees", "%", "°", "ratio", "count", "no unit", "units of ip1", "[−1, 1]", "number", "components", "vectors")
UNITS += ("batches", "row", "digit", "layer", "network", "evenly spaced", "re-ordered", "order of the rows")
DRAWINGS = ("contact_sheet", "lenet", "pair_topology", "scene_windows", "unit_faces")  # no axes to label


def axes_of(drawn: Any) -> list[Axes]:
    return [drawn] if isinstance(drawn, Axes) else list(drawn)


def test_every_function_is_covered() -> None:
    assert set(CALLS) == set(figures.__all__) - {"house", "look", "save"}


@cache
def own_figure(name: str) -> tuple[Any, list[int], bool]:
    """What the function returns without axes, the figures it opened, and whether it left the settings alone."""
    args, kwargs, _ = CALLS[name]
    settings, before = dict(matplotlib.rcParams), set(plt.get_fignums())
    drawn = getattr(figures, name)(*args, **kwargs)
    return drawn, sorted(set(plt.get_fignums()) - before), dict(matplotlib.rcParams) == settings


@pytest.mark.parametrize("name", CALLS)
def test_returns_its_axes_on_one_new_figure_no_wider_than_the_page(name: str) -> None:
    drawn, opened, settings_kept = own_figure(name)
    panels = CALLS[name][2]
    if panels is None:
        assert isinstance(drawn, Axes)
    else:
        assert isinstance(drawn, np.ndarray) and drawn.shape == (panels,)
    assert opened == [axes_of(drawn)[0].figure.number]
    assert axes_of(drawn)[0].figure.get_size_inches()[0] <= 7.2
    assert settings_kept


@pytest.mark.parametrize("name", CALLS)
def test_draws_on_given_axes_opens_no_figure_and_leaves_its_input_alone(name: str) -> None:
    args, kwargs, panels = CALLS[name]
    before = pickle.dumps((args, kwargs))
    figure, given = plt.subplots(1, panels or 1, squeeze=False)
    keyword = {"ax": given[0, 0]} if panels is None else {"axes": list(given[0])}
    drawn = getattr(figures, name)(*args, **kwargs, **keyword)
    assert plt.get_fignums() == [figure.number]
    assert axes_of(drawn) == list(given[0])
    assert pickle.dumps((args, kwargs)) == before


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call[2] is not None])
def test_a_wrong_number_of_axes_is_refused(name: str) -> None:
    args, kwargs, panels = CALLS[name]
    given = plt.subplots(1, (panels or 0) + 1)[1]
    with pytest.raises(ValueError, match=f"{(panels or 0) + 1} axes for {panels} panels"):
        getattr(figures, name)(*args, **kwargs, axes=given)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in DRAWINGS])
def test_axes_say_what_they_measure_and_in_what_unit(name: str) -> None:
    drawn = axes_of(own_figure(name)[0])
    assert drawn[-1].get_xlabel()
    assert drawn[0].get_ylabel() or name in ("per_angle_controls", "attribute_errors")  # rows are named one by one
    for label in [ax.get_xlabel() for ax in drawn] + [ax.get_ylabel() for ax in drawn]:
        assert not label or any(unit in label for unit in UNITS), label


@pytest.mark.parametrize("name", CALLS)
def test_nothing_but_empty_space_is_cut_off(name: str) -> None:
    figure = axes_of(own_figure(name)[0])[0].figure
    drawn, page = figure.get_tightbbox(), figure.bbox_inches
    assert drawn.x0 >= -0.01 and drawn.y0 >= -0.01
    assert drawn.x1 <= page.x1 + 0.01 and drawn.y1 <= page.y1 + 0.01
