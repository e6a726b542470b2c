"""Figures of pose: every value where it belongs, baselines as bars, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

RANGES = ("0–15", "15–30", "total")
ERRORS = pd.DataFrame(
    [(w, p, r, 10.0 * i + j, 9.0 * i + j, 11.0 * i + j, 30 + j) for w in ("rendered", "celeba")
     for i, p in enumerate(("trained", "pixels", "constant: training median"), 1) for j, r in enumerate(RANGES)],
    columns=["world", "predictor", "range", "error_deg", "lo", "hi", "images"],
)  # fmt: skip
LAYERS = pd.DataFrame(
    [(f"trained/{layer}", width, way, error, error - 1, error + 1) for layer, width, error in
     (("block2", 48, 9.0), ("embedding", 1128, 7.0)) for way in ("linear", "48 by PCA")],
    columns=["name", "width", "way", "error_deg", "lo", "hi"],
)  # fmt: skip


def test_dots_and_bars_stand_at_their_errors_side_by_side() -> None:
    axes = figures.pose_error_by_range(ERRORS)
    assert [ax.get_title(loc="left") for ax in axes] == ["rendered faces, pose exact", "CelebA, pose estimated"]
    for ax in axes:
        assert [text.get_text() for text in ax.get_xticklabels()] == ["0–15\nn = 30", "15–30\nn = 31", "total\nn = 32"]
        trained, pixels = (container[0] for container in ax.containers)
        np.testing.assert_allclose(trained.get_ydata(), [10, 11, 12])
        np.testing.assert_allclose(pixels.get_ydata(), [20, 21, 22])
        assert (pixels.get_xdata() > trained.get_xdata()).all()
        np.testing.assert_allclose(np.concatenate([trained.get_xdata(), pixels.get_xdata()]).round(), [0, 1, 2] * 2)
        bars = ax.collections[-1].get_segments()
        assert sorted(float(bar[0][1]) for bar in bars) == [30, 31, 32]
        assert ax.get_ylim()[0] == 0
    (legend,) = axes[0].figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {"trained", "pixels", "constant: training median"}


def test_a_predictor_keeps_its_colour_in_a_world_that_lacks_another() -> None:
    fewer = ERRORS[~((ERRORS["world"] == "rendered") & (ERRORS["predictor"] == "trained"))]
    first, second = figures.pose_error_by_range(fewer)
    assert first.containers[0][0].get_color() == second.containers[0][0].get_color()  # pixels comes first now
    with pytest.raises(ValueError, match="more than once"):
        figures.pose_error_by_range(pd.concat([ERRORS, ERRORS]))
    with pytest.raises(ValueError, match="from -10 degrees"):
        figures.pose_error_by_range(ERRORS[["world", "predictor", "range", "images"]].assign(error_deg=-10.0))


def test_no_two_names_look_alike_however_many_there_are() -> None:
    many = pd.DataFrame(
        [("rendered", f"network {number}", "total", 10.0 + number, 40) for number in range(20)],
        columns=["world", "predictor", "range", "error_deg", "images"],
    )
    (ax,) = figures.pose_error_by_range(many)
    looks = {(one[0].get_color(), one[0].get_marker()) for one in ax.containers}
    assert len(looks) == 20
    with pytest.raises(ValueError, match="65 names, and 64 looks"):
        more = [many.assign(predictor=many["predictor"] + f" {copy}") for copy in range(4)]
        figures.pose_error_by_range(pd.concat(more)[:65])


def test_an_answer_moved_half_way_is_a_hollow_mark_of_the_same_look() -> None:
    timid = ERRORS.assign(shrunk_deg=np.where(ERRORS["predictor"] == "trained", ERRORS["error_deg"] - 3, np.nan))
    for ax in figures.pose_error_by_range(timid):
        trained, hollow = ax.containers[0][0], [line for line in ax.lines if line.get_markerfacecolor() == "none"]
        assert len(hollow) == 1
        np.testing.assert_allclose(hollow[0].get_ydata(), [7, 8, 9])
        assert (hollow[0].get_color(), hollow[0].get_marker()) == (trained.get_color(), trained.get_marker())
        assert (np.abs(hollow[0].get_xdata() - trained.get_xdata()) < 0.1).all()


def test_yaw_and_its_absolute_value_have_their_own_panels() -> None:
    rows = [(t, "rendered", x, x / 2, 5.0) for t, xs in (("yaw", (60.0, -60.0)), ("abs_yaw", (60.0, 10.0))) for x in xs]
    table = pd.DataFrame(rows, columns=["target", "world", "true_deg", "mean_deg", "sd_deg"])
    absolute, signed = figures.pose_read(table)
    assert "|yaw|" in absolute.get_xlabel() and "|" not in signed.get_xlabel()
    np.testing.assert_allclose(absolute.lines[0].get_xydata(), [[10, 5], [60, 30]])
    np.testing.assert_allclose(signed.lines[0].get_xydata(), [[-60, -30], [60, 30]])
    with pytest.raises(ValueError, match=r"targets \['pitch'\]"):
        figures.pose_read(table.assign(target="pitch").drop_duplicates("true_deg"))


def test_a_row_a_layer_with_its_width() -> None:
    ax = figures.pose_by_layer(LAYERS, constant_deg=12.0)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["trained, block2 (48)", "trained, embedding (1,128)"]
    for container in ax.containers:
        np.testing.assert_allclose(container[0].get_xdata(), [9, 7])
        np.testing.assert_allclose(np.round(container[0].get_ydata()), [0, 1])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert "constant: training median" in [text.get_text() for text in ax.get_legend().get_texts()]
