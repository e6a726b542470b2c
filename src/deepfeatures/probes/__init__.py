"""What can be read out of features: nearest means, prototypes, and linear regressors of the rotation angle."""
from deepfeatures.probes import angle, angle_curve, mean_activation, moments, normalisation, prototypes

__all__ = ["angle", "angle_curve", "mean_activation", "moments", "normalisation", "prototypes"]
