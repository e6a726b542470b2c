"""CelebA's attributes by what their names speak of: the groups in which similar hyperplanes should be found together.

The notes on Liu et al. 2014 say that "similar attributes are clustered together" and name none. So each row says where
its assignment comes from: the part of the face in the name itself, or ours. Groups by part of the face are usual in
work on CelebA (Hand and Chellappa 2016 share layers among attributes of one part); theirs were not at hand and are not
copied.
"""

from __future__ import annotations

from dataclasses import dataclass

from deepfeatures.data.attributes import NAMES

PARTS = ("hair", "beard", "eyes", "nose", "mouth", "cheeks and chin", "make-up", "worn")
_NAMED = "the part is in the name"
_HEAD = "ours: how much hair there is, and where"
_BEARD = "ours: hair on the face"
_SHAPE = "ours: fullness or outline of the lower face"
_PAINT = "ours: put on the skin"
_WORN = "ours: what is worn and is no make-up"
_WHOLE = "ours: of the whole person or picture, no part"


@dataclass(frozen=True)
class Part:
    """One attribute, the group it is counted to ('' for none), and where that comes from."""

    attribute: str
    group: str
    source: str


_ROWS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "hair, named": ("hair", _NAMED, ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Straight_Hair",
                                     "Wavy_Hair", "Receding_Hairline")),
    "hair, ours": ("hair", _HEAD, ("Bald", "Bangs")),
    "beard, named": ("beard", _NAMED, ("No_Beard",)),
    "beard, ours": ("beard", _BEARD, ("5_o_Clock_Shadow", "Goatee", "Mustache", "Sideburns")),
    "eyes, named": ("eyes", _NAMED, ("Arched_Eyebrows", "Bags_Under_Eyes", "Bushy_Eyebrows", "Narrow_Eyes")),
    "nose, named": ("nose", _NAMED, ("Big_Nose", "Pointy_Nose")),
    "mouth, named": ("mouth", _NAMED, ("Big_Lips", "Mouth_Slightly_Open")),
    "mouth, ours": ("mouth", "ours: shown by the mouth", ("Smiling",)),
    "face, named": ("cheeks and chin", _NAMED, ("Double_Chin", "High_Cheekbones")),
    "face, ours": ("cheeks and chin", _SHAPE, ("Chubby", "Oval_Face")),
    "make-up, named": ("make-up", _NAMED, ("Heavy_Makeup",)),
    "make-up, ours": ("make-up", _PAINT, ("Rosy_Cheeks", "Wearing_Lipstick")),
    "worn, named": ("worn", "'Wearing' is in the name",
                    ("Wearing_Earrings", "Wearing_Hat", "Wearing_Necklace", "Wearing_Necktie")),
    "worn, ours": ("worn", _WORN, ("Eyeglasses",)),
    "none": ("", _WHOLE, ("Attractive", "Blurry", "Male", "Pale_Skin", "Young")),
}  # fmt: skip
_PART_OF = {
    name: Part(name, group, source) for group, source, attributes in _ROWS.values() for name in attributes
}
ATTRIBUTE_PARTS: tuple[Part, ...] = tuple(_PART_OF[name] for name in NAMES)


def part_of(attribute: str) -> str:
    """The group of an attribute, '' for one that belongs to none. KeyError on an unknown name."""
    return _PART_OF[attribute].group
