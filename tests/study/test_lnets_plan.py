"""What localize-then-describe needs: nobody learnt is probed, fair opponents, and what others made is shared."""

import hashlib

import numpy as np
import pytest
import torch
from torchvision.models import resnet18

from deepfeatures.analysis import localisation
from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import artifacts, catalogue, face_plans_lnets
from deepfeatures.study.face_plans_lnets import IMAGENET
from deepfeatures.study.opened import Described
from deepfeatures.study.plans import PLANS

NONE, BOTH = FaceSource(None, None, ""), FaceSource("celeba-1", "pointing04-1", "")
SLUG = "localize-then-describe"


def plan(source=NONE, slug=SLUG, profile="default", **given):
    return PLANS[slug](source, catalogue.resolve(slug, profile, given), "cpu")


def closure(named, kind):
    return {
        key: recipe for group in named.values() for one in group for key, recipe in one.closure().items()
        if recipe.kind == kind
    }  # fmt: skip


@pytest.mark.parametrize("source", [NONE, BOTH])
def test_localisers_learn_from_other_scenes_than_they_are_tested_on(source):
    named = plan(source)
    learnt = {one.inputs["scenes"].key for one in closure(named, "localiser").values()}
    probed = {one.inputs["scenes"].key for one in closure(named, "located").values()}
    assert learnt and probed and not learnt & probed
    seeds = [one.params["seed"] for one in closure(named, "scenes").values()]
    assert len(set(seeds)) == len(seeds)
    faces = {one.params["seed"] for one in closure(named, "faces").values()}
    assert not faces & set(seeds)


def test_the_opponent_without_pre_training_is_trained_as_long():
    named = plan(localiser_steps=50)
    pre = named["located/rendered/pre-trained"][0].inputs["coarse"]
    long = named["located/rendered/as-long"][0].inputs["coarse"]
    short = named["located/rendered/scratch"][0].inputs["coarse"]
    assert (pre.params["steps"], pre.inputs["start"].params["steps"]) == (50, 50)
    assert (short.params["steps"], long.params["steps"]) == (50, 100) and "start" not in long.inputs
    assert pre.inputs["start"].params["tags"] == "objects" and pre.params["tags"] == "attributes"
    alone = named["rendered/anet-scratch/units"][0].inputs["features0"].inputs["network"]
    both = named["rendered/anet/units"][0].inputs["features0"].inputs["network"]
    assert alone.params["steps"] == both.params["steps"] + both.inputs["start"].params["steps"]


def test_the_second_localisers_twins_look_at_what_the_same_first_one_points_at():
    named = plan(BOTH, localiser_steps=50, seeds=2)
    for world in ("rendered", "celeba"):
        for seed in range(2):
            whole, short, long = (
                named[f"located/{world}/{name}"][seed] for name in ("pre-trained", "fine-scratch", "fine-as-long")
            )
            for twin, steps in ((short, 50), (long, 100)):
                assert twin.inputs["coarse"].key == whole.inputs["coarse"].key
                fine, other = whole.inputs["fine"], twin.inputs["fine"]
                assert set(fine.inputs) - set(other.inputs) == {"start"}  # from random weights
                for shared in ("coarse", "scenes"):
                    assert other.inputs[shared].key == fine.inputs[shared].key
                assert other.params == fine.params | {"steps": steps}
                assert other.inputs["coarse"].inputs["start"].params["tags"] == "objects"  # LNet_o is pre-trained


@pytest.fixture
def with_weights(tmp_path, monkeypatch):
    """A data root with a file of the right name: a plan looks no further."""
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / IMAGENET).touch()
    return tmp_path


def test_by_default_no_weights_of_torchvision_are_asked_for():
    assert not any("imagenet" in name for name in plan(BOTH))
    assert not closure(plan(BOTH), "localiser-imagenet")


def test_networks_of_imagenet_stand_beside_those_of_objects(with_weights):
    without, named = plan(BOTH, seeds=2), plan(BOTH, seeds=2, pretraining="torchvision")
    answers = ("imagenet", "imagenet-alone", "imagenet-scratch")
    more = {f"located/{world}/{answer}" for world in ("rendered", "celeba") for answer in answers}
    assert set(named) - set(without) == more and all(len(named[name]) == 2 for name in more)
    assert all(named[name][0].key == without[name][0].key for name in without)
    for world in ("rendered", "celeba"):
        mine, small = named[f"located/{world}/imagenet"][1], named[f"located/{world}/pre-trained"][1]
        for which in ("coarse", "fine"):
            assert mine.inputs[which].inputs["scenes"].key == small.inputs[which].inputs["scenes"].key
            for same in ("seed", "steps", "device"):
                assert mine.inputs[which].params[same] == small.inputs[which].params[same]
            assert mine.inputs[which].params["weights"] == IMAGENET
        assert mine.inputs["fine"].inputs["coarse"].key == mine.inputs["coarse"].key
        assert "weights" not in named[f"located/{world}/imagenet-scratch"][1].inputs["coarse"].params


def test_missing_weights_are_one_line_on_what_to_do(with_weights):
    (with_weights / "weights" / IMAGENET).unlink()
    with pytest.raises(FileNotFoundError) as said:
        plan(pretraining="torchvision")
    text = str(said.value)
    assert "\n" not in text and f"https://download.pytorch.org/models/{IMAGENET}" in text
    assert str(with_weights / "weights" / IMAGENET) in text and "begins with f37072fd" in text


def test_the_paper_profile_trains_several_of_each_kind():
    named = plan(BOTH, profile="paper")
    seeded = [name for name, group in named.items() if name.startswith(("located/", "units/", "in scenes/"))]
    assert {len(named[name]) for name in seeded if not name.endswith("/faces")} == {3}


def test_the_control_of_local_filters_differs_in_that_alone():
    named = plan()
    one, other = (named[f"rendered/{name}/units"][0].inputs["features0"].inputs["network"]
                  for name in ("anet", "anet-everywhere"))  # fmt: skip
    while True:
        assert {k: v for k, v in other.params.items() if one.params[k] != v} == {"local": False}
        if "start" not in one.inputs:
            break
        one, other = one.inputs["start"], other.inputs["start"]


def test_photographs_are_located_and_not_described():
    named = plan(BOTH)
    assert {"scenes/celeba", "located/celeba/pre-trained", "located/celeba/from-rendered"} <= set(named)
    assert not any(name.startswith("celeba/") for name in named)
    across = named["located/celeba/from-rendered"][0]
    assert across.inputs["scenes"].params["dataset"] == "celeba"
    assert across.inputs["coarse"].inputs["scenes"].params["dataset"] == "rendered"
    assert across.inputs["coarse"].key == named["located/rendered/pre-trained"][0].inputs["coarse"].key


@pytest.mark.parametrize("profile", ["default", "paper"])
def test_what_the_chapter_on_attributes_has_made_is_not_made_again(profile):
    mine, theirs = plan(profile=profile), plan(slug="attributes", profile=profile)
    for name in ("rendered/faces", "rendered/trained/embedding", "rendered/pixels/pixels"):
        assert mine[name][0].key == theirs[name][0].key


def test_more_seeds_train_more_networks_and_share_the_rest():
    named = plan(seeds=2)
    assert [len(named[name]) for name in ("rendered/anet/units", "located/rendered/pre-trained", "rendered/faces",
                                          "rendered/pixels/pixels", "scenes/rendered")] == [2, 2, 1, 1, 1]  # fmt: skip


def test_what_is_planned_with_imagenet_can_be_made_and_stands_in_the_table(tmp_path, runs_folder, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    torch.save(resnet18(weights=None).state_dict(), tmp_path / "weights" / "made")
    digest = hashlib.sha256((tmp_path / "weights" / "made").read_bytes()).hexdigest()
    monkeypatch.setattr(face_plans_lnets, "IMAGENET", f"resnet18-{digest[:8]}.pth")
    (tmp_path / "weights" / "made").rename(tmp_path / "weights" / face_plans_lnets.IMAGENET)
    named = plan(profile="smoke", pretraining="torchvision", localiser_steps=1, object_scenes=10)
    wanted = ("scenes/rendered", "located/rendered/imagenet", "located/rendered/imagenet-alone",
              "located/rendered/imagenet-scratch", "located/rendered/pre-trained")  # fmt: skip
    opened = {name: [Described(artifacts.ensure(one)) for one in named[name]] for name in wanted}
    worlds = localisation.by_world(opened, resamples=10, rng=np.random.default_rng(0))
    answers = {"LNet_o, ImageNet", "LNet_o, then LNet_s, ImageNet", "LNet_o, ImageNet alone"}
    assert answers <= set(worlds["rendered"].found)
    compared = [row[1] for row in localisation.comparisons(worlds)]
    assert "LNet_o of ImageNet, less the same network from random weights" in compared
    assert "LNet_o of ImageNet, less the small one of objects" in compared
