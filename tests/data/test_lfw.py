"""LFW's pairs, from a made-up LFW of four people: two folds of two pairs of one person and two of two."""

import numpy as np
import pytest
from PIL import Image

from deepfeatures.analysis import lfw as protocol
from deepfeatures.data.lfw import lfw_pairs

PEOPLE = ("Ada_A", "Ben_B", "Cleo_C", "Dan_D")
SAME = [f"{name}\t1\t2" for name in PEOPLE]
DIFFERENT = [f"{one}\t1\t{other}\t2" for one, other in zip(PEOPLE, (*PEOPLE[1:], PEOPLE[0]), strict=True)]


@pytest.fixture
def home(tmp_path):
    root = tmp_path / "lfw_home"
    for number, name in enumerate(PEOPLE):
        folder = root / "lfw_funneled" / name
        folder.mkdir(parents=True)
        for image in (1, 2):
            plain = np.full((250, 250, 3), (60 * number, 200 - 40 * number, 30 + image), np.uint8)
            plain[:40] = 255  # outside the middle square
            Image.fromarray(plain).save(folder / f"{name}_{image:04d}.jpg", quality=95)
    lines = ["2\t2", *SAME[:2], *DIFFERENT[:2], *SAME[2:], *DIFFERENT[2:]]
    for listed in ("pairs.txt", "pairsDevTrain.txt", "pairsDevTest.txt"):
        (root / listed).write_text("\n".join(lines) + "\n")
    return tmp_path


def test_pairs_labels_and_folds_are_those_of_pairs_txt(home):
    pairs = lfw_pairs(home, side_px=32)
    assert pairs.first.shape == pairs.second.shape == (8, 32, 32, 3) and pairs.first.dtype == np.uint8
    assert pairs.same.tolist() == [True, True, False, False] * 2
    assert pairs.fold.tolist() == [0] * 4 + [1] * 4
    # Ada against Ben: her red is 0 and his 60; nothing of the white upper rim is seen.
    assert pairs.first[2, ..., 0].max() < 8 and abs(int(pairs.second[2, ..., 0].mean()) - 60) < 8


def test_the_protocol_is_right_where_colours_tell_people(home):
    pairs = lfw_pairs(home, side_px=16)
    found = protocol.ten_folds(pairs, lambda images: np.eye(4)[np.round(images[..., 0].mean((1, 2)) / 60).astype(int)])
    assert found.percent == 100 and found.standard_error == 0 and found.by_fold.tolist() == [100, 100]


def test_the_protocol_is_half_right_where_nothing_is_told(home):
    found = protocol.ten_folds(lfw_pairs(home, side_px=16), lambda images: np.ones((len(images), 2)))
    assert found.percent == 50


def test_the_standard_error_is_that_of_the_mean_over_folds():
    same = np.tile([True, False], 20)
    fold = np.repeat(np.arange(10), 4)
    similarity = same.astype(float)
    similarity[:2] = [0.0, 1.0]  # half of fold 0 is wrong
    found = protocol.accuracy(similarity, same, fold)
    assert found.by_fold.tolist() == [50.0] + [100.0] * 9 and found.percent == 95
    assert found.standard_error == pytest.approx(np.std([50] + [100] * 9, ddof=1) / np.sqrt(10))


def test_who_has_no_lfw_is_told_what_is_missing(tmp_path, home):
    with pytest.raises(FileNotFoundError, match=r"pairs\.txt is missing"):
        lfw_pairs(tmp_path / "elsewhere")
    (home / "lfw_home" / "pairsDevTest.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"pairsDevTest\.txt is missing"):
        lfw_pairs(home)


def test_a_list_that_contradicts_itself_is_refused(home):
    listed = home / "lfw_home" / "pairs.txt"
    listed.write_text("\n".join(["3\t2", *SAME, *DIFFERENT]) + "\n")
    with pytest.raises(ValueError, match="3 folds of twice 2 pairs and lists 8"):
        lfw_pairs(home)
    listed.write_text("pairs\n")
    with pytest.raises(ValueError, match="two numbers, folds and pairs"):
        lfw_pairs(home)
