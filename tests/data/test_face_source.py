"""Which faces a chapter reads: never fewer than asked for, and what is found decides the tier."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepfeatures.data import celeba, pointing04
from deepfeatures.data.face_source import faces_of_fingerprint, resolve_faces
from deepfeatures.data.faces import POSE_FILE
from deepfeatures.data.pose_table import COLUMNS
from tests.data.made_up_faces import write_celeba, write_pointing04


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    write_celeba(tmp_path, [1, 1, 2], [0, 0, 2])
    write_pointing04(tmp_path, people=1)
    return tmp_path


def test_rendered_faces_need_nothing(photographs: Path) -> None:
    source = resolve_faces("none", photographs)
    assert (source.name, source.tier, source.fingerprint) == ("synthfaces", "rendered", "synthfaces")
    assert source.celeba is source.pointing04 is source.folder is None and source.publishable
    assert "photographs=auto" in source.note


def test_photographs_are_a_substitute_and_name_their_files(photographs: Path) -> None:
    source = resolve_faces("auto", photographs)
    assert source == resolve_faces("celeba", photographs)
    assert (source.name, source.tier) == ("synthfaces+celeba+pointing04", "substitute")
    assert source.publishable and source.folder == photographs
    found = celeba.read(photographs).fingerprint, pointing04.read(photographs).fingerprint
    assert (source.celeba, source.pointing04) == found
    assert source.fingerprint == f"synthfaces {found[0]} {found[1]}"
    assert "3 of 3 labelled images" in source.note


def test_the_table_of_poses_counts(photographs: Path) -> None:
    before = resolve_faces("celeba", photographs)
    table = photographs / "celeba" / POSE_FILE
    table.write_text(",".join(COLUMNS) + "\n000001.jpg,1,2,3,90,1\n")
    first = resolve_faces("celeba", photographs)
    table.write_text(",".join(COLUMNS) + "\n000001.jpg,4,2,3,90,1\n")
    second = resolve_faces("celeba", photographs)
    assert before.poses is None and len({before.fingerprint, first.fingerprint, second.fingerprint}) == 3


def test_celeba_alone_is_no_page_to_publish(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2], [0, 0, 2])
    source = resolve_faces("auto", tmp_path)
    assert (source.name, source.tier, source.publishable) == ("synthfaces+celeba", "substitute", False)


def test_what_is_asked_for_and_absent_is_an_error_or_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="CelebA is not under .*: put img_align_celeba"):
        resolve_faces("celeba", tmp_path)
    write_pointing04(tmp_path, people=1)  # alone it is not read
    source = resolve_faces("auto", tmp_path)
    assert source.tier == "rendered" and source.pointing04 is None and not source.publishable
    assert source.note == "rendered faces alone: there is no CelebA under the data root"
    with pytest.raises(ValueError, match="photographs='lfw': allowed are none, auto, celeba"):
        resolve_faces("lfw", tmp_path)


@pytest.mark.parametrize("asked", ["none", "auto"])
def test_a_page_s_fingerprint_brings_back_its_source(asked: str, photographs: Path) -> None:
    (photographs / "celeba" / POSE_FILE).write_text(",".join(COLUMNS) + "\n000001.jpg,1,2,3,90,1\n")
    source = resolve_faces(asked, photographs)
    again = faces_of_fingerprint(source.fingerprint)
    for field in ("celeba", "pointing04", "poses", "name", "tier", "fingerprint", "publishable"):
        assert getattr(again, field) == getattr(source, field), field
    assert again.folder is None
