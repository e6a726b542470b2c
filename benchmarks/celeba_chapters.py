"""Steps of the chapters attributes and pose, each measured at a size that takes seconds, on one thread: CPU seconds.

The book's page on the whole of CelebA (study/celeba_cost.py) extrapolates from these. Photographs are CelebA's where
they are under the data root, else made-up JPEGs of their size; networks are the published ones, or random ones of the
same architecture where their weights are not there, which costs the same. Features and labels are made up.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attribute_data import write_features
from attribute_svm import _peak_bytes
from PIL import Image

PHOTOGRAPHS, BATCH = 128, 64
# Rows of features by width: fewer of the wider, for time. The chapters' pixels, 3,072 columns, are extrapolated.
FOLD_ROWS = {64: 8_000, 128: 8_000, 256: 8_000, 512: 6_000, 1024: 4_000}
WARM_UP = 400  # rows of a first fit, so that what is loaded once does not count as memory of the fit
PENALTIES = 10.0 ** np.arange(-6, 1)  # profiles/paper.yaml
POSE_ROWS, POSE_WIDTHS = 4_000, (128, 512)
EACH = 20  # images of a person, as CelebA has


def measure(rounds: int) -> dict[str, Any]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {"unit": "CPU s", "threads": 1, **_photographs(rounds), **_attributes(), **_pose()}
    finally:
        torch.set_num_threads(threads)


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _photographs(rounds: int) -> dict[str, Any]:
    """Images per CPU second: decoded and cropped, and through each network that reads photographs."""
    from deepfeatures.data import celeba
    from deepfeatures.networks import face_catalogue, face_features
    from deepfeatures.networks.face_artifact import Pixels
    from deepfeatures.study import allocator, face_plans, paths

    allocator.keep_freed()  # as the jobs that extract features do

    with tempfile.TemporaryDirectory() as folder:
        real = celeba.present(paths.data_root())
        faces = celeba.read(paths.data_root() if real else _made_up(Path(folder)))
        photographs = face_features.celeba_photographs(faces)
        rows, found, widths = range(min(PHOTOGRAPHS, len(faces))), {}, {}
        there = face_catalogue.available(paths.data_root())
        networks = [face_catalogue.load_face_network(name, paths.data_root()) if name in there
                    else face_catalogue.untrained_twin(name, 0) for name in face_plans.PUBLISHED]  # fmt: skip
        crops = _through(photographs, rows, networks[0].input.size)
        rates = [_cpu(lambda: _through(photographs, rows, networks[0].input.size)) for _ in range(rounds)]
        found["decode_and_crop"] = round(len(rows) / statistics.median(rates), 1)
        for network in (*networks, Pixels((64, 64))):
            crops = _through(photographs, rows, network.input.size)
            times = [_cpu(lambda: [network.features(one) for one in crops]) for _ in range(rounds)]  # noqa: B023
            found[network.name] = round(len(rows) / statistics.median(times), 1)
            widths[network.name] = sum(network.layers.values())
        size = statistics.mean(path.stat().st_size for path in [faces.paths()[row] for row in rows])
    return {
        "photographs": "CelebA" if real else "made-up JPEGs",
        "photographs_measured": len(rows),
        "bytes_an_image": round(size),
        "images_per_cpu_second": found,
        "numbers_an_image": widths,
    }


def _through(photographs: Any, rows: range, size: tuple[int, int]) -> list[np.ndarray]:
    from deepfeatures.networks.face_features import CroppedFaces

    return [images for _, images in CroppedFaces(photographs, rows, size, BATCH)]


def _made_up(root: Path) -> Path:
    """CelebA's layout with smooth random pictures and labels."""
    from deepfeatures.data.attributes import NAMES

    rng, folder = np.random.default_rng(0), root / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{number:06d}.jpg" for number in range(1, PHOTOGRAPHS + 1)]
    for name in names:
        small = Image.fromarray(rng.integers(0, 256, (22, 18, 3), np.uint8))
        small.resize((178, 218), Image.Resampling.BICUBIC).save(folder / "img_align_celeba" / name, quality=95)
    labels = "".join(f"{name} {' '.join(['1'] * 40)}\n" for name in names)
    (folder / "list_attr_celeba.txt").write_text(f"{len(names)}\n{' '.join(NAMES)}\n{labels}")
    (folder / "identity_CelebA.txt").write_text("".join(f"{name} {n // EACH}\n" for n, name in enumerate(names)))
    (folder / "list_eval_partition.txt").write_text("".join(f"{name} 0\n" for name in names))
    return root


def _attributes() -> dict[str, Any]:
    """CPU seconds of one fold by width, with its memory; bytes of a pair of the same-person AUC."""
    folds = {str(width): _alone("fold", rows, width) for width, rows in FOLD_ROWS.items()}
    return {"attribute_folds": folds, "bytes_a_pair": _bytes_a_pair(1500)}


def _pose() -> dict[str, Any]:
    """CPU seconds of one pose read-out of five folds; of its quadratic part (pairs of images in one pose), by rows."""
    return {
        "pose_readouts": {str(width): _alone("pose", POSE_ROWS, width) for width in POSE_WIDTHS},
        "same_pose": {str(rows): round(_cpu(lambda: _same_pose(rows)), 3) for rows in (2_000, 8_000)},  # noqa: B023
    }


def _bytes_a_pair(rows: int) -> float:
    from deepfeatures.analysis.attribute_readout import same_person_auc

    features, identity = np.random.default_rng(0).standard_normal((rows, 8)), np.arange(rows) // EACH
    tracemalloc.start()
    same_person_auc(features, identity, rng=np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / (rows * (rows - 1) / 2), 1)


def _same_pose(rows: int) -> None:
    from deepfeatures.analysis.pose_geometry import same_pose_against_same_person

    features, _, made = _made_up_pose(rows, 8)
    same_pose_against_same_person(features, made, rng=np.random.default_rng(0))


def _made_up_pose(rows: int, width: int) -> tuple[np.ndarray, np.ndarray, Any]:
    from deepfeatures.analysis.pose_rows import Rows

    rng = np.random.default_rng(0)
    yaw, pitch, roll = (rng.normal(0, spread, rows) for spread in (20, 10, 8))
    truth = np.stack([np.abs(yaw), yaw, pitch, roll], axis=1)
    features = rng.standard_normal((rows, width)) + truth @ rng.standard_normal((4, width)) / 40
    identity = np.arange(rows) // EACH
    made = Rows(np.arange(rows), identity, truth, ("abs_yaw", "yaw", "pitch", "roll"))
    return features, identity % 5, made


def _alone(what: str, rows: int, width: int) -> dict[str, float]:
    """One measurement in a process of its own: rows, CPU seconds, peak memory over the bytes of its features."""
    command = [sys.executable, __file__, what, str(rows), str(width)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def _fold(rows: int, width: int) -> tuple[float, int]:
    from deepfeatures.analysis.attribute_readout import Shorten, read_fold

    with tempfile.TemporaryDirectory() as folder:
        signs = write_features(Path(folder) / "x.npy", rows=rows, width=width, targets=40)
        features = np.load(Path(folder) / "x.npy")
    identity = np.arange(rows) // EACH

    def fit(rows: int) -> None:
        test = rows // 5
        read_fold(features[test:rows], signs[:, test:rows], identity[test:rows], features[:test], PENALTIES, Shorten(),
                  rng=np.random.default_rng(0))  # fmt: skip

    fit(WARM_UP)
    before = _peak_bytes()
    seconds = _cpu(lambda: fit(rows))
    return seconds, _peak_bytes() - before + features.nbytes


def _readout(rows: int, width: int) -> tuple[float, int]:
    from deepfeatures.analysis.pose_readout import read_out

    features, fold, made = _made_up_pose(rows, width)

    def fit(rows: int) -> None:
        read_out(features[:rows], made.taken(np.arange(rows)), fold[:rows], sizes=[16, 48], centres=300,
                 triplet=(0, 0), seed=0, rng=np.random.default_rng(0))  # fmt: skip

    fit(WARM_UP)
    before = _peak_bytes()
    seconds = _cpu(lambda: fit(rows))
    return seconds, _peak_bytes() - before + features.nbytes


def main() -> None:
    what, rows, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    seconds, peak = (_fold if what == "fold" else _readout)(rows, width)
    features = rows * width * (4 if what == "fold" else 8)
    print(json.dumps({"rows": rows, "cpu_seconds": round(seconds, 2), "peak_memory_over_X": round(peak / features, 1)}))


if __name__ == "__main__":
    main()
