from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba
from tests.data.made_up_faces import write_celeba
from tests.real_faces import celeba_root

IDENTITY = [7, 7, 8, 8, 9, 9, 10, 10, 11, 12]
PARTITION = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2]


def edit(root: Path, name: str, old: str, new: str) -> None:
    path = root / "celeba" / name
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def test_the_table_is_what_was_written(tmp_path: Path) -> None:
    attributes = write_celeba(tmp_path, IDENTITY, PARTITION)
    faces = celeba.read(tmp_path)
    assert faces.ids.tolist() == [f"{number:06d}.jpg" for number in range(1, 11)]
    assert faces.identity.tolist() == IDENTITY
    assert faces.partition.tolist() == PARTITION
    np.testing.assert_array_equal(faces.attributes, attributes)
    assert faces.attributes.dtype == bool
    np.testing.assert_array_equal(faces.attribute("Male"), attributes[:, 20])
    assert all(path.is_file() for path in faces.paths())
    with pytest.raises(KeyError, match="'Mael' is not one"):
        faces.attribute("Mael")


def test_missing_images_are_counted_named_and_left_out(tmp_path: Path) -> None:
    attributes = write_celeba(tmp_path, IDENTITY, PARTITION, without=(2, 5))
    (tmp_path / "celeba" / "img_align_celeba" / "holiday.jpg").write_bytes(b"")
    faces = celeba.read(tmp_path)
    assert faces.missing == ("000002.jpg", "000005.jpg")
    assert faces.unlabelled == ("holiday.jpg",)
    np.testing.assert_array_equal(faces.attributes, np.delete(attributes, [1, 4], axis=0))
    assert not faces.complete
    assert "8 of 10 labelled images, 6 people; 2 missing (the first: 000002.jpg)" in faces.report()
    assert "holiday.jpg" in faces.report()


def test_a_wrong_checksum_is_reported_and_the_right_one_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_celeba(tmp_path, IDENTITY, PARTITION)
    assert [file.official for file in celeba.read(tmp_path).label_files] == [False] * 3
    content = (tmp_path / "celeba" / "identity_CelebA.txt").read_bytes()
    monkeypatch.setitem(celeba.MD5, "identity_CelebA.txt", hashlib.md5(content).hexdigest())
    faces = celeba.read(tmp_path)
    assert {file.name for file in faces.label_files if file.official} == {"identity_CelebA.txt"}
    assert "not the official label files: list_attr_celeba.txt, list_eval_partition.txt" in faces.report()


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("identity_CelebA.txt", "000010.jpg 12\n", "", "9 rows.*10: fetch both again"),
        ("list_attr_celeba.txt", "10\n", "11\n", "announces 11 rows and has 10: it is truncated"),
        ("list_attr_celeba.txt", "Male", "Mail", "40 attribute names"),
        ("identity_CelebA.txt", "000004.jpg", "000014.jpg", "row 4 is 000014.jpg in identity_CelebA.txt, 000004.jpg"),
        ("identity_CelebA.txt", "000004.jpg", "000003.jpg", "lists 000003.jpg twice"),
        ("identity_CelebA.txt", "000010.jpg 12", "000010.jpg", "000010.jpg is cut short"),
        ("identity_CelebA.txt", "000010.jpg 12", "000010.jpg x", "other than whole numbers"),
        ("list_eval_partition.txt", "000010.jpg 2", "000010.jpg 3", r"partitions \[3\] are not 0, 1 or 2"),
    ],
)
def test_damaged_labels_are_an_error_that_says_what(
    tmp_path: Path, name: str, old: str, new: str, complaint: str
) -> None:
    write_celeba(tmp_path, IDENTITY, PARTITION)
    edit(tmp_path, name, old, new)
    with pytest.raises(celeba.BadLabels, match=complaint):
        celeba.read(tmp_path)


def test_an_attribute_is_there_or_not(tmp_path: Path) -> None:
    write_celeba(tmp_path, IDENTITY, PARTITION)
    path = tmp_path / "celeba" / "list_attr_celeba.txt"
    lines = path.read_text().splitlines()
    lines[4] = lines[4].replace("1", "0", 1)  # the third image: 1 or -1 becomes 0
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(celeba.BadLabels, match="000003.jpg has a value that is neither -1 nor 1"):
        celeba.read(tmp_path)


def test_a_truncated_attribute_file_is_an_error_wherever_it_ends(tmp_path: Path) -> None:
    write_celeba(tmp_path, IDENTITY, PARTITION)
    path = tmp_path / "celeba" / "list_attr_celeba.txt"
    content = path.read_bytes()
    for length in range(0, len(content) - 2, 97):
        path.write_bytes(content[:length])
        with pytest.raises(celeba.BadLabels, match="list_attr_celeba.txt"):
            celeba.read(tmp_path)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="img_align_celeba is missing"):
        celeba.read(tmp_path)
    assert not celeba.present(tmp_path)
    write_celeba(tmp_path, IDENTITY, PARTITION)
    assert celeba.present(tmp_path)
    (tmp_path / "celeba" / "identity_CelebA.txt").unlink()
    with pytest.raises(FileNotFoundError, match="identity_CelebA.txt is missing"):
        celeba.read(tmp_path)


def test_the_official_validation_is_used_where_it_is_there(tmp_path: Path) -> None:
    write_celeba(tmp_path, IDENTITY, PARTITION)
    parts = celeba.partitions(celeba.read(tmp_path))
    assert (parts.validation_from, parts.seed) == ("official", None)
    assert [part.tolist() for part in (parts.train, parts.validation, parts.test)] == [
        [0, 1, 2, 3, 4, 5], [6, 7], [8, 9]
    ]  # fmt: skip


def test_an_absent_validation_is_drawn_from_training_by_identity_and_declared(tmp_path: Path) -> None:
    identity = list(np.repeat(np.arange(30), 4)) + [99] * 5
    write_celeba(tmp_path, identity, [0] * 120 + [2] * 5, without=())
    faces = celeba.read(tmp_path)
    parts = celeba.partitions(faces, seed=3)
    people = [set(faces.identity[part]) for part in (parts.train, parts.validation, parts.test)]
    assert not people[0] & people[1] and people[2] == {99}
    assert len(parts.train) + len(parts.validation) == 120
    assert 0.10 <= len(parts.validation) / 120 <= 0.15  # the official 10.9%, whole people
    assert (parts.validation_from, parts.seed) == ("drawn", 3)
    assert "drawn from training" in parts.note and "seed 3" in parts.note
    np.testing.assert_array_equal(parts.validation, celeba.partitions(faces, seed=3).validation)
    assert set(celeba.partitions(faces, seed=4).validation) != set(parts.validation)


def test_the_fingerprint_follows_images_and_labels(tmp_path: Path) -> None:
    write_celeba(tmp_path, IDENTITY, PARTITION)
    whole = celeba.read(tmp_path).fingerprint
    assert whole == celeba.read(tmp_path).fingerprint
    (tmp_path / "celeba" / "img_align_celeba" / "000001.jpg").unlink()
    part = celeba.read(tmp_path).fingerprint
    edit(tmp_path, "identity_CelebA.txt", "000002.jpg 7", "000002.jpg 8")
    assert len({whole, part, celeba.read(tmp_path).fingerprint}) == 3


def test_the_real_subset() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        faces = celeba.read(celeba_root())
    if not all(file.official for file in faces.label_files):
        pytest.skip(f"label files under {celeba_root()} are not the official ones")
    assert len(faces) + len(faces.missing) == 202_599
    rows = {"list_attr_celeba.txt": 202_599, "identity_CelebA.txt": 202_599, "list_eval_partition.txt": 202_599}
    assert {file.name: file.rows for file in faces.label_files} == rows
    first = (celeba_root() / "celeba" / "list_attr_celeba.txt").read_text().splitlines()[2:]
    by_name = {line.split()[0]: line.split()[1:] for line in first[:2000]}
    known = [row for row, name in enumerate(faces.ids) if name in by_name]
    for row in known:  # the slow twin of the table
        assert faces.attributes[row].tolist() == [value == "1" for value in by_name[faces.ids[row]]]
    assert known
    parts = celeba.partitions(faces)
    assert not set(faces.identity[parts.train]) & set(faces.identity[parts.validation])
