"""The face networks the book knows, as data: where weights come from and go, what each network reads; one way in.

A checksum stands here only where its publisher gives one. None does for these files, so none is invented: the SHA-256
of the file that was used is kept with the features (`FaceNetwork.fingerprint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from deepfeatures.networks import mobilefacenet, vggface
from deepfeatures.networks.face_network import FaceInput, FaceNetwork
from deepfeatures.networks.onnx import OnnxFaceNetwork
from deepfeatures.networks.weights import ForeignWeights, sha256


class MissingWeights(FileNotFoundError):
    """Weights are not there; the message says what to download and where to put it."""


@dataclass(frozen=True)
class Entry:
    """One network. file: its name in <data root>/weights; source: where to get it; sha256: as its publisher has it."""

    name: str
    file: str
    road: Literal["mobilefacenet", "vggface", "onnx"]
    input: FaceInput
    embedding: int
    source: str
    licence: str
    trained_on: str
    sha256: str | None = None
    outputs: tuple[str, ...] = ()

    def path(self, data_root: Path) -> Path:
        return data_root / "weights" / self.file

    def how_to_get(self, data_root: Path) -> str:
        """One line: what to download, where to put it, its checksum if one is published."""
        check = f"SHA-256 {self.sha256}" if self.sha256 else "no checksum is published"
        what = f"{self.name}: get {self.file} from {self.source}"
        return f"{what} and put it at {self.path(data_root)} ({check}; {self.licence})"


_ARCFACE = FaceInput(112, 112, (127.5,) * 3, (127.5,) * 3)
_RESEARCH = "non-commercial research only, says InsightFace of its models"

_ENTRIES = (
    Entry(
        "mobilefacenet-ms1m", "mobilefacenet_ms1m_foamliu.pt", "mobilefacenet", mobilefacenet.MS1M.input, 128,
        "the releases of github.com/foamliu/MobileFaceNet (mobilefacenet.pt)", "Apache-2.0", "MS-Celeb-1M",
    ),
    Entry(
        "mobilefacenet-ms1m-onnx", "mobilefacenet_ms1m_foamliu.onnx", "onnx", mobilefacenet.MS1M.input, 128,
        "an ONNX export of github.com/foamliu/MobileFaceNet", "Apache-2.0", "MS-Celeb-1M",
    ),
    Entry(
        "mobilefacenet-casia", "mobilefacenet_casia_xiaoccer.ckpt", "mobilefacenet", mobilefacenet.CASIA.input, 128,
        "github.com/Xiaoccer/MobileFaceNet_Pytorch (model/best/068.ckpt)", "no licence stated", "CASIA-WebFace",
    ),
    Entry(
        "vgg-face", "vgg_face_dag.pth", "vggface", FaceInput(224, 224, vggface.MEAN, (1.0, 1.0, 1.0)), 4096,
        "robots.ox.ac.uk/~albanie/pytorch-models.html (vgg_face_dag, about 580 MB)",
        "licence not verified: read the VGG-Face page", "VGG-Face, 2,622 people",
    ),
    Entry(
        "facenet-vggface2", "facenet_vggface2.onnx", "onnx", FaceInput(160, 160, (127.5,) * 3, (128.0,) * 3), 512,
        "github.com/timesler/facenet-pytorch: export InceptionResnetV1(pretrained='vggface2') by torch.onnx.export",
        "licence of the weights not verified: read VGGFace2's terms", "VGGFace2",
    ),
    Entry(
        "arcface-r50", "w600k_r50.onnx", "onnx", _ARCFACE, 512,
        "InsightFace's model zoo, package buffalo_l", _RESEARCH, "WebFace600K",
    ),
    Entry(
        "arcface-r100", "glintr100.onnx", "onnx", _ARCFACE, 512,
        "InsightFace's model zoo, package antelopev2", _RESEARCH, "Glint360K",
    ),
)  # fmt: skip
CATALOGUE: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


def available(data_root: Path) -> tuple[str, ...]:
    """Names of the networks whose weights are there."""
    return tuple(name for name, entry in CATALOGUE.items() if entry.path(data_root).is_file())


def load_face_network(name: str, data_root: Path, *, threads: int = 1) -> FaceNetwork:
    """The published network, ready to use. threads: for ONNX; torch has its own setting.

    Raises KeyError on an unknown name, MissingWeights with one line on what to do, ForeignWeights on a wrong file.
    """
    entry = _entry(name)
    path = entry.path(data_root)
    if not path.is_file():
        raise MissingWeights(entry.how_to_get(data_root))
    if entry.sha256 is not None and sha256(path) != entry.sha256:
        raise ForeignWeights(f"{path} has SHA-256 {sha256(path)}; its publisher gives {entry.sha256}: fetch it again")
    if entry.road == "mobilefacenet":
        return mobilefacenet.load(path, _variant(name))
    if entry.road == "vggface":
        return vggface.load(path)
    return OnnxFaceNetwork(path, name, entry.input, outputs=entry.outputs, threads=threads)


def untrained_twin(name: str, seed: int) -> FaceNetwork:
    """The same architecture with random weights. Raises ValueError for ONNX files, whose architecture we do not own."""
    entry = _entry(name)
    if entry.road == "mobilefacenet":
        return mobilefacenet.untrained(_variant(name), seed)
    if entry.road == "vggface":
        return vggface.untrained(seed)
    raise ValueError(f"{name} comes as ONNX: it has no random twin here")


def _entry(name: str) -> Entry:
    if name not in CATALOGUE:
        raise KeyError(f"{name!r} is not in the catalogue: {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def _variant(name: str) -> mobilefacenet.Variant:
    return {variant.name: variant for variant in (mobilefacenet.MS1M, mobilefacenet.CASIA)}[name]
