"""What is found, partial, absent or damaged, where it was looked for, and what to do: on made-up data."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepfeatures.study import data_status
from tests.data import made_up_faces

HEADER = "image,yaw_deg,pitch_deg,roll_deg,face_side_px,n_faces\n"


def found(root: Path) -> dict[str, data_status.Found]:
    return {one.what: one for one in data_status.everything(root)}


@pytest.fixture
def celeba(tmp_path: Path) -> Path:
    made_up_faces.write_celeba(tmp_path, [1, 1, 2, 2, 3], [0, 0, 1, 2, 2])
    return tmp_path


def test_an_empty_root_lacks_everything_and_says_what_to_do(tmp_path: Path) -> None:
    report = found(tmp_path)
    assert {one.state for one in report.values()} == {"absent"}
    assert list(report)[:4] == ["mnist", "celeba", "celeba pose table", "pointing04"]
    for one in report.values():
        assert one.todo and one.looked.is_relative_to(tmp_path) and str(one.looked) in str(one)
    assert "deepfeatures data fetch mnist" in report["mnist"].todo
    assert "list_eval_partition.txt" in report["celeba"].todo
    weights = report["weights mobilefacenet-ms1m"]
    assert "get mobilefacenet_ms1m_foamliu.pt from" in weights.todo and "no checksum is published" in weights.todo


def test_a_part_of_celeba_is_counted(tmp_path: Path) -> None:
    made_up_faces.write_celeba(tmp_path, [1, 1, 2, 2, 3], [0, 0, 1, 2, 2], without=(2, 5))
    one = found(tmp_path)["celeba"]
    assert one.state == "partial" and "3 of 5 labelled images" in one.told and "2 missing" in one.told
    assert "not the official label files" in one.told


def test_the_whole_of_it_wants_nothing(celeba: Path) -> None:
    one = found(celeba)["celeba"]
    assert (one.state, one.todo) == ("found", "") and "5 of 5 labelled images, 3 people" in one.told


def test_damaged_labels_are_named_and_the_rest_is_still_told(celeba: Path) -> None:
    (celeba / "celeba" / "identity_CelebA.txt").write_text("000001.jpg 1\n")
    report = found(celeba)
    assert report["celeba"].state == "damaged" and "identity_CelebA.txt has 1 rows" in report["celeba"].told
    assert report["celeba pose table"].state == "absent"


def test_a_pose_table_is_counted_against_the_images(celeba: Path) -> None:
    path = celeba / "celeba" / "pose_estimates.csv"
    one = found(celeba)["celeba pose table"]
    assert one.state == "absent" and f"deepfeatures data pose --images {path.parent / 'img_align_celeba'}" in one.todo
    path.write_text(HEADER + "".join(f"{n:06d}.jpg,1,1,1,100,1\n" for n in range(1, 5)))
    one = found(celeba)["celeba pose table"]
    assert one.state == "partial" and "4 of 5 images have an estimate" in one.told and "1 without" in one.told
    path.write_text(path.read_text() + "000005.jpg,99,1,1,100,1\n")
    one = found(celeba)["celeba pose table"]
    assert one.state == "found" and "5 of 5 images" in one.told and "1 beyond any neck" in one.told
    path.write_text(HEADER + "a.jpg,left,1,1,1,1\n")
    assert found(celeba)["celeba pose table"].state == "damaged"


def test_a_table_that_was_begun_is_partial(celeba: Path) -> None:
    (celeba / "celeba" / "pose_estimates.csv.part").write_text("000001.jpg,1,1,1,100,1\n" * 3)
    one = found(celeba)["celeba pose table"]
    assert one.state == "partial" and one.told == "3 rows of an unfinished one"


def test_pointing04_is_partial_until_all_fifteen_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up_faces.write_pointing04(tmp_path, people=2)
    one = found(tmp_path)["pointing04"]
    assert one.state == "partial" and "18 images of 2 people" in one.told and "2,790 images" in one.todo
    monkeypatch.setattr(data_status, "POINTING_IMAGES", 18)
    assert found(tmp_path)["pointing04"].state == "found"
    for image in (tmp_path / "pointing04").glob("*/*.txt"):
        image.unlink()
    one = found(tmp_path)["pointing04"]
    assert one.state == "damaged" and "no Pointing'04 image with a face box" in one.told


def test_weights_of_imagenet_are_held_against_their_name(tmp_path: Path) -> None:
    absent = found(tmp_path)["weights of ImageNet"]
    assert absent.state == "absent" and absent.todo.startswith("get https://download.pytorch.org/models/resnet18-")
    (tmp_path / "weights").mkdir()
    absent.looked.write_bytes(b"half a download")
    broken = found(tmp_path)["weights of ImageNet"]
    assert broken.state == "damaged" and "does not begin as the file's name says" in broken.told


def test_weights_are_found_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "mobilefacenet_ms1m_foamliu.pt").write_bytes(b"x" * 3_000_000)
    (tmp_path / "weights" / "w600k_r50.onnx").touch()
    report = found(tmp_path)
    one = report["weights mobilefacenet-ms1m"]
    assert one.state == "found" and "3.0 MB" in one.told
    assert report["weights arcface-r50"].state == "damaged" and "0 bytes" in report["weights arcface-r50"].told
    assert report["weights vgg-face"].state == "absent"


def test_a_record_for_a_program_is_plain_text(tmp_path: Path) -> None:
    record = found(tmp_path)["celeba"].record()
    assert record["state"] == "absent" and set(record) == {"what", "state", "looked", "told", "todo"}
    assert all(isinstance(value, str) for value in record.values())


def test_a_set_that_may_not_be_read_hides_no_other(celeba: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(celeba))

    monkeypatch.setattr(data_status.mnist, "present", forbidden)
    report = found(celeba)
    assert (report["mnist"].state, report["mnist"].told) == ("damaged", "it cannot be read (Permission denied)")
    assert "you may read it" in report["mnist"].todo and report["celeba"].state == "found"
