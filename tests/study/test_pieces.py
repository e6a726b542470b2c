"""An artifact made in parts is the artifact made at once, and its maker does none of the work again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from deepfeatures.data import celeba
from deepfeatures.data.features import FeaturePlan
from deepfeatures.networks import face_artifact, face_features, feature_pieces
from deepfeatures.study import artifacts, pieces
from deepfeatures.study.recipes import Recipe
from tests.data.made_up_faces import write_celeba


@pytest.fixture
def features(tmp_path: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Pixels of seven photographs, three a shard."""
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    monkeypatch.setattr(artifacts, "_verified", set())
    small = partial(face_features.plan_features, shard_size=3)
    for module in (face_artifact, feature_pieces):
        monkeypatch.setattr(module, "plan_features", small)
    monkeypatch.setattr(FeaturePlan, "shard_size", 3)
    write_celeba(tmp_path, [1, 1, 2, 2, 3, 3, 4], [0] * 7)
    fingerprint = celeba.read(tmp_path).fingerprint
    faces = Recipe("faces", {"dataset": "celeba", "fingerprint": fingerprint})
    settings = {"dataset": "celeba", "network": "pixels", "fingerprint": fingerprint}
    return Recipe("face-features", settings, {"faces": faces})


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != artifacts.RECORD}


def test_parts_give_the_bytes_of_the_whole(
    features: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = files(artifacts.ensure(features))
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(tmp_path / "in-parts"))
    artifacts._verified.clear()
    for piece in ("1-of-2", "0-of-2"):
        pieces.make(features, piece)
        assert (tmp_path / "in-parts" / "scratch" / features.key / "pieces" / piece).is_file()
    monkeypatch.setattr(face_artifact.Pixels, "features", lambda *_: pytest.fail("made again"))
    assert files(artifacts.ensure(features)) == whole
    pieces.make(features, "0-of-2")  # a part of what exists: nothing to do
    assert (tmp_path / "in-parts" / "scratch" / features.key / "pieces" / "0-of-2").is_file()


def test_many_shards_are_shared_and_few_are_not(features: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = Recipe("face-features", {"dataset": "rendered", "network": "pixels"}, {"faces": Recipe("faces", {})})
    assert pieces.counted([features, rendered]) == {}
    monkeypatch.setattr(feature_pieces, "SHARDS_A_PIECE", 2)
    assert pieces.counted([features, rendered, features.inputs["faces"]]) == {features.key: 2}


def test_other_photographs_than_planned_are_refused(features: Recipe) -> None:
    other = Recipe("face-features", {**features.params, "fingerprint": "celeba-other"}, features.inputs)
    with pytest.raises(ValueError, match="^planned for celeba-other, found celeba-.*: plan again$"):
        pieces.make(other, "0-of-2")


@pytest.mark.parametrize("piece", ["2-of-2", "1", "-1-of-2", "0-of-0", "../0-of-1"])
def test_a_piece_is_one_of_so_many(features: Recipe, piece: str) -> None:
    with pytest.raises(ValueError, match=r"allowed are 0-of-N to N-1-of-N$"):
        pieces.make(features, piece)


def test_other_kinds_have_no_pieces(features: Recipe) -> None:
    with pytest.raises(ValueError, match="^faces is made by one job: only face-features is made in pieces$"):
        pieces.make(features.inputs["faces"], "0-of-2")
