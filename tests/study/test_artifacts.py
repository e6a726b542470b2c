"""Artifacts: made once, whole or not at all, checked when read, by any number of processes."""

import errno
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.study import artifacts
from deepfeatures.study.artifacts import DiskFull, ensure, exists, folder
from deepfeatures.study.recipes import Recipe, from_json
from tests.conftest import ROOT
from tests.study import toy as toys_module
from tests.study.toy import toy


def values(recipe):
    return np.load(folder(recipe) / "values.npy").tolist()


def leftovers(runs):
    """What lies about unfinished."""
    unfinished = runs / "artifacts" / ".unfinished"
    return [path.name for path in unfinished.iterdir()] if unfinished.exists() else []


def test_an_artifact_is_made_with_its_inputs_and_recorded(toys):
    inner = toy(2.0)
    outer = toy(0.5, {"first": inner, "second": toy(4.0)})
    assert not exists(outer)
    where = ensure(outer)
    assert where == folder(outer) == toys / "artifacts" / "toy" / outer.key
    assert exists(outer) and exists(inner) and values(outer) == [6.5, 6.5, 6.5]
    record = json.loads((where / "record.json").read_text())
    assert record["key"] == outer.key and record["inputs"]["first"] == inner.key and record["kind"] == "toy"
    assert set(record["files"]) == {"values.npy", "said.txt"} and record["made"]["threads"] == 1
    assert leftovers(toys) == [] and not (toys / "scratch" / outer.key).exists()


def test_what_is_there_is_not_made_again(toys, tmp_path):
    recipe = toy(1.0, log=str(tmp_path / "log"))
    for _ in range(3):
        ensure(recipe)
    assert (tmp_path / "log").read_text() == "made\n"


def test_one_thread_computes_whatever_there_are(toys, monkeypatch):
    seen, make = [], toys_module.make

    def counting(**given):
        seen.append(torch.get_num_threads())
        make(**given)

    counting.__signature__ = inspect.signature(make)
    monkeypatch.setattr(toys_module, "make", counting)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        ensure(toy(1.0))
        assert seen == [1] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_job_and_a_chapter_s_own_process_give_the_maker_one_order(toys, monkeypatch):
    """A maker that draws as it goes through a mapping makes one thing: the key does not tell one order from another."""

    def drawing(out: Path, inputs: dict[str, Path], *, value: float, layers: dict[str, float]) -> None:
        rng = np.random.default_rng(0)
        np.save(out / "values.npy", [value * rng.random() + inner for inner in layers.values()])
        (out / "said.txt").write_text(f"{list(inputs)} {list(layers)}")

    monkeypatch.setattr(toys_module, "make", drawing)
    planned = toy(1.0, layers={"second": 2.0, "first": 1.0})
    ensure(planned)
    here = values(planned), (folder(planned) / "said.txt").read_text()
    shutil.rmtree(folder(planned))
    in_a_job = from_json({planned.key: json.loads(json.dumps(planned.to_json(), sort_keys=True))}, planned.key)
    ensure(in_a_job)
    assert in_a_job.key == planned.key
    assert (values(planned), (folder(planned) / "said.txt").read_text()) == here
    assert here[1] == "[] ['first', 'second']"


class Broke(RuntimeError):
    pass


def broken(monkeypatch, failure):
    """The maker raises after it has written half of what it writes."""

    def make(out, inputs, scratch, **params):
        (scratch / "checkpoint").write_text("far")
        (out / "values.npy").write_text("half")
        raise failure

    monkeypatch.setattr(toys_module, "make", make)


def test_a_maker_that_raises_leaves_nothing_but_its_scratch(toys, monkeypatch):
    recipe = toy(1.0)
    with monkeypatch.context() as patch:
        broken(patch, Broke("in the middle"))
        with pytest.raises(Broke, match="in the middle"):
            ensure(recipe)
    assert not folder(recipe).exists() and leftovers(toys) == []
    assert (toys / "scratch" / recipe.key / "checkpoint").read_text() == "far"
    ensure(recipe)
    assert values(recipe) == [1, 1, 1] and not (toys / "scratch" / recipe.key).exists()


def flip(path, position=-1):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "values.npy is not what was written": lambda where: flip(where / "values.npy"),
    "said.txt is not what was written": lambda where: (where / "said.txt").write_text("1.0"),
    "values.npy is missing": lambda where: (where / "values.npy").unlink(),
    "record.json cannot be read (": lambda where: (where / "record.json").write_text("{"),
    "record.json cannot be read ('files')": lambda where: (where / "record.json").write_text("{}"),
    "record.json cannot be read (list": lambda where: (where / "record.json").write_text("[]"),
    "record.json cannot be read (cannot unpack": lambda where: (where / "record.json").write_text(
        '{"files": {"a": 1}}'
    ),
    "record.json cannot be read ('utf-8'": lambda where: (where / "record.json").write_bytes(b"\xff"),
}


@pytest.mark.parametrize("message", DAMAGES)
def test_damage_is_said_and_the_artifact_made_again(message, toys, tmp_path, monkeypatch, capsys):
    recipe = toy(1.0, log=str(tmp_path / "log"))
    DAMAGES[message](ensure(recipe))
    monkeypatch.setattr(artifacts, "_verified", set())  # as another process would find it
    with pytest.raises(artifacts.Damaged) as found:
        artifacts.verify(folder(recipe))
    assert str(found.value).startswith(f"toy/{recipe.key}: {message}")
    ensure(recipe)
    assert capsys.readouterr().err == f"damaged artifact, made again: {found.value}\n"
    artifacts.verify(folder(recipe))
    assert values(recipe) == [1, 1, 1] and (tmp_path / "log").read_text() == "made\nmade\n"


def test_a_folder_without_a_record_is_no_artifact(toys):
    recipe = toy(1.0)
    folder(recipe).mkdir(parents=True)
    (folder(recipe) / "values.npy").write_text("left by a removal that was cut short")
    assert not exists(recipe)
    ensure(recipe)
    assert values(recipe) == [1, 1, 1]
    artifacts.verify(folder(recipe))


def test_what_killed_processes_left_is_swept(toys):
    recipe = toy(1.0)
    for name in (f"{recipe.key}-99999", "0123456789abcdef0123-99999"):
        (toys / "artifacts" / ".unfinished" / name).mkdir(parents=True)
    ensure(recipe)
    assert leftovers(toys) == ["0123456789abcdef0123-99999"]  # another's, which may be at work


CHILD = """
import sys
from deepfeatures.study import artifacts
from tests.study.toy import register, toy
register()
print("ready", flush=True)
sys.stdin.readline()
print(artifacts.ensure(toy(1.0, seconds=0.5, log=sys.argv[1])))
"""


def test_two_processes_make_one_artifact_once(toys, tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path / "log")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    children = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    recipe = toy(1.0, seconds=0.5, log=str(tmp_path / "log"))
    assert told == [f"{folder(recipe)}\n"] * 2
    assert (tmp_path / "log").read_text() == "made\n"


FULL = {
    "a write": OSError(errno.ENOSPC, "No space left on device"),
    "a quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "numpy's tofile": OSError("1000 requested and 512 written"),  # it gives no errno
    "safetensors": Exception("Error while serializing: I/O error: No space left on device (os error 28)"),
}


@pytest.mark.parametrize("how", FULL)
def test_a_full_disk_is_said_with_the_way_out(how, toys, monkeypatch):
    recipe = toy(1.0)
    broken(monkeypatch, FULL[how])
    with pytest.raises(DiskFull) as refused:
        ensure(recipe)
    told = str(refused.value)
    assert f"no space left while writing toy {recipe.key} under {toys} (" in told
    assert told.endswith(
        " MB free): nothing half-written was kept; free some space, or point DEEPFEATURES_RUNS at a larger disk, and "
        "run again"
    )
    assert refused.value.errno == errno.ENOSPC and refused.value.__cause__ is FULL[how]
    assert not folder(recipe).exists() and leftovers(toys) == []


def test_another_error_of_the_system_is_not_taken_for_a_full_disk(toys, monkeypatch):
    broken(monkeypatch, PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(PermissionError, match="Permission denied"):
        ensure(toy(1.0))


@pytest.mark.parametrize("how", ["numpy", "safetensors", "bytes"])
def test_a_really_full_disk(how, toys, small_disk, monkeypatch):
    recipe = toy(1.0)

    def make(out, inputs, scratch, **params):
        large = np.zeros(4_000_000, np.uint8)
        if how == "numpy":
            np.save(out / "large.npy", large)
        elif how == "safetensors":
            from safetensors.numpy import save_file

            save_file({"large": large}, out / "large.safetensors")
        else:
            (out / "large").write_bytes(large.tobytes())

    with monkeypatch.context() as patch:
        patch.setattr(toys_module, "make", make)
        with pytest.raises(DiskFull, match=f"no space left while writing toy {recipe.key} under {small_disk}"):
            ensure(recipe)
    assert not folder(recipe).exists() and leftovers(small_disk) == []
    ensure(recipe)  # what was half-written takes no space any more
    assert values(recipe) == [1, 1, 1]


ROTATED = """
from deepfeatures.data.digits import resolve_digits
from deepfeatures.study import artifacts, paths
from tests.study.test_artifacts import rotated
artifacts.ensure(rotated())
"""


def rotated(**changed):
    from deepfeatures.data.digits import resolve_digits

    source = resolve_digits("digits", Path())
    params = {"dataset": "digits", "fingerprint": source.fingerprint, "train_digits": 0, "test_digits": 0}
    return Recipe("rotated", {**params, "interpolation": "bilinear", "angles_deg": [-30, 0, 30], **changed})


def test_a_full_disk_under_the_rotated_images_is_said_too(small_disk):
    """They are written through a memory map, where a full disk is a signal that ends the process, not an exception."""
    done = subprocess.run([sys.executable, "-c", ROTATED], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1, f"ended by signal {-done.returncode}"
    assert "DiskFull: [Errno 28] no space left while writing rotated " in done.stderr
    assert leftovers(small_disk) == []


def selection():
    """A short training with many checkpoints: 12 evaluations of a few milliseconds' work each."""
    params = {"objective": "softmax", "seed": 0, "cap": 60, "evaluate_every": 5, "patience": 20, "tolerance_pp": 0.2}
    inputs = {"rotated": rotated(train_digits=60, test_digits=10, angles_deg=[0, 30])}
    return Recipe("selection", {**params, "validation_digits": 20, "batch": 8}, inputs)


TRAINING = """
from deepfeatures.study import artifacts
from tests.study.test_artifacts import selection
artifacts.ensure(selection())
"""


def test_a_training_killed_in_the_middle_goes_on_and_ends_bit_identical(runs_folder, tmp_path, monkeypatch):
    recipe = selection()
    checkpoint = runs_folder / "scratch" / recipe.key / "checkpoint.safetensors"
    with subprocess.Popen([sys.executable, "-c", TRAINING], cwd=ROOT, stderr=subprocess.DEVNULL) as child:
        until = time.monotonic() + 1500  # a loaded machine is slow; a wrong one is caught by poll()
        while not checkpoint.exists():
            assert child.poll() is None and time.monotonic() < until
            time.sleep(0.002)
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL and not exists(recipe)
    assert len(list(checkpoint.parent.glob("at-*"))) < 12  # it was in the middle
    resumed = ensure(recipe)
    assert leftovers(runs_folder) == []
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(tmp_path / "undisturbed"))
    undisturbed = ensure(recipe)
    files = json.loads((undisturbed / "record.json").read_text())["files"]
    assert json.loads((resumed / "record.json").read_text())["files"] == files
    assert {"network.safetensors", "losses.npy", "curve.json"} <= set(files)
