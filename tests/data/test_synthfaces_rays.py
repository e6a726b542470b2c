"""The batched ray caster against the plain one, and what each shape must look like from where."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data.synthfaces import FACTORS, SynthFaces
from deepfeatures.data.synthfaces.placement import Ellipsoid, rotation, seen
from deepfeatures.data.synthfaces.render import solid

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from plain_faces import clay, turn


def factors(faces: SynthFaces, indices: list[int]) -> dict[str, np.ndarray]:
    truth = faces.truth(indices)
    return {name: truth[name].to_numpy(np.float64) for name in FACTORS}


def test_depth_slopes_and_cover_are_the_plain_casters() -> None:
    f = factors(SynthFaces(seed=5, side_px=32), [3, 977])
    scene, _ = solid(f, 32)
    for image in range(2):
        plain = clay(f, image, 32)
        for name, tolerance in (("depth", 2e-4), ("cover", 2e-4), ("slope_x", 2e-3), ("slope_y", 2e-3)):
            ours = getattr(scene, name).view(2, 32, 32)[image].numpy()
            np.testing.assert_allclose(ours, getattr(plain, name), atol=tolerance, rtol=1e-3, err_msg=name)


@pytest.mark.parametrize("angles", [(30, 0, 0), (0, 20, 0), (0, 0, 40), (-75, 15, -20)])
def test_rotations_are_scipys_about_the_stated_axes(angles) -> None:
    ours = rotation(*(np.array([float(angle)]) for angle in angles))
    np.testing.assert_allclose([[entry[0] for entry in line] for line in ours], turn(*angles), atol=1e-12)


def test_signs_of_yaw_pitch_and_roll() -> None:
    def turned(point: list[float], *angles: float) -> np.ndarray:
        frame = rotation(*(np.array([angle]) for angle in angles))
        return np.array([sum(line[axis][0] * point[axis] for axis in range(3)) for line in frame])

    nose, crown = [0.0, 0, 1], [0.0, 1, 0]
    assert turned(nose, 30, 0, 0)[0] > 0.4  # turned to the viewer's right
    assert turned(nose, 0, 30, 0)[1] > 0.4  # looks up
    assert turned(nose, 80, 30, 0)[1] > 0.4  # in profile too
    assert turned(crown, 0, 0, 30)[0] > 0.4  # clockwise


def test_a_sphere_has_its_centre_radius_and_height() -> None:
    one = np.ones(1)
    sphere = Ellipsoid("sphere", (0.5 * one, -0.2 * one, 0.1 * one), (0.3 * one,) * 3, 25.0, 40.0)
    found = seen([sphere], rotation(0 * one, 0 * one, 0 * one))
    assert [float(value[0, 0]) for value in (found.x, found.y, found.z)] == pytest.approx([0.5, -0.2, 0.1])
    for value in (found.half_width, found.half_height, found.mean_radius, found.bulge):
        assert value[0, 0] == pytest.approx(0.3)


def silhouette(yaw_deg: float, **changed: float) -> np.ndarray:
    """(side, side) bool: where the bare average head covers the picture."""
    f = factors(SynthFaces(), [0])
    for name, one in FACTORS.items():
        f[name] = np.array([1.0 if name == "zoom" else 0.0 if one.low <= 0 <= one.high else one.low])
    f |= {"yaw_deg": np.array([yaw_deg])} | {name: np.array([value]) for name, value in changed.items()}
    return solid(f, 96)[0].cover.view(96, 96).numpy() > 0.5


def test_a_profile_shows_a_nose_that_grows_with_its_factor() -> None:
    small, large = silhouette(90, nose_forward=-1.0), silhouette(90, nose_forward=1.0)
    assert (large & ~small).sum() > 5
    assert np.flatnonzero(large.any(0)).max() > np.flatnonzero(small.any(0)).max()


def test_a_profile_is_no_smeared_frontal() -> None:
    front, side = silhouette(0), silhouette(90)
    np.testing.assert_array_equal(front, front[:, ::-1])
    middle = slice(40, 60)  # from the brows to the mouth
    profile = side[middle]
    edge = 95 - np.argmax(profile[:, ::-1], axis=1)  # the rightmost pixel of each line: brow, nasion, nose, lip
    assert edge.max() - edge.min() >= 5
    assert (side != side[:, ::-1]).mean() > 0.05
