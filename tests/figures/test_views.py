"""Figures of views and quality: every value where it belongs, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

ENERGIES = {
    "trained": (np.outer([1.0, 3.0, 2.0], [1.0, 2.0]), np.arange(6.0).reshape(3, 2)),
    "pixels": (np.ones((3, 4)), np.ones((3, 4))),
}
SPREADS = {
    "trained": {"people": [0.5, 1.0, 1.5], "features": [0.8, 1.2]},
    "pixels": {"people": [1, 1], "features": [1]},
}
PARTS = ("person", "view", "person x view", "image")
VARIANCES = pd.DataFrame(
    [(w, n, p, s) for w in ("one", "two") for n in ("trained", "pixels")
     for p, s in zip(PARTS, (0.5, 0.2, 0.2, 0.1), strict=True)],
    columns=["world", "network", "part", "share"],
)  # fmt: skip
ALONG = pd.DataFrame(
    [("rendered", n, d, part, 3 - part + k, 2.5 - part + k, 3.5 - part + k) for k, n in enumerate(("trained", "pixels"))
     for d in ("origin", "unit") for part in range(3)],
    columns=["world", "network", "distance", "part", "defects", "lo", "hi"],
)  # fmt: skip
RANKS = pd.DataFrame(
    [("rendered", n, d, f, 0.1 * i, 0.1 * i - 0.05, 0.1 * i + 0.05) for n in ("trained", "pixels")
     for d in ("origin", "unit") for i, f in enumerate(("blur", "margin"))],
    columns=["world", "network", "distance", "factor", "rho", "lo", "hi"],
)  # fmt: skip
CHANGES = pd.DataFrame(
    [(n, d, f, level, -level, -level - 0.1, -level + 0.1) for n in ("trained", "pixels") for d in ("origin", "unit")
     for f in ("blur", "occlusion") for level in (1, 2, 3)],
    columns=["network", "distance", "defect", "level", "change", "lo", "hi"],
)  # fmt: skip


def test_one_half_puts_in_order_and_the_other_is_drawn() -> None:
    first, second = figures.view_energies(ENERGIES)
    np.testing.assert_allclose(first.images[0].get_array(), [[3, 2], [5, 4], [1, 0]])
    assert first.get_title(loc="left") == "trained" and second.images[0].get_array().shape == (3, 4)
    with pytest.raises(ValueError, match="holds 1 values of 6 that are not finite"):
        figures.view_energies({"trained": (np.ones((2, 3)), [[1, 2, 3], [1, 2, np.nan]])})


def test_the_spread_of_people_and_features_stands_in_the_middle_of_their_groups() -> None:
    people, features = figures.view_spread(SPREADS)
    np.testing.assert_allclose(people.lines[0].get_xydata(), [[100 / 6, 0.5], [50, 1.0], [500 / 6, 1.5]])
    np.testing.assert_allclose(features.lines[0].get_ydata(), [0.8, 1.2])
    np.testing.assert_allclose(people.lines[1].get_ydata(), [1, 1])


def test_bars_add_up_and_a_small_negative_share_is_drawn_as_none() -> None:
    table = VARIANCES.copy()
    table.loc[(table["part"] == "view") & (table["network"] == "pixels"), "share"] = -0.01
    axes = figures.view_variances(table)
    assert [ax.get_title(loc="left") for ax in axes] == ["one", "two"]
    widths = [[bar.get_width() for bar in container] for container in axes[0].containers]
    np.testing.assert_allclose(widths, [[50, 50], [20, 0], [20, 20], [10, 10]])
    assert [text.get_text() for text in axes[0].get_yticklabels()] == ["trained", "pixels"]
    with pytest.raises(ValueError, match="more than once"):
        figures.view_variances(pd.concat([table, table]))


def test_maps_are_coloured_by_rank_and_labelled_by_value() -> None:
    points = {"PCA": np.arange(8.0).reshape(4, 2), "t-SNE": np.arange(8.0, 16).reshape(4, 2)}
    axes = figures.space_maps({"one": (points, {"distance": [5.0, 1.0, 1000.0, 5.0]})})
    dots = axes[0].collections[0]
    # drawn in ascending order: 1, 5, 5, 1000
    np.testing.assert_allclose(dots.get_array(), [0, 1, 1, 2])
    np.testing.assert_allclose(dots.get_offsets(), points["PCA"][[1, 0, 3, 2]])
    assert [ax.get_title(loc="left") for ax in axes] == ["PCA, one", "t-SNE, one"]
    other = {"PCA": points["PCA"]}
    with pytest.raises(ValueError, match="2 worlds with maps"):
        figures.space_maps({"one": (points, {"distance": np.ones(4)}), "two": (other, {"distance": np.ones(4)})})
    with pytest.raises(ValueError, match="distance has shape"):
        figures.space_maps({"one": (points, {"distance": [1.0]})})


def test_lines_along_the_distance() -> None:
    axes = figures.defects_along(ALONG)
    assert len(axes) == 2
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), [3, 2, 1])
    np.testing.assert_allclose(axes[0].lines[0].get_xdata(), [100 / 6, 50, 500 / 6])
    assert axes[0].get_ylim()[0] == 0
    (legend,) = axes[0].figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {"trained", "pixels"}


def test_dots_of_a_factor_stand_side_by_side_at_their_correlation() -> None:
    axes = figures.quality_correlations(RANKS)
    trained, pixels = (container[0] for container in axes[0].containers)
    np.testing.assert_allclose(trained.get_xdata(), [0, 0.1])
    np.testing.assert_allclose(np.round([trained.get_ydata(), pixels.get_ydata()]), [[0, 1], [0, 1]])
    assert (pixels.get_ydata() > trained.get_ydata()).all()
    assert axes[0].get_xlim()[0] == -axes[0].get_xlim()[1]
    two = figures.quality_correlations(pd.concat([RANKS, RANKS[RANKS["factor"] == "blur"].assign(world="CelebA")]))
    assert len(two) == 4 and [text.get_text() for text in two[2].get_yticklabels()] == ["blur"]
    assert [ax.get_ylabel() for ax in two] == ["rendered: a row each", "", "CelebA: a row each", ""]


def test_changes_by_strength_a_column_a_defect() -> None:
    axes = figures.defect_changes(CHANGES)
    assert len(axes) == 4 and [ax.get_title(loc="left") for ax in axes[:2]] == ["blur", "occlusion"]
    np.testing.assert_allclose(axes[3].containers[0][0].get_ydata(), [-1, -2, -3])
    assert axes[0].get_ylim() == axes[1].get_ylim() and axes[0].get_ylim()[1] > 0
    with pytest.raises(ValueError, match=r"lacks the columns \['level'\]"):
        figures.defect_changes(CHANGES.drop(columns="level"))
