"""What a factor does to a picture, and no more than that; and that raw pixels do not give a person away."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from deepfeatures.data.synthfaces import FACTORS, IDENTITY_FACTORS, SynthFaces
from deepfeatures.data.synthfaces.anatomy import Landmarks
from deepfeatures.data.synthfaces.photograph import jpeg, smeared
from deepfeatures.data.synthfaces.placement import FRAME_HALF
from deepfeatures.data.synthfaces.scene import HEAD_UP

SWITCHES = [name for name, one in FACTORS.items() if one.is_switch]
PLAIN = dict.fromkeys(SWITCHES, 0.0)
STILL = {"noise_percent": (0, 0)}
FRONTAL = STILL | {"yaw_deg": (0, 0), "pitch_deg": (0, 0), "roll_deg": (0, 0)}
FACES = SynthFaces(seed=9, identities=40, images_per_identity=1, side_px=64, chances=PLAIN, ranges=FRONTAL)
MIRRORED = ("yaw_deg", "roll_deg", "light_yaw_deg", "shift_right_percent", "gaze_right", "mole_right")


def test_a_mirrored_world_gives_mirrored_pictures() -> None:
    faces = SynthFaces(
        seed=4,
        identities=24,
        images_per_identity=1,
        chances={name: 0.4 for name in SWITCHES if name not in ("video", "low_resolution", "compressed")}
        | {"video": 0, "low_resolution": 0, "compressed": 0},
        ranges=STILL | {"background_contrast": (0, 0)},
    )
    truth = faces.truth()
    turned = truth.assign(**{name: -truth[name] for name in (*MIRRORED, "occluder_right_percent")})
    apart = np.abs(faces.render_truth(truth)[:, :, ::-1].astype(int) - faces.render_truth(turned))
    assert (apart <= 2).mean() > 0.999
    half = np.abs(faces.render_truth(truth).astype(int) - faces.render_truth(turned))
    assert (half <= 2).mean() < 0.7  # and the pictures are not symmetric themselves


def test_a_smile_changes_the_mouth_only() -> None:
    for index in range(5):
        truth = FACES.truth([index])
        at = Landmarks({name: truth[name].to_numpy() for name in FACTORS})
        images = FACES.vary(index, "smile", [0.3, 0.9]).images.astype(int)
        rows, columns = np.nonzero(np.abs(images[1] - images[0]).max(-1) > 2)
        assert len(rows) >= 10
        unit = 32 / FRAME_HALF * truth.zoom[0]  # pixels a head unit
        x = (columns - 31.5 - truth.shift_right_percent[0] * 0.64) / unit
        y = (31.5 - rows - truth.shift_up_percent[0] * 0.64) / unit - HEAD_UP
        assert np.abs(x).max() < 0.6
        assert at.mouth_y[0] - 0.4 < y.min() and y.max() < at.nose_y[0] + 0.1


# factor: (values from and to, rows where the picture changes, columns, least changed share of all pixels)
TOP, EYES, MOUTH, CHEST, ANYWHERE = (0, 28), (14, 42), (34, 58), (40, 64), (0, 64)
SEEN = {
    "hat": (0, 1, (0, 40), 0.08),
    "glasses": (0, 1, EYES, 0.01),
    "sunglasses": (0, 1, EYES, 0.015),
    "eyes_closed": (0, 1, EYES, 0.002),
    "lipstick": (0, 1, MOUTH, 0.003),
    "makeup": (0, 1, (14, 58), 0.005),
    "blush": (0, 1, (18, 50), 0.005),
    "necktie": (0, 1, CHEST, 0.01),
    "necklace": (0, 1, CHEST, 0.003),
    "mouth_open": (0.2, 0.9, MOUTH, 0.003),
    "moustache": (0, 1, MOUTH, 0.003),
    "goatee": (0, 1, MOUTH, 0.002),
    "beard": (0, 1, (22, 62), 0.01),
    "nose_width": (-1, 1, (22, 50), 0.003),
    "brow_thickness": (-1, 1, (10, 40), 0.003),
    "eye_spacing": (-1, 1, (10, 45), 0.008),
    "yaw_deg": (0, 60, ANYWHERE, 0.1),
    "occluder": (0, 1, ANYWHERE, 0.015),
    "blurred": (0, 1, ANYWHERE, 0.1),
    "video": (0, 1, ANYWHERE, 0.1),
    "noise_percent": (0, 4, ANYWHERE, 0.3),
}


@pytest.mark.parametrize("factor", SEEN)
def test_a_factor_is_seen_and_only_where_it_belongs(factor: str) -> None:
    low, high, (first, last), least = SEEN[factor]
    for index in (2, 7):
        changed = np.diff(FACES.vary(index, factor, [low, high]).images.astype(int), axis=0)[0]
        moved = np.abs(changed).max(-1) > 3
        rows = np.flatnonzero(moved.any(1))
        assert moved.mean() >= least, (index, moved.mean())
        assert first <= rows.min() and rows.max() < last, (index, rows.min(), rows.max())


def test_every_factor_of_a_person_is_visible() -> None:
    """Frontal or turned, a face changes along the factor's range; tendencies act through what they are tied to."""
    base = FACES.truth([0, 5]).assign(
        baldness=-1.0, bangs=0.0, hair_length=0.1, mole_right=0.6, mole_up=0.3, mole_size=1.0
    )
    for name in IDENTITY_FACTORS:
        if not name.startswith("tends_"):
            ends = [base.assign(yaw_deg=[0.0, 65.0], **{name: value}) for value in (-1.0, 1.0)]
            moved = np.abs(FACES.render_truth(ends[1]).astype(int) - FACES.render_truth(ends[0]))
            assert moved.max() > 15, (name, moved.max())


def test_light_from_the_right_brightens_the_right() -> None:
    images = FACES.vary(3, "light_yaw_deg", [-70.0, 70.0]).images.astype(float)
    face = images[:, 16:52, 18:46].mean(-1)
    right_less_left = face[:, :, 14:].mean((1, 2)) - face[:, :, :14].mean((1, 2))
    assert right_less_left[0] < -15 and right_less_left[1] > 15


def test_blur_adds_its_variance_and_keeps_the_mean() -> None:
    import torch

    point = torch.zeros(2, 3, 65, 65)
    point[:, :, 32, 32] = 1
    wanted = np.array([0.3, 4.0])
    spread = smeared(point, wanted, 3)[:, 0, 32].numpy()
    place = np.arange(65) - 32
    np.testing.assert_allclose(spread.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose((spread * place**2).sum(1), wanted, rtol=1e-5)


def test_compression_is_pillows_at_the_stated_quality() -> None:
    faces = SynthFaces(seed=9, identities=2, chances=PLAIN | {"compressed": 1.0}, ranges=STILL)
    image = faces.truth([3]).assign(compressed=0.0)
    buffer = io.BytesIO()
    quality = round(float(image.jpeg_quality.iloc[0]))
    Image.fromarray(faces.render_truth(image)[0]).save(buffer, "JPEG", quality=quality)
    np.testing.assert_array_equal(faces.render([3])[0], np.asarray(Image.open(buffer)))
    assert jpeg(faces.render([3])[0], 20).shape == (64, 64, 3)


def test_raw_pixels_do_not_verify_across_poses() -> None:
    """Cosine of centred pixels, pairs of one person against pairs of two, at least 30 degrees of yaw apart."""
    faces = SynthFaces(seed=0, identities=40, images_per_identity=12, side_px=32)
    truth = faces.truth()
    pixels = faces.render().reshape(480, -1).astype(np.float64)
    pixels -= pixels.mean(0)
    pixels /= np.linalg.norm(pixels, axis=1, keepdims=True)
    one, other = np.triu_indices(480, 1)
    yaw, person = truth.yaw_deg.to_numpy(), truth.identity.to_numpy()
    apart = np.abs(yaw[one] - yaw[other]) >= 30
    same = (person[one] == person[other])[apart]
    area = roc_auc_score(same, (pixels @ pixels.T)[one, other][apart])
    assert 0.5 < area <= 0.75, area
