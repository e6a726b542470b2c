"""What a layer encodes, as one number that a chapter measured: a cell of the book's matrix (study.matrix)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from deepfeatures.study.claims import Count, Real, Text, Tier, as_pair

Subject = Literal["identity", "attributes", "pose", "light", "expression", "occlusion", "quality"]
Reading = Literal["linear", "non-linear", "single unit", "cosine"]

# Metric: value of an answer that knows nothing, value of a perfect one, decimals that are shown.
METRICS: dict[str, tuple[float, float, int]] = {
    "share of variance": (0.0, 1.0, 2),
    "AUC": (0.5, 1.0, 3),
    "balanced accuracy, %": (50.0, 100.0, 1),
    "rank correlation": (0.0, 1.0, 2),
}


class Encoded(BaseModel):
    """subject: what is encoded; data, network, layer: where; reading: how it is read out; metric: a name in METRICS.

    n, unit: how many of what were resampled for the interval; label: the place in the chapter that shows the number.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    subject: Subject
    data: Text
    network: Text
    layer: Text
    reading: Reading
    metric: Text
    value: Real
    interval: Annotated[tuple[Real, Real] | None, BeforeValidator(as_pair)] = None
    n: Annotated[Count, Field(ge=1)]
    unit: Text
    seeds: Annotated[Count, Field(ge=0)]
    label: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    chapter: Text
    tier: Tier
    profile: Text

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.metric not in METRICS:
            raise ValueError(f"metric {self.metric!r} is not one of {', '.join(METRICS)}")
        return self

    @property
    def above_chance(self) -> float:
        """0 for an answer that knows nothing (or less), 1 for a perfect one; of a correlation, whatever its sign."""
        chance, perfect, _ = METRICS[self.metric]
        value = abs(self.value) if self.metric == "rank correlation" else self.value
        return min(1.0, max(0.0, (value - chance) / (perfect - chance)))

    @property
    def shown(self) -> str:
        """The value with its metric's decimals and a true minus sign."""
        return f"{self.value:.{METRICS[self.metric][2]}f}".replace("-", "\N{MINUS SIGN}")

    @property
    def place(self) -> tuple[str, str, str]:
        return self.data, self.network, self.layer
