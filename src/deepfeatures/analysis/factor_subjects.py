"""What an image of the rendered world is made of, sorted into the subjects that the five papers ask about.

Each subject is a list of numbers that the world knows exactly: factors (data.synthfaces.factors) and CelebA's
attributes. Which factor belongs to which subject is ours; hues, which run in a circle, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deepfeatures.data.synthfaces.factors import IDENTITY_FACTORS

ATTRIBUTES = "attributes"  # its targets are not factors: attributes.npy, those that the world models

SUBJECTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "identity": IDENTITY_FACTORS,  # the numbers that make a person
        ATTRIBUTES: (),
        "pose": ("yaw_deg", "pitch_deg", "roll_deg"),
        "light": ("light_yaw_deg", "light_pitch_deg", "light_intensity", "light_ambient", "light_warmth"),
        "expression": ("smile", "mouth_open", "brow_raise", "gaze_right", "eyes_closed"),
        "occlusion": ("occluder", "glasses", "sunglasses", "hat"),
        "quality": ("blurred", "low_resolution", "compressed", "video", "noise_percent"),
        "background": ("background_value", "background_contrast"),  # no paper's subject: what nobody needs to know
    }
)
