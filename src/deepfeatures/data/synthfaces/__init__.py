"""SynthFaces, a procedural world of faces: rendered, deterministic, every factor known exactly.

    faces = SynthFaces(seed=0, identities=200, images_per_identity=20, side_px=64)
    faces.truth([0, 1])                     # a table: factors with units, CelebA attributes by name
    faces.render([0, 1])                    # (2, 64, 64, 3) uint8
    faces.vary(0, "yaw_deg", [-60, 0, 60])  # one factor, all else fixed

factors.py names and ranges what varies (and fixes the signs of angles), copula.py ties factors together, attributes.py
says which of CelebA's 40 attributes follow, anatomy.py, wear.py and paint.py make a person, scene.py casts the rays.
"""

from .attributes import ATTRIBUTES, NOT_MODELLED, Attribute, attribute_table
from .factors import FACTORS, IDENTITY_FACTORS, IMAGE_FACTORS, TIES, Factor
from .world import LARGEST_PX, SMALLEST_PX, Sweep, SynthFaces

__all__ = [
    "ATTRIBUTES",
    "FACTORS",
    "IDENTITY_FACTORS",
    "IMAGE_FACTORS",
    "LARGEST_PX",
    "NOT_MODELLED",
    "SMALLEST_PX",
    "TIES",
    "Attribute",
    "Factor",
    "Sweep",
    "SynthFaces",
    "attribute_table",
]
