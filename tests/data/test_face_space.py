"""Which factor is shape and which appearance, checked against the renderer itself; and the space's own geometry."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.data import face_space, portraits
from deepfeatures.data.synthfaces import FACTORS, IDENTITY_FACTORS
from deepfeatures.data.synthfaces.anatomy import Landmarks
from deepfeatures.data.synthfaces.render import solid

SIDE = 48
LANDMARKS = (
    *("eye_x", "eye_y", "eye_w", "brow_y", "nose_y", "tip_z"),
    *("mouth_y", "mouth_w", "upper_h", "lower_h", "chin_y", "cheek_y"),
)


def pair(name: str) -> np.ndarray:
    """Two people who differ in one parameter, from the lowest to the highest."""
    points = np.zeros((2, len(face_space.NAMES)))
    points[:, face_space.NAMES.index(name)] = [-1, 1]
    return points


def values_of(points: np.ndarray) -> dict[str, np.ndarray]:
    table = portraits.neutral(points)
    return {name: table[name].to_numpy(float) for name in FACTORS}


def moved(name: str) -> tuple[bool, bool]:
    """Does the bare head's surface move, and does a landmark?"""
    values = values_of(pair(name))
    scene, _ = solid(values, SIDE)
    surface = scene.depth.view(2, -1).numpy(), scene.cover.view(2, -1).numpy()
    at = Landmarks(values)
    places = np.array([np.broadcast_to(getattr(at, one), 2) for one in LANDMARKS])
    return (
        any(not np.allclose(one[0], one[1], atol=1e-6) for one in surface),
        not np.allclose(places[:, 0], places[:, 1]),
    )


def test_every_factor_of_a_person_is_in_the_space_once_and_none_of_an_image() -> None:
    assert face_space.NAMES == IDENTITY_FACTORS
    shape, appearance = (face_space.of_kind(kind) for kind in face_space.KINDS)
    assert (shape ^ appearance).all() and shape.sum() == 38 and appearance.sum() == 21
    assert face_space.table()["parameters"].sum() == 59
    with pytest.raises(ValueError, match="kind='texture': allowed are shape, appearance"):
        face_space.of_kind("texture")


@pytest.mark.parametrize("name", [n for n, p in face_space.PARAMETERS.items() if p.kind == "appearance"])
def test_appearance_leaves_every_point_of_the_face_where_it_is(name: str) -> None:
    assert moved(name) == (False, False)


@pytest.mark.parametrize("name", [n for n, p in face_space.PARAMETERS.items() if p.why == face_space.SOLID])
def test_solid_shape_moves_the_bare_head(name: str) -> None:
    if name == "shoulder_width":
        pytest.skip("shoulders are below the bare head that is compared here")
    assert moved(name)[0]


@pytest.mark.parametrize("name", face_space.NAMES)
def test_every_parameter_can_be_seen_in_a_portrait(name: str) -> None:
    base = pair(name)
    if name == "mole_right" or name == "mole_up":
        base[:, face_space.NAMES.index("mole_size")] = 1
    low, high = portraits.render_neutral(base, 64).astype(int)
    assert np.abs(low - high).max() > 8


def test_columns_are_found_by_name_and_what_is_missing_is_named() -> None:
    names = [*reversed(face_space.NAMES), "yaw_deg"]
    factors = np.arange(2 * len(names), dtype=float).reshape(2, -1)
    np.testing.assert_array_equal(face_space.columns(factors, names), factors[:, :-1][:, ::-1])
    with pytest.raises(ValueError, match="1 of 59 parameters are not among the factors, as 'head_width'"):
        face_space.columns(factors[:, 1:], [name for name in names if name != "head_width"])


def test_the_components_of_independent_numbers_stay_inside_the_edges_of_chance() -> None:
    rng = np.random.default_rng(0)
    spectrum, low, high = face_space.pca_spread(rng.uniform(-1, 1, (600, 59)))
    assert spectrum.mean() == pytest.approx(1)
    assert low - 0.05 < spectrum[-1] < spectrum[0] < high + 0.05
    one = rng.uniform(-1, 1, (600, 59))
    one[:, 1] = one[:, 0]  # two tied numbers make a component that chance does not
    assert face_space.pca_spread(one)[0][0] > 1.15 * high
