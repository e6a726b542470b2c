"""The house style: fixed looks, the same pixels everywhere, the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from deepfeatures import figures
from deepfeatures.figures import style


def draw() -> plt.Axes:
    return figures.scree({name: np.arange(50.0, 0, -1) for name in ("lenet", "mu-lenet")})[0]


def test_networks_differ_in_colour_marker_and_line() -> None:
    looks = list(style.LOOKS.values())
    for kind in ("label", "colour", "marker", "line"):
        assert len({str(getattr(one, kind)) for one in looks}) == len(looks)


@pytest.mark.parametrize(
    ("given", "same"), [("mu", "mu-lenet"), ("pair", "pair-lenet"), ("μ-LeNet", "mu-lenet"), ("pixels", "pixels")]
)
def test_a_short_name_or_label_has_the_same_look(given: str, same: str) -> None:
    assert style.look(given) == style.LOOKS[same]


def test_a_variant_keeps_the_colour_and_says_what_it_is() -> None:
    variant = style.look("pair/same class")
    assert variant.label == "PAIR-LeNet (same class)"
    assert variant.colour == style.LOOKS["pair-lenet"].colour
    assert variant.line_kwargs()["markerfacecolor"] == "white"


def test_an_unknown_network_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match=r"no look for network 'resnet'; known: lenet, mu-lenet, pair-lenet, pixels, untrained"
    ):
        style.look("resnet")


def test_a_backend_that_loads_inside_the_style_stays_interactive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matplotlib.rcParams, "interactive", False)
    with figures.house():
        matplotlib.interactive(True)  # what Jupyter's backend does when its first figure is made
    assert matplotlib.is_interactive()


def test_settings_return_when_drawing_fails() -> None:
    settings = dict(matplotlib.rcParams)
    with pytest.raises(ValueError, match="holds no network"):
        figures.scree({})
    assert dict(matplotlib.rcParams) == settings


def test_a_figure_looks_the_same_under_another_style(tmp_path: Path) -> None:
    plain, other = draw().figure, draw().figure
    plain.savefig(tmp_path / "plain.png", dpi=110, facecolor="white")
    with plt.style.context("dark_background"):
        other.savefig(tmp_path / "other.png", dpi=110, facecolor="white")
    assert np.array_equal(plt.imread(tmp_path / "plain.png"), plt.imread(tmp_path / "other.png"))


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_equal_figures_are_equal_files(tmp_path: Path, kind: str) -> None:
    for name in ("first", "second"):
        figures.save(draw(), tmp_path / f"{name}.{kind}")
    assert (tmp_path / f"first.{kind}").read_bytes() == (tmp_path / f"second.{kind}").read_bytes()


def test_a_page_wide_figure_is_792_pixels_wide(tmp_path: Path) -> None:
    figures.save(draw(), tmp_path / "figure.png")
    assert plt.imread(tmp_path / "figure.png").shape[1] == 792


def test_an_unknown_file_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"figure.gif: a figure is written as .png or .svg"):
        figures.save(draw(), tmp_path / "figure.gif")
