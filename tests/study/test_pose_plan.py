"""The plan of chapter pose: who is read where, people never shared, and what a changed number reaches."""

import pytest

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import catalogue
from deepfeatures.study.plans import PLANS

RENDERED = FaceSource(None, None, "")
ALL = FaceSource("celeba-1", "pointing04-1", "")


def plan(source=RENDERED, profile="default", **given):
    return PLANS["pose"](source, catalogue.resolve("pose", profile, given), "cpu")


def keys(named, kind):
    return {
        key for group in named.values() for recipe in group for key, one in recipe.closure().items() if one.kind == kind
    }


def test_without_photographs_only_rendered_faces_are_read():
    named = plan()
    assert {name.partition("/")[0] for name in named} == {"rendered", "as-the-paper"}
    networks = ["pixels/pixels", *(f"{kind}/{layer}" for kind in ("untrained", "trained")
                                   for layer in ("block2", "block3", "block4", "embedding"))]  # fmt: skip
    assert [name for name in named if name.startswith("rendered")] == [f"rendered/{name}" for name in networks]
    assert {recipe.kind for group in named.values() for recipe in group} == {"pose-readout"}


def test_photographs_bring_three_worlds_and_both_networks_side_by_side():
    named = plan(ALL)
    assert {name.partition("/")[0] for name in named} == {"rendered", "celeba", "pointing04", "as-the-paper"}
    both = named["celeba/both/embedding"][0]
    assert both.params["parts"] == [["mobilefacenet-ms1m", "embedding"], ["mobilefacenet-casia", "embedding"]]
    assert "mobilefacenet-ms1m mirrored" in both.inputs
    before = named["celeba/both/gdc"][0].inputs
    assert {"to rendered faces", "to pointing04 faces", "to pointing04 mobilefacenet-casia"} <= set(before)
    assert "to celeba faces" not in before
    assert named["pointing04/both/gdc"][0].params["folds"] == 0  # one person at a time
    assert not [name for name in named if name.startswith(("celeba/trained", "pointing04/trained"))]
    mirrored = both.inputs["mobilefacenet-ms1m mirrored"]
    assert mirrored.params == {**both.inputs["mobilefacenet-ms1m"].params, "mirrored": True}


def test_the_network_and_its_readers_share_nobody():
    readout = plan()["rendered/trained/embedding"][0]
    network = readout.inputs["features"].inputs["network"]
    assert network.inputs["faces"].params["seed"] != readout.inputs["faces"].params["seed"]


@pytest.mark.parametrize(
    "changed", [{"pose_dimensions": [8]}, {"kernel_centres": 20}, {"triplet_steps": 7}, {"folds": 3}]
)
def test_other_read_outs_train_and_render_nothing_again(changed):
    before, after = plan(), plan(**changed)
    for kind in ("faces", "identity-network", "face-features"):
        assert keys(before, kind) == keys(after, kind)
    assert keys(before, "pose-readout") != keys(after, "pose-readout")


def test_the_same_people_thinned_to_the_papers_shares():
    named = plan()
    thinned, usual = named["as-the-paper/trained/embedding"][0], named["rendered/trained/embedding"][0]
    assert thinned.params["distribution"] == "paper" and "distribution" not in usual.params
    assert thinned.inputs["features"].key == usual.inputs["features"].key


def test_only_what_is_trained_has_several_seeds():
    named = plan(seeds=2)
    assert {name for name, group in named.items() if len(group) == 2} == {
        name for name in named if name.startswith("rendered/trained")
    }
