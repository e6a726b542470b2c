"""Which digits are taken, and that nothing is substituted without a word."""

import numpy as np
import pytest

from deepfeatures.data import digits, mnist
from deepfeatures.data.digits import load_digits, resolve_digits


@pytest.fixture
def offline(monkeypatch):
    """`mnist.fetch` as it answers without a network; gives the roots it was asked for."""
    asked = []

    def fetch(root):
        asked.append(root)
        return "URLError: no network"

    monkeypatch.setattr(mnist, "fetch", fetch)
    return asked


@pytest.fixture
def never_fetched(monkeypatch):
    monkeypatch.setattr(mnist, "fetch", lambda root: pytest.fail("a download was tried"))


@pytest.mark.parametrize("dataset", ["auto", "mnist"])
def test_a_copy_is_taken_without_a_download(dataset, small_mnist, small_arrays, never_fetched):
    source = resolve_digits(dataset, small_mnist)
    assert (source.name, source.tier, source.folder) == ("mnist", "original", small_mnist)
    assert source.fingerprint == mnist.FINGERPRINT
    read = load_digits(source)
    np.testing.assert_array_equal(read.train_images, small_arrays["train_images"])
    np.testing.assert_array_equal(read.test_labels, small_arrays["test_labels"])


def test_auto_without_copy_and_network_substitutes_and_says_why(tmp_path, offline):
    source = resolve_digits("auto", tmp_path)
    assert (source.name, source.tier, source.folder) == ("digits", "substitute", None)
    assert source.note == (
        "MNIST is neither under the data root nor downloadable (URLError: no network); scikit-learn's digits instead"
    )
    assert offline == [tmp_path]


def test_mnist_without_copy_and_network_is_refused_with_the_way_out(tmp_path, offline):
    with pytest.raises(FileNotFoundError) as refused:
        resolve_digits("mnist", tmp_path)
    assert str(refused.value) == (
        f"MNIST is not under {tmp_path} and cannot be downloaded (URLError: no network): put the four idx files in "
        f"{tmp_path}/MNIST/raw, or set DEEPFEATURES_DATA to a folder that has MNIST/raw"
    )


def test_a_download_counts_as_mnist(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "fetch", lambda root: None)
    source = resolve_digits("auto", tmp_path)
    assert (source.name, source.tier, source.note) == ("mnist", "original", "MNIST, downloaded by torchvision")


def test_one_failed_download_is_enough_for_a_run(tmp_path, offline):
    """Jobs and kernels inherit the environment: they must not each wait for the same network."""
    first, second = (resolve_digits("auto", tmp_path) for _ in range(2))
    assert first == second and len(offline) == 1


def test_no_download_where_none_is_wanted(tmp_path, never_fetched):
    source = resolve_digits("auto", tmp_path, download=False)
    assert source.tier == "substitute" and "(no download was tried)" in source.note
    with pytest.raises(FileNotFoundError, match="no download was tried"):
        resolve_digits("mnist", tmp_path, download=False)


def test_the_substitute_can_be_asked_for_even_beside_mnist(small_mnist, never_fetched):
    source = resolve_digits("digits", small_mnist)
    assert (source.tier, source.note) == ("substitute", "scikit-learn's digits, as asked")


def test_an_unknown_data_set_is_refused_before_anything_is_looked_for(tmp_path, never_fetched):
    with pytest.raises(ValueError, match=r"^dataset='minst': allowed are auto, mnist, digits$"):
        resolve_digits("minst", tmp_path)


def test_the_substitute_has_mnists_form(tmp_path):
    source = resolve_digits("digits", tmp_path)
    read = load_digits(source)
    assert read.train_images.shape == (1437, 28, 28) and read.test_images.shape == (360, 28, 28)
    assert read.train_labels.shape == (1437,) and read.test_labels.shape == (360,)
    for array in (read.train_images, read.train_labels, read.test_images, read.test_labels):
        assert array.dtype == np.uint8
    assert set(read.train_labels) == set(read.test_labels) == set(range(10))
    assert read.train_images.max() > 200
    frame = np.ones((28, 28), bool)
    frame[4:24, 4:24] = False  # a 20x20 digit in a 28x28 frame, as in MNIST
    assert not read.train_images[:, frame].any()


def test_the_substitute_holds_scikit_learns_digits(tmp_path):
    """Averaged back to 8x8, each image is nearly the one that scikit-learn's own loader gives, in its order."""
    from sklearn.datasets import load_digits as scikit

    read = load_digits(resolve_digits("digits", tmp_path))
    theirs = scikit()
    test = np.arange(1797) % 5 == 0
    np.testing.assert_array_equal(read.test_labels, theirs.target[test])
    np.testing.assert_array_equal(read.train_labels, theirs.target[~test])
    centres = read.test_images[:, 4:24, 4:24].reshape(-1, 20, 20)[:, 1::5, 1::5]  # where cells 0, 2, 4, 6 are centred
    assert np.abs(centres - theirs.images[test][:, ::2, ::2] * 255 / 16).mean() < 20


def test_the_fingerprint_is_of_the_pixels(tmp_path, monkeypatch):
    first = resolve_digits("digits", tmp_path).fingerprint
    assert first == resolve_digits("digits", tmp_path).fingerprint
    images, labels = digits._read_scikit_digits()
    images[7, 14, 14] ^= 1
    monkeypatch.setattr(digits, "_read_scikit_digits", lambda: (images, labels))
    assert resolve_digits("digits", tmp_path).fingerprint != first


def test_a_plan_without_files_names_the_same_data(small_mnist):
    assert digits.mnist_source_without_files().fingerprint == resolve_digits("mnist", small_mnist).fingerprint
