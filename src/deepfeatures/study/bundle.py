"""The artifacts behind a book as one checked file, so that nobody must retrain to start from them."""

from __future__ import annotations

import errno
import gzip
import itertools
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from deepfeatures.study import artifacts, bundled_files, locks, paths
from deepfeatures.study.chapter_key import Planned
from deepfeatures.study.parameters import shortened
from deepfeatures.study.recipes import KINDS, Recipe

TIMES = 100  # what artifacts at most take unpacked over packed: random weights and features hardly shrink
SMALL = 50_000_000  # bytes unpacked that no disk minds
MOST_FILES = 200_000  # the whole book at the paper profile has 13,000
BLOCK = 1 << 20  # tarfile copies 16 kB at a time; more is only asked for by a header
# Made from the data sets in seconds. A bundle holds no data set: no image of one, and no table of its labels. Read-outs
# do keep the label beside the answer, of each image that they were tested on: else no error could be counted again.
NOT_BUNDLED = ("rotated", "faces", "turned-digits")
OF_DATA = ("scenes", "photograph-space")  # these too, unless what they hold was rendered


class BadBundle(ValueError):
    """A bundle that cannot be trusted; nothing of it was kept."""


def pack(planned: list[Planned], file: Path) -> list[Recipe]:
    """Write the artifacts of the planned chapters into one tar file, whole or not at all; returns what it holds.

    Raises FileNotFoundError naming artifacts that were not made yet, artifacts.Damaged for a broken one.
    """
    recipes: dict[str, Recipe] = {}
    for chapter in planned:
        for group in chapter.recipes.values():
            for recipe in group:
                recipes.update({key: r for key, r in recipe.closure().items() if not _of_data(r.kind, r.params)})
    missing = [f"{recipe.kind} {key}" for key, recipe in recipes.items() if not artifacts.exists(recipe)]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} artifacts are not made yet, {missing[0]} among them: build the book first"
        )
    for recipe in recipes.values():
        artifacts.verify(artifacts.folder(recipe))
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        # No name and no time in gzip's header: the same artifacts give the same bytes.
        with (
            temporary.open("wb") as whole,
            gzip.GzipFile("", "wb", compresslevel=3, fileobj=whole, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            for key in sorted(recipes):
                _add(archive, artifacts.folder(recipes[key]), f"{recipes[key].kind}/{key}")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return list(recipes.values())


def unpack(file: Path) -> list[str]:
    """Put a bundle's artifacts in place; returns 'kind/key' of those that were new.

    Every file is checked against its record before anything is put in place. Raises BadBundle for anything but
    artifacts: links, other paths, unknown kinds, files that are not what their record says.
    """
    store = paths.runs() / "artifacts"
    unfinished = store / ".unfinished"
    unfinished.mkdir(parents=True, exist_ok=True)
    with locks.lock("bundle"):
        for left in unfinished.glob("bundle-*"):  # of killed ones: the lock says that no other is at work
            shutil.rmtree(left, ignore_errors=True)
        return _unpack(file, store, unfinished / f"bundle-{os.getpid()}")


def _unpack(file: Path, store: Path, temporary: Path) -> list[str]:
    temporary.mkdir()
    try:
        try:
            with gzip.open(file) as content:
                packed = _Bounded(content, file.stat().st_size)
                with tarfile.open(fileobj=packed, mode="r:") as archive:  # type: ignore[call-overload]
                    files = itertools.count(1)
                    archive.extractall(temporary, filter=lambda one, path: _only_artifacts(one, path, next(files)))
                while packed.read(BLOCK):  # tarfile stops before gzip's checksum, which stands behind the padding
                    pass
        except BadBundle as refused:
            raise BadBundle(f"{file.name}: {refused}") from None
        except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as failure:
            if artifacts.out_of_space(failure):
                message = f"no space left to unpack {file.name} under {paths.runs()}: nothing of it was kept"
                raise artifacts.DiskFull(errno.ENOSPC, message) from failure
            raise BadBundle(f"{file.name}: {failure}") from failure
        folders = sorted(path for path in temporary.glob("*/*") if path.is_dir())
        for folder in folders:
            _check(folder, file)
        new = []
        for folder in folders:
            where = store / folder.parent.name / folder.name
            waiting = f"{folder.parent.name} {folder.name} is being made just now: waiting for it"  # hours, it may be
            with locks.announced(locks.lock(folder.name), waiting):
                if not (where / artifacts.RECORD).is_file():
                    where.parent.mkdir(parents=True, exist_ok=True)
                    shutil.rmtree(where, ignore_errors=True)
                    folder.rename(where)
                    new.append(f"{folder.parent.name}/{folder.name}")
        return new
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Bounded:
    """What tarfile reads of a bundle, as long as it is no bomb: a few kilobytes that unpack to more than a disk holds,
    or a header that announces more than memory holds."""

    def __init__(self, content: gzip.GzipFile, packed_bytes: int) -> None:
        self._content = content
        self._free = shutil.disk_usage(paths.runs()).free
        self._most = max(SMALL, packed_bytes * TIMES)
        self._packed = packed_bytes

    def read(self, size: int) -> bytes:
        if size > BLOCK:
            raise BadBundle(f"has a header of {size:,} bytes")
        found = self._content.read(size)
        if self._content.tell() > self._most:
            raise BadBundle(f"{self._packed:,} bytes unpack to more than {self._most:,}, as no artifacts do")
        if self._content.tell() > self._free:
            raise BadBundle(f"unpacks to more than the {self._free:,} bytes that are free under {paths.runs()}")
        return found

    def seek(self, position: int) -> int:
        if position > self._most:
            raise BadBundle(f"announces more than {self._most:,} bytes, as no artifacts of {self._packed:,} bytes do")
        return self._content.seek(position)

    def tell(self) -> int:
        return self._content.tell()


def _only_artifacts(member: tarfile.TarInfo, path: str, number: int) -> tarfile.TarInfo | None:
    """Files at kind/key/name and the folders above them, and nothing else: no links, no devices, no other places."""
    if number > MOST_FILES:
        raise BadBundle(f"holds more than {MOST_FILES:,} files")
    place = PurePosixPath(member.name)
    parts = place.parts
    in_place = len(parts) == 3 if member.isfile() else member.isdir() and len(parts) <= 2
    if place.is_absolute() or ".." in parts or not in_place or member.issparse():  # sparse: no bytes, any size
        raise BadBundle(f"holds {shortened(member.name)[1:-1]}, which is no file of an artifact")
    return tarfile.data_filter(member, path)


def _check(folder: Path, file: Path) -> None:
    kind, key = folder.parent.name, folder.name
    if kind not in KINDS or kind in NOT_BUNDLED:  # what holds data by its parameters is known from its record, below
        raise BadBundle(f"{file.name}: holds {kind}/{key}, which is no artifact of a bundle")
    try:
        artifacts.verify(folder)
    except artifacts.Damaged as damage:
        raise BadBundle(f"{file.name}: {damage}") from damage
    record = json.loads((folder / artifacts.RECORD).read_text())
    if (record.get("kind"), record.get("key")) != (kind, key):
        raise BadBundle(f"{file.name}: {kind}/{key} holds the record of {record.get('kind')}/{record.get('key')}")
    if _of_data(kind, record.get("params")):
        raise BadBundle(f"{file.name}: holds {kind}/{key}, which is of a data set: a bundle holds none")
    if odd := bundled_files.trouble(folder, record["files"]):
        raise BadBundle(f"{file.name}: {kind}/{key}: {odd}")
    strays = {path.name for path in folder.iterdir()} - {artifacts.RECORD, *record["files"]}
    if strays:
        raise BadBundle(f"{file.name}: {kind}/{key} holds {sorted(strays)[0]}, which its record does not name")


def _of_data(kind: str, params: object) -> bool:
    rendered = isinstance(params, Mapping) and params.get("dataset") == "rendered"
    return kind in NOT_BUNDLED or (kind in OF_DATA and not rendered)


def _add(archive: tarfile.TarFile, folder: Path, name: str) -> None:
    """The folder, its record and what the record names: a desktop may have left other files there."""
    archive.add(folder, arcname=name, recursive=False, filter=_anonymous)
    named = json.loads((folder / artifacts.RECORD).read_text())["files"]
    for file in sorted([artifacts.RECORD, *named]):
        archive.add(folder / file, arcname=f"{name}/{file}", filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
