"""The test features of one network as a space: spectrum, blocks, units, trend, distances, as arrays and as scalars."""
from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from deepfeatures.analysis.block_contrast import block_contrast, confusion, tally
from deepfeatures.analysis.block_diagonal import READINGS, block_diagonalise, literal_terms
from deepfeatures.analysis.collapse import within_class_collapse
from deepfeatures.analysis.distances import PairDistances, digit_distances, pair_distances
from deepfeatures.analysis.per_digit import per_digit
from deepfeatures.analysis.spectrum import singular_values, spectrum_of
from deepfeatures.analysis.trend import trend
from deepfeatures.analysis.units import activity, high_response, stability
from deepfeatures.probes.mean_activation import class_angle_means
from deepfeatures.probes.moments import moments
from deepfeatures.probes.normalisation import AXES, extremes, min_max

Found = tuple[dict[str, np.ndarray], dict[str, Any]]


def describe_space(features: np.ndarray, labels: np.ndarray, angles_deg: np.ndarray) -> Found:
    """Arrays by name, and the summary. features: (digits, angles, d) >= 0; labels: (digits,)."""
    flat = features.reshape(-1, features.shape[2])
    row_label = np.repeat(labels, len(angles_deg))
    by_angle = class_angle_means(features, labels)
    means = by_angle.mean(axis=1)
    active, inside = activity(flat), trend(features, labels, angles_deg)
    steady = stability(flat, row_label)
    arrays = {
        "angle_class_activation": by_angle,
        "unit_fraction_active": active.unit_fraction_active,
        "unit_angle_explained": inside.explained,
        "unit_angle_slope_per_deg": inside.slope_per_deg,
        "unit_within_over_total": steady.unit_within_over_total,
    }
    confused = confusion(means)
    arrays |= {"block_leak": confused.leak, "block_confusable_pairs": confused.pairs}
    blocks, counted = dict[str, Any](), tally(flat, row_label)
    for reading in READINGS:
        stacked = block_diagonalise(flat, row_label, reading=reading)
        arrays[f"block_assignment_{reading.replace('-', '_')}"] = stacked.assignment
        blocks[reading] = {"counts": stacked.counts, "dead": stacked.dead}
        if stacked.dead < flat.shape[1]:
            contrast = block_contrast(counted, stacked.assignment)
            blocks[reading] |= scalars(contrast)
            if reading == "ratio-of-means":
                found = per_digit(features, labels, stacked.assignment, high_level=contrast.high_level)
                arrays |= {f"per_digit_{name}": values for name, values in found.items()}
    terms = literal_terms(flat, row_label)
    blocks["literal"] |= {
        "infinite_terms": int(terms.infinite.sum()),
        "undefined_terms": int(terms.undefined.sum()) * len(means),
        "finite_errors": int((terms.infinite == 0).sum()),
    }
    apart = digit_distances(features, labels)
    arrays |= {f"per_digit_{field.name}_distance": getattr(apart, field.name) for field in dataclasses.fields(apart)}
    return arrays, {
        "activity": scalars(active),
        "stability": scalars(steady),
        "trend": scalars(inside),
        "high_response": scalars(high_response(means)),
        "blocks": blocks,
        "confusable": {"ratio": confused.confusable, "pairs": confused.strongest_pairs()},
        "distances": distances_as_scalars(pair_distances(apart)),
        "nc1": within_class_collapse(flat, row_label),
    }


def spectra(features: np.ndarray) -> Found:
    """Figure 6: singular values of features (n, d) min-max normalised to [-1, 1], centred and not, by either axis."""
    rows, (low, high) = moments(features), extremes(features)
    arrays, summary = {}, {}
    for axis, suffix in zip(AXES, ("", "_per_feature"), strict=True):
        to_unit = min_max(low, high, axis=axis, to=(-1.0, 1.0))
        for name, centred in (("centred", True), ("uncentred", False)):
            values = singular_values(rows, centred=centred, normalise=to_unit)
            arrays[f"singular_values_{name}{suffix}"] = values
            found = spectrum_of(values)
            summary[f"{name}{suffix}"] = scalars(found) | {f"held_by_{r}": found.held_by(r) for r in (9, 10, 40)}
    return arrays, summary


def distances_as_scalars(found: PairDistances) -> dict[str, float]:
    """The measured distances, and the ratios formed from them."""
    ratios = ("rotation_over_between", "class_over_between", "rotation_over_class", "invariance")
    return scalars(found) | {name: getattr(found, name) for name in ratios}


def scalars(found: Any) -> dict[str, Any]:
    """The fields of a named result that are not one value per feature: numbers, and lists of one per label."""
    fields = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    return {name: value for name, value in fields.items() if not isinstance(value, np.ndarray) or value.shape == (10,)}
