"""Rendered people walked through yaw, light and glasses, and how like their own reference a network finds them.

images.npy (people, yaws, lights, glasses, side, side, 3) uint8; references.npy (people, side, side, 3): of the people
that are walked, the first of the world. By network (`NETWORKS`): own_<network>.npy, other_<network>.npy, (people, yaws,
lights, glasses) float32, cosine to the person's own reference and to the nearest of all other people's; rank_<network>
.npy int32: the place of the own one among all, 1 is nearest. meta.json: yaw_deg, light_yaw_deg, glasses, gallery.

A reference is frontal, lit from the front and without glasses, as everybody's. Its background and clothes are those of
the person's next picture, so that no picture is compared with itself and a background gives nobody away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from deepfeatures.data.designed_faces import INTACT
from deepfeatures.data.synthfaces import SynthFaces
from deepfeatures.networks import face_cnn
from deepfeatures.networks.face_artifact import Pixels
from deepfeatures.networks.face_network import FaceNetwork
from deepfeatures.probes.mean_activation import cosine_similarity

NETWORKS = ("trained", "untrained", "pixels")
YAWS = tuple(range(-90, 91, 15))
LIGHTS = (-75, -40, 0, 40, 75)
GLASSES: Mapping[str, Mapping[str, float]] = {
    "none": {"glasses": 0.0, "sunglasses": 0.0},
    "clear": {"glasses": 1.0, "sunglasses": 0.0},
    "dark": {"glasses": 0.0, "sunglasses": 1.0},
}
STILL: Mapping[str, float] = {  # what does not vary, in any picture
    **INTACT, "eyes_closed": 0.0, "hat": 0.0, "pitch_deg": 0.0, "roll_deg": 0.0, "shift_right_percent": 0.0,
    "shift_up_percent": 0.0, "zoom": 1.0, "light_pitch_deg": 20.0, "light_intensity": 0.8, "light_ambient": 0.3,
    "light_warmth": 0.0, "noise_percent": 0.0, "smile": 0.2, "mouth_open": 0.2, "brow_raise": 0.0, "gaze_right": 0.0,
    "background_contrast": 0.0,
}  # fmt: skip
AROUND = ("background_hue", "background_value", "clothes_hue", "clothes_value", "necklace", "necktie", "earrings")
FRONTAL: Mapping[str, float] = {"yaw_deg": 0.0, "light_yaw_deg": 0.0, **GLASSES["none"]}


def make(
    out: Path, inputs: dict[str, Path], *, seed: int, people: int, walked: int, side_px: int, untrained_seed: int
) -> None:
    """Write the arrays. inputs: network. people: of the world `seed`, all of whom have a reference; walked: how many of
    them, from the first.
    """
    if not 1 <= walked <= people or people < 2:
        raise ValueError(f"walked={walked} of people={people}: at least 1 of at least 2")
    world = SynthFaces(seed, people, 2, side_px)
    references = world.render_truth(frontal(world))
    images = world.render_truth(steps(world, walked))
    readers: dict[str, FaceNetwork] = {
        "trained": face_cnn.load(inputs["network"]),
        "untrained": face_cnn.untrained(side_px, untrained_seed),
        "pixels": Pixels((side_px, side_px)),
    }
    shape = (walked, len(YAWS), len(LIGHTS), len(GLASSES))
    person = np.repeat(np.arange(walked), np.prod(shape[1:]))
    for name, reader in readers.items():
        own, other, rank = compared(embedded(reader, images), embedded(reader, references), person)
        np.save(out / f"own_{name}.npy", own.astype(np.float32).reshape(shape))
        np.save(out / f"other_{name}.npy", other.astype(np.float32).reshape(shape))
        np.save(out / f"rank_{name}.npy", rank.astype(np.int32).reshape(shape))
    np.save(out / "images.npy", images.reshape(*shape, side_px, side_px, 3))
    np.save(out / "references.npy", references[:walked])
    meta = {"yaw_deg": YAWS, "light_yaw_deg": LIGHTS, "glasses": list(GLASSES), "gallery": people}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def steps(world: SynthFaces, walked: int) -> pd.DataFrame:
    """The truth of every picture: of each person, the first one at each yaw, light and glasses, in this order."""
    places = list(product(range(walked), YAWS, LIGHTS, GLASSES.values()))
    truth = world.truth(np.array([place[0] for place in places]) * world.images_per_identity).assign(**STILL)
    return truth.assign(
        yaw_deg=[float(place[1]) for place in places],
        light_yaw_deg=[float(place[2]) for place in places],
        glasses=[place[3]["glasses"] for place in places],
        sunglasses=[place[3]["sunglasses"] for place in places],
    )


def frontal(world: SynthFaces) -> pd.DataFrame:
    """The truth of every person's reference."""
    first = np.arange(world.identities) * world.images_per_identity
    around = world.truth(first + 1)[list(AROUND)]
    return world.truth(first).assign(**STILL, **FRONTAL, **{name: around[name] for name in AROUND})


def embedded(reader: FaceNetwork, images: np.ndarray, batch: int = 64) -> np.ndarray:
    """(n, d) of the last layer. images: (n, side, side, 3) uint8."""
    layer = list(reader.layers)[-1]
    return np.concatenate([reader.features(images[s : s + batch])[layer] for s in range(0, len(images), batch)])


def compared(
    features: np.ndarray, references: np.ndarray, person: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosine to the own reference, to the nearest other one, and the own one's place: each (n,).

    features: (n, d); references: (people, d); person: (n,), the row of references that is the own one.
    """
    cosine = cosine_similarity(features, references)
    rows = np.arange(len(cosine))
    own = cosine[rows, person]
    others = cosine.copy()
    others[rows, person] = -np.inf
    return own, others.max(axis=1), 1 + (others > own[:, None]).sum(axis=1)
