"""Artifacts in one file: what goes in comes out, and nothing else does."""

import gzip
import io
import json
import tarfile

import numpy as np
import pytest

from deepfeatures.data.digits import DigitSource
from deepfeatures.study import artifacts, bundle
from deepfeatures.study.bundle import BadBundle, pack, unpack
from deepfeatures.study.chapter_key import Planned
from deepfeatures.study.recipes import Recipe
from tests.study.toy import toy

SOURCE = DigitSource("digits", "substitute", "d-0", "")
ROTATED = Recipe("rotated", {"train_digits": 3})


def inner():
    return toy(1.0, {"rotated": ROTATED})


def outer():
    return toy(2.0, {"inner": inner()})


def here():
    return f"toy/{outer().key}"


def alone():
    return toy(5.0)


def planned(*group):
    return Planned("tiny", {}, SOURCE, {"raw": list(group)}, {})


@pytest.fixture
def packed(toys, tmp_path, monkeypatch):
    """A bundle of outer(), and an empty runs folder to unpack it in."""
    data = toys / "artifacts" / "rotated" / ROTATED.key
    data.mkdir(parents=True)
    np.save(data / "values.npy", np.zeros(3))
    digest = artifacts._sha256(data / "values.npy")
    size = (data / "values.npy").stat().st_size
    (data / "record.json").write_text(json.dumps({**ROTATED.to_json(), "files": {"values.npy": [size, digest]}}))
    artifacts.ensure(outer())
    file = tmp_path / "book.tar.gz"
    held = pack([planned(outer()), planned(inner())], file)
    assert {recipe.key for recipe in held} == {inner().key, outer().key}
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(tmp_path / "empty"))
    monkeypatch.setattr(artifacts, "_verified", set())
    return file


def stored(tmp_path):
    """What the runs folder holds, files and folders of artifacts."""
    store = tmp_path / "empty" / "artifacts"
    return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())


def test_a_bundle_holds_artifacts_without_the_data_set_or_the_users_name(packed):
    with tarfile.open(packed) as archive:
        members = archive.getmembers()
    files = {
        f"toy/{recipe.key}/{name}"
        for recipe in (inner(), outer())
        for name in ("record.json", "said.txt", "values.npy")
    }
    assert {member.name for member in members if member.isfile()} == files
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "", "", 0)}


def scenes_of(dataset, runs):
    """An artifact of scenes as it lies in `runs`, and a file beside it that no record names."""
    scenes = Recipe("scenes", {"dataset": dataset})
    data = runs / "artifacts" / "scenes" / scenes.key
    data.mkdir(parents=True)
    np.save(data / "attributes.npy", np.ones(40, np.int8))
    files = {"attributes.npy": [(data / "attributes.npy").stat().st_size, artifacts._sha256(data / "attributes.npy")]}
    (data / "record.json").write_text(json.dumps({**scenes.to_json(), "key": scenes.key, "files": files}))
    (data / ".DS_Store").write_bytes(b"a desktop was here")
    return scenes


def test_scenes_are_packed_where_they_were_rendered_without_what_no_record_names(toys, tmp_path):
    rendered, photographs = scenes_of("rendered", toys), scenes_of("celeba", toys)
    assert pack([planned(rendered, photographs)], tmp_path / "b.tar.gz") == [rendered]
    own = f"scenes/{rendered.key}"
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        assert sorted(archive.getnames()) == [own, f"{own}/attributes.npy", f"{own}/record.json"]


def test_labels_of_photographs_are_refused(toys, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(bundle, "OF_DATA", ())  # whoever packs may have left the rule out
        pack([planned(scenes_of("celeba", toys))], tmp_path / "b.tar.gz")
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(tmp_path / "empty"))
    with pytest.raises(BadBundle, match="which is of a data set: a bundle holds none"):
        unpack(tmp_path / "b.tar.gz")
    assert stored(tmp_path) == []


def test_what_a_killed_unpacking_left_is_cleared(packed, tmp_path):
    left = tmp_path / "empty" / "artifacts" / ".unfinished" / "bundle-1"
    left.mkdir(parents=True)
    (left / "values.npy").write_bytes(b"half")
    unpack(packed)
    assert not left.exists()


def test_what_is_packed_comes_back_and_is_not_made_again(packed, tmp_path):
    assert unpack(packed) == sorted([f"toy/{inner().key}", f"toy/{outer().key}"])
    assert artifacts.exists(outer())
    artifacts.verify(artifacts.folder(outer()))
    assert (artifacts.folder(outer()) / "said.txt").read_text() == "3.0\n"
    assert unpack(packed) == []  # nothing new
    assert list((tmp_path / "empty" / "artifacts" / ".unfinished").iterdir()) == []


def test_an_artifact_that_is_there_is_kept(packed, tmp_path):
    unpack(packed)
    (artifacts.folder(inner()) / "note").touch()
    (artifacts.folder(outer()) / "record.json").unlink()  # this one is not complete
    assert unpack(packed) == [f"toy/{outer().key}"]
    assert (artifacts.folder(inner()) / "note").exists()


def test_missing_artifacts_are_named_and_no_file_is_written(toys, tmp_path):
    artifacts.ensure(alone())
    with pytest.raises(FileNotFoundError) as refused:
        pack([planned(toy(7.0, {"inner": alone()}))], tmp_path / "book.tar.gz")
    key = toy(7.0, {"inner": alone()}).key
    assert str(refused.value) == f"1 artifacts are not made yet, toy {key} among them: build the book first"
    assert not list(tmp_path.glob("book*"))


def test_a_damaged_artifact_is_not_packed(toys, tmp_path):
    (artifacts.ensure(alone()) / "said.txt").write_text("6.0\n")
    with pytest.raises(artifacts.Damaged, match=f"^toy/{alone().key}: said.txt is not what was written$"):
        pack([planned(alone())], tmp_path / "book.tar.gz")
    assert not list(tmp_path.glob("book*"))


def refused(file, tmp_path, message):
    with pytest.raises(BadBundle) as no:
        unpack(file)
    assert str(no.value).startswith(f"{file.name}: {message}"), str(no.value)
    assert stored(tmp_path) == []


def test_a_flipped_bit_anywhere_is_found_or_changes_nothing(packed, tmp_path):
    """Every 40th byte of the compressed file. Bits that matter to no artifact (gzip's header, padding) may pass."""
    content = packed.read_bytes()
    found = 0
    for position in range(0, len(content), 40):
        flipped = bytearray(content)
        flipped[position] ^= 0x10
        packed.write_bytes(flipped)
        try:
            unpack(packed)
        except BadBundle as no:
            found += 1
            assert str(no).startswith("book.tar.gz: ")
            assert stored(tmp_path) == []
        else:
            for recipe in (inner(), outer()):
                if artifacts.exists(recipe):
                    artifacts.verify(artifacts.folder(recipe))
            for name in stored(tmp_path):
                (tmp_path / "empty" / "artifacts" / name).unlink()
    assert found > 0.9 * len(range(0, len(content), 40))


def test_the_same_artifacts_give_the_same_bytes(packed, toys, tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(toys))
    pack([planned(outer())], tmp_path / "another-name.tar.gz")
    assert (tmp_path / "another-name.tar.gz").read_bytes() == packed.read_bytes()


def test_a_flipped_bit_of_a_file_is_named(packed, tmp_path):
    raw = gzip.decompress(packed.read_bytes())
    at = raw.index(b"3.0\n")
    packed.write_bytes(gzip.compress(raw[:at] + b"4" + raw[at + 1 :]))
    refused(packed, tmp_path, f"toy/{outer().key}: said.txt is not what was written")


@pytest.mark.parametrize("kept", [0, 50, -30])
def test_a_truncated_bundle_is_refused(kept, packed, tmp_path):
    packed.write_bytes(packed.read_bytes()[:kept])
    refused(packed, tmp_path, "")


def test_what_is_no_tar_file_is_refused(packed, tmp_path):
    packed.write_bytes(gzip.compress(b"hello" * 1000))
    refused(packed, tmp_path, "")


def added(file, *members):
    """The bundle with more members: (TarInfo, content)."""
    with tarfile.open(file) as archive:
        former = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        former = [(member, data.read() if data else b"") for member, data in former]
    with tarfile.open(file, "w:gz") as archive:
        for member, content in [*former, *members]:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def file_at(name, content=b"x"):
    return tarfile.TarInfo(name), content


def link_at(name, to, kind=tarfile.SYMTYPE):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member, b""


# {} stands for the folder of an artifact.
OTHERS = {
    "a path above": file_at("../../evil"),
    "a path above, from inside": file_at("{}/../../../../evil"),
    "an absolute path": file_at("/tmp/deepfeatures-evil"),
    "a link inside": link_at("{}/link.npy", "values.npy"),
    "a link to outside": link_at("{}/link.npy", "/etc/passwd"),
    "a hard link": link_at("{}/link.npy", "{}/values.npy", tarfile.LNKTYPE),
    "a link for a folder": link_at("toy/0123456789abcdef0123", "another"),
    "a named pipe": link_at("{}/pipe", "", tarfile.FIFOTYPE),
    "a file beside artifacts": file_at("toy/readme"),
    "a file above them": file_at("readme"),
    "a file below": file_at("{}/deeper/values.npy"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_anything_but_files_of_artifacts_is_refused(what, packed, tmp_path):
    member, content = OTHERS[what]
    member = member.replace(name=member.name.format(here()), linkname=member.linkname.format(here()), deep=False)
    added(packed, (member, content))
    refused(packed, tmp_path, f"holds {member.name}, which is no file of an artifact")
    assert not list(tmp_path.rglob("evil"))


def test_a_file_that_the_record_does_not_name_is_refused(packed, tmp_path):
    added(packed, file_at(f"{here()}/more.npy"))
    refused(packed, tmp_path, f"{here()} holds more.npy, which its record does not name")


@pytest.mark.parametrize("kind", ["pickle", "rotated"])
def test_a_kind_that_bundles_do_not_hold_is_refused(kind, packed, tmp_path):
    added(packed, file_at(f"{kind}/{outer().key}/values.npy"))
    refused(packed, tmp_path, f"holds {kind}/{outer().key}, which is no artifact of a bundle")


def test_a_folder_without_a_record_is_refused(packed, tmp_path):
    added(packed, file_at("toy/0123456789abcdef0123/values.npy"))
    refused(packed, tmp_path, "toy/0123456789abcdef0123: record.json is missing")


def test_a_record_of_another_artifact_is_refused(packed, tmp_path):
    with tarfile.open(packed) as archive:
        record = json.load(archive.extractfile(f"toy/{inner().key}/record.json"))
    record["files"] = {}
    added(packed, file_at("toy/0123456789abcdef0123/record.json", json.dumps(record).encode()))
    refused(packed, tmp_path, f"toy/0123456789abcdef0123 holds the record of toy/{inner().key}")


def test_a_full_disk_is_not_taken_for_a_bad_bundle(packed, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    with pytest.raises(artifacts.DiskFull, match="no space left to unpack book.tar.gz under "):
        unpack(packed)
    assert stored(tmp_path) == []


def test_a_bundle_that_is_not_there_is_said(tmp_path, toys):
    with pytest.raises(BadBundle, match="^nothing.tar.gz: .*No such file"):
        bundle.unpack(tmp_path / "nothing.tar.gz")
