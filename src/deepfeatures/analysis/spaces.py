"""The networks of chapter feature-spaces side by side: every statistic of each, in the same draws."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout, Readouts
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.resampling import Draws, draw, interval_of
from deepfeatures.analysis.spaces_blocks import blocks, strength
from deepfeatures.analysis.spaces_recognition import instability, pose, recognition, spectrum
from deepfeatures.analysis.spaces_units import draw_columns, heat_digits, modes, units

Statistics = dict[str, np.ndarray]
SUBJECTS: tuple[Callable[[Readout, Draws], Statistics], ...] = (
    recognition,
    pose,
    instability,
    spectrum,
    strength,
    blocks,
    units,
)


class Spaces:
    """readouts: by network, one a seed, all of the same test digits. Statistics are computed when first asked for.

    `spaces["raw"]["mav"]` is (1 + resamples, seeds) or (1 + resamples, seeds, ...): row 0 is the sample as it is, the
    others are draws, the same digits for all networks. What combines networks is computed draw by draw and seed by
    seed, then averaged over seeds as `bootstrap.intervals` does.
    """

    def __init__(self, readouts: Readouts, *, resamples: int, rng: np.random.Generator) -> None:
        self.readouts = readouts
        self.resamples = resamples
        self.seeds = max(len(listed) for listed in readouts.values())
        wrong = {name: len(listed) for name, listed in readouts.items() if len(listed) not in (1, self.seeds)}
        if wrong:
            raise ValueError(f"{wrong} readouts where others have {self.seeds}: one for each seed is needed, or one")
        first = next(iter(readouts.values()))[0]
        self._labels = np.asarray(first["label"])
        for name, listed in readouts.items():
            for readout in listed:
                if not np.array_equal(readout["label"], self._labels):
                    raise ValueError(f"{name} was read out on other test images than {next(iter(readouts))}")
        rng_digits, self._rng_columns = rng.spawn(2)
        turns = len(first.summary["angles_deg"])
        self.labels = self._labels[::turns]
        self.draws = draw(self.labels, seeds=self.seeds, resamples=resamples, rng=rng_digits)
        self._found: dict[str, Statistics] = {}

    def __getitem__(self, network: str) -> Statistics:
        """All statistics of a network. Raises KeyError for one that was not given."""
        if network not in self._found:
            if network not in self.readouts:
                raise KeyError(f"no readouts of {network!r}: there are those of {', '.join(self.readouts)}")
            by_seed = [self._of(readout) for readout in self.readouts[network]]
            self._found[network] = {name: np.stack([found[name] for found in by_seed], axis=1) for name in by_seed[0]}
        return self._found[network]

    def _of(self, readout: Readout) -> Statistics:
        found: Statistics = {}
        for subject in SUBJECTS:
            found |= subject(readout, self.draws)
        return found

    def interval(self, values: np.ndarray) -> Measured:
        """Of a statistic (1 + resamples, seeds); NotApplicable where some draw has no finite value."""
        return self._interval(values, n=self.draws.digits, unit="digit")

    def of_seeds(self, values: np.ndarray) -> Measured:
        """Of one number a seed (seeds,) that no draw of digits changes."""
        found = self._interval(np.broadcast_to(values, (self.resamples + 1, len(values))), n=len(values), unit="seed")
        return replace(found, unit="seed") if isinstance(found, Interval) else found

    def _interval(self, values: np.ndarray, *, n: int, unit: str) -> Measured:
        values = np.asarray(values, np.float64)
        missing = int((~np.isfinite(values)).sum())
        if missing:
            return NotApplicable(
                f"{missing} of {values.size} values, over draws and seeds, are not finite:"
                " a block is empty or a network dead"
            )
        deviations = self.draws.deviations if values.shape[1] == self.seeds else np.zeros((self.resamples, 1))
        return interval_of(values, deviations, n=n, unit=unit)

    @cached_property
    def _columns(self) -> np.ndarray:
        first = next(iter(self.readouts.values()))[0]
        return draw_columns(heat_digits(first), resamples=self.resamples, rng=self._rng_columns)

    def modes(self, network: str) -> np.ndarray:
        """(1 + resamples, seeds, 10) of `spaces_units.modes`: here it is the digits of the heat map that are drawn."""
        return np.stack([modes(readout, self._columns) for readout in self.readouts[network]], axis=1)

    def interval_of_modes(self, values: np.ndarray) -> Measured:
        """As `interval`, of what `modes` gave: n counts the digits of the heat map."""
        return self._interval(values, n=self._columns.shape[1], unit="digit of the heat map")
