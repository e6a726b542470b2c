"""The rotated set as it is written for everything that follows."""

import json

import numpy as np
import pytest

from deepfeatures.data import mnist
from deepfeatures.data.rotated import make
from deepfeatures.data.rotation import rotated_copies

SETTINGS = {"dataset": "mnist", "interpolation": "bilinear", "angles_deg": [-45, 0, 15]}


def made(out, root, **changed):
    out.mkdir()
    settings = {**SETTINGS, "fingerprint": mnist.FINGERPRINT, "train_digits": 0, "test_digits": 0, **changed}
    make(out, {}, root, **settings)
    return {path.stem: np.load(path) for path in out.glob("*.npy")}


def test_all_digits_at_all_angles(small_mnist, small_arrays, tmp_path):
    arrays = made(tmp_path / "out", small_mnist)
    for part in ("train", "test"):
        np.testing.assert_array_equal(arrays[f"{part}_labels"], small_arrays[f"{part}_labels"])
        np.testing.assert_array_equal(
            arrays[f"{part}_images"], rotated_copies(small_arrays[f"{part}_images"], [-45, 0, 15])
        )
        assert arrays[f"{part}_images"].dtype == np.uint8
    assert json.loads((tmp_path / "out" / "meta.json").read_text()) == {
        "dataset": "mnist", "tier": "original", "angles_deg": [-45, 0, 15], "interpolation": "bilinear"
    }  # fmt: skip


def test_a_number_takes_the_first_digits(small_mnist, small_arrays, tmp_path):
    arrays = made(tmp_path / "out", small_mnist, train_digits=12, test_digits=5, interpolation="nearest")
    assert arrays["train_images"].shape == (12, 3, 28, 28) and arrays["test_labels"].shape == (5,)
    np.testing.assert_array_equal(
        arrays["test_images"], rotated_copies(small_arrays["test_images"][:5], [-45, 0, 15], "nearest")
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_digits": 31}, "train_digits=31: mnist has 30"),
        ({"test_digits": 21}, "test_digits=21: mnist has 20"),
        ({"fingerprint": "another"}, f"planned for another, found {mnist.FINGERPRINT}: plan again"),
    ],
)
def test_what_cannot_be_made_is_said(changed, message, small_mnist, tmp_path):
    with pytest.raises(ValueError) as refused:
        made(tmp_path / "out", small_mnist, **changed)
    assert str(refused.value) == message
