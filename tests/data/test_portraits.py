"""Portraits and single steps: who is shown, what is worn, what may vary, and that a step moves one number alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import face_space, face_steps, portraits
from deepfeatures.data.synthfaces import FACTORS, IMAGE_FACTORS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("portraits")
    portraits.make(out, {}, seed=5, people=40, images_each=3, side_px=32)
    return out, json.loads((out / "meta.json").read_text())


def test_portraits_have_the_arrays_of_faces(made) -> None:
    out, meta = made
    assert meta["factors"] == list(FACTORS) and meta["pose"] == "exact"
    assert np.load(out / "images.npy").shape == (120, 32, 32, 3)
    assert np.load(out / "factors.npy").shape == (120, len(FACTORS))
    assert len(set(np.load(out / "ids.npy").tolist())) == 120
    np.testing.assert_array_equal(np.load(out / "identity.npy"), np.repeat(np.arange(40), 3))


def test_nothing_is_worn_and_ranges_hold_and_tendencies_show(made) -> None:
    factors = np.load(made[0] / "factors.npy")
    column = {name: factors[:, number] for number, name in enumerate(FACTORS)}
    for name in IMAGE_FACTORS:
        low, high = portraits.RANGES.get(name, (FACTORS[name].low, FACTORS[name].high))
        assert not column[name].any() if FACTORS[name].is_switch else (low <= column[name]).all(), name
        assert (column[name] <= high).all()
    for tends, shown in face_space.TIED.items():
        assert np.corrcoef(column[tends], column[shown])[0, 1] > 0.99, tends


def test_the_neutral_face_wears_what_is_tended_to_and_strangers_are_brought_back() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (3, 59))
    table = portraits.neutral(points)
    np.testing.assert_allclose(table[list(face_space.NAMES)].to_numpy(float), points)
    for tends, shown in face_space.TIED.items():
        np.testing.assert_allclose(table[shown], (table[tends] + 1) / 2)
    np.testing.assert_array_equal(portraits.neutral(3 * np.sign(points)), portraits.neutral(np.sign(points)))
    one, again = portraits.render_neutral(points, 32), portraits.render_neutral(points[:1], 32)
    np.testing.assert_array_equal(one[:1], again)  # no noise, no company


def test_a_step_moves_one_parameter_and_stops_at_its_limit() -> None:
    points = np.array([[0.0, 0.9, -0.5], [-0.95, 0.2, 0.1]])
    table = face_steps.steps(points, 0.4)
    places = table["parameters"].reshape(2, 7, 3)
    np.testing.assert_array_equal(places[:, 0], points)
    for base in range(2):
        for parameter in range(3):
            low, high = places[base, 1 + 2 * parameter], places[base, 2 + 2 * parameter]
            others = np.arange(3) != parameter
            np.testing.assert_array_equal(low[others], points[base, others])
            np.testing.assert_array_equal(high[others], points[base, others])
            assert low[parameter] == max(points[base, parameter] - 0.4, -1)
            assert high[parameter] == min(points[base, parameter] + 0.4, 1)
    assert table["base"].tolist() == [0] * 7 + [1] * 7
    assert table["parameter"].tolist() == [-1, 0, 0, 1, 1, 2, 2] * 2
    with pytest.raises(ValueError, match="step is 0, expected above 0"):
        face_steps.steps(points, 0)


def test_slopes_of_a_linear_response_are_its_coefficients_wherever_a_step_was_cut_short() -> None:
    rng = np.random.default_rng(1)
    table = face_steps.steps(rng.uniform(-1, 1, (4, 5)), 0.4)
    weights = rng.normal(size=(5, 3))
    found = face_steps.slopes(table["parameters"] @ weights + 7, table["parameters"], 4)
    np.testing.assert_allclose(found, np.broadcast_to(weights, (4, 5, 3)), atol=1e-12)
    with pytest.raises(ValueError, match=r"43 responses, 44 points: 4 x 11 are expected"):
        face_steps.slopes(np.zeros((43, 3)), table["parameters"], 4)


def test_steps_are_rendered_in_the_order_of_their_parameters(tmp_path: Path) -> None:
    face_steps.make(tmp_path, {}, seed=1, bases=2, step=0.4, side_px=32)
    images, parameters = np.load(tmp_path / "images.npy"), np.load(tmp_path / "parameters.npy")
    assert images.shape == (2 * 119, 32, 32, 3)
    np.testing.assert_array_equal(images[[5, 200]], portraits.render_neutral(parameters[[5, 200]], 32))
    np.testing.assert_array_equal(parameters[[0, 119]], face_steps.drawn(1, 2))
