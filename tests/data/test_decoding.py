from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfeatures.data.decoding import DamagedImage, ImageStream, decode
from tests.data.made_up_faces import jpeg


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.jpg" for number in range(7)]
    for path in paths:
        path.write_bytes(jpeg(rng, 40, 30))
    return paths


def test_decoding_is_pillows(photographs: list[Path]) -> None:
    image = decode(photographs[0])
    assert image.shape == (40, 30, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.asarray(Image.open(photographs[0]).convert("RGB")))


def test_grey_and_png_become_rgb(tmp_path: Path) -> None:
    Image.fromarray(np.full((5, 4), 9, np.uint8)).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(decode(tmp_path / "grey.png"), np.full((5, 4, 3), 9))


def test_a_jpeg_cut_anywhere_is_named(photographs: list[Path]) -> None:
    path = photographs[0]
    content = path.read_bytes()
    for length in [0, 1, 2, 10, len(content) // 2, *range(len(content) - 40, len(content))]:
        path.write_bytes(content[:length])
        with pytest.raises(DamagedImage, match="0.jpg"):
            decode(path)
    path.write_bytes(content + b"\0" * 7)  # something behind the end does no harm
    decode(path)


def test_text_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_text("<html>not found</html>")
    with pytest.raises(DamagedImage, match="page.jpg cannot be decoded"):
        decode(tmp_path / "page.jpg")


def test_a_stream_holds_one_batch_and_names_what_it_left_out(photographs: list[Path]) -> None:
    whole = [decode(path) for path in photographs]
    photographs[2].write_bytes(photographs[2].read_bytes()[:200])
    stream = ImageStream(photographs, batch=3)
    batches = list(stream)
    assert [batch.rows.tolist() for batch in batches] == [[0, 1], [3, 4, 5], [6]]
    for batch in batches:
        for row, image in zip(batch.rows, batch.images, strict=True):
            np.testing.assert_array_equal(image, whole[row])
    assert len(stream.damaged) == 1 and "2.jpg" in stream.damaged[0]
    list(stream)
    assert len(stream.damaged) == 1  # a second pass starts afresh


def test_a_file_that_went_away_is_not_called_damaged(photographs: list[Path]) -> None:
    photographs[1].unlink()
    with pytest.raises(FileNotFoundError, match="1.jpg"):
        list(ImageStream(photographs))


def test_a_batch_of_none_is_refused(photographs: list[Path]) -> None:
    with pytest.raises(ValueError, match="batch=0"):
        ImageStream(photographs, batch=0)
