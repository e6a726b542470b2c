"""The networks drawn: LeNet layer by layer, and figure 5 of Rudd et al. 2017, two of them sharing their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from . import shapes
from .style import BLUE, GREEN, INK, ORANGE, REFERENCE, SKY, VERMILION, canvas, styled

# layer: (what it does, output, parameters); Caffe's examples/mnist/lenet_train_test.prototxt on 28 x 28 pixels
LENET = {
    "data": ("image / 256", "1 × 28 × 28", 0),
    "conv1": ("20 of 5 × 5", "20 × 24 × 24", 520),
    "pool1": ("max 2 / 2", "20 × 12 × 12", 0),
    "conv2": ("50 of 5 × 5", "50 × 8 × 8", 25_050),
    "pool2": ("max 2 / 2", "50 × 4 × 4", 0),
    "ip1": ("linear, ReLU", "500", 400_500),
    "ip2": ("linear", "10", 5_010),
    "softmax": ("probabilities", "10", 0),
}
STACK = ("conv1", "pool1", "conv2", "pool2", "ip1", "ip2")
FILL = {"data": "0.93", "conv": SKY, "pool": "0.85", "ip": ORANGE, "softmax": "0.93"}


def _box(ax: Axes, x: float, y: float, width: float, height: float, text: str, face: str, size: float = 8) -> None:
    """A rounded box centred on (x, y), faint fill, dark text."""
    red, green, blue = matplotlib.colors.to_rgb(face)
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            linewidth=0.8,
            facecolor=(red, green, blue, 0.45),
            edgecolor="0.35",
            label=text.split("\n")[0],
        )
    )
    ax.text(x, y, text, ha="center", va="center", fontsize=size, color=INK, linespacing=1.35)


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str = "0.35",
    style: str = "-|>",
    line: str = "-",
) -> None:
    arrow = {"arrowstyle": style, "color": colour, "linewidth": 1.2, "linestyle": line, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops=arrow)


def _bare(ax: Axes, width: float, height: float) -> None:
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")


def _fill(layer: str) -> str:
    return next((colour for kind, colour in FILL.items() if layer.startswith(kind)), "0.93")


@styled
def lenet(*, ax: Axes | None = None) -> Axes:
    """LeNet as Caffe ships it: each layer's operation, output (channels x height x width, or values) and parameters."""
    ax = canvas(ax, height_in=1.4)
    step = 1.5
    for index, (layer, (action, output, parameters)) in enumerate(LENET.items()):
        x = 0.75 + index * step
        count = f"{parameters:,} parameters" if parameters else ""
        _box(ax, x, 1.5, 1.26, 1.2, f"{layer}\n{action}\n{output}", _fill(layer), 7)
        ax.text(x, 0.66, count.replace(" ", "\n"), ha="center", va="center", fontsize=7, color=INK)
        if index:
            _arrow(ax, (x - step + 0.64, 1.5), (x - 0.64, 1.5))
    total = sum(parameters for *_, parameters in LENET.values())
    ax.text(
        0.75 + 3.5 * step,
        0.14,
        f"{total:,} parameters in all; the book reads features after ip1's ReLU, the only one",
        ha="center",
        va="center",
        fontsize=8,
        color=INK,
    )
    _bare(ax, 2 * 0.75 + (len(LENET) - 1) * step, 2.2)
    return ax


def _picture(ax: Axes, x: float, y: float, side: float, image: ArrayLike | None, name: str) -> None:
    if image is None:
        _box(ax, x, y, side * 1.6, side * 0.6, name, FILL["data"])
        return
    pixels = shapes.array(f"picture of {name}", image, None, None)
    ax.imshow(pixels, cmap="gray_r", vmin=0, vmax=255, extent=(x - side / 2, x + side / 2, y - side / 2, y + side / 2))
    ax.text(x, y - side / 2 - 0.08, name, ha="center", va="top", fontsize=8, color=INK)


@styled
def pair_topology(
    layers: Sequence[str] = STACK,
    weights: Mapping[str, float] | None = None,
    *,
    images: Sequence[ArrayLike] | None = None,
    pair: str = "two images",
    ax: Axes | None = None,
) -> Axes:
    """PAIR-LeNet: two images, shared weights, softmax loss on one, Euclidean losses between. weights: {layer: factor}.

    Rudd et al. 2017, figure 5. A Euclidean loss is sum |a - b|^2 / (2 batch), Caffe's EuclideanLoss. A weight of 0 is
    drawn as a dotted, grey link: measured, not trained on. images: two (side_px, side_px), 0..255; pair: what a
    pair is.
    """
    links = dict(weights or {})
    strangers = [layer for layer in links if layer not in layers]
    if strangers:
        raise ValueError(f"Euclidean losses at {strangers}, which are not among the layers {list(layers)}")
    if len(set(layers)) != len(layers) or not layers:
        raise ValueError(f"layers must be one or more different names, got {list(layers)}")
    if images is not None and len(images) != 2:
        raise ValueError(f"{len(images)} images given; a pair has 2")
    first, second = images if images is not None else (None, None)
    left, right, gap, base = 2.2, 7.4, 0.78, 1.85
    height = base + gap * len(layers) + 0.3
    ax = canvas(ax, 6.2, 6.2 * height / 9.6)
    for x, image, name in ((left, first, "image a"), (right, second, "image b")):
        _picture(ax, x, 0.85, 0.95, image, name)
        _arrow(ax, (x, 1.38), (x, base - 0.24))
    for index, layer in enumerate(layers):
        y = base + gap * index
        for x in (left, right):
            _box(ax, x, y, 1.9, 0.48, layer, _fill(layer), 9)
            if index:
                _arrow(ax, (x, y - gap + 0.24), (x, y - 0.24))
        if layer in links:
            on = links[layer] != 0
            _arrow(ax, (left + 0.97, y), (right - 0.97, y), GREEN if on else REFERENCE, "<|-|>", "-" if on else ":")
            ax.text(
                (left + right) / 2,
                y + 0.08,
                f"Euclidean loss, weight {links[layer]:g}",
                ha="center",
                va="bottom",
                fontsize=8.5,
                color=INK if on else "0.4",
            )
    top = base + gap * len(layers)
    _arrow(ax, (left, top - gap + 0.24), (left, top - 0.24))
    _box(ax, left, top, 2.3, 0.48, "softmax loss, weight 1", VERMILION, 8.5)
    ax.text(right, top, "no loss of its own", ha="center", va="center", fontsize=8.5, color="0.4", style="italic")
    ax.annotate(
        "",
        xy=(left + 0.9, 0.85),
        xytext=(right - 0.9, 0.85),
        arrowprops={"arrowstyle": "-", "color": BLUE, "linewidth": 1, "linestyle": (0, (4, 2))},
    )
    for text, y, side in (
        (f"one pair: {pair}", 0.92, "bottom"),
        ("both columns share every weight", 0.78, "top"),
    ):
        ax.text((left + right) / 2, y, text, ha="center", va=side, fontsize=8, color=BLUE)
    _bare(ax, 9.6, height)
    return ax
