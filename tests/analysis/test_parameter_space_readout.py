"""The read-out of a parameter space and the claims made of it, on planted units in place of a network's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import axis_model_planted, axis_model_readout, parameter_space_readout
from deepfeatures.analysis import parameter_space as space
from deepfeatures.analysis import parameter_space_claims as published
from deepfeatures.analysis import parameter_space_rebuilt as rebuilt
from deepfeatures.analysis import parameter_space_tables as tables
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.analysis.parameter_space_points import MOST_UNITS, read, some_units
from deepfeatures.data import face_space, face_steps, portraits
from deepfeatures.study import claims
from deepfeatures.study.opened import Readout

PEOPLE, EACH, UNITS = 160, 3, 90
NOISE = 0.4  # standard deviations of an image's units


def weights() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(59, UNITS))


def write_units(folder: Path, ids: np.ndarray, units: np.ndarray) -> Path:
    folder.mkdir()
    np.save(folder / "ids.npy", ids)
    np.save(folder / "units.npy", units.astype(np.float32))
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Portraits and steps of made-up people, with the units of a linear code, of noise, and of identity alone."""
    root = tmp_path_factory.mktemp("space")
    for name in ("portraits", "steps"):
        (root / name).mkdir()
    portraits.make(root / "portraits", {}, seed=1, people=PEOPLE, images_each=EACH, side_px=32)
    face_steps.make(root / "steps", {}, seed=2, bases=3, step=0.4, side_px=32)
    names = json.loads((root / "portraits" / "meta.json").read_text())["factors"]
    points = face_space.columns(np.load(root / "portraits" / "factors.npy"), names)
    identity, ids = np.load(root / "portraits" / "identity.npy"), np.load(root / "portraits" / "ids.npy")
    rng = np.random.default_rng(4)
    exact = points @ weights()
    noise = rng.normal(size=exact.shape) * exact.std(axis=0)
    own = rng.normal(size=(PEOPLE, UNITS))[identity]  # a code of the person that no parameter tells
    write_units(root / "linear", ids, exact + NOISE * noise)
    write_units(root / "noise", ids, noise)
    write_units(root / "own", ids, own + 0.2 * rng.normal(size=own.shape))
    moved = np.load(root / "steps" / "parameters.npy")
    write_units(root / "linear-steps", np.load(root / "steps" / "ids.npy"), moved @ weights())
    for rule in axis_model_planted.RULES:
        for name in ("portraits", "steps"):
            (root / f"{rule}-{name}").mkdir()
            axis_model_planted.make(root / f"{rule}-{name}", {"faces": root / name}, rule=rule)
    return {path.name: path for path in root.iterdir()}


@pytest.fixture(scope="module")
def made(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Readout]:
    root = tmp_path_factory.mktemp("read")
    found = {}
    for name in ("linear", "noise", "own"):
        (root / name).mkdir()
        inputs = {"faces": folders["portraits"], "features": folders[name]}
        parameter_space_readout.make(root / name, inputs, layer="units", folds=4, seed=0, centres=30)
        found[name] = Readout(root / name)
    (root / "axis").mkdir()
    inputs = {"faces": folders["portraits"], "features": folders["linear"], "steps": folders["steps"],
              "step features": folders["linear-steps"]}  # fmt: skip
    axis_model_readout.make(root / "axis", inputs, layer="units", folds=4, seed=0)
    return found | {"axis": Readout(root / "axis")}


def shares(one: Readout, name: str = "linear") -> tuple[float, float, float]:
    """Share of the ceiling, ceiling, share of the parameters' variance decoded."""
    rng = np.random.default_rng(0)
    rows, images = (of([one], resamples=4, rng=rng) for of in (space.of_rows, space.of_images))
    found = (space.share(rows, [one], name), space.ceiling(rows, [one]), space.decoded(images, [one]))
    return tuple(float(values[0]) for values in found)


def test_a_linear_code_is_found_up_to_its_ceiling(made: dict[str, Readout]) -> None:
    share, ceiling, decoded = shares(made["linear"])
    assert ceiling == pytest.approx(1 / (1 + NOISE**2 / EACH), abs=0.03)
    assert 0.85 < share < 1.02  # 120 people teach 59 coefficients
    assert decoded > 0.65
    assert shares(made["linear"], "shuffled")[0] < 0.05
    assert shares(made["linear"], "kernel")[0] == pytest.approx(share, abs=0.08)
    assert made["linear"]["unit_linear"].min() > 0.7
    assert tables.correlations([made["linear"]]).min() > 0.7


def test_noise_has_no_ceiling_and_nothing_is_decoded_from_it(made: dict[str, Readout]) -> None:
    _, ceiling, decoded = shares(made["noise"])
    assert abs(ceiling) < 0.05 and decoded < 0.02
    assert abs(tables.correlations([made["noise"]]).mean()) < 0.03


def test_a_code_of_people_that_no_parameter_tells_repeats_and_is_not_explained(made: dict[str, Readout]) -> None:
    share, ceiling, _ = shares(made["own"])
    assert ceiling > 0.95 and share < 0.05
    single, less = space.verified(made["own"], resamples=20, rng=np.random.default_rng(0))
    assert single["own"].value > 0.99 and single["decoded"].value > 0.99  # a map to 59 numbers keeps a code of people
    assert less["shuffled", "decoded"].value > -0.01  # whatever they are meant to be: the control says so


def test_codes_of_a_linear_network_know_people(made: dict[str, Readout]) -> None:
    one = made["linear"]
    single, _ = space.verified(one, resamples=20, rng=np.random.default_rng(0))
    assert min(found.value for found in single.values()) > 0.97
    people, hits = space.recognised(one, resamples=20, rng=np.random.default_rng(0))
    assert people.times.shape[1] == PEOPLE and min(values[0] for values in hits.values()) > 0.9
    assert np.mean(one["named"]) > 0.95  # nearest of the responses predicted from true parameters
    fold, pairs = np.asarray(one["fold"]), space.pairs_of(one)
    assert (fold[pairs.first] == fold[pairs.second]).all()
    assert all(len(set(fold[np.asarray(one["identity"]) == person])) == 1 for person in range(PEOPLE))


def test_decoded_parameters_are_nearest_to_their_person_and_draw_faces(made: dict, folders: dict[str, Path]) -> None:
    assert rebuilt.nearer_than(made["linear"]).mean() > 0.99
    assert rebuilt.nearer_than(made["noise"]).mean() == pytest.approx(0.5, abs=0.08)
    seen = np.load(folders["portraits"] / "images.npy")
    sheet = rebuilt.rebuilt(seen, {"linear": made["linear"], "noise": made["noise"]}, people=3, side_px=48,
                            rng=np.random.default_rng(0))  # fmt: skip
    assert sheet.columns == 5 and sheet.images.shape == (15, 48, 48, 3)
    assert sheet.titles[:5] == ["image seen", "true parameters", "linear", "noise", "average face"]
    picture = sheet.images.astype(float).reshape(3, 5, -1)
    right, wrong = (np.abs(picture[:, number] - picture[:, 1]).mean() for number in (2, 3))
    assert right < 0.6 * wrong
    np.testing.assert_array_equal(picture[0, 4], picture[1, 4])
    halves = rebuilt.halves(people=2, side_px=32, seed=0)
    assert halves.images.shape == (6, 32, 32, 3) and halves.titles[2] == "appearance alone"


def test_images_of_one_person_must_share_their_point(folders: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "faces"
    broken.mkdir()
    for name in ("ids", "identity", "factors"):
        np.save(broken / f"{name}.npy", np.load(folders["portraits"] / f"{name}.npy"))
    (broken / "meta.json").write_text((folders["portraits"] / "meta.json").read_text())
    np.save(broken / "identity.npy", np.load(broken / "identity.npy") // 2)
    with pytest.raises(ValueError, match="images of one person have different parameters"):
        read({"faces": broken, "features": folders["linear"]}, "units")


def test_rows_are_matched_by_id_and_a_fitted_space_has_a_point_an_image(folders: dict[str, Path],
                                                                       tmp_path: Path) -> None:  # fmt: skip
    ids = np.load(folders["portraits"] / "ids.npy")
    order = np.random.default_rng(0).permutation(len(ids))[:-7]  # another order, seven images missing
    units = np.load(folders["linear"] / "units.npy")
    shuffled = write_units(tmp_path / "features", ids[order], units[order])
    found = read({"faces": folders["portraits"], "features": shuffled}, "units")
    here = np.isin(ids, ids[order])
    np.testing.assert_array_equal(found.responses, units[here])
    fitted = tmp_path / "space"
    fitted.mkdir()
    np.save(fitted / "ids.npy", ids)
    np.save(fitted / "identity.npy", np.load(folders["portraits"] / "identity.npy"))
    np.save(fitted / "parameters.npy", units[:, :4])
    (fitted / "meta.json").write_text(json.dumps({"names": list("abcd"), "kinds": ["appearance"] * 4}))
    points = read({"space": fitted, "features": shuffled}, "units")
    assert not points.by_person and points.names == tuple("abcd")
    out = tmp_path / "out"
    out.mkdir()
    inputs = {"space": fitted, "features": folders["linear"]}
    parameter_space_readout.make(out, inputs, layer="units", folds=4, seed=0, centres=10)
    one = Readout(out)
    assert "named" not in one and one.summary["row"] == "image"
    np.testing.assert_array_equal(one["row_shared"], one["row_total"])  # nothing of one image is noise
    assert shares(one)[2] > 0.99  # these components are units: decoding is reading them


def test_wide_layers_are_asked_about_some_units() -> None:
    assert some_units(20, 0).tolist() == list(range(20))
    found = some_units(3000, 0)
    assert len(found) == len(set(found.tolist())) == MOST_UNITS and (np.diff(found) > 0).all()
    np.testing.assert_array_equal(found, some_units(3000, 0))


def test_every_claim_is_measured_or_said_not_to_apply(made: dict[str, Readout]) -> None:
    linear, noise = [made["linear"]], [made["noise"]]
    artifacts = {
        "portraits/trained/embedding": linear, "portraits/untrained/embedding": noise,
        "portraits/pixels/pixels": noise, "rendered/trained/embedding": linear,
        "axis/trained/embedding": [made["axis"]],
    }  # fmt: skip
    rendered, others = space.measure(artifacts, resamples=60, rng=np.random.default_rng(0))
    mine = {name for name, claim in claims.load_all().items() if claim.chapter == "parameter-space"}
    portrayed, unread = published.of_published(artifacts, resamples=20, rng=np.random.default_rng(0))
    assert not portrayed and all(isinstance(one, NotApplicable) for one in unread.values())
    assert {f"sun2019/{name}" for name in (*rendered, *others, *unread)} == mine
    assert all(isinstance(one, Interval) and one.lo <= one.value <= one.hi for one in rendered.values())
    assert {name for name, one in others.items() if isinstance(one, NotApplicable)} == {
        "encoding-linear-photographs", "decoding-linear-photographs"}  # fmt: skip
    found = {name: one.value for name, one in rendered.items()}
    assert found["encoding-linear"] > 0.85 and found["decoding-linear"] > 0.65
    assert found["decoding-learnt"] > 0.6
    assert found["axis-projection-inadequate"] > 0.8  # linear units are axis units: the paper's claim must fail on them
    assert found["axis-not-flat"] < 0.1
    assert found["axis-not-flat-on-average"] < 0.05
    assert found["axis-worse-than-linear"] < 0  # the weighted mean errs more than the regression
    with_photographs = artifacts | {space.PHOTOGRAPHED: linear}
    _, photographed = space.measure(with_photographs, resamples=20, rng=np.random.default_rng(0))
    assert all(isinstance(one, Interval) for one in photographed.values())


def test_where_nothing_repeats_claims_of_a_share_do_not_apply(made: dict[str, Readout]) -> None:
    negative = {name: np.asarray(made["noise"][name]) for name in made["noise"].arrays}
    negative["row_shared"] = -np.abs(negative["row_shared"])

    class Fake(dict):
        summary = made["noise"].summary

    noise = [Fake(negative)]
    artifacts = dict.fromkeys(("portraits/trained/embedding", "portraits/untrained/embedding",
                               "portraits/pixels/pixels", "rendered/trained/embedding"), noise)  # fmt: skip
    rendered, others = space.measure(artifacts | {"axis/trained/embedding": [made["axis"]]}, resamples=20,
                                     rng=np.random.default_rng(0))  # fmt: skip
    assert isinstance(others["encoding-linear"], NotApplicable) and "encoding-linear" not in rendered
    assert isinstance(rendered["decoding-linear"], Interval)


def test_tables_name_every_layer(made: dict[str, Readout]) -> None:
    artifacts = {"portraits/trained/embedding": [made["linear"]], "portraits/pixels/pixels": [made["noise"]]}
    how = {"resamples": 20, "rng": np.random.default_rng(0)}
    table = tables.encoding(artifacts, **how)
    assert table["name"].unique().tolist() == ["trained/embedding", "pixels/pixels"] and len(table) == 4
    rows = tables.encoding_rows(table, "portraits")
    assert list(rows.columns)[-3:] == ["share of ceiling", "lo", "hi"] and len(rows) == 2
    by_parameter = tables.by_parameter(artifacts, {name: name for name in artifacts})
    assert by_parameter["kind"].iloc[0] == "shape" and len(by_parameter) == 118
    first = by_parameter[(by_parameter["network"] == "portraits/trained/embedding") & (by_parameter["kind"] == "shape")]
    assert first["correlation"].is_monotonic_decreasing
    assert len(tables.worth(artifacts, **how)) == 12
    assert [row[:2] for row in tables.decoding(artifacts, **how)] == [["portraits", "trained/embedding"],
                                                                     ["portraits", "pixels/pixels"]]  # fmt: skip
    [spread] = tables.spread(made["linear"])
    assert spread[:2] == [PEOPLE, 59] and spread[2] > 1 > spread[3]
    axis = tables.axis({"axis/trained/embedding": [made["axis"]]}, **how)
    assert axis["flat"].item() > 0.9 and axis["constant"].item() > 0.99
    curves = tables.tuning({"x": [made["axis"]]}, {"x": "x"})
    along = curves[curves["direction"] == "along"].sort_values("place")["mean"].to_numpy()
    across = curves[curves["direction"] == "across"]["mean"].to_numpy()
    assert along[-1] - along[0] > 1.5 and np.abs(across).max() < 0.4


def test_a_published_network_is_asked_what_ours_is(made: dict[str, Readout]) -> None:
    name = published.PUBLISHED
    artifacts = {f"portraits/{name}": [made["linear"]], f"axis/{name}": [made["axis"]],
                 space.PHOTOGRAPHED: [made["linear"]]}  # fmt: skip
    rendered, photographed = published.of_published(artifacts, resamples=40, rng=np.random.default_rng(0))
    assert set(rendered) == {*published.LINEAR, *published.AXIS} and set(photographed) == set(published.WORTH)
    assert rendered["encoding-linear-published"].value > 0.85  # type: ignore[union-attr]
    assert rendered["axis-not-flat-published"].value < 0.1  # type: ignore[union-attr]
    own = space.recognised(made["linear"], resamples=5, rng=np.random.default_rng(0))[1]
    found = photographed["recognition-decoded-photographs"].value  # type: ignore[union-attr]
    assert found == pytest.approx(own["decoded"][0] - own["own"][0])
    silent = artifacts | {f"portraits/{name}": [Without(made["linear"])]}
    rendered, others = published.of_published(silent, resamples=5, rng=np.random.default_rng(0))
    assert "encoding-linear-published" not in rendered
    assert isinstance(others["encoding-linear-published"], NotApplicable)


class Without(dict):
    """A read-out of pictures that repeat nothing of a person."""

    def __init__(self, of: Readout) -> None:
        super().__init__({name: np.asarray(of[name]) for name in of.arrays})
        self.summary = of.summary
        self["row_shared"] = -np.abs(self["row_shared"])
