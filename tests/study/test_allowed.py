"""The table of limits: what each rule lets through, at its edges."""
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.study.allowed import TABLE, Between, Each, OneOf, describe, did_you_mean

EIGHT = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
TORCH = "torch-momentum"


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("dataset", ["auto", "mnist", "digits"], ["MNIST", "", None, 1]),
        ("train_digits", [0, 1, 60_000], [-1, 60_001, 1.0, True]),
        ("test_digits", [0, 10_000], [-1, 10_001]),
        ("validation_digits", [10, 10_000], [9, 10_001]),
        ("seeds", [1, 20], [0, 21]),
        ("attribute_seeds", [1, 20], [0, 21]),
        ("first_seed", [0, 10_000], [-1, 10_001]),
        ("iterations_cap", [50, 200_000], [49, 200_001]),
        ("evaluate_every", [10, 20_000], [9, 20_001]),
        ("patience", [10, 100_000], [9, 100_001]),
        ("tolerance_pp", [0.0, 10.0, 0.05], [-0.01, 10.01, math.nan, math.inf]),
        ("batch", [1, 4096], [0, 4097]),
        ("interpolation", ["bilinear", "nearest"], ["cubic"]),
        ("momentum", ["caffe", "torch"], ["nesterov"]),
        ("normalise", ["global", "per-feature"], ["per-unit"]),
        ("pair_weight", [0.0, 100.0], [-1.0, 100.5]),
        ("pair_weights", [[0.0], EIGHT], [[], [*EIGHT, 8.0], [101.0], [1.0, 1.0]]),
        ("pair_kind", ["rotations", "class"], ["both"]),
        ("resamples", [100, 100_000], [99, 100_001]),
        ("learning_rates", [[1e-6], [0.01, 1.0]], [[], [0.0], [1.1], [0.01, 0.01], 0.01]),
        ("photographs", ["none", "auto", "celeba"], ["pointing04", True]),
        ("more_networks", [[], ["vgg-face"], ["arcface-r100", "facenet-vggface2"]],
         [["mobilefacenet-ms1m"], ["vgg-face", "vgg-face"], "vgg-face"]),
        ("people", [4, 10_000], [3, 10_001]),
        ("images_each", [2, 1_000], [1, 1_001]),
        ("train_people", [4, 100_000], [3, 100_001]),
        ("train_images_each", [2, 1_000], [1, 1_001]),
        ("side_px", [32, 128], [31, 129]),
        ("attribute_steps", [1, 1_000_000], [0, 1_000_001]),
        ("folds", [2, 20], [1, 21]),
        ("penalties", [[1e-8], [0.01, 1e4]], [[], [0.0], [0.1, 0.1], 0.1]),
        ("embedding_share", [0.01, 1.0], [0.0, 1.01]),
        ("triplet_steps", [1, 100_000], [0, 100_001]),
        ("steps", [1, 1_000_000], [0, 1_000_001]),
        ("device", ["auto", "cpu", "cuda"], ["mps"]),
        ("sensitivity_iterations", [50, 200_000], [49, 200_001]),
        ("scree_components", [2, 500], [1, 501]),
        ("heat_digits", [1, 100], [0, 101]),
        ("prototypes", [1, 50], [0, 51]),
        ("pose_dimensions", [[2], [16, 48, 128, 512]], [[], [1], [513], [16, 16]]),
        ("kernel_centres", [10, 5_000], [9, 5_001]),
        ("designed_people", [4, 10_000], [3, 10_001]),
        ("view_images", [4, 200], [3, 201]),
        ("map_images", [20, 20_000], [19, 20_001]),
        ("permutations", [100, 100_000], [99, 100_001]),
        ("portrait_people", [8, 20_000], [7, 20_001]),
        ("portrait_images", [2, 1_000], [1, 1_001]),
        ("step_people", [2, 1_000], [1, 1_001]),
        ("space_components", [2, 500], [1, 501]),
        ("background_people", [4, 10_000], [3, 10_001]),
        ("background_images_each", [2, 1_000], [1, 1_001]),
        ("seen_px", [32, 128], [31, 129]),
        ("maps", [4, 512], [3, 513]),
        ("units", [8, 4_096], [7, 4_097]),
        ("scene_px", [48, 256], [47, 257]),
        ("scenes_each", [1, 1_000], [0, 1_001]),
        ("test_scenes_each", [1, 1_000], [0, 1_001]),
        ("object_scenes", [10, 1_000_000], [9, 1_000_001]),
        ("localiser_steps", [1, 1_000_000], [0, 1_000_001]),
        ("pretraining", ["objects", "torchvision"], ["imagenet", True]),
        ("anet_steps", [1, 1_000_000], [0, 1_000_001]),
        ("clusters", [2, 30], [1, 31]),
        ("variants", [[], [TORCH], ["nearest-interpolation", TORCH]], [["nearest"], [TORCH, TORCH], TORCH]),
    ],
)  # fmt: skip
def test_every_row_at_its_edges(name, inside, outside):
    for value in inside:
        assert TABLE[name].accepts(value), f"{name} refuses {value!r}"
    for value in outside:
        assert not TABLE[name].accepts(value), f"{name} takes {value!r}"


def test_no_row_is_untested():
    rows = test_every_row_at_its_edges.pytestmark[0].args[1]
    assert {row[0] for row in rows} == set(TABLE)


def test_the_type_follows_from_the_limits():
    assert (OneOf("a").type, Between(0, 1).type, Between(0.0, 1.0).type) == ("str", "int", "float")
    assert Each(Between(0.0, 1.0), 1, 2).type == "list[float]"


def test_descriptions_say_limits_and_unit():
    assert describe("train_digits") == "a whole number from 0 to 60,000 (digits before rotation, 0 = all)"
    assert describe("tolerance_pp") == "a number from 0 to 10 (percentage points)"
    assert describe("pair_weights") == "a list of 1 to 8 different values, each a number from 0 to 100"
    assert describe("momentum") == "one of caffe, torch"


def test_a_near_name_is_offered_and_a_far_one_is_not():
    assert did_you_mean("seed", TABLE) == " (did you mean 'seeds'?)"
    assert did_you_mean("zzz", TABLE) == ""


@given(st.integers(), st.integers(), st.integers())
def test_between_is_the_inequality(low, high, value):
    assert Between(low, high).accepts(value) == (low <= value <= high)
