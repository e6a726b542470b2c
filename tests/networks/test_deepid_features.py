"""Features as an artifact, of a network, of its mirror images, and of local binary patterns."""

import json

import numpy as np
import pytest

from deepfeatures.data.lbp import lbp
from deepfeatures.data.regions import as_seen
from deepfeatures.networks.deepid2plus import save, untrained
from deepfeatures.networks.deepid_features import CELLS, make

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 48, 48, 3), np.uint8)


@pytest.fixture
def inputs(tmp_path):
    faces, network = tmp_path / "faces", tmp_path / "network"
    faces.mkdir()
    network.mkdir()
    np.save(faces / "images.npy", IMAGES)
    np.save(faces / "ids.npy", np.array([f"face-{number}" for number in range(70)]))
    save(
        untrained(32, 0, maps=(4, 4, 4, 4), units=8, images=as_seen(IMAGES[:8], "centre", 32)), network, region="centre"
    )
    return {"faces": faces, "network": network}


def made(tmp_path, inputs, **settings):
    out = tmp_path / "out"
    out.mkdir()
    make(out, inputs, **settings)
    return {path.stem: np.load(path) for path in out.glob("*.npy")}, json.loads((out / "meta.json").read_text())


def test_the_network_sees_its_own_region(tmp_path, inputs):
    found, meta = made(tmp_path, inputs, how="network")
    network = untrained(32, 0, maps=(4, 4, 4, 4), units=8, images=as_seen(IMAGES[:8], "centre", 32))
    expected = network.features(as_seen(IMAGES, "centre", 32))
    for layer, values in expected.items():
        np.testing.assert_allclose(found[layer], values, atol=1e-5)
    assert found["ids"][3] == "face-3" and meta["layers"] == {f"fc{n}": 8 for n in (1, 2, 3, 4)}
    assert "before-fc4" not in found


def test_mirror_images_are_those_of_the_whole_face(tmp_path, inputs):
    found, _ = made(tmp_path, inputs, how="network", mirrored=True)
    turned = tmp_path / "turned"
    turned.mkdir()
    np.save(inputs["faces"] / "images.npy", np.ascontiguousarray(IMAGES[:, :, ::-1]))
    other, _ = made(turned, inputs, how="network")
    assert (found["fc4"] == other["fc4"]).all()


def test_activity_is_what_counting_says(tmp_path, inputs):
    found, _ = made(tmp_path, inputs, how="network", activity=True)
    network = untrained(32, 0, maps=(4, 4, 4, 4), units=8, images=as_seen(IMAGES[:8], "centre", 32))
    maps = network.maps_of(network.as_pixels(as_seen(IMAGES, "centre", 32)))
    active = maps[2].detach().flatten(1).numpy() > 0
    np.testing.assert_allclose(found["by-face-maps3"], active.mean(axis=1), atol=1e-3)
    np.testing.assert_allclose(found["by-unit-maps3"], active.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(np.maximum(found["before-fc4"], 0), found["fc4"], atol=1e-5)
    assert found["by-unit-maps1"].shape == (4 * 16 * 16,)


def test_patterns_are_of_the_whole_image(tmp_path, inputs):
    found, meta = made(tmp_path, {"faces": inputs["faces"]}, how="lbp", scikit_image="1.2")
    np.testing.assert_array_equal(found["lbp"][[0, 69]], lbp(IMAGES[[0, 69]], cells=CELLS))
    assert meta["scikit_image"] == "1.2"


def test_what_cannot_be_read_is_refused(tmp_path, inputs):
    with pytest.raises(ValueError, match="how='lbp' with a network"):
        made(tmp_path, inputs, how="lbp")
