"""What chapters need: resolvable at every profile, shared where it is the same, else untouched."""

import json

import pytest

from deepfeatures.data.digits import DigitSource, mnist_source_without_files
from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import borrowed_plans, catalogue, chapter_key, fingerprint, paths, profiles
from deepfeatures.study.digit_plans_rotated import ORDERS, ROTATED_OTHERWISE
from deepfeatures.study.plans import PLANS

SLUGS = list(catalogue.slugs())
DIGITS = [slug for slug in SLUGS if "dataset" in catalogue.chapter(slug).parameters]
FACES = [slug for slug in SLUGS if "photographs" in catalogue.chapter(slug).parameters]
PHOTOGRAPHS = FaceSource("celeba-0", "pointing04-0", "made up")
PROFILES = profiles.names()
NO_PHOTOGRAPHS = FaceSource(None, None, "")
DIGITS = [slug for slug in SLUGS if "dataset" in catalogue.chapter(slug).parameters]
FACES = [slug for slug in SLUGS if slug not in DIGITS]
NETWORKS = {"network", "selection", "rotated"}


def recipes_of(slug, profile="default", device="cpu", source=None, **given):
    parameters = catalogue.resolve(slug, profile, given)
    usual = FaceSource(None, None, "rendered") if slug in FACES else mnist_source_without_files()
    return PLANS[slug](source or usual, parameters, device)


def keys(named, *kinds):
    """Keys of everything that is needed, or of some kinds of it."""
    found = {}
    for group in named.values():
        for recipe in group:
            found.update(recipe.closure())
    return {key for key, recipe in found.items() if not kinds or recipe.kind in kinds}


def test_every_chapter_has_a_plan_and_every_plan_a_chapter():
    own = {slug for slug in SLUGS if borrowed_plans.artifacts_of(slug) is None}
    assert set(PLANS) == own != set()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("slug", SLUGS)
def test_every_plan_resolves_at_every_profile(slug, profile):
    named = recipes_of(slug, profile)
    seeds = catalogue.resolve(slug, profile, {})["seeds"]
    assert named and all(named.values())
    if slug in DIGITS:
        assert len(named["raw"]) == seeds
        assert len(named["untrained"]) == seeds and len(named["pixels"]) == 1
    for name, group in named.items():
        keyed = {recipe.key for recipe in group}
        assert len(keyed) == len(group), f"{name} holds one recipe twice"
        for recipe in group:
            json.dumps(recipe.to_json())
    if "raw" in named:
        assert {recipe.kind for recipe in named["raw"]} == {"readout"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ["raw", "mu", "pair", "untrained", "pixels", "raw/selection"])
def test_what_chapters_share_is_made_once(name, profile):
    groups = {slug: named[name] for slug in DIGITS if name in (named := recipes_of(slug, profile))}
    assert len(groups) >= 2
    made = {slug: [recipe.key for recipe in group] for slug, group in groups.items()}
    assert len({tuple(keyed) for keyed in made.values()}) == 1, made


@pytest.mark.parametrize("slug", SLUGS)
def test_intervals_retrain_nothing_and_measure_nothing_again(slug):
    assert keys(recipes_of(slug, resamples=777)) == keys(recipes_of(slug))


@pytest.mark.parametrize("slug", FACES)
def test_photographs_are_planned_where_they_are_read(slug):
    def datasets(named):
        recipes = {recipe.key: recipe for group in named.values() for one in group for recipe in one.closure().values()}
        return {recipe.params["dataset"] for recipe in recipes.values() if recipe.kind == "faces"}

    assert datasets(recipes_of(slug)) == {"rendered"}
    assert datasets(recipes_of(slug, source=PHOTOGRAPHS)) >= {"rendered"}


@pytest.mark.parametrize("slug", FACES)
def test_nobody_is_both_learnt_and_probed(slug):
    named = recipes_of(slug, source=PHOTOGRAPHS)
    recipes = {recipe.key: recipe for group in named.values() for one in group for recipe in one.closure().values()}
    networks = [r for r in recipes.values() if r.kind in ("identity-network", "deepid-network")]
    learnt = {network.inputs["faces"].params["seed"] for network in networks}
    rendered = [r.inputs["faces"] for r in recipes.values() if r.kind in ("face-features", "deepid-features")]
    probed = {faces.params["seed"] for faces in rendered if faces.params.get("dataset", "rendered") == "rendered"}
    assert learnt and probed and not learnt & probed


@pytest.mark.parametrize("slug", DIGITS)
def test_what_is_measured_retrains_nothing(slug):
    before, after = recipes_of(slug), recipes_of(slug, prototypes=5)
    assert keys(after, *NETWORKS) == keys(before, *NETWORKS)
    assert not keys(after, "readout") & keys(before, "readout")


@pytest.mark.parametrize("changed", [{"train_digits": 3999}, {"interpolation": "nearest"}, {"evaluate_every": 50}])
def test_what_is_trained_on_retrains(changed):
    before, after = recipes_of("rotated-mnist"), recipes_of("rotated-mnist", **changed)
    assert not keys(before, "network", "selection") & keys(after, "network", "selection")


def test_the_device_and_the_data_are_in_the_keys_of_networks():
    cpu = recipes_of("rotated-mnist")
    assert not keys(cpu, "network") & keys(recipes_of("rotated-mnist", device="cuda"), "network")
    other = DigitSource("digits", "substitute", "another", "")
    assert not keys(cpu) & keys(recipes_of("rotated-mnist", source=other))


def test_more_seeds_keep_the_networks_there_are():
    few, more = recipes_of("rotated-mnist", seeds=1), recipes_of("rotated-mnist", seeds=3)
    assert keys(few) < keys(more)
    assert [recipe.params["seed"] for recipe in more["raw"]] == [0, 1, 2]
    later = recipes_of("rotated-mnist", seeds=2, first_seed=4)
    assert [recipe.params["seed"] for recipe in later["raw"]] == [4, 5]


def test_one_run_on_the_split_decides_for_all_seeds_and_no_teacher_saw_the_validation_digits():
    named = recipes_of("mu-lenet", seeds=3)
    networks = [recipe.inputs["network"] for recipe in named["mu"]]
    assert len({network.inputs["selection"].key for network in networks}) == 1
    assert networks[0].inputs["selection"].inputs["teacher"].kind == "selection"  # trained on the training side alone
    teachers = [network.inputs["teacher"] for network in networks]
    assert [teacher.params["seed"] for teacher in teachers] == [0, 1, 2]
    assert [t.key for t in teachers] == [recipe.inputs["network"].key for recipe in named["raw"]]


def test_the_short_runs_differ_in_one_setting_alone():
    for slug, names, setting in (
        ("pair-lenet", ("short, rotations", "short, class"), "pair_kind"),
        ("mu-lenet", ("short, global", "short, per-feature"), "normalise"),
    ):
        one, other = (recipes_of(slug)[f"{name}/selection"][0].params for name in names)
        assert {name for name in one if one[name] != other[name]} == {setting}


def test_variants_are_made_where_they_are_asked_for():
    named = recipes_of("rotated-mnist", variants=["nearest-interpolation", "torch-momentum"])
    nearest, moved = named["raw, nearest"][0], named["raw, torch momentum"][0]
    assert nearest.inputs["rotated"].params["interpolation"] == "nearest"
    assert nearest.inputs["network"].inputs["rotated"].key == nearest.inputs["rotated"].key
    assert moved.inputs["network"].params["momentum"] == "torch"
    assert not {"raw, nearest", "raw, torch momentum"} & set(recipes_of("rotated-mnist", variants=[]))


def test_other_rotations_change_nothing_else():
    named = recipes_of("rotated-mnist", variants=["other-rotations"])
    usual = named["raw"][0]
    for way, name in ROTATED_OTHERWISE.items():
        readout = named[f"raw, {name}"][0]
        network = readout.inputs["network"]
        assert readout.inputs["rotated"].params == {"way": way}
        assert network.inputs["rotated"].key == readout.inputs["rotated"].key
        assert network.inputs["selection"].key == usual.inputs["network"].inputs["selection"].key
        assert network.params == usual.inputs["network"].params and readout.params == usual.params
    upright = named["raw, trained on upright digits"][0]
    assert upright.inputs["network"].inputs["rotated"].params == {"way": "upright"}
    assert upright.inputs["rotated"].key == usual.inputs["rotated"].key


def test_orders_differ_in_nothing_but_the_order():
    named = recipes_of("rotated-mnist", variants=["other-orders"])
    usual, first = named["raw"][0], named["ordered"][0]
    for order, network in zip(ORDERS, named["ordered"], strict=True):
        readout = named[f"raw, {order}"][0]
        assert readout.inputs["network"].key == network.key and readout.params == usual.params
        assert network.params == {**first.params, "order": order}
        assert readout.inputs["rotated"].key == network.inputs["rotated"].key == usual.inputs["rotated"].key
    halted = named["raw, angle by angle, 10,000 steps"][0].inputs["network"]
    assert halted.params["iterations"] == 10_000 and halted.params["order"] == "angle by angle"


def test_more_seeds_are_those_that_follow():
    named = recipes_of("rotated-mnist", variants=["more-seeds"], seeds=3, first_seed=4)
    more = [one.inputs["network"].params for one in named["raw, more seeds"]]
    assert [one["seed"] for one in more] == list(range(7, 14))
    assert more[0] == {**named["raw"][0].inputs["network"].params, "seed": 7}
    assert "raw, more seeds" not in recipes_of("rotated-mnist", variants=["more-seeds"], seeds=10)


def test_further_readings_are_of_the_network_that_the_others_read():
    named = recipes_of("rotated-mnist", variants=["other-readings"], seeds=3)
    further = named["raw/further readings"]
    assert further[0].inputs == named["raw/readings"][0].inputs
    assert [one.inputs["network"].key for one in further] == [one.inputs["network"].key for one in named["raw"]]


def test_training_for_longer_asks_no_selection():
    made = recipes_of("rotated-mnist", variants=["three-times-longer"], iterations_cap=100)
    network = made["raw, 300 steps"][0].inputs["network"]
    assert network.params["iterations"] == 300 and set(network.inputs) == {"rotated"}
    assert made["raw"][0].inputs["network"].params["seed"] == network.params["seed"]


@pytest.mark.parametrize(("slug", "name"), [("mu-lenet", "mu"), ("pair-lenet", "pair")])
def test_longer_training_of_the_other_networks_changes_nothing_but_the_steps(slug, name):
    made = recipes_of(slug, variants=["three-times-longer"], iterations_cap=100)
    network, usual = made[f"{name}, 300 steps"][0].inputs["network"], made[name][0].inputs["network"]
    assert network.params.items() - usual.params.items() == {("iterations", 300)}
    assert set(usual.inputs) - set(network.inputs) == {"selection"}
    assert all(recipe.key == usual.inputs[one].key for one, recipe in network.inputs.items())


def test_other_readings_are_of_the_network_that_is_measured():
    made = recipes_of("rotated-mnist", variants=["other-readings"])
    assert made["raw/readings"][0].inputs["network"].key == made["raw"][0].inputs["network"].key


def test_the_starts_of_mu_lenet_are_compared_at_every_learning_rate():
    made = recipes_of("mu-lenet", learning_rates=[0.01, 0.003])
    starts = made["starts/selection"]
    assert [(one.params.get("start", "normalised"), one.params.get("base_lr", 0.01)) for one in starts] == [
        ("normalised", 0.01), ("normalised", 0.003), ("caffe", 0.01), ("caffe", 0.003),
    ]  # fmt: skip
    assert starts[0].key == made["short, global/selection"][0].key  # the usual one is not run twice


@pytest.mark.parametrize(
    ("slug", "variant", "name", "setting", "value"),
    [
        ("mu-lenet", "other-normalisation", "mu, per-feature", "normalise", "per-feature"),
        ("pair-lenet", "other-pairs", "pair, class", "pair_kind", "class"),
        ("pair-lenet", "lighter-pairs", "pair, weight 0.0001", "pair_weight", 0.0001),
    ],
)
def test_the_other_reading_in_full_differs_in_one_setting(slug, variant, name, setting, value):
    assert name not in recipes_of(slug)
    made = recipes_of(slug, variants=[variant])
    usual, other = (made[group][0].inputs["network"] for group in (slug.partition("-")[0], name))
    for one, another in ((usual, other), (usual.inputs["selection"], other.inputs["selection"])):
        assert {k: v for k, v in another.params.items() if one.params[k] != v} == {setting: value}
    assert made[f"{name}/selection"][0].key == other.inputs["selection"].key


@pytest.mark.parametrize("slug", ["pair-lenet", "feature-spaces"])
def test_weight_0_is_lenet_trained_as_long_as_pair(slug):
    made = recipes_of(slug, seeds=2, variants=["weight-0-as-long"])
    for without, pair in zip(made["pair, weight 0"], made["pair"], strict=True):
        network, other = without.inputs["network"], pair.inputs["network"]
        assert network.params["objective"] == "softmax" and network.params["seed"] == other.params["seed"]
        assert network.inputs["selection"].key == other.inputs["selection"].key
    assert "pair, weight 0" not in recipes_of(slug)


@pytest.fixture
def planned():
    parameters = catalogue.resolve("mu-lenet", "smoke", {})
    return chapter_key.plan("mu-lenet", parameters, source=mnist_source_without_files(), device="cpu")


def test_the_parts_of_a_chapter_can_be_named(planned):
    assert {"notebooks/02-mu-lenet.py", "parameters", "package code", "figure style", "claims", "numerical packages",
            "artifact raw", "artifact mu"} <= set(planned.parts)  # fmt: skip
    assert all(len(digest) == 64 for digest in planned.parts.values())
    assert len(planned.key) == 20


def differing(one, other):
    assert (one.key == other.key) == (one.parts == other.parts)
    return {name for name in {*one.parts, *other.parts} if one.parts.get(name) != other.parts.get(name)}


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({}, set()),
        ({"device": "auto"}, set()),  # where it ran is in the artifacts' keys, not in what the chapter says
        ({"resamples": 177}, {"parameters"}),
        ({"heat_digits": 3}, {"parameters", "artifact raw", "artifact mu", "artifact untrained", "artifact pixels"}),
    ],
)  # fmt: skip
def test_a_changed_parameter_shows_in_the_parts_it_reaches(planned, changed, parts):
    parameters = catalogue.resolve("mu-lenet", "smoke", changed)
    other = chapter_key.plan("mu-lenet", parameters, source=mnist_source_without_files(), device="cpu")
    assert differing(planned, other) == parts


@pytest.mark.parametrize(("what", "part"), [("of_modules", "package code"), ("numerics", "numerical packages")])
def test_changed_code_and_packages_show_too(planned, what, part, monkeypatch):
    monkeypatch.setattr(fingerprint, what, lambda *_: "changed")
    parameters = catalogue.resolve("mu-lenet", "smoke", {})
    other = chapter_key.plan("mu-lenet", parameters, source=mnist_source_without_files(), device="cpu")
    assert part in differing(planned, other)


def test_the_ledger_is_read_once_and_again_where_its_text_changed(planned, tmp_path, monkeypatch):
    """A book plans eleven chapters, and strict YAML is slow."""
    for path in paths.claims().glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    read = []
    load_all = chapter_key.claims.load_all
    monkeypatch.setattr(chapter_key.claims, "load_all", lambda **given: read.append(1) or load_all(**given))
    monkeypatch.setattr(paths, "claims", lambda: tmp_path)
    chapter_key._ledger_of.cache_clear()
    before = [chapter_key.shared_parts(slug)["claims"] for slug in SLUGS]
    assert before[SLUGS.index("mu-lenet")] == planned.parts["claims"] and len(read) == 1
    ledger = tmp_path / "rudd2017.yaml"
    ledger.write_text(ledger.read_text().replace("paper_value: 97.18", "paper_value: 97.19", 1))
    after = [chapter_key.shared_parts(slug)["claims"] for slug in SLUGS]
    changed = {slug for slug, one, other in zip(SLUGS, before, after, strict=True) if one != other}
    assert changed == {"mu-lenet"} and len(read) == 2


def test_a_plan_for_publication_needs_no_data(monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_DATA", "/nowhere")
    planned = chapter_key.plan_for_publication("rotated-mnist")
    assert planned.source.tier == "original" and planned.parameters["train_digits"] == 0
    assert catalogue.profile_of("rotated-mnist", planned.parameters) == "paper"


def test_chapters_are_read_from_their_notebooks():
    for slug, path in catalogue.slugs().items():
        chapter = catalogue.chapter(slug)
        assert path.parent == paths.notebooks() and path.name.endswith(f"-{slug}.py")
        assert f"# # {chapter.title}\n" in path.read_text() and chapter.title != slug
        assert {"seeds", "device"} <= set(chapter.parameters)
        assert len({"dataset", "photographs"} & set(chapter.parameters)) == 1  # this decides which data it reads


def test_an_unknown_chapter_is_refused_with_those_there_are():
    with pytest.raises(catalogue.UnknownChapter) as refused:
        catalogue.chapter("mu-lenett")
    assert str(refused.value) == f"no chapter 'mu-lenett' (did you mean 'mu-lenet'?); there are: {', '.join(SLUGS)}"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_profile_is_recognised_by_its_values(slug, profile):
    parameters = catalogue.resolve(slug, profile, {"device": "cpu"})
    assert catalogue.profile_of(slug, parameters) == profile
    assert catalogue.profile_of(slug, {**parameters, "resamples": 12_345}) == "custom"


def test_mu_goes_on_past_the_cap_where_longer_runs_are_asked_for():
    usual = recipes_of("mu-lenet")
    longer = recipes_of("mu-lenet", variants=["three-times-longer"])
    assert "mu, longer/selection" not in usual
    (short,), (long,) = longer["mu/selection"], longer["mu, longer/selection"]
    assert long.params == {**short.params, "cap": 3 * short.params["cap"]}
    assert {name: one.key for name, one in long.inputs.items()} == {name: one.key for name, one in short.inputs.items()}


def test_unscaled_targets_are_tried_at_every_rate_at_which_scaled_ones_are():
    named = recipes_of("mu-lenet", learning_rates=[0.01, 0.003])
    rates = [(one.params["normalise"], one.params.get("base_lr", 0.01)) for one in named["unscaled starts/selection"]]
    assert rates == [("none", 0.01), ("none", 0.003)]
    assert named["unscaled starts/selection"][0].key == named["mu, unscaled/selection"][0].key
