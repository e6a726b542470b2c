"""A head-pose network that a user brings as ONNX: from faces to yaw, pitch and roll in the book's convention.

Public networks give their answer in one of three forms, told apart by the shapes of the outputs:

    (n, 3)           the angles themselves
    (n, 3, 3)        a rotation matrix R = Rz(roll) Ry(yaw) Rx(pitch)        6DRepNet (Hempel et al. 2022)
    three of (n, k)  scores of k bins of BIN_DEG degrees about 0; the angle is their mean under the softmax
                                                                              Hopenet (Ruiz et al. 2018), k = 66

Which way their angles grow differs from one to the next and cannot be seen in the file: the user says it (`positive`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.weights import ForeignWeights, sha256

ANGLES = ("yaw", "pitch", "roll")
# What the book calls positive comes first (data.pointing04): the nose to larger image x, up, clockwise.
SENSES = {"yaw": ("right", "left"), "pitch": ("up", "down"), "roll": ("clockwise", "counterclockwise")}
BIN_DEG = 3.0
IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # ImageNet's, times 255
SIDE_PX = 224  # where the file leaves the size open


class PoseNetwork:
    """One ONNX file. positive: what a positive yaw, pitch and roll of this network mean, a word of SENSES each.

    order: of the angles in its output. radians: of outputs (n, 3). Input: RGB, ImageNet's mean and standard deviation
    unless given, (n, 3, h, w) or (n, h, w, 3). Raises FileNotFoundError, or ForeignWeights where it is no such thing.
    """

    def __init__(
        self,
        path: Path,
        positive: Sequence[str],
        *,
        order: Sequence[str] = ANGLES,
        radians: bool = False,
        mean: tuple[float, float, float] = IMAGENET_MEAN,
        std: tuple[float, float, float] = IMAGENET_STD,
        threads: int = 1,
    ) -> None:
        import onnxruntime  # type: ignore[import-untyped]

        self.signs = signs_of(positive)
        if sorted(order) != sorted(ANGLES):
            raise ValueError(f"order {','.join(order)!r}: yaw, pitch and roll, each once")
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
        self.file, self.fingerprint = path.name, f"sha256-{sha256(path)}"
        self.positive, self.order, self.radians = tuple(positive), tuple(order), radians
        self._reads, self._channels_last, self._batch, size = self._input()
        self.input = FaceInput(*size, mean, std)
        self.form = self._form()

    @property
    def settings(self) -> dict[str, object]:
        """All that an estimate depends on besides the image."""
        return {
            "network": self.file,
            "fingerprint": self.fingerprint,
            "form": self.form,
            "order": list(self.order),
            "positive": list(self.positive),
            "radians": self.radians,
            "input": str(self.input),
        }

    def degrees(self, images: np.ndarray) -> np.ndarray:
        """(n, 3) float64: yaw, pitch, roll, degrees, in the book's convention. images: (n, h, w, 3) uint8, RGB."""
        pixels = self.input.pixels(images)
        if not self._channels_last:
            pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        step = self._batch or max(len(pixels), 1)
        found = [self._angles(pixels[start : start + step]) for start in range(0, len(pixels), step)]
        return self.signs * np.concatenate([np.empty((0, 3)), *found])

    def _run(self, pixels: np.ndarray) -> list[np.ndarray]:
        try:
            return list(self._session.run(None, {self._reads: pixels}))
        except MemoryError:
            raise
        except Exception as failure:  # onnxruntime's own exceptions have no common base but Exception
            why = (str(failure).splitlines() or [type(failure).__name__])[0]
            told = f"{len(pixels)} images of {self.input.height} x {self.input.width}: {why}"
            raise ForeignWeights(f"{self.file} cannot be run on {told}") from failure

    def _angles(self, pixels: np.ndarray) -> np.ndarray:
        count = len(pixels)
        if self._batch and count < self._batch:  # a graph for a fixed batch is given full ones
            filler = np.zeros((self._batch - count, *pixels.shape[1:]), np.float32)
            pixels = np.concatenate([pixels, filler])
        values = [np.asarray(one, np.float64)[:count] for one in self._run(pixels)]
        if self.form == "rotation":
            return of_rotation(values[0])  # has an order of its own
        angles = values[0] if self.form == "angles" else np.stack([of_bins(one) for one in values], axis=1)
        angles = np.rad2deg(angles) if self.radians and self.form == "angles" else angles
        return angles[:, [self.order.index(name) for name in ANGLES]]

    def _input(self) -> tuple[str, bool, int | None, tuple[int, int]]:
        inputs = self._session.get_inputs()
        described = [(one.name, one.shape, one.type) for one in inputs]
        refusal = ForeignWeights(
            f"{self.file} reads {described}; one float tensor of images, (n, 3, h, w) or (n, h, w, 3), is expected"
        )
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            raise refusal
        batch, *rest = inputs[0].shape
        if 3 not in (rest[0], rest[2]):
            raise refusal
        last = rest[0] != 3
        size = rest[:2] if last else rest[1:]
        height, width = (one if isinstance(one, int) and one > 0 else SIDE_PX for one in size)
        return inputs[0].name, last, batch if isinstance(batch, int) and batch > 0 else None, (height, width)

    def _form(self) -> str:
        blank = np.zeros((self._batch or 1, self.input.height, self.input.width, 3), np.float32)
        given = blank if self._channels_last else np.ascontiguousarray(blank.transpose(0, 3, 1, 2))
        shapes = [np.asarray(one).shape[1:] for one in self._run(given)]
        if shapes == [(3,)]:
            return "angles"
        if shapes == [(3, 3)]:
            return "rotation"
        if len(shapes) == 3 and len(set(shapes)) == 1 and len(shapes[0]) == 1 and shapes[0][0] > 3:
            return "bins"
        raise ForeignWeights(
            f"{self.file} gives outputs of shapes {shapes}; angles (3,), a rotation (3, 3), or three times (bins,)"
        )


def signs_of(positive: Sequence[str]) -> np.ndarray:
    """(3,) of +1 and -1, network to book. positive: a word of SENSES for each of yaw, pitch, roll."""
    if len(positive) != 3 or any(word not in SENSES[name] for name, word in zip(ANGLES, positive, strict=False)):
        allowed = ", then ".join(" or ".join(words) for words in SENSES.values())
        raise ValueError(f"positive {','.join(positive)!r}: what positive yaw, pitch and roll mean: {allowed}")
    return np.array([1.0 if word == SENSES[name][0] else -1.0 for name, word in zip(ANGLES, positive, strict=True)])


def of_rotation(matrices: np.ndarray) -> np.ndarray:
    """(n, 3) yaw, pitch, roll, degrees, of R = Rz(roll) Ry(yaw) Rx(pitch). matrices: (n, 3, 3)."""
    R = matrices
    pitch, roll = np.arctan2(R[:, 2, 1], R[:, 2, 2]), np.arctan2(R[:, 1, 0], R[:, 0, 0])
    yaw = np.arctan2(-R[:, 2, 0], np.hypot(R[:, 0, 0], R[:, 1, 0]))
    return np.rad2deg(np.stack([yaw, pitch, roll], axis=1))


def of_bins(scores: np.ndarray) -> np.ndarray:
    """(n,) degrees: the mean bin under the softmax of scores (n, k), bin i at BIN_DEG * (i - k / 2)."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return BIN_DEG * (shares @ np.arange(scores.shape[1]) - scores.shape[1] / 2)
