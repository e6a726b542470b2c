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
    assert {name.partition("/")[0] for name in named} == {"rendered", "as-the-paper", "identity", "penalties"}
    networks = ["pixels/pixels", *(f"{kind}/{layer}" for kind in ("untrained", "trained")
                                   for layer in ("block2", "block3", "block4", "embedding"))]  # fmt: skip
    networks.append("attributes/embedding")
    assert [name for name in named if name.startswith("rendered")] == [f"rendered/{name}" for name in networks]
    kinds = {name.partition("/")[0]: {one.kind for one in group} for name, group in named.items()}
    assert kinds["as-the-paper"] == {"pose-readout"}
    own = {one.kind for name, group in named.items() if name.startswith("rendered") for one in group}
    assert own == {"pose-readout", "pose-network-readout"}


def test_photographs_bring_three_worlds_and_both_networks_side_by_side():
    named = plan(ALL)
    worlds = {"rendered", "celeba", "pointing04", "as-the-paper", "identity", "penalties"}
    assert {name.partition("/")[0] for name in named} == worlds
    assert {"celeba/mobilefacenet-casia-untrained/gdc", "pointing04/mobilefacenet-casia-untrained/gdc"} <= set(named)
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


def test_the_attribute_networks_are_those_of_the_chapter_on_attributes():
    for profile in ("default", "paper", "smoke"):
        settings = {"photographs": "celeba"}
        theirs = PLANS["attributes"](ALL, catalogue.resolve("attributes", profile, settings), "cpu")
        mine = plan(ALL, profile, **settings)
        for world in ("rendered", "celeba"):
            (readout,), (scores, *_) = mine[f"{world}/attributes/embedding"], theirs[f"{world}/attributes/scores"]
            assert {one.key for one in readout.inputs.values()} == {one.key for one in scores.inputs.values()}
            assert (readout.params["folds"], readout.params["seed"]) == (scores.params["folds"], scores.params["seed"])
        assert "pointing04/attributes/embedding" not in mine


def test_who_is_told_apart_is_asked_of_the_features_that_are_read():
    named = plan(ALL)
    identity = {name for name in named if name.startswith("identity/")}
    both = {f"{world}/{network}" for world in ("rendered", "celeba", "pointing04")
            for network in ("faces", "mobilefacenet-ms1m", "mobilefacenet-casia")}  # fmt: skip
    assert identity == {f"identity/{name}" for name in both | {"rendered/trained"}}
    features = named["identity/celeba/mobilefacenet-casia"][0]
    assert features.key == named["celeba/mobilefacenet-casia/embedding"][0].inputs["features"].key


def test_another_chapter_s_read_outs_need_no_attribute_network():
    settings = catalogue.resolve("views-and-quality", "default", {})
    assert "attribute_steps" not in settings
    named = PLANS["views-and-quality"](ALL, settings, "cpu")
    assert not [name for name in named if "casia-untrained" in name]


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


def test_other_penalties_are_of_the_same_images_in_the_same_folds():
    named = plan(ALL)
    again = {name.removeprefix("penalties/"): group for name, group in named.items() if name.startswith("penalties/")}
    assert {"celeba/both/gdc", "celeba/both/embedding", "rendered/trained/embedding"} <= set(again)
    assert not [name for name in again if "pixels" in name or "attributes" in name or name.startswith("as-the-paper")]
    for name, (one,) in again.items():
        first = named[name][0]
        assert {setting: first.params[setting] for setting in one.params} == one.params
        assert set(one.inputs) == {"faces", *(part for part, _ in one.params["parts"])}
        assert all(first.inputs[key].key == recipe.key for key, recipe in one.inputs.items())
