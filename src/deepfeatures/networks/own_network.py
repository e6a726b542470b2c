"""A face network of one's own as an ONNX file: what it reads is said and checked against the file; no other is opened.

How pixels are scaled and in which order colours come cannot be seen in a file, so it has to be said; the size and the
layout can, where the file fixes them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.onnx import OnnxFaceNetwork
from deepfeatures.networks.weights import ForeignWeights, sha256

if TYPE_CHECKING:
    import onnx

Three = tuple[float, float, float]


@dataclass(frozen=True)
class Reading:
    """What a network reads: (value - mean) / std of values 0..255, in the order of `channels`.

    size: (height, width) in pixels, layout: NCHW or NHWC; None where the file says it. outputs: in order, the
    embedding last; inner tensors may be named too; all that the file declares where none is.
    """

    mean: Three
    std: Three
    channels: str = "RGB"
    size: tuple[int, int] | None = None
    layout: Literal["NCHW", "NHWC"] | None = None
    outputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(one == 0 for one in self.std):
            raise ValueError(f"std {self.std}: pixels are divided by it, so it cannot be 0")
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"side {self.size}: at least one pixel")


class OwnNetwork:
    """A network under names that files can have. Implements FaceNetwork. called: layer to the output's name."""

    def __init__(self, inner: OnnxFaceNetwork, fingerprint: str) -> None:
        self.name, self.fingerprint, self.input = "own", fingerprint, inner.input
        self._inner, self.called = inner, _as_files(inner.layers)
        self.layers: Mapping[str, int] = {name: inner.layers[output] for name, output in self.called.items()}

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, height, width, 3) uint8, RGB."""
        try:
            found = self._inner.features(images)
        except (ValueError, MemoryError):
            raise
        except Exception as failure:  # of onnxruntime: a graph whose size was fixed for one image, say
            why = (str(failure).splitlines() or [type(failure).__name__])[0]
            raise ForeignWeights(f"{self._inner.name} cannot be run on {len(images)} images: {why}") from failure
        return {name: found[output] for name, output in self.called.items()}


class NothingShuffled(ForeignWeights):
    """A network without an array of weights to shuffle: that control cannot be had."""


def load(path: Path, reading: Reading, *, shuffled: int | None = None, threads: int = 1) -> OwnNetwork:
    """The network, ready to use. shuffled: a seed; the entries of each of its weight arrays are then in random order,
    which leaves the architecture and the sizes of weights: the control for what training put there.

    Raises FileNotFoundError, or ForeignWeights where the file is no network of one image input, keeps weights in other
    files, or is not as `reading` says; NothingShuffled where `shuffled` would change nothing.
    """
    model = _parsed(path)
    size, layout = _fits(path, model, reading)
    outputs = _outputs(path, model, reading.outputs)
    if shuffled is not None and not _shuffle(model, np.random.default_rng(shuffled)):
        raise NothingShuffled(f"{path.name} has no array of weights that could be put in random order")
    read = FaceInput(*size, reading.mean, reading.std, reading.channels)
    with tempfile.TemporaryDirectory() as folder:  # with inner tensors declared, it is another file than the user's
        file = Path(folder) / path.name
        file.write_bytes(model.SerializeToString())
        try:
            inner = OnnxFaceNetwork(file, path.name, read, layout=layout, outputs=outputs, threads=threads)
        except ValueError:
            raise
        except Exception as failure:  # onnxruntime's own exceptions have no common base but Exception
            raise ForeignWeights(f"{path.name} cannot be run: {str(failure).splitlines()[0]}") from failure
    made = f"sha256-{sha256(path)}"
    return OwnNetwork(inner, made if shuffled is None else f"{made}-shuffled-{shuffled}")


def steady(network: OwnNetwork, *, rng: np.random.Generator) -> bool:
    """Whether its features of noise are finite: weights in random order may grow without bound."""
    noise = rng.integers(0, 256, (4, *network.input.size, 3), dtype=np.uint8)
    return all(bool(np.isfinite(rows).all()) for rows in network.features(noise).values())


def _parsed(path: Path) -> onnx.ModelProto:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except (DecodeError, ValueError) as damage:
        raise ForeignWeights(f"{path.name} cannot be opened as ONNX: {damage}") from damage
    if not model.graph.input:
        raise ForeignWeights(f"{path.name} cannot be opened as ONNX: it has no graph with an input")
    external = next((one.name for one in _tensors(model) if one.data_location == onnx.TensorProto.EXTERNAL), None)
    if external is not None:
        raise ForeignWeights(
            f"{path.name} keeps weights in other files ({external}): only what lies in the file itself is read. Write "
            "one file: onnx.save_model(onnx.load(...), ..., save_as_external_data=False)"
        )
    return model


def _tensors(message: Any) -> Iterator[onnx.TensorProto]:
    """Every tensor of a model, wherever it stands: initialisers, constants, subgraphs, functions."""
    import onnx

    if isinstance(message, onnx.TensorProto):
        yield message
        return
    for description, value in message.ListFields():
        if description.message_type is not None:
            for one in value if isinstance(value, list) or hasattr(value, "add") else [value]:
                yield from _tensors(one)


def _fits(
    path: Path, model: onnx.ModelProto, reading: Reading
) -> tuple[tuple[int, int], Literal["NCHW", "NHWC"]]:
    """Size and layout, from the file where it fixes them, else as said."""
    given = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in given]  # old files list weights among the inputs
    shape = [one.dim_value for one in inputs[0].type.tensor_type.shape.dim] if len(inputs) == 1 else []
    if len(shape) != 4:
        named = ", ".join(one.name for one in inputs)
        raise ForeignWeights(
            f"{path.name} has the inputs {named}: one of images, (n, 3, h, w) or (n, h, w, 3), is read"
        )
    layout = reading.layout or ("NHWC" if shape[3] == 3 and shape[1] != 3 else "NCHW" if shape[1] == 3 else None)
    if layout is None:
        raise ForeignWeights(f"{path.name} reads {shape} (0: open) and says nothing of its layout: give NCHW or NHWC")
    declared = (shape[2], shape[3]) if layout == "NCHW" else (shape[1], shape[2])
    size = reading.size or declared
    if min(size) < 1:
        raise ForeignWeights(
            f"{path.name} leaves the size of its images open: give the side in pixels, as 112 or 112x96"
        )
    return size, layout


def _outputs(path: Path, model: onnx.ModelProto, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Outputs to read; inner tensors among them become outputs of the model."""
    import onnx

    declared = [one.name for one in model.graph.output]
    inner = {name for node in model.graph.node for name in node.output if name}
    for name in wanted:
        if name in declared:
            continue
        if name not in inner:
            near = get_close_matches(name, [*declared, *inner], 3)
            hint = f"; near it: {', '.join(near)}" if near else ""
            raise ForeignWeights(f"{path.name} has no output {name!r}: it declares {', '.join(declared)}{hint}")
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    return wanted or tuple(declared)


def _shuffle(model: onnx.ModelProto, rng: np.random.Generator) -> int:
    """Put the entries of each array of weights in random order; how many arrays that were.

    Initialisers and constants alike, floats of any width and the bytes of quantised weights. Biases and normalisation
    stay, whatever their shape: they have one side longer than 1. So do the whole numbers by which a graph indexes.
    """
    from onnx import numpy_helper

    count = 0
    for one in _tensors(model):
        if sum(side > 1 for side in one.dims) < 2:
            continue
        values = numpy_helper.to_array(one)
        if values.dtype.kind == "f" or values.dtype.name in ("bfloat16", "int8", "uint8"):
            one.CopyFrom(numpy_helper.from_array(rng.permutation(values.ravel()).reshape(values.shape), one.name))
            count += 1
    return count


def _as_files(outputs: Mapping[str, int]) -> dict[str, str]:
    """A name that a file can have for each output: letters, digits, '.', '_' and '-'."""
    called: dict[str, str] = {}
    for output in outputs:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", output).strip("-._") or "output"
        name, number = plain, 2
        while name in called:
            name, number = f"{plain}-{number}", number + 1
        called[name] = output
    return called
