from __future__ import annotations

import pytest

from deepfeatures.data.attributes import ATTRIBUTES, GROUPS, NAMES, in_group
from tests.conftest import ROOT
from tests.real_faces import celeba_root

# What the paper says in words (sections 3.1 and 5); the rest is ours.
PAPER = {
    "identity-dependent": {"Male", "Pointy_Nose", "Bald", "Narrow_Eyes", "Oval_Face"},
    "identity-correlated": {"Gray_Hair", "Sideburns"},
    "identity-independent": {
        "Smiling", "Blurry", "Wearing_Necklace", "Wearing_Hat", "Eyeglasses", "Wearing_Lipstick"
    },
}  # fmt: skip


def test_forty_attributes_in_three_groups_that_share_none() -> None:
    assert len(NAMES) == len(set(NAMES)) == 40
    assert sorted(name for group in GROUPS for name in in_group(group)) == sorted(NAMES)


@pytest.mark.parametrize("group", GROUPS)
def test_what_the_paper_places_is_where_the_paper_places_it(group: str) -> None:
    assert PAPER[group] <= set(in_group(group))  # type: ignore[arg-type]
    for attribute in ATTRIBUTES:
        if attribute.name in PAPER[group]:
            assert not attribute.ours
            assert attribute.source.startswith("section ")


def test_every_other_assignment_is_marked_ours_or_is_the_papers_word_for_hair() -> None:
    named = set().union(*PAPER.values())
    for attribute in ATTRIBUTES:
        if attribute.name not in named:
            hair = attribute.name.endswith("_Hair") or attribute.name == "Bangs"
            assert attribute.ours != hair, attribute
            assert len(attribute.source) > 30, f"{attribute.name} has no reason"


def test_quotations_stand_in_the_paper() -> None:
    text = ROOT.parent / "shared" / "papers" / "rudd2017-whats-hiding-in-my-deep-features.txt"
    if not text.is_file():
        pytest.skip(f"no text of the paper at {text}")
    words = " ".join(text.read_text().replace("*", "").split())
    for attribute in ATTRIBUTES:
        if not attribute.ours:
            quotation = attribute.source.split("'", 1)[1].rstrip("'")
            assert quotation in words, f"{attribute.name}: not in the paper: {quotation}"


def test_names_and_order_are_those_of_the_official_file() -> None:
    with (celeba_root() / "celeba" / "list_attr_celeba.txt").open() as file:
        file.readline()
        assert tuple(file.readline().split()) == NAMES


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(ValueError, match="'identity'"):
        in_group("identity")  # type: ignore[arg-type]
