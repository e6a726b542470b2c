"""SynthFaces: people and pictures of them, every factor known, any of them made alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from .attributes import ATTRIBUTES, attribute_values
from .copula import copula
from .draws import normal
from .factors import FACTORS, IDENTITY_FACTORS, known, limits, with_ranges
from .render import CHUNK_PX, pictures

SMALLEST_PX, LARGEST_PX = 32, 128


@dataclass(frozen=True)
class Sweep:
    """One factor varied, all else fixed. truth: a row a value; images: (values, side_px, side_px, 3) uint8."""

    factor: str
    truth: pd.DataFrame
    images: NDArray[np.uint8]


class SynthFaces:
    """Pictures number 0 to identities * images_per_identity - 1; the first `images_per_identity` show person 0.

    seed: 0 to 2**32 - 1. ranges: {factor: (low, high)}. chances: {switch: probability}. correlations: of normal
    scores, {(factor or attribute, factor or attribute): value}, see copula.py; all else is independent but the ties
    of a person's tendencies. A picture depends on (seed, person, its number among the person's) and on these only.
    """

    def __init__(
        self,
        seed: int = 0,
        identities: int = 200,
        images_per_identity: int = 20,
        side_px: int = 64,
        *,
        correlations: Mapping[tuple[str, str], float] | None = None,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        chances: Mapping[str, float] | None = None,
        device: str = "cpu",
    ) -> None:
        for name, count in (("identities", identities), ("images_per_identity", images_per_identity)):
            if count < 1:
                raise ValueError(f"{name} is {count}, expected at least 1")
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed is {seed}, expected 0..{2**32 - 1}")
        if not SMALLEST_PX <= side_px <= LARGEST_PX:
            raise ValueError(f"side_px is {side_px}, expected {SMALLEST_PX}..{LARGEST_PX}")
        self.seed, self.identities, self.images_per_identity, self.side_px = (
            seed,
            identities,
            images_per_identity,
            side_px,
        )
        self.device = device
        self.factors = with_ranges(ranges or {}, chances or {})
        self.copula = copula(correlations)

    def __len__(self) -> int:
        return self.identities * self.images_per_identity

    def truth(self, indices: ArrayLike | None = None) -> pd.DataFrame:
        """What decides pictures `indices` (None: all): index, identity, every factor, every attribute (bool)."""
        chosen = self._indices(indices)
        person = chosen // self.images_per_identity
        number = chosen % self.images_per_identity
        draws = {
            name: normal(self.seed, name, person)
            if name in IDENTITY_FACTORS
            else normal(self.seed, name, person, number)
            for name in FACTORS
        }
        values = {name: self._value(name, self.copula.scores(name, draws)) for name in FACTORS}
        return with_attributes(pd.DataFrame({"index": chosen, "identity": person, **values}))

    def render(self, indices: ArrayLike | None = None) -> NDArray[np.uint8]:
        """(n, side_px, side_px, 3) uint8 RGB of pictures `indices`; a picture is the same bytes in any company."""
        return self.render_truth(self.truth(indices))

    def render_truth(self, truth: pd.DataFrame) -> NDArray[np.uint8]:
        """Pictures of a table with the columns of `truth`; attributes are ignored, factors count."""
        missing = [name for name in ("index", "identity", *FACTORS) if name not in truth.columns]
        if missing:
            raise ValueError(f"truth lacks {len(missing)} columns, the first is {missing[0]!r}")
        for name in FACTORS:
            _check(name, truth[name].to_numpy(np.float64))
        images = np.empty((len(truth), self.side_px, self.side_px, 3), np.uint8)
        values = {name: truth[name].to_numpy(np.float64) for name in FACTORS}
        index = truth["index"].to_numpy(np.int64)
        together = max(CHUNK_PX // self.side_px**2, 1)
        with torch.no_grad():
            for start in range(0, len(truth), together):
                rows = slice(start, start + together)
                keys = [
                    (self.seed, int(one) // self.images_per_identity, int(one) % self.images_per_identity)
                    for one in index[rows]
                ]
                chunk = {name: column[rows] for name, column in values.items()}
                images[rows] = pictures(chunk, self.side_px, keys, self.device)
        return images

    def vary(self, index: int, factor: str, values: Iterable[float]) -> Sweep:
        """Picture `index` at other values of one factor, of the identity or the image, everything else as it was."""
        wanted = np.asarray(list(values), np.float64)
        if not len(wanted):
            raise ValueError(f"no values for {factor}")
        known(factor)
        _check(factor, wanted)
        truth = self.truth([index] * len(wanted)).assign(**{factor: wanted})
        truth = with_attributes(truth.drop(columns=list(ATTRIBUTES)))
        return Sweep(factor=factor, truth=truth, images=self.render_truth(truth))

    def _value(self, name: str, score: NDArray[np.float64]) -> NDArray[np.float64]:
        one = self.factors[name]
        share = ndtr(score)
        if one.chance is not None:
            return (share > 1 - one.chance).astype(np.float64)
        return one.low + (one.high - one.low) * share

    def _indices(self, indices: ArrayLike | None) -> NDArray[np.int64]:
        if indices is None:
            return np.arange(len(self))
        chosen = np.atleast_1d(np.asarray(indices))
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise ValueError(f"indices: a list of whole numbers is needed, got {chosen.dtype} of shape {chosen.shape}")
        chosen = chosen.astype(np.int64)
        outside = chosen[(chosen < 0) | (chosen >= len(self))]
        if len(outside):
            raise ValueError(
                f"{len(outside)} indices outside 0..{len(self) - 1} "
                f"({self.identities} identities x {self.images_per_identity} images), the first is {outside[0]}"
            )
        return chosen


def with_attributes(factors: pd.DataFrame) -> pd.DataFrame:
    """The table with a bool column for each modelled attribute, by the rules of attributes.py."""
    values = {name: factors[name].to_numpy() for name in FACTORS}
    return pd.concat([factors, pd.DataFrame(attribute_values(values), index=factors.index)], axis=1)


def _check(name: str, values: NDArray[np.float64]) -> None:
    low, high = limits(name)
    if not ((values >= low) & (values <= high)).all():  # also refuses nan
        raise ValueError(f"{name} ranges over {values.min():g}..{values.max():g}, expected inside {low:g}..{high:g}")


def names_of(kind: str) -> Sequence[str]:
    """Factor names by scope: "identity" or "image"."""
    return tuple(name for name, one in FACTORS.items() if one.scope == kind)
