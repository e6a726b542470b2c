"""What the chapter on DeepID2+ plans: who learns from whom, and what is shared with the other chapters on faces."""

import pytest

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import catalogue
from deepfeatures.study.face_plans import FaceBench
from deepfeatures.study.face_plans_deepid import ABLATIONS, WINDOWS, network, sparse_selective_robust

SLUG = "sparse-selective-robust"
RENDERED = FaceSource(None, None, "rendered", asked=False)
PHOTOGRAPHS = FaceSource("celeba-1", "pointing04-1", "both", poses="poses-1")


def bench(source=RENDERED, profile="smoke", **given):
    return FaceBench(source, catalogue.resolve(SLUG, profile, given), "cpu")


def networks_in(named):
    found = {}
    for made in named.values():
        for recipe in made:
            found |= {key: one for key, one in recipe.closure().items() if one.kind == "deepid-network"}
    return found


def test_three_groups_of_people_and_nobody_in_two():
    named = sparse_selective_robust(bench())
    worlds = {
        recipe.params["seed"]
        for made in named.values()
        for recipe in made
        for recipe in recipe.closure().values()
        if recipe.kind == "faces"
    }
    assert worlds == {1_000, 2_000, 3_000}
    for one in networks_in(named).values():
        assert one.inputs["faces"].params["seed"] == 1_000
    assert named["models/main"][0].inputs["background faces"].params["seed"] == 3_000


def test_each_ablation_lacks_one_thing():
    whole = network(bench(), "proposed", 0)
    for name in ABLATIONS:
        other = network(bench(), name, 0)
        different = {
            key for key in set(whole.params) | set(other.params) if whole.params.get(key) != other.params.get(key)
        }
        assert (
            different
            == {
                "no-layerwise": {"layerwise"},
                "less-data": {"people_share", "images_share"},
                "smaller": {"maps", "units"},
            }[name]
        )


def test_at_the_paper_profile_sizes_are_the_paper_s():
    paper = bench(PHOTOGRAPHS, "paper")
    whole, smaller = network(paper, "proposed", 0), network(paper, "smaller", 0)
    assert (whole.params["maps"], whole.params["units"]) == ([128] * 4, 512)
    assert (smaller.params["maps"], smaller.params["units"]) == ([20, 40, 60, 80], 160)


def test_one_network_a_window_and_the_face_s_is_the_ablation_itself():
    named = sparse_selective_robust(bench())
    regions = [one.params.get("region", "face") for one in networks_in({"": named["models/regions"]}).values()]
    assert sorted(regions) == sorted(["face", "face", *WINDOWS])  # the proposed and the smaller one of the face
    assert named["network/smaller"][0].key in networks_in({"": named["models/regions"]})


def test_the_twin_learns_nothing_and_is_otherwise_the_same():
    whole, twin = network(bench(), "proposed", 0), network(bench(), "untrained", 0)
    assert twin.params["steps"] == 0 and {**twin.params, "steps": whole.params["steps"]} == whole.params


def test_more_seeds_are_more_networks_of_the_kinds_whose_improvements_are_judged():
    one, three = sparse_selective_robust(bench()), sparse_selective_robust(bench(seeds=3))
    for name in ("proposed", *ABLATIONS):
        trained, models = three[f"network/{name}"], three[f"models/{name}"]
        assert [recipe.params["seed"] for recipe in trained] == [0, 1, 2]
        assert [recipe.inputs[name].inputs["network"].key for recipe in models] == [recipe.key for recipe in trained]
    assert three["models/proposed"][0].key == three["models/main"][0].key
    alone = set(one) - {f"{of}/{name}" for of in ("network", "models") for name in ("proposed", *ABLATIONS)}
    assert {name: three[name][0].key for name in alone} == {name: one[name][0].key for name in alone}


def test_what_is_opened_is_what_the_models_read():
    named = sparse_selective_robust(bench())
    for name in ("proposed", "untrained"):
        assert named[f"features/{name}"][0].key == named["models/main"][0].inputs[name].key
        assert named[f"background features/{name}"][0].key == named["models/main"][0].inputs[f"background {name}"].key


def test_photographs_are_read_by_published_networks_alone():
    named, rendered = sparse_selective_robust(bench(PHOTOGRAPHS)), sparse_selective_robust(bench())
    added = set(named) - set(rendered)
    assert {"models/celeba", "selectivity/celeba", "hidden/celeba"} <= added
    hidden = named["hidden/celeba"][0]
    assert hidden.inputs["models"].key == named["models/celeba"][0].key
    read = {part[0] for one in hidden.inputs["models"].params["representations"].values() for part in one["parts"]}
    assert set(hidden.params["networks"]) == read and "lbp" in read
    assert {name: named[name][0].key for name in rendered} == {name: rendered[name][0].key for name in rendered}
    assert not networks_in({name: named[name] for name in added})


@pytest.mark.parametrize("name", ["faces", "network/proposed"])
def test_worlds_are_shared_with_the_other_chapters_on_faces(name):
    shared = catalogue.resolve("rendered-faces", "smoke", {})
    others = FaceBench(RENDERED, shared, "cpu")
    mine = sparse_selective_robust(bench())[name][0]
    faces = mine if name == "faces" else mine.inputs["faces"]
    assert faces.key == (others.faces("rendered") if name == "faces" else others.training_faces()).key
