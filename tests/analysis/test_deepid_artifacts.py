"""Joint Bayesian, selectivity and hidden-faces artifacts on made-up faces whose answers are known."""

import json

import numpy as np
import pytest

from deepfeatures.analysis import hidden_faces, joint_bayesian, selectivity
from deepfeatures.analysis.joint_bayesian import coder, model_of
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.regions import as_seen
from deepfeatures.networks.deepid2plus import load, save, untrained
from deepfeatures.networks.deepid_features import make as make_features
from deepfeatures.study.opened import Described

PEOPLE, EACH = 24, 6
MALE, SMILING = NAMES.index("Male"), NAMES.index("Smiling")


def world(folder, seed, *, images=False):
    """Faces of PEOPLE people: half are male, every other image smiles."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(PEOPLE), EACH)
    known = np.full((len(person), 40), -1, np.int8)
    known[:, MALE] = person % 2
    known[:, SMILING] = np.arange(len(person)) % 2
    np.save(folder / "ids.npy", np.array([f"{seed}-{number}" for number in range(len(person))]))
    np.save(folder / "identity.npy", person)
    np.save(folder / "attributes.npy", known)
    if images:
        colour = rng.integers(30, 226, (PEOPLE, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)
        drawn = colour[person] + rng.integers(-25, 26, (len(person), 32, 32, 3))
        np.save(folder / "images.npy", drawn.clip(0, 255).astype(np.uint8))
    return folder


def features(folder, faces, seed):
    """Units 0-11: the person, 12: male, 13: not male, 14-19: noise; some are silent."""
    folder.mkdir()
    person, known = np.load(faces / "identity.npy"), np.load(faces / "attributes.npy")
    rng = np.random.default_rng(seed)
    code = np.random.default_rng(5).standard_normal((200, 12))[person + 50 * (seed % 3)]
    male = known[:, [MALE]] * 2.0 - 1
    values = np.concatenate([code, male, -male, rng.standard_normal((len(person), 6))], axis=1)
    values += 0.3 * rng.standard_normal(values.shape)
    np.save(folder / "top.npy", np.maximum(values, 0).astype(np.float32))
    np.save(folder / "signed.npy", values.astype(np.float32))
    np.save(folder / "noise.npy", rng.standard_normal((len(person), 30)).astype(np.float32))
    np.save(folder / "ids.npy", np.load(faces / "ids.npy"))
    return folder


@pytest.fixture
def inputs(tmp_path):
    probed, background = world(tmp_path / "probed", 1), world(tmp_path / "background", 2)
    return {
        "faces": probed,
        "background faces": background,
        "net": features(tmp_path / "net", probed, 1),
        "background net": features(tmp_path / "bnet", background, 2),
    }


def opened(tmp_path, make, inputs, **settings):
    out = tmp_path / "kind" / "made"
    out.mkdir(parents=True)
    make(out, inputs, **settings)
    return Described(out)


PARTS = {
    name: {"parts": [["net", layer]], "kind": kind}
    for name, layer, kind in (
        ("real", "top", "real"),
        ("bits", "top", "bits"),
        ("filled", "top", "magnitudes"),
        ("signed bits", "signed", "bits"),
        ("noise", "noise", "real"),
    )
}


def test_models_are_of_the_background_and_tell_people_that_they_never_saw(tmp_path, inputs):
    made = opened(tmp_path, joint_bayesian.make, inputs, representations=PARTS, dimensions=50)
    assert made.meta["dimensions"] == PEOPLE // 3 and made.meta["background_people"] == PEOPLE
    assert (made["rows"] == np.arange(PEOPLE * EACH)).all()
    code, model = model_of(made.folder, "bits")
    top = np.load(inputs["net"] / "top.npy")
    np.testing.assert_allclose(made["bits"], model.coordinates(code(top)), rtol=1e-4, atol=1e-4)
    first, second = np.arange(0, 144, 6), np.arange(1, 144, 6)
    for name in ("real", "bits", "signed bits"):
        model = model_of(made.folder, name)[1]
        at = made[name].astype(float)
        assert (model.of_pairs(at[first], at[second]) > model.of_pairs(at[first], at[np.roll(second, 6)])).mean() > 0.7


def test_without_a_background_half_of_the_people_are_it(tmp_path, inputs):
    alone = {"faces": inputs["faces"], "net": inputs["net"]}
    made = opened(tmp_path, joint_bayesian.make, alone, representations={"real": PARTS["real"]}, dimensions=50)
    assert made.meta["people"] + made.meta["background_people"] == PEOPLE
    assert len(np.unique(made["identity"])) == made.meta["people"] and len(made["real"]) == len(made["rows"])


def test_features_are_brought_to_the_order_of_the_faces(tmp_path, inputs):
    made = opened(tmp_path, joint_bayesian.make, inputs, representations={"real": PARTS["real"]}, dimensions=50)
    order = np.random.default_rng(0).permutation(PEOPLE * EACH)[:-5]  # five faces have no features
    for name in ("ids", "top"):
        np.save(inputs["net"] / f"{name}.npy", np.load(inputs["net"] / f"{name}.npy")[order])
    again = opened(
        tmp_path / "again", joint_bayesian.make, inputs, representations={"real": PARTS["real"]}, dimensions=50
    )
    assert (again["rows"] == np.sort(order)).all()
    np.testing.assert_array_equal(again["real"], made["real"][np.sort(order)])


def test_coders_keep_what_they_say():
    seen = np.array([[0.0, 2.0], [1.0, 4.0], [3.0, 0.0]])
    assert coder("bits", seen)(seen).tolist() == [[0, 1], [1, 1], [1, 0]]
    assert coder("magnitudes", seen)(seen).tolist() == [[2, 2], [1, 4], [3, 3]]  # silent: the mean when active
    signed = seen - 1
    assert coder("bits", signed)(signed).tolist() == [[0, 0], [0, 1], [1, 0]]  # above the medians 0 and 1
    assert coder("medians", seen)(seen).tolist() == [[0, 0], [0, 1], [1, 0]]  # above the medians 1 and 2
    assert coder("signs", signed)(signed).tolist() == [[0, 1], [0, 1], [1, 0]]  # above 0
    with pytest.raises(ValueError, match="kind='x'"):
        coder("x", seen)


def test_the_units_that_were_put_there_are_found(tmp_path, inputs):
    made = opened(tmp_path, selectivity.make, inputs, layers={"net": ["top", "signed", "noise"]})
    assert made.meta["attributes"] == ["Male", "Smiling"] and made.meta["people"] == PEOPLE
    labels = made["labels"]
    assert (labels == np.load(inputs["faces"] / "attributes.npy")[:, [MALE, SMILING]]).all()
    for side in (0, 1):
        assert (made["says, net top"][side, 0] == labels[:, 0]).mean() > 0.98  # one unit is active, another silent
        assert 0.3 < (made["says, net noise"][side, 0] == labels[:, 0]).mean() < 0.7
    assert ((made["machines, net top"][0] > 0) == labels[:, 0]).mean() > 0.98
    identities, chosen = made["identities, net top"], made["identities chosen, net top"]
    assert identities.mean() > 0.7 and chosen.mean() > identities.mean()
    for null in (made["shuffled, net top"], made["identities, net noise"]):
        assert null.mean() == pytest.approx(0.5, abs=0.08)
    subsets, shuffled = made["subsets, net top"], made["subsets shuffled, net top"]
    assert subsets.mean() > 0.4 and abs(shuffled.mean()) < 0.1
    assert "subsets, net signed" not in made  # a signed unit is neither active nor silent


def test_halves_share_no_image_and_others_no_person(tmp_path, inputs):
    halves = selectivity._halves(np.load(inputs["faces"] / "identity.npy"), 5, rng=np.random.default_rng(0))
    person = np.load(inputs["faces"] / "identity.npy")
    assert halves.choosing.shape == (PEOPLE * EACH, 5)
    for column in range(5):
        choosing, scoring = halves.choosing[:, column], halves.scoring[:, column]
        [own] = np.unique(person[choosing == 1])
        assert (choosing == 1).sum() == (scoring == 1).sum() == EACH // 2
        assert not ((choosing >= 0) & (scoring >= 0)).any()
        assert not set(person[choosing == 0]) & set(person[scoring == 0])
        assert own not in person[choosing == 0] and own not in person[scoring == 0]


def test_people_too_few_to_speak_of_leave_attributes_out(tmp_path, inputs):
    few = np.load(inputs["faces"] / "attributes.npy")
    few[:, MALE] = -1
    few[:, SMILING] = (np.load(inputs["faces"] / "identity.npy") < 2) & (few[:, SMILING] == 1)
    np.save(inputs["faces"] / "attributes.npy", few)
    made = opened(tmp_path, selectivity.make, inputs, layers={"net": ["top"]})
    assert made.meta["attributes"] == [] and "says, net top" not in made and "identities, net top" in made


@pytest.fixture
def seen(tmp_path):
    """A network that sees drawn faces, its features, and models of them."""
    probed, background = world(tmp_path / "p", 1, images=True), world(tmp_path / "b", 2, images=True)
    network = tmp_path / "network"
    network.mkdir()
    save(
        untrained(32, 0, maps=(4, 4, 4, 4), units=24, images=np.load(probed / "images.npy")[:20]),
        network,
        region="face",
    )
    inputs = {"faces": probed, "background faces": background}
    for prefix, faces in (("", probed), ("background ", background)):
        for name, how in (("net", "network"), ("lbp", "lbp")):
            folder = tmp_path / f"{prefix}{name}".strip()
            folder.mkdir()
            given = {"faces": faces} | ({"network": network} if how == "network" else {})
            make_features(folder, given, how=how)
            inputs[prefix + name] = folder
    wanted = {
        "net fc1": {"parts": [["net", "fc1"]], "kind": "real"},
        "net fc1 bits": {"parts": [["net", "fc1"]], "kind": "bits"},
        "lbp": {"parts": [["lbp", "lbp"]], "kind": "real"},
    }
    models = opened(tmp_path, joint_bayesian.make, inputs, representations=wanted, dimensions=50)
    return {"faces": probed, "models": models.folder, "net": network}


def test_hidden_faces_are_scored_by_the_models_of_whole_ones(tmp_path, seen):
    made = opened(
        tmp_path / "h",
        hidden_faces.make,
        seen,
        networks=["net", "lbp"],
        shares={"block": [0.5], "band": [0.25, 1.0]},
        folds=3,
    )
    assert [one[0] for one in made.meta["conditions"]] == ["whole 0", "block 0.5", "band 0.25", "band 1"]
    images, network = np.load(seen["faces"] / "images.npy"), load(seen["net"])
    code, model = model_of(seen["models"], "net fc1 bits")
    whole = network.features(as_seen(images, "face", 32))["fc1"]
    covered = images.copy()
    covered[:, 24:] = 128
    hidden = network.features(covered)["fc1"]
    expected = model.of_pairs(
        model.coordinates(code(whole))[made["first"]], model.coordinates(code(hidden))[made["second"]]
    )
    np.testing.assert_allclose(made["band 0.25, net fc1 bits"], expected, rtol=1e-3, atol=1e-3)
    rows = made["hidden"]
    kept = ((whole[rows] > 0) == (hidden[rows] > 0)).mean(axis=1)
    np.testing.assert_allclose(made["unchanged, band 0.25, net fc1"], kept, atol=1e-6)
    assert set(made["second"].tolist()) == set(rows.tolist())
    # A face that is grey all over is everybody's: nothing is left to tell people by.
    assert made["unchanged, band 1, net fc1"].mean() < made["unchanged, band 0.25, net fc1"].mean()
    active = whole > 0
    agree = (active[made["first"]] == active[made["second"]]).mean(axis=1)
    np.testing.assert_allclose(made["agree, net fc1"], [agree[~made["same"]].mean(), agree[made["same"]].mean()])
    assert "unchanged, band 1, lbp" not in made and "band 1, lbp" in made
    json.dumps(made.meta)


def test_conditions_that_nobody_knows_are_refused():
    with pytest.raises(ValueError, match="'fog'"):
        hidden_faces.conditions({"fog": [0.1]})


def test_single_units_become_cells_of_the_book_s_matrix(tmp_path, inputs):
    from deepfeatures.analysis import deepid_encoded, deepid_selectivity
    from deepfeatures.study.encoded import Encoded

    named = {
        "faces": inputs["faces"],
        "background faces": inputs["background faces"],
        "proposed": inputs["net"],
        "background proposed": inputs["background net"],
    }
    made = opened(tmp_path, selectivity.make, named, layers={"proposed": ["top"]})
    table = deepid_selectivity.by_layer(made, resamples=50, rng=np.random.default_rng(0))
    own = {"label": "one-unit", "chapter": "c", "profile": "smoke", "tier": "rendered"}
    cells = {
        cell.subject: cell for cell in (Encoded.model_validate({**one, **own}) for one in deepid_encoded.cells(table))
    }
    assert set(cells) == {"identity", "attributes"} and cells["identity"].n == PEOPLE
    assert cells["attributes"].network == "deepid2plus" and cells["attributes"].layer == "top"
    assert cells["attributes"].value > 98  # Male alone is an attribute of a person here, and a unit was made for it

    others = table.assign(layer=table["layer"].str.replace("proposed", "mobilefacenet-ms1m"))
    [first, *_] = deepid_encoded.cells(others, "celeba")
    assert (first["network"], first["data"], first["seeds"]) == ("mobilefacenet-ms1m", "celeba", 0)
    twin = table.assign(layer=table["layer"].str.replace("proposed", "mobilefacenet-ms1m-untrained"))
    assert {cell["seeds"] for cell in deepid_encoded.cells(twin, "celeba")} == {1}


def test_single_units_of_photographs_are_rows_with_both_sides_and_both_questions(tmp_path, inputs):
    from deepfeatures.analysis import deepid_photographs, deepid_selectivity

    named = {
        "faces": inputs["faces"],
        "background faces": inputs["background faces"],
        "net": inputs["net"],
        "background net": inputs["background net"],
    }
    made = opened(tmp_path, selectivity.make, named, layers={"net": ["top"]})
    units = deepid_photographs.single_units(made, resamples=50, rng=np.random.default_rng(0))
    [row] = deepid_photographs.single_unit_rows(units)
    direct = deepid_selectivity.by_layer(made, resamples=50, rng=np.random.default_rng(0))
    held = direct.set_index(["what", "side"])["accuracy_percent"]
    assert row[0] == "net top" and row[1] == row[4] == str(PEOPLE)
    assert [cell.value for cell in (row[2], row[3], row[5], row[6])] == [
        held[what, side]
        for what in ("attributes of a person", "identities")
        for side in ("excitatory", "inhibitory")
    ]
    assert row[2].interval[0] <= row[2].value <= row[2].interval[1]
    assert row[7] == direct["shuffled_percent"].max() < held["identities", "excitatory"]
    nothing = deepid_photographs.single_units(resamples=50, rng=np.random.default_rng(0))
    assert deepid_photographs.single_unit_rows(nothing) == []
