"""What the drawings of chapter parameter-space show, on tables whose content is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

SHARES = pd.DataFrame(
    [("portraits", name, way, share, share - 0.1, share + 0.1) for name, way, share in
     (("a/x", "linear", 0.5), ("a/x", "with a kernel", 0.6), ("b/y", "linear", 0.9), ("b/y", "with a kernel", 0.8))],
    columns=["world", "name", "way", "share", "lo", "hi"],
)  # fmt: skip


def test_shares_stand_in_their_rows_in_percent() -> None:
    [ax] = figures.encoding_shares(SHARES, bar=0.75)
    linear, kernel = (container[0] for container in ax.containers)
    np.testing.assert_allclose(linear.get_xdata(), [50, 90])
    np.testing.assert_allclose(kernel.get_xdata(), [60, 80])
    np.testing.assert_array_equal(np.round(linear.get_ydata()), [0, 1])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a, x", "b, y"]


def test_what_has_no_ceiling_is_left_out_and_doubles_are_refused() -> None:
    lacking = SHARES.copy()
    lacking.loc[0, ["share", "lo", "hi"]] = np.nan
    [ax] = figures.encoding_shares(lacking)
    np.testing.assert_allclose(ax.containers[0][0].get_xdata(), [90])
    with pytest.raises(ValueError, match="more than once"):
        figures.encoding_shares(pd.concat([SHARES, SHARES]))


def test_units_are_drawn_against_their_ceiling() -> None:
    [ax] = figures.explained_by_unit({"trained": pd.DataFrame({"ceiling": [0.9, 0.5], "explained": [0.3, -0.3]})})
    np.testing.assert_allclose(ax.collections[0].get_offsets(), [[90, 30], [50, -30]])
    assert ax.get_xlim()[0] <= -35 and ax.get_title(loc="left") == "trained, 2 units"


def test_parameters_keep_the_order_of_the_table_in_each_kind() -> None:
    table = pd.DataFrame(
        [(p, k, n, r) for p, k, r in (("jaw_width", "shape", 0.9), ("tends_beard", "appearance", 0.2), ("eye_size",
         "shape", -0.4)) for n in ("trained", "pixels")],
        columns=["parameter", "kind", "network", "correlation"],
    )  # fmt: skip
    shape, appearance = figures.decoded_by_parameter(table)
    assert [text.get_text() for text in shape.get_yticklabels()] == ["jaw width", "eye size"]
    assert [text.get_text() for text in appearance.get_yticklabels()] == ["beard"]
    assert shape.get_xlim()[0] < -0.4
    np.testing.assert_allclose(shape.lines[0].get_xdata(), [0.9, -0.4])


def test_along_and_across_are_told_apart() -> None:
    table = pd.DataFrame(
        [("n", direction, x, slope * x, 0.1) for direction, slope in (("along", 1.0), ("across", 0.0))
         for x in (1.0, -1.0)],
        columns=["network", "direction", "place", "mean", "sd"],
    )  # fmt: skip
    [ax] = figures.axis_tuning(table)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [-1, 1])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [0, 0])
