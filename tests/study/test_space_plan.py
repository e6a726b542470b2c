"""The plan of chapter parameter-space: who is asked what, that nobody is in two worlds, and what a number reaches."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepfeatures.data import face_landmarks
from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import catalogue
from deepfeatures.study.face_plans import PROBE_SEED, TRAINING_SEED
from deepfeatures.study.plans import PLANS

RENDERED = FaceSource(None, None, "")
ALL = FaceSource("celeba-1", "pointing04-1", "")


def plan(source=RENDERED, profile="default", **given):
    return PLANS["parameter-space"](source, catalogue.resolve("parameter-space", profile, given), "cpu")


def everything(named, kind):
    return {key: one for group in named.values() for recipe in group for key, one in recipe.closure().items()
            if one.kind == kind}  # fmt: skip


def test_without_photographs_pixels_random_weights_and_our_own_network_are_asked() -> None:
    named = plan()
    assert {name.split("/")[0] for name in named} == {"portraits", "rendered", "axis"}
    assert {name.split("/")[1] for name in named if name.count("/") == 2} == {
        "pixels", "untrained", "trained", "planted axis", "planted exemplar"}  # fmt: skip
    for world in ("portraits", "rendered", "axis"):
        assert {f"{world}/{kind}/{layer}" for kind in ("trained", "untrained")
                for layer in ("block2", "block3", "block4", "embedding")} <= set(named)  # fmt: skip


def test_photographs_bring_a_published_network_its_random_twin_and_a_fitted_space() -> None:
    named = plan(ALL)
    for network in ("mobilefacenet-ms1m", "mobilefacenet-ms1m-untrained"):
        assert {f"portraits/{network}/gdc", f"rendered/{network}/embedding", f"axis/{network}/embedding",
                f"celeba/{network}/embedding"} <= set(named)  # fmt: skip
    assert "rendered/mobilefacenet-ms1m/gdc" not in named
    read = named["celeba/mobilefacenet-casia/embedding"][0]
    assert read.inputs["space"].key == named["space/celeba"][0].key and "faces" not in read.inputs
    assert named["space/celeba"][0].params["landmarks"] == ""


def test_a_landmark_file_is_part_of_the_space_it_makes(tmp_path: Path) -> None:
    (tmp_path / "celeba").mkdir()
    without = plan(FaceSource("celeba-1", None, "", folder=tmp_path))["space/celeba"][0]
    face_landmarks.path(tmp_path).write_text("image,x0,y0\n")
    given = plan(FaceSource("celeba-1", None, "", folder=tmp_path))["space/celeba"][0]
    assert without.params["landmarks"] == "" and given.params["landmarks"].startswith("landmarks-")
    assert without.key != given.key


def test_nobody_is_in_two_worlds() -> None:
    named = plan(ALL)
    seeds = {kind: {one.params["seed"] for one in everything(named, kind).values() if "seed" in one.params}
             for kind in ("portraits", "face-steps", "faces")}  # fmt: skip
    assert seeds["faces"] == {TRAINING_SEED, PROBE_SEED}
    assert len(seeds["portraits"] | seeds["face-steps"] | seeds["faces"]) == 4


def test_features_of_portraits_are_those_of_the_same_networks() -> None:
    named = plan()
    network = {
        name: named[f"{name}/trained/embedding"][0].inputs["features"].inputs["network"].key
        for name in ("portraits", "rendered", "axis")
    }
    assert len(set(network.values())) == 1
    steps = named["axis/trained/embedding"][0].inputs
    assert steps["step features"].inputs["faces"].key == steps["steps"].key


@pytest.mark.parametrize("changed", [{"kernel_centres": 20}, {"folds": 3}])
def test_other_read_outs_render_and_train_nothing_again(changed) -> None:
    before, after = plan(), plan(**changed)
    for kind in ("faces", "portraits", "face-steps", "identity-network", "face-features", "planted-units"):
        assert set(everything(before, kind)) == set(everything(after, kind))
    assert set(everything(before, "parameter-space")) != set(everything(after, "parameter-space"))


def test_only_what_is_trained_has_several_seeds() -> None:
    named = plan(seeds=2)
    assert {name for name, group in named.items() if len(group) == 2} == {
        name for name in named if "/trained/" in name
    }
