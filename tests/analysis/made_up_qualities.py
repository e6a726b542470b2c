"""A small rendered world and a small set of photographs that exist as numbers alone, opened as a chapter opens them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data.attributes import NAMES
from deepfeatures.data.damage import KINDS
from deepfeatures.data.designed_faces import DEFECTS
from deepfeatures.study.opened import Described

FACTORS = ("yaw_deg", "pitch_deg", "blurred", "blur_percent", "low_resolution", "resolution_percent", "video",
           "occluder", "occluder_size_percent")  # fmt: skip
PEOPLE, IMAGES, WIDTH = 16, 24, 20
N = PEOPLE * IMAGES


def opened(folder: Path, meta: dict[str, object], **arrays: np.ndarray) -> Described:
    folder.mkdir(parents=True)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    (folder / "meta.json").write_text(json.dumps(meta))
    return Described(folder)


def features(person: np.ndarray, length: np.ndarray, rng: np.random.Generator, noise: float = 1.0) -> np.ndarray:
    """Each person a direction of his own; images of the given lengths, with noise that does not grow with them."""
    towards = np.random.default_rng(11).standard_normal((person.max() + 1, WIDTH))[person]
    values = length[:, None] * towards / np.linalg.norm(towards, axis=1, keepdims=True)
    return (values + noise * rng.standard_normal(values.shape) / np.sqrt(WIDTH)).astype(np.float32)


def artifacts(root: Path) -> dict[str, list[Described]]:
    """'trained', 'mobilefacenet-ms1m' and '-casia' have shorter vectors for worse images; 'pixels' know nothing."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(PEOPLE), IMAGES)
    factors = {name: rng.random(N) for name in FACTORS}
    factors |= {"yaw_deg": rng.uniform(-90, 90, N), "pitch_deg": rng.uniform(-25, 25, N)}
    for name in ("blurred", "low_resolution", "video", "occluder"):
        factors[name] = (rng.random(N) < 0.15).astype(float)
    factors |= {"blur_percent": rng.uniform(1, 3, N), "resolution_percent": rng.uniform(30, 60, N),
                "occluder_size_percent": rng.uniform(15, 32, N)}  # fmt: skip
    bad = sum(factors[name] for name in ("blurred", "low_resolution", "video", "occluder"))
    bad = bad + (np.abs(factors["yaw_deg"]) >= 60)
    ids = np.array([f"r{number:04d}" for number in range(N)])
    pose = np.stack([factors["yaw_deg"], factors["pitch_deg"], factors["pitch_deg"]], axis=1)
    images = rng.integers(0, 256, (N, 8, 8, 3), np.uint8)
    found = {
        "faces/rendered": [
            opened(root / "fr", {"factors": list(FACTORS)}, ids=ids, identity=person, pose=pose, images=images,
                   factors=np.stack([factors[name] for name in FACTORS], axis=1))
        ]
    }  # fmt: skip
    for name, falls in (("pixels", 0.0), ("trained", 0.9)):
        layer = "pixels" if name == "pixels" else "embedding"
        values = features(person, 5 - falls * bad, rng)
        found[f"features/rendered/{name}"] = [opened(root / f"r-{name}", {}, ids=ids, **{layer: values})]
    found["map/rendered/trained"] = [
        opened(root / "map", {"explained": [0.3, 0.2]}, row=np.arange(0, N, 2), pca=rng.random((N // 2, 2)),
               tsne=values[::2, :2])
    ]  # fmt: skip
    return found | _defects(root, rng) | _views(root, rng) | _photographs(root, rng)


def _defects(root: Path, rng: np.random.Generator) -> dict[str, list[Described]]:
    """Level 1, 2, 3 of a defect shortens the trained network's vectors by as much."""
    person = np.repeat(np.arange(PEOPLE), 16)
    defect = np.tile([0, *np.repeat(range(1, 6), 3)], PEOPLE)
    level = np.tile([0, *[1, 2, 3] * 5], PEOPLE)
    ids = np.array([f"d{number:04d}" for number in range(len(person))])
    faces = opened(root / "fd", {"defects": list(DEFECTS)}, ids=ids, identity=person, defect=defect, level=level)
    found = {"faces/defects": [faces]}
    for name, falls in (("pixels", 0.0), ("trained", 1.0)):
        own = np.repeat(rng.uniform(4.5, 5.5, PEOPLE), 16)
        values = features(person, own - falls * level, rng, noise=0.0)
        layer = "pixels" if name == "pixels" else "embedding"
        found[f"features/defects/{name}"] = [opened(root / f"d-{name}", {}, ids=ids, **{layer: values})]
    return found


def _views(root: Path, rng: np.random.Generator) -> dict[str, list[Described]]:
    """The second half of the people are coded otherwise from the side; the first half are not."""
    yaw = np.concatenate([np.linspace(-15, 15, 8), np.linspace(60, 90, 8), -np.linspace(60, 90, 8)])
    person, turned = np.repeat(np.arange(PEOPLE), 24), np.tile(np.abs(yaw) > 30, PEOPLE)
    ids = np.array([f"v{number:04d}" for number in range(len(person))])
    pose = np.stack([np.tile(yaw, PEOPLE), 0 * person, 0 * person], axis=1)
    found = {"faces/views": [opened(root / "fv", {}, ids=ids, identity=person, pose=pose)]}
    for name, size in (("pixels", 0.0), ("trained", 2.0)):
        values = rng.standard_normal((len(person), WIDTH))
        own = size * rng.choice([-1.0, 1.0], (PEOPLE, WIDTH)) * (np.arange(PEOPLE) >= PEOPLE // 2)[:, None]
        values += own[person] * turned[:, None]
        layer = "pixels" if name == "pixels" else "embedding"
        found[f"features/views/{name}"] = [opened(root / f"v-{name}", {}, ids=ids, **{layer: values})]
    return found


def _photographs(root: Path, rng: np.random.Generator) -> dict[str, list[Described]]:
    """Damage shortens vectors; every fifth photograph's pose is not believed, and one has no copy."""
    person = np.repeat(np.arange(PEOPLE), IMAGES)
    ids = np.array([f"{number:06d}.jpg" for number in range(N)])
    pose = np.stack([rng.uniform(-50, 50, N), rng.uniform(-20, 20, N), np.zeros(N)], axis=1)
    pose[::5] = np.nan
    labels = np.zeros((N, 40), np.int8)
    labels[:, NAMES.index("Blurry")] = rng.random(N) < 0.1
    found = {"faces/celeba": [opened(root / "fc", {}, ids=ids, identity=person, pose=pose, attributes=labels)]}
    kind = rng.permutation(N) % len(KINDS)
    for name, falls in (("pixels", 0.0), ("mobilefacenet-ms1m", 2.0), ("mobilefacenet-casia", 1.0)):
        layer = "pixels" if name == "pixels" else "embedding"
        blurry = labels[:, NAMES.index("Blurry")]
        whole = features(person, 5.0 - falls * blurry, rng)
        worse = features(person, 5.0 - falls * (1 + blurry), rng)
        found[f"features/celeba/{name}"] = [opened(root / f"c-{name}", {}, ids=ids, **{layer: whole})]
        found[f"damaged/{name}"] = [
            opened(root / f"w-{name}", {}, ids=ids[:-1], kind=kind[:-1].astype(np.int8), **{layer: worse[:-1]})
        ]
    return found
