"""The walk of rendered faces: what changes and what does not, and similarities against pairs taken one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import face_walk, walk_explorer
from deepfeatures.data.synthfaces import FACTORS, SynthFaces
from deepfeatures.networks import face_cnn
from deepfeatures.networks.face_artifact import Pixels
from deepfeatures.study.opened import Described

PEOPLE, SIDE = 4, 32


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Described:
    folder = tmp_path_factory.mktemp("walk")
    network, out = folder / "network", folder / "out"
    network.mkdir(), out.mkdir()
    face_cnn.save(face_cnn.untrained(SIDE, 5), network)
    settings = {"seed": 3, "people": PEOPLE, "walked": 1, "side_px": SIDE, "untrained_seed": 5}
    face_walk.make(out, {"network": network}, **settings)
    return Described(out)


def test_a_step_changes_what_it_names_and_nothing_else() -> None:
    world = SynthFaces(3, PEOPLE, 2, SIDE)
    truth = face_walk.steps(world, 1)
    varied = {name for name in FACTORS if truth[name].nunique() > 1}
    assert varied == {"yaw_deg", "light_yaw_deg", "glasses", "sunglasses"}
    assert len(truth) == len(face_walk.YAWS) * len(face_walk.LIGHTS) * 3
    reference = face_walk.frontal(world)
    same = [name for name in FACTORS if name not in (*varied, *face_walk.AROUND)]
    assert (reference.iloc[0][same] == truth.iloc[0][same]).all()
    assert (reference[["yaw_deg", "light_yaw_deg", "glasses", "sunglasses"]] == 0).all(axis=None)
    assert reference.iloc[0]["background_hue"] != truth.iloc[0]["background_hue"]


def test_similarities_are_those_of_pairs_taken_one_by_one(made: Described) -> None:
    world = SynthFaces(3, PEOPLE, 2, SIDE)
    references = [world.render_truth(face_walk.frontal(world).iloc[[person]])[0] for person in range(PEOPLE)]
    np.testing.assert_array_equal(made["references"][0], references[0])
    readers = {"untrained": face_cnn.untrained(SIDE, 5), "pixels": Pixels((SIDE, SIDE))}
    for name, reader in readers.items():
        layer = list(reader.layers)[-1]

        def one(image: np.ndarray, reader=reader, layer=layer) -> np.ndarray:  # type: ignore[no-untyped-def]
            return reader.features(image[None])[layer][0].astype(np.float64)

        for at in ((0, 0, 0, 0), (0, 6, 2, 1), (0, 12, 4, 2)):
            seen = one(made["images"][at])
            cosine = [seen @ one(r) / np.linalg.norm(seen) / np.linalg.norm(one(r)) for r in references]
            assert made[f"own_{name}"][at] == pytest.approx(cosine[0], abs=1e-4)
            assert made[f"other_{name}"][at] == pytest.approx(max(cosine[1:]), abs=1e-4)
            assert made[f"rank_{name}"][at] == 1 + sum(other > cosine[0] for other in cosine[1:])
    np.testing.assert_array_equal(made["own_trained"], made["own_untrained"])  # here the same weights


def test_the_table_has_a_row_for_each_picture_and_network(made: Described) -> None:
    table = walk_explorer.grid(made)
    keys = ["person", "yaw", "light", "glasses", "features"]
    assert len(table) == len(face_walk.YAWS) * len(face_walk.LIGHTS) * 3 * 3 and not table.duplicated(keys).any()
    row = table[(table["yaw"] == "−90°") & (table["light"] == "75°") & (table["glasses"] == "dark")].iloc[2]
    assert row["features"] == "pixels" and row["own"] == pytest.approx(float(made["own_pixels"][0, 0, 4, 2]))
    np.testing.assert_array_equal(row["picture"], made["images"][0, 0, 4, 2])


def test_there_must_be_somebody_else(tmp_path: Path) -> None:
    settings = {"seed": 3, "walked": 1, "side_px": SIDE, "untrained_seed": 0}
    with pytest.raises(ValueError, match="walked=1 of people=1: at least 1 of at least 2"):
        face_walk.make(tmp_path, {}, people=1, **settings)
