"""Memory that stays with the process: a batch's activations cost no new pages, and the numbers are the same."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

from deepfeatures.study import allocator, artifacts
from deepfeatures.study.recipes import KINDS

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library here is not glibc")

WORK = """
import json, resource, sys
import numpy as np, torch
from deepfeatures.study import allocator

kept = sys.argv[1] == "keep" and allocator.keep_freed()
torch.set_num_threads(1)
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3), torch.nn.ReLU(), torch.nn.Conv2d(16, 16, 3), torch.nn.ReLU())
images = torch.randn(64, 3, 96, 96)
with torch.inference_mode():
    values = [float(network(images).sum()) for _ in range(2)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    values += [float(network(images).sum()) for _ in range(4)]
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(json.dumps({"kept": kept, "faults": faults, "values": values}))
"""


def worked(how: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", WORK, how], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@glibc
def test_what_was_freed_is_used_again_and_nothing_else_changes() -> None:
    plain, kept = worked("plain"), worked("keep")
    assert kept["kept"] is True and plain["kept"] is False
    assert kept["values"] == plain["values"]
    if plain["faults"] < 2000:
        pytest.skip(f"this kernel gives large pages ({plain['faults']} faults): there is nothing to be saved")
    assert kept["faults"] < plain["faults"] / 4


def test_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda *_: pytest.fail("it was touched"))
    assert allocator.keep_freed() is False


def test_the_kinds_that_train_or_run_networks_are_those_that_keep() -> None:
    keep = {name for name, kind in KINDS.items() if kind.maker.startswith(artifacts.OF_NETWORKS)}
    assert {"network", "selection", "identity-network", "face-features", "anet", "hidden-photographs"} <= keep
    assert not {"readout", "faces", "attribute-readout", "scenes"} & keep
