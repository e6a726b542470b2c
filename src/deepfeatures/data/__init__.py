"""Where samples come from. Nothing here knows of networks."""
from deepfeatures.data.digits import DigitSource, Digits, load_digits, resolve_digits
from deepfeatures.data.rotation import ANGLES_DEG, rotate, rotated_copies
from deepfeatures.data.split import split_digits

__all__ = [
    "ANGLES_DEG",
    "DigitSource",
    "Digits",
    "load_digits",
    "resolve_digits",
    "rotate",
    "rotated_copies",
    "split_digits",
]
