"""How a network of one's own reads images: from a file beside it, face-network.yaml for face-network.onnx, and from
what the command line says, which goes first.

    side: 112          # or 112x96, height x width; not needed where the network fixes it
    mean: 127.5        # one number, or three in the order of channels; of values 0..255
    std: 127.5         # (value - mean) / std is what the network reads
    channels: RGB      # or BGR
    layout: NCHW       # or NHWC; not needed where the network fixes it
    outputs: [embedding]     # all that it declares unless given
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from deepfeatures.networks.own_network import Reading
from deepfeatures.study import strict_yaml
from deepfeatures.study.allowed import did_you_mean

NAMES = ("side", "mean", "std", "channels", "layout", "outputs")
USUAL = (
    "127.5 and 127.5 for -1..1 (InsightFace), 0 and 255 for 0..1, "
    "123.675,116.28,103.53 and 58.395,57.12,57.375 for ImageNet's"
)


class BadSettings(ValueError):
    """What is said of how a network reads images does not fit; the message says what would."""


def reading(network: Path, given: Mapping[str, object]) -> Reading:
    """given: by NAMES, as the command line has them; None or empty where nothing is said."""
    beside = network.with_suffix(".yaml")
    said = _file(beside) | {name: value for name, value in given.items() if value not in (None, "", (), [])}
    missing = [name for name in ("mean", "std") if name not in said]
    if missing:
        options = " and ".join(f"--{name}" for name in missing)
        raise BadSettings(
            f"how {network.name} wants its pixels scaled cannot be seen in the file: give {options} (the network reads "
            f"(value - mean) / std of values 0..255), or write them into {beside}. Usual: {USUAL}"
        )
    channels = str(said.get("channels", "RGB")).upper()
    if channels not in ("RGB", "BGR"):
        raise BadSettings(f"channels {said['channels']!r}: RGB or BGR")
    layout = str(said["layout"]).upper() if said.get("layout") else None
    if layout not in (None, "NCHW", "NHWC"):
        raise BadSettings(f"layout {said['layout']!r}: NCHW or NHWC")
    return Reading(
        _three("mean", said["mean"]), _three("std", said["std"]), channels, _size(said.get("side")),
        layout,  # type: ignore[arg-type]
        tuple(_words(said.get("outputs"))),
    )  # fmt: skip


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = strict_yaml.load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: not YAML: {error}") from None
    if not isinstance(content, dict):
        raise BadSettings(f"{path} holds no names with values: one or more of {', '.join(NAMES)}")
    for name in content:
        if name not in NAMES:
            raise BadSettings(f"{path}: {name} is unknown{did_you_mean(str(name), NAMES)}; known: {', '.join(NAMES)}")
    return content


def _three(name: str, value: object) -> tuple[float, float, float]:
    try:
        numbers = [float(one) for one in _words(value)]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3):
        raise BadSettings(f"{name} {value!r}: one number for all colours, or three with commas")
    return (numbers * 3)[0], (numbers * 3)[1], (numbers * 3)[2]


def _size(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    sides = str(value).lower().split("x")
    if not all(one.isdigit() and int(one) for one in sides) or len(sides) > 2:
        raise BadSettings(f"side {value!r}: pixels, as 112, or height x width, as 112x96")
    return int(sides[0]), int(sides[-1])


def _words(value: object) -> Sequence[str]:
    if value is None:
        return []
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    return [str(one).strip() for one in parts]
