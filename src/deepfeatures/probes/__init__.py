"""What can be read out of features: nearest means, prototypes, regressors, linear SVMs, an embedding of identities."""

from deepfeatures.probes import (
    angle,
    angle_curve,
    gram,
    linear_svc_many,
    mean_activation,
    moments,
    normalisation,
    prototypes,
    ridge,
    squared_hinge,
    squared_hinge_path,
    triplet_embedding,
    verification,
)

__all__ = [
    "angle",
    "angle_curve",
    "gram",
    "linear_svc_many",
    "mean_activation",
    "moments",
    "normalisation",
    "prototypes",
    "ridge",
    "squared_hinge",
    "squared_hinge_path",
    "triplet_embedding",
    "verification",
]
