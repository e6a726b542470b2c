"""Images of 50,000 x 50,000 pixels, 7.5 GB each once decoded: named and left out wherever photographs are read."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba, own_images, pointing04
from deepfeatures.data.decoding import DamagedImage, ImageStream, decode
from deepfeatures.networks import pose_estimates
from deepfeatures.networks.face_features import CroppedFaces, celeba_photographs, pointing_photographs
from deepfeatures.networks.pose_network import PoseNetwork
from tests.data import untrusted_images
from tests.data.made_up_faces import write_celeba
from tests.networks.made_up_pose import write

BOMBS = {"png": untrusted_images.png, "jpg": untrusted_images.jpeg}


@pytest.fixture(autouse=True)
def little_memory() -> None:
    """What the test takes beyond what was taken before it stays far below one such image."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kilobytes


@pytest.mark.parametrize("kind", BOMBS)
def test_an_enormous_image_is_named_and_not_decoded(kind: str, tmp_path: Path) -> None:
    path = BOMBS[kind](tmp_path / f"huge.{kind}")
    assert path.stat().st_size < 2_000
    with pytest.raises(DamagedImage, match=r"^huge.* cannot be decoded: Image size \(2500000000 pixels\) exceeds"):
        decode(path)


@pytest.mark.parametrize("make", BOMBS.values())
def test_a_stream_goes_on_without_it(make: Callable[[Path], Path], tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.full((5, 4, 3), 9, np.uint8)).save(tmp_path / "small.png")
    stream = ImageStream([make(tmp_path / "huge"), tmp_path / "small.png"])
    (batch,) = list(stream)
    assert batch.rows.tolist() == [1] and len(stream.damaged) == 1 and "huge" in stream.damaged[0]


def test_one_among_celeba_is_left_out(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2], [0, 0, 1])
    faces = celeba.read(tmp_path)
    untrusted_images.jpeg(faces.paths()[1])
    kept = CroppedFaces(celeba_photographs(faces), range(3), (16, 16))
    assert [rows.tolist() for rows, _ in kept] == [[0, 2]]
    assert len(kept.left_out) == 1 and "000002.jpg cannot be decoded: Image size" in kept.left_out[0]


def test_one_among_pointing04_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "pointing04" / "Person01"
    folder.mkdir(parents=True)
    untrusted_images.jpeg(folder / "person01146+0+0.jpg")
    (folder / "person01146+0+0.txt").write_text("person01146+0+0.jpg\n\nFace\n190\n140\n60\n70\n")
    heads = pointing04.read(tmp_path)
    kept = CroppedFaces(pointing_photographs(heads), [0], (16, 16))
    assert list(kept) == [] and "person01146+0+0.jpg cannot be decoded: Image size" in kept.left_out[0]


@pytest.mark.parametrize("make", BOMBS.values())
def test_one_among_images_of_ones_own_is_left_out(make: Callable[[Path], Path], tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "person").mkdir()
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(tmp_path / "person" / "a.png")
    make(tmp_path / "person" / "b.png")
    assert own_images.upright(tmp_path / "person" / "a.png").shape == (20, 20, 3)
    with pytest.raises(DamagedImage, match=r"b.png cannot be decoded: Image size \(2500000000 pixels\) exceeds"):
        own_images.upright(tmp_path / "person" / "b.png")


def test_one_among_the_images_of_a_pose_table_is_left_out(tmp_path: Path) -> None:
    from PIL import Image

    faces = tmp_path / "faces"
    faces.mkdir()
    Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(faces / "a.png")
    untrusted_images.png(faces / "b.png")
    network = PoseNetwork(write(tmp_path / "pose.onnx"), ("left", "up", "clockwise"))
    told = pose_estimates.estimate(faces, tmp_path / "table.csv", network, batch=4)
    assert told.rows == 1 and len(told.left_out) == 1 and "b.png cannot be decoded: Image size" in told.left_out[0]
