"""The plan of chapter views-and-quality: what it shares with other chapters, what is its own, and who is in it."""

from __future__ import annotations

import pytest

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import catalogue
from deepfeatures.study.face_plans_views import DEFECT_SEED, VIEW_SEED
from deepfeatures.study.plans import PLANS

RENDERED = FaceSource(None, None, "")
ALL = FaceSource("celeba-1", "pointing04-1", "", poses="poses-1")
SLUG = "views-and-quality"


def plan(source=RENDERED, profile="default", slug=SLUG, **given):
    return PLANS[slug](source, catalogue.resolve(slug, profile, given), "cpu")


def keys(named, kind):
    return {
        key for group in named.values() for recipe in group for key, one in recipe.closure().items() if one.kind == kind
    }


@pytest.mark.parametrize("profile", ["smoke", "default", "paper"])
@pytest.mark.parametrize("source", [RENDERED, ALL])
def test_read_outs_of_pose_and_networks_are_those_of_the_other_chapters(profile, source):
    own, other = plan(source, profile), plan(source, profile, "pose")
    for kind in ("pose-readout", "identity-network"):
        assert keys(own, kind) <= keys(other, kind) and keys(own, kind)
    designed = {key for name, group in own.items() if "/views" in name or "/defects" in name for r in group
                for key in r.closure()}  # fmt: skip
    assert keys(own, "face-features") - designed <= keys(other, "face-features")


def test_nobody_designed_is_learnt_or_probed():
    recipes = {key: one for group in plan(ALL).values() for r in group for key, one in r.closure().items()}
    worlds = [one for one in recipes.values() if one.kind in ("faces", "designed-faces")]
    seeds = [one.params["seed"] for one in worlds if one.params.get("dataset", "rendered") == "rendered"]
    assert len(seeds) == len(set(seeds)) == 4 and {VIEW_SEED, DEFECT_SEED} < set(seeds)


def test_without_photographs_only_rendered_faces_are_read():
    named = plan()
    assert not [name for name in named if "celeba" in name or "pointing04" in name or name.startswith("damaged")]
    assert not keys(named, "damaged-features")
    assert {name.split("/")[-1] for name in named if name.startswith("features/views")} == {
        "pixels", "untrained", "trained"
    }  # fmt: skip


def test_frames_and_stills_are_of_one_network():
    named = plan(ALL)
    for name, group in named.items():
        if not name.startswith("labels/"):
            continue
        for recipe in group:
            assert ("damaged" in recipe.inputs) == name.startswith("labels/celeba")
            if "damaged" in recipe.inputs:
                network = name.split("/")[2]
                assert recipe.inputs["damaged"].params["network"] == recipe.inputs["features"].params["network"]
                assert recipe.inputs["damaged"].key == named[f"damaged/{network}"][0].key
    damaged = [group[0].params for name, group in named.items() if name.startswith("damaged/")]
    assert len({one["damage_seed"] for one in damaged}) == 1 and len({tuple(one["damage"]) for one in damaged}) == 1
    assert [("seed" in one) for one in damaged] == [one["network"].endswith("untrained") for one in damaged]


@pytest.mark.parametrize("changed", [{"folds": 3}, {"penalties": [0.5]}, {"map_images": 50}, {"permutations": 100}])
def test_other_questions_render_and_train_nothing_again(changed):
    before, after = plan(), plan(**changed)
    for kind in ("faces", "designed-faces", "identity-network", "face-features"):
        assert keys(before, kind) == keys(after, kind)


def test_more_seeds_are_of_the_trained_network_alone():
    named = plan(seeds=2)
    many = {name for name, group in named.items() if len(group) == 2}
    assert many == {name for name in named if "/trained" in name and not name.startswith("map/")}
