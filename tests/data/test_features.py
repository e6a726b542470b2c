from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data.features import DamagedShard, Extracted, make, open_features
from tests.conftest import ROOT
from tests.data.made_up_features import PLAN, values


def bytes_of(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def test_what_was_made_is_read_back(tmp_path: Path) -> None:
    seen: list[str] = []
    make(tmp_path, PLAN, values, progress=seen.append)
    features = open_features(tmp_path, PLAN)
    assert features.ids.tolist() == list(PLAN.ids) and features.left_out == ()
    whole = values(range(10)).layers
    for layer in PLAN.layers:
        rows = features.layer(layer)
        np.testing.assert_array_equal(np.asarray(rows), whole[layer].astype(np.float32))
        assert all(isinstance(part, np.memmap) for part in rows.parts)
        np.testing.assert_array_equal(np.concatenate(list(features.blocks(layer, 3))), whole[layer])
    assert [len(block) for block in features.blocks("deep", 3)] == [3, 1, 3, 1, 2]
    assert features.rows(["7.jpg", "0.jpg"]).tolist() == [7, 0]
    assert seen[-1].endswith("shard 3 of 3")
    with pytest.raises(KeyError, match="x.jpg is not among the 10"):
        features.rows(["x.jpg"])
    with pytest.raises(KeyError, match="'fc7' is not stored; there are deep, shallow"):
        features.layer("fc7")


def test_images_that_could_not_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    make(tmp_path, PLAN, lambda rows: values(rows, skip=(0, 5, 8, 9)))  # the last shard is empty
    features = open_features(tmp_path, PLAN)
    assert features.ids.tolist() == [f"{row}.jpg" for row in (1, 2, 3, 4, 6, 7)]
    assert features.left_out == tuple(f"{row}.jpg is truncated" for row in (0, 5, 8, 9))
    assert np.asarray(features.layer("deep"))[:, 0].tolist() == [1, 2, 3, 4, 6, 7]


def test_sound_shards_are_kept_and_a_broken_one_named_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, PLAN, values)
    whole = bytes_of(tmp_path)
    where = PLAN.folder(tmp_path)

    def refuse(rows: range) -> Extracted:
        raise AssertionError(f"{rows} was made again")

    make(tmp_path, PLAN, refuse)
    damage = {
        "deep.npy": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\1"),
        "ids.json": lambda path: path.unlink(),
        "record.json": lambda path: path.write_text("{"),
        "shallow.npy": lambda path: path.write_bytes(path.read_bytes()[:50]),
    }
    for name, harm in damage.items():
        harm(where / "00001" / name)
        with pytest.raises(DamagedShard, match="of 3 shards, not sound: 00001 .*00001/" + name):
            open_features(tmp_path, PLAN)
        made: list[range] = []
        make(tmp_path, PLAN, lambda rows, made=made: made.append(rows) or values(rows))  # type: ignore[misc]
        assert made == [range(4, 8)]
        assert f"made again: 00001/{name}" in capsys.readouterr().err
        assert bytes_of(tmp_path) == whole


def test_every_byte_of_a_shard_is_guarded(tmp_path: Path) -> None:
    make(tmp_path, PLAN, values)
    shard = PLAN.folder(tmp_path) / "00002"
    for path in sorted(shard.iterdir()):
        content = path.read_bytes()
        for place in range(0, len(content), 23):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            if path.name == "record.json" and _same_record(path, content):
                continue  # another white space says the same
            with pytest.raises(DamagedShard, match="00002"):
                open_features(tmp_path, PLAN)
        path.write_bytes(content)
    open_features(tmp_path, PLAN)


def _same_record(path: Path, content: bytes) -> bool:
    try:
        return bool(json.loads(path.read_bytes()) == json.loads(content))
    except ValueError:
        return False


def test_shards_made_by_other_jobs_come_together(tmp_path: Path) -> None:
    make(tmp_path / "one", PLAN, values)
    for shard in (2, 0):
        make(tmp_path / "two", PLAN, values, shards=[shard])
    with pytest.raises(DamagedShard, match=r"00001 \(missing\)"):
        open_features(tmp_path / "two", PLAN)
    make(tmp_path / "two", PLAN, values, shards=[1])
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    with pytest.raises(ValueError, match="shard 3 of 3"):
        make(tmp_path / "two", PLAN, values, shards=[3])


KILLED = """
import os, signal, sys
from pathlib import Path
import deepfeatures.data.features as store
from tests.data.made_up_features import PLAN, values

def die_at(moment):
    seen = 0
    def counting(step):
        def counted(*arguments, **named):
            nonlocal seen
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*arguments, **named)
        return counted
    return counting

for moment in map(int, sys.argv[2:]):
    child = os.fork()
    if child == 0:
        counting = die_at(moment)
        store._write, store._sha256 = counting(store._write), counting(store._sha256)
        store.os.replace = counting(store.os.replace)
        store.make(Path(sys.argv[1]) / str(moment), PLAN, counting(values))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print(moment, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
"""


def test_a_run_killed_at_any_step_ends_with_the_same_bytes(tmp_path: Path) -> None:
    make(tmp_path / "whole", PLAN, values)
    whole = bytes_of(tmp_path / "whole")
    moments = range(1, 30)  # all 29 steps of a run
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    ended = subprocess.run(
        [sys.executable, str(script), str(tmp_path), *map(str, moments)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == [word for moment in moments for word in (str(moment), str(int(signal.SIGKILL)))]
    partial = 0
    for moment in moments:
        before = bytes_of(tmp_path / str(moment))
        partial += 0 < len(before) < len(whole)
        make(tmp_path / str(moment), PLAN, values)
        assert bytes_of(tmp_path / str(moment)) == whole, f"killed at step {moment}"
    assert partial >= 20  # most were killed in the middle


def test_any_difference_makes_another_folder_and_the_order_of_names_none() -> None:
    others = [
        replace(PLAN, provenance={"weights": "w2"}),
        replace(PLAN, ids=PLAN.ids[::-1]),
        replace(PLAN, shard_size=5),
        replace(PLAN, layers={"deep": 3, "shallow": 4}),
        replace(PLAN, dataset="toy2"),
    ]
    assert len({PLAN.key, *(other.key for other in others)}) == 6
    assert replace(PLAN, layers={"shallow": 2, "deep": 3}).key == PLAN.key


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    def extracted(**layers: np.ndarray) -> Extracted:
        return Extracted(np.arange(4), layers)

    good = values(range(4)).layers
    with pytest.raises(ValueError, match=r"layer deep: \(4, 2\) came, \(4, 3\) was planned"):
        make(tmp_path, PLAN, lambda rows: extracted(deep=good["deep"][:, :2], shallow=good["shallow"]))
    with pytest.raises(ValueError, match="1 values are not finite"):
        bad = good["deep"].astype(float)
        bad[1, 1] = np.nan
        make(tmp_path, PLAN, lambda rows: extracted(deep=bad, shallow=good["shallow"]))
    with pytest.raises(ValueError, match="not ascending within"):
        make(tmp_path, PLAN, lambda rows: Extracted(np.array([3, 2, 1, 0]), good))
    with pytest.raises(ValueError, match="'../up' cannot name"):
        replace(PLAN, network="../up")
    with pytest.raises(ValueError, match="1 images are planned twice"):
        replace(PLAN, ids=("a", "a"))
    with pytest.raises(ValueError, match="1 at least"):
        replace(PLAN, shard_size=0)
