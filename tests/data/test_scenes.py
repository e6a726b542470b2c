"""Scenes: boxes against the heads that are drawn, the same bytes in any company, photographs that stay in memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.data import celeba, scene_artifact
from deepfeatures.data.attribute_parts import ATTRIBUTE_PARTS, PARTS, part_of
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.crops import CELEBA_POINTS
from deepfeatures.data.pasted import BLOCKS, PastedScenes, aligned_head, shuffled
from deepfeatures.data.scene_objects import KINDS, LEAST, MOST, kinds_of
from deepfeatures.data.scenes import HEAD_HEIGHTS, Scenes, _values
from deepfeatures.data.synthfaces import SynthFaces
from deepfeatures.data.synthfaces.anatomy import Landmarks, skin
from deepfeatures.data.synthfaces.render import frames
from deepfeatures.data.synthfaces.scene import Scene, camera
from tests.data.made_up_faces import write_celeba

SCENES = Scenes(7, 6, 4, 64)


def test_boxes_are_where_the_bare_head_is_drawn() -> None:
    f = _values(SCENES.truth())
    scene = Scene(camera(64, f["zoom"], f["shift_right_percent"], f["shift_up_percent"]))
    with torch.no_grad():
        for patch in scene.cast(skin(f, Landmarks(f)), frames(f)["head"]):
            scene.merge(patch, 0.1)
    cover = scene.cover.view(-1, 64, 64).numpy()
    for (left, top, right, bottom), one in zip(SCENES.boxes(), cover, strict=True):
        rows, columns = np.flatnonzero(one.max(1) > 0.05), np.flatnonzero(one.max(0) > 0.05)
        drawn = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        np.testing.assert_allclose(drawn, [left, top, right, bottom], atol=1.1)


def test_heads_have_the_heights_asked_for_and_lie_inside() -> None:
    boxes = Scenes(1, 40, 5, 96).boxes()
    height = (boxes[:, 3] - boxes[:, 1]) / 96
    assert HEAD_HEIGHTS[0] * 0.8 < height.min() < 0.3 and 0.45 < height.max() < HEAD_HEIGHTS[1] * 1.25
    assert boxes.min() > -0.06 * 96 and boxes.max() < 1.06 * 96
    middle = (boxes[:, 0] + boxes[:, 2]) / 192
    assert middle.min() < 0.25 and middle.max() > 0.75  # anywhere: a box in the middle must not do


def test_a_scene_is_the_same_bytes_in_any_company() -> None:
    together = SCENES.render()
    for index in (0, 5, 23):
        np.testing.assert_array_equal(SCENES.render([index])[0], together[index])
    np.testing.assert_array_equal(SCENES.render([9, 2]), together[[9, 2]])
    assert (Scenes(8, 6, 4, 64).render([0])[0] != together[0]).any()


def test_attributes_and_people_are_those_of_the_rendered_world() -> None:
    world = SynthFaces(7, 6, 4)
    assert SCENES.identity().tolist() == np.repeat(np.arange(6), 4).tolist()
    bald = world.truth()["Bald"].to_numpy()
    np.testing.assert_array_equal(SCENES.attributes()[:, NAMES.index("Bald")], bald)
    assert (SCENES.attributes()[:, NAMES.index("Male")] == -1).all()


def test_objects_are_told_as_they_are_drawn() -> None:
    empty, index = Scenes(3, 200, 1, 32, heads=False), np.arange(200)
    drawn = kinds_of(3, index)
    count = (drawn >= 0).sum(1)
    assert (count.min(), count.max()) == (LEAST, MOST) and set(drawn.ravel()) == {-1, *range(len(KINDS))}
    told = empty.objects()
    for scene in range(200):
        assert set(np.flatnonzero(told[scene])) == set(drawn[scene]) - {-1}


def test_a_scene_without_heads_differs_from_one_with_only_there() -> None:
    """The clutter of a seed is placed by parts of the scene, so the head and shoulders are all that changes."""
    with_head, without = Scenes(11, 8, 1, 64).render(), Scenes(11, 8, 1, 64, heads=False).render()
    boxes = Scenes(11, 8, 1, 64).boxes()
    sharp = Scenes(11, 8, 1, 64).truth()
    kept = np.flatnonzero((sharp["video"] == 0) & (sharp["compressed"] == 0) & (sharp["low_resolution"] == 0))
    assert len(kept) >= 3
    for row in kept:
        changed = (with_head[row] != without[row]).any(axis=2)
        left, top, right, bottom = boxes[row].round().astype(int).clip(0, 63)
        assert changed[top:bottom, left:right].mean() > 0.7
        assert changed[:, : max(left - 40, 0)].mean() == 0 if left > 45 else True


@pytest.mark.parametrize("side_px", [16, 512])
def test_a_side_out_of_range_is_refused(side_px: int) -> None:
    with pytest.raises(ValueError, match=f"side_px is {side_px}"):
        Scenes(0, 4, 2, side_px)


def test_the_aligned_head_holds_all_five_points_and_fits_the_photograph() -> None:
    left, top, right, bottom = aligned_head()
    assert 0 < left < right < 178 and 0 < top < bottom < 218
    assert ([left, top] < CELEBA_POINTS).all() and ([right, bottom] > CELEBA_POINTS).all()
    assert (left + right) / 2 == pytest.approx(89, abs=1.5)  # faces are in the middle
    assert bottom > CELEBA_POINTS[3, 1] + 10 and top < CELEBA_POINTS[0, 1] - 40  # chin below, crown above


def test_a_decoy_has_the_same_pixels_in_other_places() -> None:
    image = np.random.default_rng(0).integers(0, 256, (218, 178, 3), np.uint8)
    dealt = shuffled(image, np.random.default_rng(1))
    assert (dealt != image).any()
    np.testing.assert_array_equal(np.sort(dealt.reshape(-1, 3), axis=0), np.sort(image.reshape(-1, 3), axis=0))
    high = 218 // BLOCKS
    blocks = {image[y * high : y * high + high, 0:29].tobytes() for y in range(BLOCKS)}
    assert dealt[:high, :29].tobytes() in blocks | {
        image[y * high : y * high + high, x * 29 : x * 29 + 29].tobytes() for y in range(BLOCKS) for x in range(BLOCKS)
    }


def test_a_photograph_lands_where_its_box_says() -> None:
    def read(path: Path) -> np.ndarray:
        image = np.zeros((218, 178, 3), np.uint8)
        if path.name == "5":  # only this one has a white head
            left, top, right, bottom = aligned_head().round().astype(int)
            image[top:bottom, left:right] = 255
        return image

    pasted = PastedScenes([Path(str(number)) for number in range(12)], 3, 96, read=read)
    scene = pasted.render(np.array([5]))[0].astype(float).min(axis=2)
    left, top, right, bottom = pasted.boxes()[5].round().astype(int)
    assert scene[top + 2 : bottom - 2, left + 2 : right - 2].mean() > 240
    ring = np.ones_like(scene, bool)
    ring[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2] = False
    width = pasted.places()[5][2]
    assert 0.39 * 96 < width < 0.66 * 96
    assert scene[ring].mean() < 200
    np.testing.assert_array_equal(pasted.render(np.array([5]))[0], pasted.render(np.array([2, 5]))[1])


def arrays(folder: Path) -> dict[str, np.ndarray]:
    return {path.stem: np.load(path) for path in folder.glob("*.npy")}


def test_the_artifact_of_rendered_scenes(tmp_path: Path) -> None:
    scene_artifact.make(tmp_path, {}, tmp_path, dataset="rendered", seed=7, side_px=64, people=6, each=4)
    got = arrays(tmp_path)
    np.testing.assert_array_equal(got["images"], SCENES.render())
    np.testing.assert_array_equal(got["boxes"], SCENES.boxes())
    assert len(set(got["ids"])) == 24 and got["attributes"].shape == (24, 40) and got["objects"].shape == (24, 10)
    np.testing.assert_array_equal(scene_artifact.images(tmp_path, tmp_path), got["images"])


def test_photographs_are_composed_anew_and_never_kept(tmp_path: Path) -> None:
    root, out = tmp_path / "data", tmp_path / "out"
    out.mkdir()
    write_celeba(root, [7, 7, 8, 9, 10], [0, 0, 0, 0, 2])
    faces = celeba.read(root)
    settings = {"dataset": "celeba", "seed": 5, "side_px": 48, "fingerprint": faces.fingerprint, "part": "learnt"}
    scene_artifact.make(out, {}, root, **settings)
    got, meta = arrays(out), json.loads((out / "meta.json").read_text())
    assert "images" not in got and meta["boxes"] == "by alignment"
    assert not list(out.glob("*.jpg")) and sum(path.stat().st_size for path in out.iterdir()) < 30_000
    made = scene_artifact.images(out, root)
    assert made.shape == (len(got["ids"]), 48, 48, 3)
    np.testing.assert_array_equal(made, scene_artifact.images(out, root))
    with pytest.raises(ValueError, match="plan again"):
        scene_artifact.make(out, {}, root, **{**settings, "fingerprint": "celeba-other"})


def test_nobody_is_in_both_parts() -> None:
    learnt, probed = (set(scene_artifact.PARTS[part]) for part in ("learnt", "probed"))
    assert not learnt & probed and probed == {celeba.TEST}


def test_every_attribute_has_a_group_or_none_and_says_why() -> None:
    assert tuple(one.attribute for one in ATTRIBUTE_PARTS) == NAMES
    assert {one.group for one in ATTRIBUTE_PARTS} == {*PARTS, ""}
    assert all(one.source for one in ATTRIBUTE_PARTS)
    for one in ATTRIBUTE_PARTS:  # a group named after a part holds every attribute with that part in its name
        for part, word in (("nose", "Nose"), ("eyes", "Eyebrows"), ("hair", "_Hair"), ("beard", "Beard")):
            assert word not in one.attribute or one.group == part
    assert part_of("Smiling") == "mouth" and part_of("Young") == ""
