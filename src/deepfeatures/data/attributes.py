"""CelebA's 40 attributes and the three groups of Rudd et al. 2017, figure 2: a table, with the source of every row.

The names on figure 2's axis are not in the text we hold, so only what sections 3.1 and 5 say in words counts as the
paper's; every other assignment is ours and says so (deviation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["identity-dependent", "identity-correlated", "identity-independent"]
GROUPS: tuple[Group, ...] = ("identity-dependent", "identity-correlated", "identity-independent")

# The paper in its own words: the place that names the attribute or, for hair, its kind.
_DEPENDENT = "section 3.1: 'For identity-dependent attributes such as Male, Pointy Nose, and Bald'"
_EXCEPTION = "section 3.1, of the identity-dependent ones: 'Exceptions are attributes like Narrow Eyes and Oval Face'"
_HAIR = "section 3.1: 'Identity-correlated attributes, e.g., hair style and hair color'"
_ASYMMETRY = "section 3.1, of the identity-correlated ones: 'for some attributes like Gray Hair or Sideburns'"
_INDEPENDENT = "section 3.1: 'the identity-independent attributes such as Smiling, Blurry, and Wearing Necklace'"
_READABLE = "section 3.1, of the identity-independent ones: 'some attributes like Wearing Hat or Eyeglasses'"
_LIPSTICK = "section 5: 'some identity-independent attributes (e.g., Wearing Hat or Wearing Lipstick)'"

_BONE = "ours: the shape of a part of the face, like Pointy Nose, which the paper names identity-dependent"
_BALDING = "ours: hair loss, like Bald, which the paper names identity-dependent"
_BEARD = "ours: facial hair, like Sideburns, which the paper names identity-correlated"
_SLOW = "ours: a trait that is 'usually stable but might change' over years (the paper's words for identity-correlated)"
_WORN = "ours: put on and taken off, like Wearing Necklace and Wearing Hat, which the paper names identity-independent"
_MOMENT = "ours: lasts for a moment, like Smiling, which the paper names identity-independent"


@dataclass(frozen=True)
class Attribute:
    """One attribute: CelebA's name, its group, and where the assignment comes from."""

    name: str
    group: Group
    source: str

    @property
    def ours(self) -> bool:
        """True where the paper's text does not place this attribute and we did."""
        return self.source.startswith("ours: ")


def _attribute(name: str, group: int, source: str) -> Attribute:
    return Attribute(name, GROUPS[group], source)


# In the order of list_attr_celeba.txt.
ATTRIBUTES: tuple[Attribute, ...] = (
    _attribute("5_o_Clock_Shadow", 1, _BEARD),
    _attribute("Arched_Eyebrows", 0, _BONE),
    _attribute(
        "Attractive", 1, "ours: a judgement of the whole photograph, age and make-up included, about one person"
    ),
    _attribute("Bags_Under_Eyes", 1, _SLOW),
    _attribute("Bald", 0, _DEPENDENT),
    _attribute("Bangs", 1, _HAIR),
    _attribute("Big_Lips", 0, _BONE),
    _attribute("Big_Nose", 0, _BONE),
    _attribute("Black_Hair", 1, _HAIR),
    _attribute("Blond_Hair", 1, _HAIR),
    _attribute("Blurry", 2, _INDEPENDENT),
    _attribute("Brown_Hair", 1, _HAIR),
    _attribute("Bushy_Eyebrows", 0, _BONE),
    _attribute("Chubby", 1, _SLOW),
    _attribute("Double_Chin", 1, _SLOW),
    _attribute("Eyeglasses", 2, _READABLE),
    _attribute("Goatee", 1, _BEARD),
    _attribute("Gray_Hair", 1, _ASYMMETRY),
    _attribute("Heavy_Makeup", 2, _WORN),
    _attribute("High_Cheekbones", 0, _BONE),
    _attribute("Male", 0, _DEPENDENT),
    _attribute("Mouth_Slightly_Open", 2, _MOMENT),
    _attribute("Mustache", 1, _BEARD),
    _attribute("Narrow_Eyes", 0, _EXCEPTION),
    _attribute("No_Beard", 1, _BEARD),
    _attribute("Oval_Face", 0, _EXCEPTION),
    _attribute("Pale_Skin", 0, "ours: skin colour belongs to the person, though light and exposure change it"),
    _attribute("Pointy_Nose", 0, _DEPENDENT),
    _attribute("Receding_Hairline", 0, _BALDING),
    _attribute("Rosy_Cheeks", 2, "ours: make-up or exertion, put on or passing"),
    _attribute("Sideburns", 1, _ASYMMETRY),
    _attribute("Smiling", 2, _INDEPENDENT),
    _attribute("Straight_Hair", 1, _HAIR),
    _attribute("Wavy_Hair", 1, _HAIR),
    _attribute("Wearing_Earrings", 2, _WORN),
    _attribute("Wearing_Hat", 2, _READABLE),
    _attribute("Wearing_Lipstick", 2, _LIPSTICK),
    _attribute("Wearing_Necklace", 2, _INDEPENDENT),
    _attribute("Wearing_Necktie", 2, _WORN),
    _attribute("Young", 1, _SLOW),
)
NAMES: tuple[str, ...] = tuple(attribute.name for attribute in ATTRIBUTES)


def in_group(group: Group) -> tuple[str, ...]:
    """The names in one group, in CelebA's order. Raises ValueError on an unknown group."""
    if group not in GROUPS:
        raise ValueError(f"group {group!r} is not one of {list(GROUPS)}")
    return tuple(attribute.name for attribute in ATTRIBUTES if attribute.group == group)
