"""What Sun, Dong, Hu 2019 say of large networks, asked of a published one: on photographs and on rendered portraits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deepfeatures.analysis import parameter_space as space
from deepfeatures.analysis import parameter_space_codes as codes
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.person_bootstrap import draw_people

NO_CEILING = NotApplicable("the pictures of a person repeat nothing that is his: there is no ceiling")
PUBLISHED = "mobilefacenet-ms1m/embedding"
LINEAR = ("encoding-linear-published", "decoding-linear-published")
AXIS = ("axis-projection-inadequate-published", "axis-not-flat-published")
WORTH = tuple(f"{what}-{name}-photographs" for name in (codes.DECODED, codes.PREDICTED)
              for what in ("verification", "recognition"))  # fmt: skip


def of_published(
    readouts: Mapping[str, space.Group], *, resamples: int, rng: np.random.Generator
) -> tuple[dict[str, Measured], dict[str, Measured]]:
    """By claim id without its paper: what was measured on rendered portraits; and on photographs, or why nothing."""
    if space.PHOTOGRAPHED not in readouts:
        return {}, dict.fromkeys((*LINEAR, *AXIS, *WORTH), NotApplicable("no photographs were read"))
    of_linear, of_axis, of_worth = rng.spawn(3)
    measured = _linear(readouts[f"portraits/{PUBLISHED}"], resamples=resamples, rng=of_linear)
    measured |= _axis(readouts[f"axis/{PUBLISHED}"], resamples=resamples, rng=of_axis)
    rendered: dict[str, Measured] = {name: one for name, one in measured.items() if np.isfinite(one.value)}
    others: dict[str, Measured] = {name: NO_CEILING for name in measured if name not in rendered}
    return rendered, others | _worth(readouts[space.PHOTOGRAPHED][0], resamples=resamples, rng=of_worth)


def _linear(group: space.Group, *, resamples: int, rng: np.random.Generator) -> dict[str, Interval]:
    rows = space.of_rows(group, resamples=resamples, rng=rng)
    images = space.of_images(group, resamples=resamples, rng=rng)
    return {
        LINEAR[0]: rows.interval(space.share(rows, group)),
        LINEAR[1]: images.interval(space.decoded(images, group)),
    }


def _axis(group: space.Group, *, resamples: int, rng: np.random.Generator) -> dict[str, Interval]:
    folk = draw_people(group[0]["row_person"], resamples=resamples, rng=rng)
    moved = draw_people(np.arange(len(group[0]["changes_total"])), resamples=resamples, rng=rng)
    return {
        AXIS[0]: folk.interval(space.share(folk, group, "axis")),
        AXIS[1]: moved.interval(1 - space.on_axis(moved, group)),
    }


def _worth(readout: space.Readout, *, resamples: int, rng: np.random.Generator) -> dict[str, Interval]:
    _, less = space.verified(readout, resamples=resamples, rng=rng)
    people, hits = space.recognised(readout, resamples=resamples, rng=rng)
    found: dict[str, Interval] = {}
    for name in (codes.DECODED, codes.PREDICTED):
        found[f"verification-{name}-photographs"] = less[name, codes.OWN]
        found[f"recognition-{name}-photographs"] = people.interval(hits[name] - hits[codes.OWN])
    return found
