"""MNIST's files: read right, and refused with the reason where they are not whole."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import mnist
from deepfeatures.data.digits import resolve_digits

IMAGES, LABELS = "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def test_the_four_arrays_come_back_as_written(small_mnist, small_arrays):
    mnist.verify(small_mnist)
    read = mnist.read(small_mnist)
    assert read.keys() == small_arrays.keys()
    for name, array in small_arrays.items():
        assert read[name].dtype == np.uint8
        np.testing.assert_array_equal(read[name], array)


def test_real_mnist(mnist_root):
    mnist.verify(mnist_root)
    read = mnist.read(mnist_root)
    assert read["train_images"].shape == (60_000, 28, 28) and read["test_images"].shape == (10_000, 28, 28)
    assert np.bincount(read["train_labels"]).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(read["test_labels"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert read["train_labels"][:5].tolist() == [5, 0, 4, 1, 9]


def test_the_fingerprint_is_of_the_checksums():
    # A literal, because published chapters name it: it may change only when MNIST does.
    assert mnist.FINGERPRINT == "mnist-689ff270f6b2962d"


@pytest.mark.parametrize("name", list(mnist.FILES))
@pytest.mark.parametrize("kept", [0, 11, -1])
def test_a_truncated_file_is_named_with_both_sizes(small_mnist, name, kept):
    path = mnist.folder(small_mnist) / name
    content = path.read_bytes()[:kept]
    path.write_bytes(content)
    with pytest.raises(mnist.DamagedFile) as refused:
        resolve_digits("auto", small_mnist)
    assert str(refused.value) == (
        f"{path} has {len(content):,} bytes, {mnist.FILES[name][1]:,} are expected: it is truncated or not MNIST; "
        "`deepfeatures data fetch mnist`"
    )


def test_a_file_with_something_appended_is_refused(small_mnist):
    path = mnist.folder(small_mnist) / LABELS
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(mnist.DamagedFile, match=r"has 29 bytes, 28 are expected"):
        resolve_digits("mnist", small_mnist)


@pytest.mark.parametrize("name", list(mnist.FILES))
@pytest.mark.parametrize("position", [3, -1])
def test_one_flipped_bit_is_found(small_mnist, name, position):
    path = mnist.folder(small_mnist) / name
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(mnist.DamagedFile) as refused:
        resolve_digits("auto", small_mnist)
    message = str(refused.value)
    assert message.startswith(f"{path} has MD5 ")
    assert message.endswith(f"{mnist.FILES[name][0]} is expected: it is damaged; `deepfeatures data fetch mnist`")


@pytest.mark.parametrize("name", list(mnist.FILES))
def test_one_missing_file_of_four_is_damage_not_absence(small_mnist, name):
    (mnist.folder(small_mnist) / name).unlink()
    assert mnist.present(small_mnist)
    with pytest.raises(mnist.DamagedFile) as refused:
        resolve_digits("auto", small_mnist)
    path = mnist.folder(small_mnist) / name
    assert str(refused.value) == (
        f"{path} is missing while others of MNIST are there: `deepfeatures data fetch mnist`, or remove the folder"
    )


def test_absent_where_there_is_no_folder(tmp_path):
    assert not mnist.present(tmp_path / "nowhere")


# As root every file can be read, so the child gives up root's rights; the owner without rights is refused anyway.
CHILD = """
import os, pathlib, sys
from deepfeatures.data import digits, mnist
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    digits.resolve_digits("auto", pathlib.Path(sys.argv[1]), download=False)
except PermissionError as refused:
    print(refused)
"""


@pytest.mark.parametrize("closed", ["folder", "file"])
def test_no_permission_is_said_and_is_not_absence(closed, small_arrays):
    # Not under pytest's own temporary folder, which only its owner may enter: the refusal must come from the data root.
    with tempfile.TemporaryDirectory() as open_folder:
        root = Path(open_folder)
        root.chmod(0o755)
        folder = mnist.folder(root)
        folder.mkdir(parents=True)
        for name in mnist.FILES:
            (folder / name).write_bytes(b"anything")
        path = folder / next(iter(mnist.FILES))
        refused = folder if closed == "folder" else path
        mode = refused.stat().st_mode
        refused.chmod(0o000)
        try:
            done = subprocess.run([sys.executable, "-c", CHILD, str(root)], capture_output=True, text=True, check=True)
        finally:
            refused.chmod(mode)
    assert done.stdout.strip() == f"no permission to read {path}: check the rights of the data root"


class Downloader:
    """Stands where torchvision.datasets.MNIST does."""

    def __init__(self, then):
        self.then, self.calls = then, []

    def __call__(self, **arguments):
        self.calls.append(arguments)
        self.then(Path(arguments["root"]))


def replace_torchvision(monkeypatch, then):
    import torchvision.datasets

    downloader = Downloader(then)
    monkeypatch.setattr(torchvision.datasets, "MNIST", downloader)
    return downloader


def test_a_download_is_asked_of_torchvision_and_verified(small_mnist, tmp_path, monkeypatch):
    downloader = replace_torchvision(monkeypatch, lambda root: shutil.copytree(small_mnist, root))
    target = tmp_path / "elsewhere"
    assert mnist.fetch(target) is None
    [asked] = downloader.calls
    assert asked == {"root": str(target / f".mnist-{os.getpid()}"), "train": True, "download": True}
    mnist.verify(target)
    assert sorted(path.name for path in target.iterdir()) == [".mnist.lock", "MNIST"]


def test_what_is_there_and_damaged_is_replaced(small_mnist, tmp_path, monkeypatch):
    replace_torchvision(monkeypatch, lambda root: shutil.copytree(small_mnist, root))
    target = tmp_path / "elsewhere"
    mnist.folder(target).mkdir(parents=True)
    (mnist.folder(target) / IMAGES).write_bytes(b"half of it")
    assert mnist.fetch(target) is None
    mnist.verify(target)


def test_a_download_that_ends_in_the_middle_leaves_nothing(small_mnist, tmp_path, monkeypatch):
    def half(root):
        shutil.copytree(small_mnist, root)
        (mnist.folder(root) / LABELS).unlink()
        raise TimeoutError

    replace_torchvision(monkeypatch, half)
    assert mnist.fetch(tmp_path / "elsewhere") == "TimeoutError: no reason given"
    assert not mnist.present(tmp_path / "elsewhere") and not list((tmp_path / "elsewhere").glob(".mnist-*"))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (
            RuntimeError("Error downloading images:\nTried one mirror, got:\n<urlopen error: no such host>\n"),
            "RuntimeError: Error downloading images: <urlopen error: no such host>",
        ),
        (OSError("Network is unreachable"), "OSError: Network is unreachable"),
        (TimeoutError(), "TimeoutError: no reason given"),
    ],
)
def test_a_failed_download_gives_its_reason_in_one_line(failure, reason, tmp_path, monkeypatch):
    def fail(root):
        raise failure

    replace_torchvision(monkeypatch, fail)
    assert mnist.fetch(tmp_path) == reason


def test_a_download_that_brings_damage_is_no_success(small_mnist, tmp_path, monkeypatch):
    def damaged(root):
        shutil.copytree(small_mnist, root)
        (mnist.folder(root) / IMAGES).write_bytes(b"an error page")

    replace_torchvision(monkeypatch, damaged)
    told = f"^what was downloaded is not MNIST: {IMAGES} has 13 bytes, 23,536 are expected: .* or not MNIST$"
    with pytest.raises(mnist.DamagedFile, match=told):
        mnist.fetch(tmp_path / "elsewhere")
