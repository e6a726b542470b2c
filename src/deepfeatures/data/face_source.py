"""Which faces a chapter reads: always the rendered world, and photographs beside it where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PHOTOGRAPHS = ("none", "auto", "celeba")


@dataclass(frozen=True)
class FaceSource:
    """tier: 'substitute' with photographs (real faces, other networks than the paper's), else 'rendered'.

    celeba, pointing04, poses: fingerprints of what is there, None where it is not read; poses: the table of pose
    estimates beside CelebA. folder: the data root. asked: whether photographs were asked for.
    """

    celeba: str | None
    pointing04: str | None
    note: str
    folder: Path | None = None
    poses: str | None = None
    asked: bool = True

    @property
    def name(self) -> str:
        there = {"celeba": self.celeba, "pointing04": self.pointing04}
        return "+".join(["synthfaces", *(name for name, found in there.items() if found)])

    @property
    def tier(self) -> str:
        return "substitute" if self.celeba else "rendered"

    @property
    def publishable(self) -> bool:
        """A page that asks for photographs is published with them or not at all."""
        return not self.asked or (self.celeba is not None and self.pointing04 is not None)

    @property
    def fingerprint(self) -> str:
        """Of the photographs; the rendered world is made by code, which has a fingerprint of its own."""
        return " ".join(["synthfaces", *(part for part in (self.celeba, self.pointing04, self.poses) if part)])


def resolve_faces(photographs: str, data_root: Path) -> FaceSource:
    """photographs: 'none' (rendered faces alone), 'celeba' (FileNotFoundError where it is not there) or 'auto'."""
    if photographs not in PHOTOGRAPHS:
        raise ValueError(f"photographs={photographs!r}: allowed are {', '.join(PHOTOGRAPHS)}")
    if photographs == "none":
        note = "rendered faces; -p photographs=auto adds CelebA and Pointing'04 where they are"
        return FaceSource(None, None, note, asked=False)
    from deepfeatures.data import celeba, pointing04
    from deepfeatures.data.faces import pose_estimates

    if not celeba.present(data_root):
        if photographs == "celeba":
            raise FileNotFoundError(
                f"CelebA is not under {data_root}: put img_align_celeba and the label files in {data_root / 'celeba'}, "
                "or set DEEPFEATURES_DATA to a folder that has celeba/"
            )
        return FaceSource(None, None, "rendered faces alone: there is no CelebA under the data root")
    faces = celeba.read(data_root)
    turned = pointing04.read(data_root).fingerprint if pointing04.present(data_root) else None
    table = pose_estimates(data_root)
    poses = table.fingerprint if table is not None else None
    return FaceSource(faces.fingerprint, turned, f"rendered faces, and {faces.report()}", data_root, poses)


def faces_of_fingerprint(fingerprint: str) -> FaceSource:
    """What `resolve_faces` would answer where data of this fingerprint are: lets a plan be made where they are not."""
    parts = {part.partition("-")[0]: part for part in fingerprint.split()}
    note = "photographs (not read)" if "celeba" in parts else "rendered faces"
    celeba, heads = parts.get("celeba"), parts.get("pointing04")
    return FaceSource(celeba, heads, note, poses=parts.get("poses"), asked=celeba is not None)
