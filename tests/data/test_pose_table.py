from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfeatures.data import pose_table
from tests.real_faces import celeba_root

HEADER = "image,yaw_deg,pitch_deg,roll_deg,face_side_px,n_faces\n"
ROWS = """a.jpg,10,-5,3,100,1
b.jpg,-30,170,2,90,1
c.jpg,1,2,3,80,2
d.jpg,,2,3,80,1
e.jpg,0,0,-61,80,3
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "poses.csv").write_text(HEADER + ROWS)
    return tmp_path / "poses.csv"


def test_reading_turns_every_sign_into_the_books(table: Path) -> None:
    poses = pose_table.read(table)
    assert (poses.yaw_deg[0], poses.pitch_deg[0], poses.roll_deg[0]) == (-10, 5, -3)
    assert poses.face_side_px[0] == 100 and poses.n_faces.tolist() == [1, 1, 2, 1, 3]


def test_joining_follows_the_images_and_marks_those_without_a_row(table: Path) -> None:
    poses = pose_table.read(table).of(np.array(["c.jpg", "zzz.jpg", "a.jpg"]))
    assert poses.ids.tolist() == ["c.jpg", "zzz.jpg", "a.jpg"]
    np.testing.assert_array_equal(poses.yaw_deg, [-1, np.nan, -10])
    np.testing.assert_array_equal(poses.face_side_px, [80, np.nan, 100])
    assert poses.n_faces.tolist() == [2, -1, 1]


def test_the_rule_counts_every_image_once(table: Path) -> None:
    ids = np.array([*"abcde", "f"], dtype=object) + ".jpg"
    report = pose_table.believe(pose_table.read(table).of(ids.astype(str)))
    assert report.kept.tolist() == [True, False, False, False, False, False]
    assert (report.missing, report.beyond_a_neck, report.several_faces) == (2, 2, 1)
    assert report.kept.sum() + report.missing + report.beyond_a_neck + report.several_faces == len(report.kept)
    assert "1 of 6 images kept" in str(report) and "2 beyond any neck" in str(report)


def test_another_rule_keeps_others(table: Path) -> None:
    poses = pose_table.read(table)
    wide = pose_table.PoseRule(pitch_limit_deg=180, roll_limit_deg=180)
    assert pose_table.believe(poses, wide).kept.tolist() == [True, True, False, False, False]
    assert "|pitch| <= 180" in str(wide)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("image,yaw_deg\na.jpg,1\n", "lacks the columns"),
        (HEADER + "a.jpg,1,1,1,1,1\na.jpg,1,1,1,1,1\n", "lists a.jpg twice"),
        (HEADER + "a.jpg,left,1,1,1,1\n", "'yaw_deg'.*other than numbers"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "poses.csv").write_text(content)
    with pytest.raises(ValueError, match=complaint):
        pose_table.read(tmp_path / "poses.csv")


def test_a_missing_table_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="poses.csv is missing.*n_faces"):
        pose_table.read(tmp_path / "poses.csv")


def test_an_empty_table_joins_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "poses.csv").write_text(HEADER)
    poses = pose_table.read(tmp_path / "poses.csv").of(np.array(["a.jpg"]))
    assert pose_table.believe(poses).missing == 1


def _lean_of_the_scene(paths: list[Path]) -> float:
    """Degrees clockwise by which lines outside the face lean from upright or level: their common direction, mod 90."""
    total = 0j
    for path in paths:
        grey = np.asarray(Image.open(path).convert("L"), float)
        down, right = np.gradient(grey)
        outside = np.ones_like(grey, bool)
        outside[60:, 30:148] = False
        strength = np.hypot(down, right)[outside]
        total += (strength * np.exp(4j * np.arctan2(down, right)[outside])).sum() / strength.sum()
    return float(np.degrees(np.angle(total)) / 4)


def test_roll_is_that_of_the_original_photograph_and_clockwise_is_positive() -> None:
    # Alignment turned each head upright, and its surroundings with it: a head that leaned clockwise (positive roll)
    # leaves a scene that leans counter-clockwise by as much. No network is involved.
    folder = celeba_root() / "celeba"
    poses = pose_table.read(folder / "pose_estimates.csv")
    believed = pose_table.believe(poses).kept & (np.abs(poses.yaw_deg) < 30)
    for low, high in [(12, 25), (-25, -12)]:
        rows = np.flatnonzero(believed & (low < poses.roll_deg) & (poses.roll_deg < high))[:80]
        if len(rows) < 80:
            pytest.skip(f"only {len(rows)} images with roll {low} to {high} under {folder}")
        lean = _lean_of_the_scene([folder / "img_align_celeba" / name for name in poses.ids[rows]])
        assert lean == pytest.approx(-poses.roll_deg[rows].mean(), abs=5)


def test_positive_yaw_shows_the_cheek_on_the_left() -> None:
    # Alignment holds eyes and mouth still; a nose turned to larger x leaves the near cheek, much skin, at smaller x.
    folder = celeba_root() / "celeba"
    poses = pose_table.read(folder / "pose_estimates.csv")
    believed = pose_table.believe(poses).kept
    centres = []
    for low, high in [(25, 60), (-60, -25)]:
        rows = np.flatnonzero(believed & (low < poses.yaw_deg) & (poses.yaw_deg < high))[:50]
        if len(rows) < 50:
            pytest.skip(f"only {len(rows)} images with yaw {low} to {high} under {folder}")
        images = np.stack([np.asarray(Image.open(folder / "img_align_celeba" / name)) for name in poses.ids[rows]])
        skin = (images[:, 80:175, :, 0].astype(int) - images[:, 80:175, :, 2] > 25).mean((0, 1))
        centres.append(np.average(np.arange(178), weights=skin))
    assert centres[0] < 89 - 5 and centres[1] > 89 + 5


def test_the_real_table_under_the_rule() -> None:
    poses = pose_table.read(celeba_root() / "celeba" / "pose_estimates.csv")
    report = pose_table.believe(poses)
    if len(poses.ids) != 5083:
        pytest.skip(f"{len(poses.ids)} estimates: not the table this was counted on")
    assert (report.missing, report.beyond_a_neck, report.several_faces) == (0, 21, 292)
