"""Which data there is: of each set and each weight file whether it is found, partial or absent, where, and what to do.

Nothing is downloaded and no image is opened; label files and tables are read, so what is damaged is said too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from deepfeatures.data import celeba, mnist, pointing04, pose_table
from deepfeatures.data.faces import POSE_FILE
from deepfeatures.study import brought, recorded_weights
from deepfeatures.study.face_plans_lnets import IMAGENET

POINTING_IMAGES, POINTING_PEOPLE = 2790, 15  # of the whole set: 15 people, 2 series of 93 images (Gourier et al. 2004)
# What is known to give head poses as ONNX, and where it stands how its angles run.
POSE_NETWORK_HINT = (
    "one is 6DRepNet (github.com/thohemp/6DRepNet; weights by its README, made ONNX by torch.onnx.export of it "
    "in evaluation mode, 224 x 224; --positive left,up,clockwise by its draw_axis; no checksum is published)"
)


@dataclass(frozen=True)
class Found:
    """One line of the report. what: the set; looked: file or folder; told: counts; todo: '' where nothing is wanted."""

    what: str
    state: Literal["found", "partial", "absent", "damaged"]
    looked: Path
    told: str
    todo: str = ""

    def __str__(self) -> str:
        line = f"{self.what}: {self.state}, {self.told}" if self.told else f"{self.what}: {self.state}"
        looked = f"\n    looked: {self.looked}"
        return line + looked + (f"\n    to do: {self.todo}" if self.todo else "")

    def record(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def everything(data_root: Path) -> list[Found]:
    """MNIST, CelebA, its pose table, Pointing'04, every network of the catalogue, and torchvision's weights."""
    return [
        *_readable("mnist", data_root / "MNIST" / "raw", lambda: [_mnist(data_root)]),
        *_readable("celeba", data_root / "celeba", lambda: _celeba(data_root)),
        *_readable("pointing04", data_root / "pointing04", lambda: [_pointing04(data_root)]),
        *_readable("weights", data_root / "weights", lambda: [*_weights(data_root), _imagenet(data_root)]),
    ]


def _readable(what: str, where: Path, report: Callable[[], Iterable[Found]]) -> list[Found]:
    """What is found, or that it may not be looked at: one set that cannot be read hides no other."""
    found: list[Found] = []
    try:
        found.extend(report())
    except OSError as failure:
        told = f"it cannot be read ({failure.strerror or failure})"
        found.append(Found(what, "damaged", where, told, "check that it is a folder and that you may read it"))
    return found


def pose_network_missing(path: Path) -> str:
    """What to say where `deepfeatures data pose` has no network: any will do, here is one, and where it goes."""
    return (
        f"no pose network at {path}: put any ONNX network there that reads one face and gives yaw, pitch and roll, a "
        f"rotation matrix or binned scores, or name it by --network; {POSE_NETWORK_HINT}. Its SHA-256 is recorded "
        "beside the table that it makes"
    )


def _mnist(root: Path) -> Found:
    where, todo = root / "MNIST" / "raw", "deepfeatures data fetch mnist"
    if not mnist.present(root):
        return Found("mnist", "absent", where, "chapters on digits use scikit-learn's", todo)
    try:
        mnist.verify(root)
    except ValueError as damage:
        return Found("mnist", "damaged", where, str(damage).removesuffix(f"; `{todo}`"), todo)
    return Found("mnist", "found", where, "checksums right")


def _celeba(root: Path) -> Iterator[Found]:
    where, table = root / "celeba", root / "celeba" / POSE_FILE
    labels = ", ".join(celeba.MD5)
    if not celeba.present(root):
        todo = f"put img_align_celeba/ (the aligned images, whole or a part), {labels} there; nothing fetches them"
        yield Found("celeba", "absent", where, "chapters on faces render their own", todo)
        yield Found("celeba pose table", "absent", table, "", "CelebA comes first")
        return
    try:
        for name in celeba.MD5:
            brought.check_table(where / name)
        faces = celeba.read(root)
    except (ValueError, FileNotFoundError) as damage:
        yield Found("celeba", "damaged", where, str(damage), f"label files needed: {labels}")
        faces = None
    if faces is not None:
        todo = "the chapters run on what there is; the missing images would complete it" if faces.missing else ""
        state: Literal["found", "partial"] = "partial" if faces.missing else "found"
        yield Found("celeba", state, where, faces.report().removeprefix("CelebA: "), todo)
    yield _poses(table, faces)


def _poses(path: Path, faces: celeba.CelebA | None) -> Found:
    what, make = "celeba pose table", f"deepfeatures data pose --images {path.parent / 'img_align_celeba'} --out {path}"
    unfinished = path.with_name(path.name + ".part")
    if not path.is_file():
        begun = f"{sum(1 for _ in unfinished.open()):,} rows of an unfinished one" if unfinished.is_file() else ""
        return Found(what, "partial" if begun else "absent", path, begun, f"{make} ... (--help says what it needs)")
    try:
        brought.check_table(path)
        poses = pose_table.read(path)
    except ValueError as damage:
        return Found(what, "damaged", path, str(damage), f"move it away, then {make} ...")
    if faces is None:
        return Found(what, "found", path, f"{len(poses.ids):,} rows")
    report = pose_table.believe(poses.of(faces.ids))
    told = f"{len(faces) - report.missing:,} of {len(faces):,} images have an estimate; {report}"
    if report.missing:
        return Found(what, "partial", path, told, "images without an estimate are left out of the chapter pose")
    return Found(what, "found", path, told)


def _pointing04(root: Path) -> Found:
    where = root / "pointing04"
    todo = "put Person01 ... Person15, images and face boxes, there (Gourier, Hall, Crowley 2004); nothing fetches them"
    if not pointing04.present(root):
        return Found("pointing04", "absent", where, "", todo)
    try:
        heads = pointing04.read(root)
    except FileNotFoundError as absence:
        return Found("pointing04", "damaged", where, str(absence), todo)
    told = heads.report().removeprefix("Pointing'04: ")
    if len(heads) < POINTING_IMAGES:
        whole = f"the whole set has {POINTING_IMAGES:,} images of {POINTING_PEOPLE} people"
        return Found("pointing04", "partial", where, told, f"the chapters run on what there is; {whole}")
    return Found("pointing04", "found", where, told)


def _weights(root: Path) -> Iterator[Found]:
    from deepfeatures.networks.face_catalogue import CATALOGUE

    for name, entry in CATALOGUE.items():
        path = entry.path(root)
        if not path.is_file():
            yield Found(f"weights {name}", "absent", path, "", entry.how_to_get(root).partition(": ")[2])
        elif path.stat().st_size == 0:
            yield Found(f"weights {name}", "damaged", path, "0 bytes", entry.how_to_get(root).partition(": ")[2])
        else:
            yield _recorded(name, path, entry.sha256)


def _imagenet(root: Path) -> Found:
    """What the chapter on localisers reads beside its own pre-training, by `pretraining=torchvision`."""
    from deepfeatures.networks.lnet_imagenet import NAMED, how_to_get

    what, path = "weights of ImageNet", root / "weights" / IMAGENET
    todo = how_to_get(IMAGENET, root).partition(": ")[2]
    if not path.is_file():
        return Found(what, "absent", path, "", todo)
    named, found = NAMED.fullmatch(IMAGENET), recorded_weights.digest(path)
    if named is None or not found.startswith(named[1]):
        return Found(what, "damaged", path, f"SHA-256 {found} does not begin as the file's name says", todo)
    return Found(what, "found", path, f"{path.stat().st_size / 1e6:,.1f} MB; SHA-256 {found}, as its name says")


def _recorded(name: str, path: Path, published: str | None) -> Found:
    """A weight file that is there, held against the checksum that is published or was recorded on first use."""
    what, size = f"weights {name}", f"{path.stat().st_size / 1e6:,.1f} MB"
    where, known = recorded_weights.recorded(path)
    if published is None and known is None:
        return Found(what, "found", path, f"{size}; no checksum is published: its SHA-256 is recorded on first use")
    found = recorded_weights.digest(path)
    if found != (published or known):
        source = "its publisher gives" if published else f"{where} has recorded"
        todo = "put the former file back, or build with this one and see what the error says to remove"
        return Found(what, "damaged", path, f"{size}; SHA-256 {found}, {source} {published or known}", todo)
    source = "as published" if published else f"as recorded on first use in {where}"
    return Found(what, "found", path, f"{size}; SHA-256 {found}, {source}")
