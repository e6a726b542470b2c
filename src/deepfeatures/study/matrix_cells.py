"""A number of the matrix "One method, five papers", wherever a chapter reported it, and what readers call its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from deepfeatures.study import anchors
from deepfeatures.study.encoded import METRICS as REPORTED
from deepfeatures.study.encoded import Encoded

# Metric: value of an answer that knows nothing, value of a perfect one, decimals that are shown. For a share of the
# layer's variance more is not better; it is shaded by how much it is.
METRICS: dict[str, tuple[float, float, int]] = REPORTED | {
    "share of the layer's variance": (0.0, 1.0, 2),
    "accuracy of ten kinds, %": (10.0, 100.0, 1),
    "pairs judged rightly, %": (50.0, 100.0, 1),
}
MATRIX = "matrix-"  # how places of numbers out of tables begin
SUBJECTS = ("identity", "parameters", "attributes", "pose", "light", "expression", "occlusion", "quality")
READINGS = {"linear": "by a line", "non-linear": "by a kernel", "single unit": "from one unit", "cosine": "cosine"}
DATA = {"digits": "rotated digits", "rendered": "rendered faces", "celeba": "CelebA", "pointing04": "Pointing'04"}
NETWORKS = {
    "pixels": "pixels", "lbp": "local binary patterns",
    "trained": "our identity network", "untrained": "our identity network, untrained",
    "mobilefacenet-ms1m": "MobileFaceNet (MS1M)", "mobilefacenet-casia": "MobileFaceNet (CASIA)",
    "mobilefacenet-ms1m-untrained": "MobileFaceNet, untrained",
    "deep": "both MobileFaceNets", "both": "both MobileFaceNets", "weakest": "the weaker MobileFaceNet",
    "attributes": "attribute network (for AFFACT)",
    "deepid2plus": "DeepID2+", "deepid2plus-untrained": "DeepID2+, untrained", "ANet": "ANet",
    "ANet, identity alone": "ANet, identity alone", "ANet, random weights": "ANet, untrained",
    "lenet": "LeNet", "lenet-untrained": "LeNet, untrained", "mu-lenet": "\N{GREEK SMALL LETTER MU}-LeNet",
    "pair-lenet": "PAIR-LeNet", "conv2": "conv2",
}  # fmt: skip
LAYERS = {"fc1": "FC-1", "fc2": "FC-2", "fc3": "FC-3", "fc4": "FC-4"}


@dataclass(frozen=True)
class Cell:
    """One number. of: a part of the subject, '' for all of it; rests: what its interval was drawn over and on which
    data; place: of the number on its chapter's provenance page (`anchors`); meaning: what the number is, one sentence.
    """

    subject: str
    of: str
    data: str
    network: str
    layer: str
    reading: str
    metric: str
    value: float
    interval: tuple[float, float] | None
    rests: str
    chapter: str
    place: str
    meaning: str

    def __post_init__(self) -> None:
        for what, value, known in (("metric", self.metric, METRICS), ("subject", self.subject, SUBJECTS)):
            if value not in known:
                raise ValueError(f"{what} {value!r} is not one of {', '.join(known)}")

    @property
    def where(self) -> str:
        """'our identity network, block2' as readers know it; what is its own layer is named once."""
        network = NETWORKS.get(self.network, self.network)
        return network if self.layer == self.network else f"{network}, {LAYERS.get(self.layer, self.layer)}"

    @property
    def topic(self) -> str:
        """'Pose: pitch'."""
        return f"{self.subject.capitalize()}{f': {self.of}' if self.of else ''}"

    @property
    def above_chance(self) -> float:
        """0 for an answer that knows nothing (or less), 1 for a perfect one; of a correlation, whatever its sign."""
        chance, perfect, _ = METRICS[self.metric]
        value = abs(self.value) if self.metric == "rank correlation" else self.value
        return min(1.0, max(0.0, (value - chance) / (perfect - chance)))

    def shown(self, value: float | None = None) -> str:
        """The value (or another, such as an end of its interval) with its metric's decimals; 0 has no sign."""
        text = f"{self.value if value is None else value:.{METRICS[self.metric][2]}f}"
        return (text if float(text) else text.lstrip("-")).replace("-", "\N{MINUS SIGN}")


def of_encoded(cell: Encoded, of: str = "", meaning: str = "") -> Cell:
    """A cell that a chapter reported itself."""
    return Cell(
        cell.subject, of, cell.data, cell.network, cell.layer, cell.reading, cell.metric, cell.value, cell.interval,
        rests(cell.n, cell.unit, cell.tier), cell.chapter, anchors.encoded(cell), meaning,
    )  # fmt: skip


def rests(n: int | None, unit: str, tier: str) -> str:
    """'n = 254 (identity), substitute data'; the tier is not said where the data is the paper's."""
    facts = [f"n = {n:,} ({unit})" if n else f"intervals over {unit}" if unit else "no interval"]
    return ", ".join(facts + ([f"{tier} data"] if tier != "original" else []))


def placed(cell: Cell) -> Cell:
    """The cell with a place of its own on its chapter's provenance page: for a number out of a table."""
    parts = (cell.chapter, cell.subject, cell.of, cell.data, cell.network, cell.layer, cell.reading, cell.metric)
    return replace(cell, place=MATRIX + anchors.slug(" ".join(parts)))
