"""Every drawing of the book: plain arrays and tables in, matplotlib axes out.

A function draws on the axes it is given or on a new figure in the book's style, and returns the axes it drew on: one
`Axes`, or a one-dimensional array of them where there are several panels. Nothing is shown, saved or set globally.
"""

from . import explorer as explorer  # its functions make HTML, not drawings: `figures.explorer.explorer(...)`
from .angles import angle_prediction, bias_and_spread
from .attributes import attribute_errors, group_error_by_layer
from .blocks import block_diagonal, units_per_class
from .controls import per_angle_controls
from .curves import accuracy_against_iterations, weights_scan
from .deepid import (
    activity_histograms,
    codes_by_level,
    hidden_faces,
    pattern_stability,
    units_by_layer,
    verification_by_layer,
)
from .errors import errors_per_digit
from .faces import contact_sheet, factor_sweep
from .factors import factors_by_layer
from .heatmap import heat_maps
from .invariance import by_layer, pair_and_class_distances, trend_within_digit
from .lnets import hyperplanes, localisation, scene_windows, unit_faces, units_tell
from .parameter_space import axis_shares, axis_tuning, decoded_by_parameter, encoding_shares, explained_by_unit
from .pose import pose_by_layer, pose_error_by_range, pose_read
from .samples import rotated_digits
from .spectrum import cumulative, rank_accuracy, scree
from .style import house, look, save
from .topology import lenet, pair_topology
from .views import (
    defect_changes,
    defects_along,
    quality_correlations,
    space_maps,
    view_energies,
    view_spread,
    view_variances,
)

__all__ = [
    "accuracy_against_iterations",
    "activity_histograms",
    "angle_prediction",
    "attribute_errors",
    "axis_shares",
    "axis_tuning",
    "bias_and_spread",
    "block_diagonal",
    "by_layer",
    "codes_by_level",
    "contact_sheet",
    "cumulative",
    "decoded_by_parameter",
    "defect_changes",
    "defects_along",
    "encoding_shares",
    "errors_per_digit",
    "explained_by_unit",
    "factor_sweep",
    "factors_by_layer",
    "group_error_by_layer",
    "heat_maps",
    "hidden_faces",
    "house",
    "hyperplanes",
    "lenet",
    "localisation",
    "look",
    "pair_and_class_distances",
    "pair_topology",
    "pattern_stability",
    "per_angle_controls",
    "pose_by_layer",
    "pose_error_by_range",
    "pose_read",
    "quality_correlations",
    "rank_accuracy",
    "rotated_digits",
    "save",
    "scene_windows",
    "scree",
    "space_maps",
    "trend_within_digit",
    "unit_faces",
    "units_by_layer",
    "units_per_class",
    "units_tell",
    "verification_by_layer",
    "view_energies",
    "view_spread",
    "view_variances",
    "weights_scan",
]
