"""Any face network that comes as an ONNX file, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.weights import ForeignWeights, sha256


class OnnxFaceNetwork:
    """One input of images, one or more declared outputs. Implements FaceNetwork.

    outputs: the declared outputs to read, in order (the embedding last); all of them where none is named. A layer
    inside the graph has to be declared as an output in the file. Outputs with positions (n, maps, h, w) are averaged.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        input: FaceInput,
        *,
        layout: Literal["NCHW", "NHWC"] = "NCHW",
        outputs: tuple[str, ...] = (),
        threads: int = 1,
    ) -> None:
        import onnxruntime  # type: ignore[import-untyped]

        if layout not in ("NCHW", "NHWC"):
            raise ValueError(f"layout {layout!r} is neither NCHW nor NHWC")
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as damage:  # onnxruntime's own exceptions have no common base but Exception
            raise ForeignWeights(f"{path.name} cannot be opened as ONNX: {str(damage).splitlines()[0]}") from damage
        self.name, self.input, self.layout = name, input, layout
        self.fingerprint = f"sha256-{sha256(path)}"
        self._reads, self._fixed_batch = self._input_of(path)
        self._outputs = self._outputs_of(path, outputs)
        blank = np.zeros((1, input.height, input.width, 3), np.uint8)
        self.layers: Mapping[str, int] = {layer: rows.shape[1] for layer, rows in self.features(blank).items()}

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, height, width, 3) uint8, RGB."""
        pixels = self.input.pixels(images)
        if not len(pixels):
            return {layer: np.empty((0, width), np.float32) for layer, width in self.layers.items()}
        if self.layout == "NCHW":
            pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        step = self._fixed_batch or len(pixels)
        runs = [self._run(pixels[start : start + step]) for start in range(0, len(pixels), step)]
        return {layer: np.concatenate([run[layer] for run in runs]) for layer in self._outputs}

    def _run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        # A graph exported for a fixed batch is given full batches; what was filled up is dropped again.
        count = len(pixels)
        if self._fixed_batch and count < self._fixed_batch:
            filler = np.zeros((self._fixed_batch - count, *pixels.shape[1:]), np.float32)
            pixels = np.concatenate([pixels, filler])
        values = self._session.run(list(self._outputs), {self._reads: pixels})
        return {layer: self._rows(layer, value)[:count] for layer, value in zip(self._outputs, values, strict=True)}

    def _rows(self, layer: str, value: np.ndarray) -> np.ndarray:
        if value.ndim == 4:
            value = value.mean((2, 3)) if self.layout == "NCHW" else value.mean((1, 2))
        if value.ndim != 2:
            raise ValueError(
                f"{self.name}: output {layer} is {value.shape}; (n, width) or maps with positions are read"
            )
        return np.asarray(value, np.float32)

    def _input_of(self, path: Path) -> tuple[str, int | None]:
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            found = [(one.name, one.shape, one.type) for one in inputs]
            raise ForeignWeights(f"{path.name} reads {found}; one float tensor of images (n, 3, h, w) is expected")
        size = (self.input.height, self.input.width)
        wanted = (3, *size) if self.layout == "NCHW" else (*size, 3)
        for declared, expected in zip(inputs[0].shape[1:], wanted, strict=True):
            if isinstance(declared, int) and declared != expected:
                raise ForeignWeights(f"{path.name} reads {inputs[0].shape}; {self.layout} of {wanted} was announced")
        batch = inputs[0].shape[0]
        return inputs[0].name, batch if isinstance(batch, int) and batch > 0 else None

    def _outputs_of(self, path: Path, wanted: tuple[str, ...]) -> tuple[str, ...]:
        declared = tuple(output.name for output in self._session.get_outputs())
        absent = [name for name in wanted if name not in declared]
        if absent:
            raise ForeignWeights(f"{path.name} declares the outputs {list(declared)}, not {absent}")
        return wanted or declared
