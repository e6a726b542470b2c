from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfeatures.data import pointing04
from tests.data.made_up_faces import write_pointing04
from tests.real_faces import pointing_root


def test_a_name_says_person_series_number_tilt_pan() -> None:
    view = pointing04.parse("person07254-15+90.jpg")
    assert (view.person, view.series, view.number, view.tilt_deg, view.pan_deg) == (7, 2, 54, -15, 90)


@pytest.mark.parametrize("name", ["person0725415+90.jpg", "person07254-15+90.txt", "face.jpg", "person07354-15+90.jpg"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a Pointing'04 name"):
        pointing04.parse(name)


def test_the_convention_on_named_files() -> None:
    # Looked at: in person01142+0-60.jpg the nose points to the right, in person01120-30+0.jpg the face looks down.
    assert pointing04.parse("person01142+0-60.jpg").yaw_deg == 60
    assert pointing04.parse("person01120-30+0.jpg").pitch_deg == -30


def test_reading_gives_rows_by_name_with_their_boxes(tmp_path: Path) -> None:
    write_pointing04(tmp_path)
    heads = pointing04.read(tmp_path)
    assert len(heads) == 18 and sorted(heads.ids.tolist()) == heads.ids.tolist()
    assert all(path.is_file() for path in heads.paths())
    for name, yaw, pitch, person in zip(heads.ids, heads.yaw_deg, heads.pitch_deg, heads.person, strict=True):
        view = pointing04.parse(str(name))
        assert (yaw, pitch, person) == (-view.pan_deg, view.tilt_deg, view.person)
    np.testing.assert_array_equal(heads.boxes[3], [190, 140, 90, 100])


def test_images_without_a_box_and_foreign_ones_are_counted_and_named(tmp_path: Path) -> None:
    write_pointing04(tmp_path)
    folder = tmp_path / "pointing04" / "Person01"
    (folder / "person01100-30-90.txt").unlink()
    (folder / "person01101-30+0.txt").write_text("person01101-30+0.jpg\n\nFace\n190\n140\n0\n100\n")
    (folder / "person01102-30+90.txt").write_text("person01102-30+90.jpg\n\nFace\n190\n140\n")
    (folder / "front.jpg").write_bytes(b"")
    heads = pointing04.read(tmp_path)
    assert heads.without_box == ("person01100-30-90.jpg", "person01101-30+0.jpg", "person01102-30+90.jpg")
    assert heads.foreign == ("front.jpg",) and len(heads) == 15
    assert "3 without a face box left out (the first: person01100-30-90.jpg)" in heads.report()
    assert "front.jpg" in heads.report()


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    assert not pointing04.present(tmp_path)
    with pytest.raises(FileNotFoundError, match="no Pointing'04 image.*pointing04"):
        pointing04.read(tmp_path)


def test_the_real_set_is_whole() -> None:
    heads = pointing04.read(pointing_root())
    assert (len(heads), len(set(heads.person)), heads.without_box, heads.foreign) == (1860, 10, (), ())
    assert sorted(set(heads.yaw_deg)) == list(range(-90, 91, 15))
    assert sorted(set(heads.pitch_deg)) == [-90, -60, -30, -15, 0, 15, 30, 60, 90]


def test_faces_move_in_their_boxes_the_way_the_convention_says() -> None:
    # A head turns about its neck: the face box goes where the nose goes. No image is read and no network asked.
    heads = pointing04.read(pointing_root())
    for person in range(1, 11):
        level = (heads.person == person) & (heads.pitch_deg == 0)
        ahead = (heads.person == person) & (heads.yaw_deg == 0)
        centre_x, centre_y = heads.boxes[:, 0], heads.boxes[:, 1]
        right, left = level & (heads.yaw_deg >= 60), level & (heads.yaw_deg <= -60)
        assert centre_x[right].mean() > centre_x[left].mean() + 10, f"yaw of person {person}"
        up, down = ahead & (heads.pitch_deg >= 30), ahead & (heads.pitch_deg <= -30)
        assert centre_y[up].mean() < centre_y[down].mean() - 10, f"pitch of person {person}"


def test_skin_lies_on_the_noses_side_of_dark_hair_in_named_files() -> None:
    # Person 1, dark hair, before a light wall: in a turned head hair is at the back and skin in front.
    folder = pointing_root() / "pointing04" / "Person01"
    for name in ("person01142+0-60.jpg", "person01150+0+60.jpg"):
        yaw_deg = pointing04.parse(name).yaw_deg
        image = np.asarray(Image.open(folder / name).convert("RGB")).astype(float)[:140]  # above the shoulders
        skin = image[..., 0] - image[..., 2] > 35
        hair = image.max(-1) < 70
        hair[:, :10] = False  # the picture's black edge
        columns = np.arange(image.shape[1])
        gap = np.average(columns, weights=skin.sum(0)) - np.average(columns, weights=hair.sum(0))
        assert np.sign(gap) == np.sign(yaw_deg) and abs(gap) > 15, f"{name}: skin {gap:.0f} pixels right of hair"
