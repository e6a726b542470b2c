"""What the chapter on attributes needs: the same faces and folds for all, photographs where they are, nothing twice."""

import pytest

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import catalogue
from deepfeatures.study.plans import PLANS

NONE = FaceSource(None, None, "")
BOTH = FaceSource("celeba-1", "pointing04-1", "")


def plan(source=NONE, profile="default", **given):
    return PLANS["attributes"](source, catalogue.resolve("attributes", profile, given), "cpu")


def closure(named):
    return {key: recipe for group in named.values() for one in group for key, recipe in one.closure().items()}


@pytest.mark.parametrize("source", [NONE, BOTH])
def test_all_read_the_same_faces_in_the_same_folds(source):
    named = plan(source)
    for dataset in ("rendered", "celeba") if source is BOTH else ("rendered",):
        faces = named[f"{dataset}/faces"][0].key
        mine = [one for name, group in named.items() if name.startswith(f"{dataset}/") for one in group]
        readouts = [one for one in mine if one.kind in ("attribute-readout", "attribute-network-readout")]
        assert {one.inputs["faces"].key for one in readouts} == {faces}
        assert len({(one.params["seed"], one.params["folds"]) for one in readouts}) == 1
        assert len({one.key for one in readouts}) == len(readouts) == len(mine) - 1


def test_rendered_faces_alone_need_no_weights_of_others():
    named = plan()
    assert set(named) == {"rendered/faces", "rendered/pixels/pixels"} | {
        f"rendered/{network}/{layer}"
        for network in ("untrained", "trained")
        for layer in ("block2", "block3", "block4", "embedding")
    } | {f"rendered/trained/embedding+{kind}" for kind in ("triplet", "pca", "random")} | {
        f"rendered/attributes/{layer}" for layer in ("scores", "embedding")
    } | {f"penalties/rendered/trained/embedding{end}" for end in ("", "+triplet")}
    names = {one.params.get("network") for one in closure(named).values() if one.kind == "face-features"}
    assert names == {"pixels", "untrained", "trained"}


def test_deep_features_of_photographs_are_two_networks_side_by_side():
    named = plan(BOTH)
    (deep,) = named["celeba/deep/embedding"]
    assert deep.params["parts"] == [["features0", "embedding"], ["features1", "embedding"]]
    used = {deep.inputs[name].params["network"] for name in ("features0", "features1")}
    assert used == {"mobilefacenet-ms1m", "mobilefacenet-casia"}
    assert not any(name.startswith("pointing04") for name in named)  # it has no attributes
    assert "celeba/trained/embedding" not in named  # ours has seen rendered faces alone
    (before,) = named["celeba/deep/gdc"]
    assert before.params["parts"] == [["features0", "gdc"], ["features1", "gdc"]]
    assert "rendered/deep/gdc" not in named  # rendered faces are read at the last layer of others' networks


def test_each_published_network_has_its_random_twin_and_its_own_embedding():
    named = plan(BOTH)
    for network in ("mobilefacenet-ms1m", "mobilefacenet-casia"):
        for dataset in ("rendered", "celeba"):
            (after,) = named[f"{dataset}/{network}/embedding+triplet"]
            assert after.params["parts"] == [["features0", "embedding"]] and after.params["dimensions"] == 40
            assert after.inputs["features0"].params["network"] == network
            (twin,) = named[f"{dataset}/{network}-untrained/embedding"]
            assert twin.inputs["features0"].params["network"] == f"{network}-untrained"


def test_controls_are_as_short_as_the_embedding():
    named = plan(BOTH, embedding_share=0.31)
    for network, columns in (("rendered/trained", 40), ("celeba/deep", 79)):
        sizes = {named[f"{network}/embedding+{kind}"][0].params["dimensions"] for kind in ("triplet", "pca", "random")}
        assert sizes == {columns}


def test_only_our_own_networks_are_trained_more_than_once():
    named = plan(BOTH, seeds=2, attribute_seeds=3)
    by_count = {count: {name for name, group in named.items() if len(group) == count} for count in (1, 2, 3)}
    assert by_count[2] == {name for name in named if name.startswith("rendered/trained/")}
    assert by_count[3] == {name for name in named if "/attributes/" in name}
    assert sum(map(len, by_count.values())) == len(named)


def test_an_attribute_network_a_fold_dealt_as_read_outs_are_dealt():
    named = plan(BOTH, first_seed=3, attribute_seeds=2)
    for dataset, kind in (("rendered", "attribute-network"), ("celeba", "attribute-tail")):
        for seed, readout in zip((3, 4), named[f"{dataset}/attributes/scores"], strict=True):
            networks = [readout.inputs[f"fold {fold}"] for fold in range(readout.params["folds"])]
            assert len({one.key for one in networks}) == len(networks) == readout.params["folds"]
            for fold, one in enumerate(networks):
                assert one.kind == kind and one.inputs["faces"].key == readout.inputs["faces"].key
                assert (one.params["seed"], one.params["fold"], one.params["fold_seed"]) == (seed, fold, 3)
            assert readout.params["seed"] == 3  # the folds of every read-out are those of the first seed
            machines = named[f"{dataset}/attributes/embedding"][seed - 3]
            assert {one.key for one in machines.inputs.values()} == {one.key for one in readout.inputs.values()}
    (network, *_) = [one for one in closure(named).values() if one.kind == "attribute-network"]
    trunk = network.inputs["network"]
    assert trunk.kind == "identity-network" and trunk.params["seed"] == network.params["seed"]
    assert trunk.inputs["faces"].key != network.inputs["faces"].key  # the trunk has seen other people
    assert len([one for one in closure(named).values() if one.kind == "trunk-maps"]) == 1


def test_steps_of_the_attribute_network_touch_nothing_else():
    before, after = plan(BOTH), plan(BOTH, attribute_steps=7)
    changed = {name for name in before if before[name][0].key != after[name][0].key}
    assert changed == {name for name in before if "/attributes/" in name}


def test_steps_of_the_embedding_touch_nothing_else():
    before, after = plan(), plan(triplet_steps=7)
    changed = {name for name in before if before[name][0].key != after[name][0].key}
    assert changed == {f"{start}rendered/trained/embedding+triplet" for start in ("", "penalties/")}


def test_errors_at_every_penalty_are_asked_of_what_a_read_out_read():
    named = plan(BOTH)
    penalties = {name for name in named if name.startswith("penalties/")}
    assert len(penalties) == 6 and "penalties/celeba/deep/embedding+triplet" in penalties
    for name in penalties:
        (one,), readout = named[name], named[name.removeprefix("penalties/")][0]
        assert (one.kind, one.params, one.inputs) == ("attribute-penalties", readout.params, readout.inputs)


WITH_POSES = FaceSource("celeba-1", "pointing04-1", "", poses="poses-1")


def test_where_faces_were_counted_photographs_of_several_are_left_out():
    named = plan(WITH_POSES, photographs="celeba")
    (faces,) = named["celeba/faces"]
    assert faces.kind == "one-face" and faces.params == {"poses": "poses-1"} and faces.inputs["faces"].kind == "faces"
    readers = [one for one in closure(named).values() if one.kind.startswith("attribute") and "faces" in one.inputs]
    of_photographs = {one.inputs["faces"].key for one in readers if one.inputs["faces"].kind == "one-face"}
    assert of_photographs == {faces.key}
    assert not [one for one in readers if one.inputs["faces"].params.get("dataset") == "celeba"]
    assert plan(BOTH)["celeba/faces"][0].kind == "faces"  # nobody has counted them


@pytest.mark.parametrize("chapter", ["attributes", "pose"])
def test_networks_that_a_reader_adds_are_read_beside_their_twins(chapter, tmp_path):
    source = FaceSource("celeba-1", "pointing04-1", "", tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "vgg_face_dag.pth").write_bytes(b"")

    def planned(**given):
        parameters = catalogue.resolve(chapter, "default", {"photographs": "celeba", **given})
        return PLANS[chapter](source, parameters, "cpu")

    usual, named = planned(), planned(more_networks=["vgg-face"])
    assert {name: [one.key for one in group] for name, group in named.items() if name in usual} == {
        name: [one.key for one in group] for name, group in usual.items()
    }
    added = set(named) - set(usual)
    assert {f"celeba/{name}/{layer}" for name in ("vgg-face", "vgg-face-untrained")
            for layer in ("pool5", "fc6", "embedding")} <= added  # fmt: skip
    features = [one for one in closure(named).values() if one.kind == "own-features"]
    assert {one.params["network"] for one in features} == {"vgg-face", "vgg-face-untrained"}
    assert all(("seed" in one.params) == one.params["network"].endswith("untrained") for one in features)
    if chapter == "attributes":
        after = named["celeba/vgg-face/embedding+triplet"][0]
        assert after.params["dimensions"] == named["celeba/deep/embedding+triplet"][0].params["dimensions"]
        assert "rendered/vgg-face/embedding+triplet" not in named
        assert "rendered/vgg-face/embedding" in added and "rendered/vgg-face/fc6" not in added
    else:
        assert named["celeba/vgg-face/embedding"][0].params["triplet_steps"]
        assert {"identity/celeba/vgg-face", "penalties/pointing04/vgg-face/embedding"} <= added


def test_what_a_reader_adds_needs_photographs_and_weights(tmp_path):
    asked = catalogue.resolve("attributes", "default", {"more_networks": ["arcface-r50", "vgg-face"]})
    with pytest.raises(ValueError, match="^more_networks=arcface-r50,vgg-face: they read photographs; give p"):
        PLANS["attributes"](FaceSource(None, None, "", asked=False), asked, "cpu")
    with pytest.raises(FileNotFoundError) as said:
        PLANS["attributes"](FaceSource("celeba-1", None, "", tmp_path), asked, "cpu")
    for words in ("arcface-r50: get w600k_r50.onnx", "vgg-face: get vgg_face_dag.pth", str(tmp_path / "weights")):
        assert words in str(said.value)
