"""The table of pose estimates: what is in it, what is refused, and that a run which was stopped goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfeatures.data import crops, pointing04, pose_table
from deepfeatures.networks import pose_estimates
from deepfeatures.networks.pose_network import IMAGENET_MEAN, IMAGENET_STD, PoseNetwork
from tests.networks.made_up_pose import write

BOOK = ("right", "up", "clockwise")


@pytest.fixture
def network(tmp_path: Path) -> PoseNetwork:
    return PoseNetwork(write(tmp_path / "p.onnx"), BOOK)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Seven plain images of CelebA's size, one of another, one that is no image, and a file that is none."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(7):
        colour = np.full((218, 178, 3), (40 * number, 90, 130), np.uint8)
        Image.fromarray(colour).save(folder / f"{number:06d}.png")
    Image.fromarray(np.full((60, 90, 3), 124, np.uint8)).save(folder / "small.png")
    (folder / "000003.jpg").write_bytes(b"\xff\xd8 cut off")
    (folder / "notes.txt").write_text("no image")
    return folder


def test_the_table_is_what_the_chapters_read(images: Path, network: PoseNetwork, tmp_path: Path) -> None:
    out = tmp_path / "poses.csv"
    told = pose_estimates.estimate(images, out, network, batch=3)
    assert (told.rows, told.resumed, len(told.left_out)) == (8, 0, 1) and "000003.jpg" in told.left_out[0]
    table = pose_table.read(out)
    assert table.ids.tolist() == [*(f"{n:06d}.png" for n in range(7)), "small.png"]
    colours = np.array([*((40 * n, 90, 130) for n in range(7)), (124, 124, 124)], float)
    expected = 40 * (colours - IMAGENET_MEAN) / IMAGENET_STD
    found = np.stack([table.yaw_deg, table.pitch_deg, table.roll_deg], axis=1)  # in the book's convention again
    np.testing.assert_allclose(found, expected, atol=0.02)
    assert table.face_side_px.tolist() == [178.0] * 7 + [60.0] and set(table.n_faces) == {1}
    assert told.largest_deg == pytest.approx(np.abs(expected).max(), abs=0.02)
    assert pose_table.believe(table).kept.sum() == (np.abs(expected) <= [90, 60, 60]).all(1).sum() > 3
    about = json.loads((tmp_path / "poses.csv.json").read_text())
    assert about["fingerprint"] == network.fingerprint and about["left_out"] == list(told.left_out)
    assert "no detector" in about["n_faces"] and about["images"] == 8
    assert not list(tmp_path.glob("poses.csv.part*"))


def test_a_run_that_was_stopped_goes_on_and_ends_with_the_same_bytes(
    images: Path, network: PoseNetwork, tmp_path: Path
) -> None:
    whole, again = tmp_path / "whole.csv", tmp_path / "again.csv"
    pose_estimates.estimate(images, whole, network, batch=3)

    class Killed(Exception):
        pass

    def stop(done: int, of: int) -> None:
        assert of == 9
        if done >= 6:
            raise Killed

    with pytest.raises(Killed):
        pose_estimates.estimate(images, again, network, batch=3, progress=stop)
    part = tmp_path / "again.csv.part"
    assert not again.exists() and len(part.read_text().splitlines()) == 5
    part.write_text(part.read_text()[:-7])  # the last line half-written
    seen: list[int] = []
    told = pose_estimates.estimate(images, again, network, batch=3, progress=lambda done, of: seen.append(done))
    assert told.resumed == 4 and told.rows == 8 and seen == [7, 9]
    assert again.read_bytes() == whole.read_bytes()
    assert (tmp_path / "again.csv.json").read_bytes() == (tmp_path / "whole.csv.json").read_bytes()


def test_an_unfinished_table_is_not_gone_on_with_by_another_network(
    images: Path, network: PoseNetwork, tmp_path: Path
) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pose_estimates.estimate(images, tmp_path / "t.csv", network, batch=3, progress=stop)
    other = PoseNetwork(write(tmp_path / "q.onnx", weights=np.eye(3)), ("left", "up", "clockwise"))
    with pytest.raises(ValueError, match=r"t.csv.part was begun with another fingerprint, network, positive: give the"):
        pose_estimates.estimate(images, tmp_path / "t.csv", other)


def test_bad_input_is_refused_with_a_message(images: Path, network: PoseNetwork, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere is not a folder: --images is where the images lie"):
        pose_estimates.estimate(tmp_path / "nowhere", tmp_path / "t.csv", network)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="no .jpg, .jpeg, .png in"):
        pose_estimates.estimate(empty, tmp_path / "t.csv", network)
    with pytest.raises(ValueError, match="none is not a folder: make it first"):
        pose_estimates.estimate(images, tmp_path / "none" / "t.csv", network)
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(ValueError, match="there.csv is there already"):
        pose_estimates.estimate(images, tmp_path / "there.csv", network)
    assert (tmp_path / "there.csv").read_text() == "mine"
    (empty / "a,b.png").write_bytes(b"")
    with pytest.raises(ValueError, match="no comma, quote or line break"):
        pose_estimates.estimate(empty, tmp_path / "t.csv", network)
    (empty / "a,b.png").rename(empty / "ab.png")
    with pytest.raises(ValueError, match="none of 1 images in .* could be read; the first: ab.png cannot be decoded"):
        pose_estimates.estimate(empty, tmp_path / "t.csv", network)


@pytest.mark.parametrize("weights", [np.full((3, 3), np.nan), 1e4 * np.eye(3)])
def test_what_cannot_be_an_angle_is_refused(images: Path, tmp_path: Path, weights: np.ndarray) -> None:
    odd = PoseNetwork(write(tmp_path / "odd.onnx", weights=weights), BOOK)
    with pytest.raises(ValueError, match=r"odd.onnx says .* degrees of 000000.png, beyond 180: is it a pose network"):
        pose_estimates.estimate(images, tmp_path / "t.csv", odd)


def test_the_frame_of_celeba_is_as_wide_as_its_images_about_the_networks_own_frame() -> None:
    for size in ((112, 112), (224, 224)):
        frame = pose_estimates.frame_of((218, 178, 3), size)
        assert np.linalg.norm(frame[:, 0]) * size[1] == pytest.approx(178)
        corners = frame @ np.array([[-0.5, -0.5, 1], [size[1] - 0.5, size[0] - 0.5, 1]]).T
        assert corners[1].min() > 20 and corners[1].max() < 218
        tight = crops.celeba_crop(size)
        centre = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2, 1])
        np.testing.assert_allclose(frame @ centre, tight @ centre, atol=1e-9)
    middle = pose_estimates.frame_of((100, 60, 3), (30, 30))
    np.testing.assert_allclose(middle @ [14.5, 14.5, 1], [29.5, 49.5])
    np.testing.assert_allclose(middle @ [[-0.5], [-0.5], [1]], [[-0.5], [19.5]])


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    """Pointing'04 whose images are as red as the nose points right and as green as it points up."""
    for person in (1, 2):
        folder = tmp_path / "pointing04" / f"Person{person:02d}"
        folder.mkdir(parents=True)
        for number, (tilt, pan) in enumerate((t, p) for t in (-30, 0, 30, 90) for p in (-60, 0, 45)):
            stem = f"person{person:02d}1{number:02d}{tilt:+d}{pan:+d}"
            colour = np.full((288, 384, 3), (128 - pan, 128 + tilt, 90), np.uint8)
            Image.fromarray(colour).save(folder / f"{stem}.jpg", quality=95)
            (folder / f"{stem}.txt").write_text(f"{stem}.jpg\n\nFace\n190\n140\n90\n100\n")
    return tmp_path


def test_a_network_is_checked_against_measured_angles(heads: Path) -> None:
    path = write(heads / "p.onnx", weights=np.diag(IMAGENET_STD) * 0.5)  # half a degree for a degree
    found = pose_estimates.check(PoseNetwork(path, BOOK), heads, batch=4)
    assert found.images == 18  # tilt 90 is beyond what is compared
    truth = np.concatenate([pointing04.read(heads).yaw_deg[:9]] * 2)
    assert found.correlation == pytest.approx((1, 1), abs=0.01) and found.error_deg[0] < np.abs(truth).max()
    assert "18 images, angles measured" in str(found) and "yaw: mean error" in str(found)
    with pytest.raises(ValueError, match="yaw runs against .* --positive wants the other word for yaw"):
        pose_estimates.check(PoseNetwork(path, ("left", "up", "clockwise")), heads)
    with pytest.raises(ValueError, match="--positive wants the other word for pitch"):
        pose_estimates.check(PoseNetwork(path, ("right", "down", "clockwise")), heads)
    blind = PoseNetwork(write(heads / "b.onnx", weights=np.zeros((3, 3))), BOOK)
    with pytest.raises(ValueError, match="too few to check anything"):
        pose_estimates.check(blind, heads)
