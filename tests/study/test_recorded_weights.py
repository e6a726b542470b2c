"""Weight files are recorded on first use; what changed since is refused, whatever lies under an unchanged key."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from deepfeatures.networks import face_catalogue
from deepfeatures.networks.face_artifact import Mirrored
from deepfeatures.study import artifacts, build, chapter_key, data_status, execute, recorded_weights
from deepfeatures.study.recipes import Recipe

NAME = "mobilefacenet-ms1m"
USES = Recipe("face-features", {"dataset": "rendered", "network": NAME})
READS = Recipe("factor-readout", {"layer": "gdc"}, {"features": USES})  # names no network itself
TAIL = Recipe("attribute-tail", {"seed": 0})
TWIN = Recipe("face-features", {"dataset": "rendered", "network": f"{NAME}-untrained", "seed": 0})


@pytest.fixture
def weights(tmp_path: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weight file in a data root of its own."""
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path / "data"))
    path = face_catalogue.CATALOGUE[NAME].path(tmp_path / "data")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"first")
    return path


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def made_before(recipe: Recipe, content: bytes, *, mirrored: bool = False) -> None:
    """An artifact as if made with such a file before there were records."""
    artifacts.folder(recipe).mkdir(parents=True)
    network = SimpleNamespace(name=NAME, input=None, layers={}, fingerprint=f"sha256-{sha(content)}")
    meta = {"weights": Mirrored(network).fingerprint if mirrored else network.fingerprint}
    (artifacts.folder(recipe) / "meta.json").write_text(json.dumps(meta))


def test_the_twin_of_an_onnx_file_is_that_file_in_another_order(weights: Path) -> None:
    path = face_catalogue.CATALOGUE["arcface-r50"].path(weights.parent.parent)
    path.write_bytes(b"first")
    twin = Recipe("own-features", {"dataset": "rendered", "network": "arcface-r50-untrained", "seed": 0})
    recorded_weights.check([twin])
    path.write_bytes(b"other!")
    with pytest.raises(recorded_weights.ChangedWeights, match=sha(b"other!")):
        recorded_weights.check([twin])
    (weights.parent / "recorded.json").unlink()
    artifacts.folder(twin).mkdir(parents=True)
    made = {"weights": f"sha256-{sha(b'first')}-shuffled-0"}
    (artifacts.folder(twin) / "meta.json").write_text(json.dumps(made))
    with pytest.raises(recorded_weights.ChangedWeights, match=f"was made with {sha(b'first')}"):
        recorded_weights.check([twin])


@pytest.mark.parametrize("recipe", [USES, READS, TAIL], ids=["names it", "needs what names it", "always uses it"])
def test_first_use_records_and_a_swap_is_refused_until_the_record_goes(weights: Path, recipe: Recipe) -> None:
    recorded_weights.check([recipe])
    record = weights.parent / "recorded.json"
    assert json.loads(record.read_text()) == {weights.name: sha(b"first")}
    recorded_weights.check([recipe])
    weights.write_bytes(b"other!")
    with pytest.raises(recorded_weights.ChangedWeights) as refused:
        recorded_weights.check([recipe])
    for words in (sha(b"other!"), sha(b"first"), f"remove the line {weights.name!r} from {record}", "artifacts"):
        assert words in str(refused.value)
    record.unlink()
    recorded_weights.check([recipe])
    assert json.loads(record.read_text()) == {weights.name: sha(b"other!")}


def test_one_record_leaves_the_others(weights: Path) -> None:
    (weights.parent / "recorded.json").write_text('{"another.onnx": "00"}')
    recorded_weights.check([USES])
    assert json.loads((weights.parent / "recorded.json").read_text()) == {
        "another.onnx": "00", weights.name: sha(b"first"),
    }  # fmt: skip


def test_a_data_root_that_may_not_be_written_is_left_alone(weights: Path, runs_folder: Path) -> None:
    weights.parent.chmod(0o555)
    try:
        recorded_weights.check([USES])
        assert [path.name for path in weights.parent.iterdir()] == [weights.name]
        where = runs_folder / "recorded-weights.json"
        assert json.loads(where.read_text()) == {weights.name: sha(b"first")}
        weights.write_bytes(b"other!")
        with pytest.raises(recorded_weights.ChangedWeights, match=f"remove the line .* from {where}"):
            recorded_weights.check([USES])
    finally:
        weights.parent.chmod(0o755)


def test_features_of_another_file_are_refused_though_nothing_was_recorded(weights: Path) -> None:
    """Made before there were records, or the record removed and they were not."""
    made_before(USES, b"former")
    with pytest.raises(recorded_weights.ChangedWeights, match=f"face-features {USES.key} was made with") as refused:
        recorded_weights.check([READS])
    assert sha(b"former") in str(refused.value)
    weights.write_bytes(b"former")
    (weights.parent / "recorded.json").unlink()
    recorded_weights.check([READS])


def test_features_of_mirrored_faces_are_of_the_same_file(weights: Path) -> None:
    made_before(USES, b"first", mirrored=True)
    recorded_weights.check([USES])
    weights.write_bytes(b"other!")
    (weights.parent / "recorded.json").unlink()
    with pytest.raises(recorded_weights.ChangedWeights, match=f"was made with {sha(b'first')}: put"):
        recorded_weights.check([USES])


def test_what_uses_no_file_and_what_is_not_there_is_not_recorded(weights: Path) -> None:
    recorded_weights.check([TWIN])
    assert not (weights.parent / "recorded.json").exists()
    weights.unlink()
    recorded_weights.check([USES])
    assert not (weights.parent / "recorded.json").exists()


def test_builds_jobs_and_cells_all_refuse_a_swapped_file(weights: Path) -> None:
    """Also where everything lies there complete, so that nothing would be made."""
    recorded_weights.check([USES])
    weights.write_bytes(b"other!")
    planned = chapter_key.Planned("pose", {}, None, {"features": [USES]}, {})
    for act in (
        lambda: build.build([planned]),
        lambda: execute.execute(planned),
        lambda: artifacts.ensure(READS),
    ):
        with pytest.raises(recorded_weights.ChangedWeights):
            act()


def test_records_that_cannot_be_read_are_an_error(weights: Path) -> None:
    for text, told in (("{", "cannot be read"), ('{"a": 1}', "holds no mapping"), ("[]", "holds no mapping")):
        (weights.parent / "recorded.json").write_text(text)
        with pytest.raises(ValueError, match=told):
            recorded_weights.check([USES])


def test_the_status_tells_what_is_recorded_and_what_changed(weights: Path, tmp_path: Path) -> None:
    def status() -> data_status.Found:
        return {one.what: one for one in data_status.everything(tmp_path / "data")}[f"weights {NAME}"]

    assert status().state == "found" and "recorded on first use" in status().told and sha(b"first") not in status().told
    recorded_weights.check([USES])
    assert status().state == "found" and sha(b"first") in status().told and "recorded.json" in status().told
    weights.write_bytes(b"other!")
    assert status().state == "damaged" and sha(b"other!") in status().told and sha(b"first") in status().told
