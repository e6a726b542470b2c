"""Bundles made to harm: bombs, lying headers, code in arrays. test_bundle.py has paths and links."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as tensors

from deepfeatures.study import bundle, bundled_files
from deepfeatures.study.bundle import BadBundle, unpack

KEY = "0123456789abcdef0123"


@pytest.fixture
def empty(toys: Path) -> Path:
    """The runs folder, in which nothing was made; afterwards nothing is left there."""
    yield toys
    left = [path for path in (toys / "artifacts").rglob("*") if path.is_file()]
    assert left == []


def packed(file: Path, *members: tuple[tarfile.TarInfo, bytes], level: int = 9) -> Path:
    with gzip.open(file, "wb", compresslevel=level) as whole, tarfile.open(fileobj=whole, mode="w") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def artifact(**files: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Members of an artifact whose record says just what is in it: whoever packs a bundle writes the records."""
    import hashlib

    listed = {name: [len(content), hashlib.sha256(content).hexdigest()] for name, content in files.items()}
    record = json.dumps({"kind": "toy", "key": KEY, "files": listed}).encode()
    return [
        (tarfile.TarInfo(f"toy/{KEY}/{name}"), content) for name, content in {**files, "record.json": record}.items()
    ]


def refused(file: Path) -> str:
    began = time.process_time()
    with pytest.raises(BadBundle) as no:
        unpack(file)
    assert time.process_time() - began < 60  # a guard against work without end, whatever else the machine does
    return str(no.value)


def test_a_bomb_is_refused_before_it_fills_the_disk(empty: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(bundle, "SMALL", 1_000_000)
    file = packed(tmp_path / "bomb.tar.gz", *artifact(**{"values.npy": bytes(30_000_000)}))
    assert file.stat().st_size < 60_000
    told = refused(file)
    assert told.startswith(f"bomb.tar.gz: {file.stat().st_size:,} bytes unpack to more than ") and "as no arti" in told


def test_more_than_is_free_is_refused(empty: Path, tmp_path: Path, monkeypatch) -> None:
    usage = bundle.shutil.disk_usage("/")._replace(free=200_000)
    monkeypatch.setattr(bundle.shutil, "disk_usage", lambda _: usage)
    file = packed(tmp_path / "b.tar.gz", *artifact(**{"values.npy": np.random.default_rng(0).bytes(300_000)}))
    assert "unpacks to more than the 200,000 bytes that are free under" in refused(file)


def test_a_size_that_is_only_announced_is_refused(empty: Path, tmp_path: Path) -> None:
    """Ten terabytes by the header, nothing behind it."""
    member = tarfile.TarInfo(f"toy/{KEY}/values.npy")
    member.size = 10**13
    with gzip.open(tmp_path / "b.tar.gz", "wb") as whole:
        whole.write(member.tobuf(tarfile.GNU_FORMAT) + bytes(5_000))
    assert refused(tmp_path / "b.tar.gz").startswith("b.tar.gz: ")


def test_a_sparse_file_is_refused(empty: Path, tmp_path: Path) -> None:
    """No bytes, any size: a terabyte that would be read to be checked."""
    member = tarfile.TarInfo(f"toy/{KEY}/values.npy")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(10**12)}
    content = b"1\n0\n512\n".ljust(512, b"\0") + bytes(512)
    member.size = len(content)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(content))
    assert f"holds toy/{KEY}/values.npy, which is no file of an artifact" in refused(tmp_path / "b.tar.gz")


def test_a_header_larger_than_memory_is_refused(empty: Path, tmp_path: Path) -> None:
    member = tarfile.TarInfo(f"toy/{KEY}/values.npy")
    member.pax_headers = {"comment": "x" * 3_000_000}
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member)
    assert "b.tar.gz: has a header of 3,0" in refused(tmp_path / "b.tar.gz")


def test_a_million_files_are_refused(empty: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(bundle, "MOST_FILES", 100)
    members = [(tarfile.TarInfo(f"toy/{KEY}/{number}.npy"), b"") for number in range(101)]
    assert refused(packed(tmp_path / "b.tar.gz", *members)) == "b.tar.gz: holds more than 100 files"


def test_compressed_twice_is_not_followed(empty: Path, tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.tar.gz", *artifact(**{"values.npy": bytes(5_000_000)}))
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(inner.read_bytes()))
    assert refused(tmp_path / "b.tar.gz").startswith("b.tar.gz: ")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_a_device_is_refused(kind: bytes, empty: Path, tmp_path: Path) -> None:
    member = tarfile.TarInfo(f"toy/{KEY}/values.npy")
    member.type, member.devmajor, member.devminor = kind, 1, 5
    assert "which is no file of an artifact" in refused(packed(tmp_path / "b.tar.gz", (member, b"")))


def test_a_name_made_to_mislead_is_shown_escaped_and_short(empty: Path, tmp_path: Path) -> None:
    told = refused(packed(tmp_path / "b.tar.gz", (tarfile.TarInfo("../\u202egnp.\x1b[2J" + "x" * 5_000), b"")))
    assert "\\u202e" in told and "\\x1b" in told and len(told) < 400 and told.isprintable()


def array(header: str, content: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def objects() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{}, None], object), allow_pickle=True)
    return file.getvalue()


LYING = {
    "values.npy promises 4,000,000,000,128 bytes and has 136": {
        "values.npy": array("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}", bytes(8))
    },
    "values.npy promises ": {
        "values.npy": array("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4)}", bytes(16))
    },
    "values.npy holds Python objects, which are code when they are read": {"values.npy": objects()},
    "values.npy is no array: ": {"values.npy": b"no array"},
    "values.npy is no array:": {"values.npy": array("__import__('os').system('true')")},
    "values.npy is no array: tuple index": {
        "values.npy": array("{'descr': (), 'fortran_order': False, 'shape': (1,)}")
    },
    "values.npy is no array: unhashable": {"values.npy": array("{[]: 1}")},
    "values.npy is no array: its header is too deep": {"values.npy": array("-" * 9000 + "1")},
    "values.npy is no array: ('EOF in multi-line": {"values.npy": array("{'descr': (")},
    "network.safetensors is no file of tensors: ": {"network.safetensors": tensors({"w": np.zeros(4)})[:-8]},
    "meta.json holds brackets within brackets": {"meta.json": b"[" * 200_000},
    "meta.json is no JSON: ": {"meta.json": b"{"},
    "code.pkl ends in none of .npy, .safetensors, .json": {"code.pkl": b"cos\nsystem\n(S'true'\ntR."},
}


@pytest.mark.parametrize("message", LYING)
def test_a_file_that_is_not_what_its_name_says_is_refused(message: str, empty: Path, tmp_path: Path) -> None:
    """The record is right: it says what its packer wrote."""
    assert f"b.tar.gz: toy/{KEY}: {message}" in refused(packed(tmp_path / "b.tar.gz", *artifact(**LYING[message])))


def test_what_the_book_makes_is_taken(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 4), np.float16))
    np.save(tmp_path / "names.npy", np.array(["000001.jpg"]))
    np.save(tmp_path / "empty.npy", np.zeros((0, 4)))
    np.save(tmp_path / "one.npy", np.float64(3))
    (tmp_path / "n.safetensors").write_bytes(tensors({"w": np.zeros((2, 2), np.float32)}))
    (tmp_path / "meta.json").write_text("{}")
    assert bundled_files.trouble(tmp_path, [path.name for path in tmp_path.iterdir()]) is None
