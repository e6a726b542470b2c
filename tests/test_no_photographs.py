"""No photograph of a person, no data set and no weight file is in the repository.

What may be there: text, and pictures that code has drawn, embedded by `deepfeatures publish` as PNG in executed
chapters: figures (and, of the same figures, SVG and PDF in the zip beside each), and the small pictures of explorers
(figures/pictures.py). Each rule below looks at content, not at names alone, and has a test in which it fails.
"""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

import nbformat
import numpy as np
import pytest
from PIL import Image

from deepfeatures.study import downloads
from tests.book import made_up
from tests.conftest import ROOT

FORBIDDEN = {  # photographs, data, weights: by the end of the name
    *"jpg jpeg jpe jfif webp heic heif avif bmp tif tiff gif jp2 ppm pgm raw".split(),  # noqa: SIM905
    *"npy npz safetensors pt pth ckpt onnx h5 hdf5 pkl pickle joblib parquet mat bin".split(),  # noqa: SIM905
    *"zip tar gz tgz bz2 xz 7z mp4 avi mov webm".split(),  # noqa: SIM905
}
MAGIC = {  # by their first bytes, whatever they are called
    b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF",
    b"\x93NUMPY": "NumPy array", b"PK\3\4": "ZIP or torch weights", b"\x1f\x8b": "gzip", b"\x89HDF": "HDF5",
}  # fmt: skip
DRAWINGS = ("book/_static/",)  # PNG files made by hand or by code may lie here
CHAPTERS = "book/chapters/"
OFFERED = ".downloads.zip"
LARGEST = 4_000_000  # bytes: the largest file is an executed chapter
_EMBEDDED = re.compile(rb"data:image/(?!svg|png)[a-z+]+;base64,[A-Za-z0-9+/]{100}")
_SMALL = re.compile(r"(?:data:image/png;base64,)?(iVBORw0KGgo[A-Za-z0-9+/]+=*)")  # a PNG in base64
_EMBEDDED_PNG = re.compile(rb"data:image/png;base64,[A-Za-z0-9+/]{20}")
SMALL_PX = 64  # the side of an explorer's picture
_JPEG = re.compile(rb"(?=(/9j/[A-Za-z0-9+/]{200,90000}))")  # how a JPEG begins in base64, also amid other base64


def is_jpeg(base64_of_it: bytes) -> bool:
    """Whether these bytes go on as a JPEG does: a marker, its length, and right behind that another marker.

    In the base64 of a drawing the first four letters stand by chance once in some millions; the rest then does not fit.
    """
    content = base64.b64decode(base64_of_it[: len(base64_of_it) // 4 * 4])
    behind = 4 + int.from_bytes(content[4:6], "big")  # at most 65,539: within what is looked at
    return content[3] >= 0xC0 and content[behind : behind + 1] == b"\xff"


def complaints(path: str, content: bytes) -> Iterator[str]:
    """What is wrong with one file of the repository."""
    name = PurePosixPath(path)
    if path.startswith(CHAPTERS) and path.endswith(OFFERED):
        yield from offered(path, content)
        return
    if name.suffix.lower().lstrip(".") in FORBIDDEN:
        yield f"{path}: no {name.suffix} file belongs in the repository"
    if len(content) > LARGEST:
        yield f"{path}: {len(content):,} bytes, more than {LARGEST:,}"
    kind = next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)
    if content[8:12] == b"WEBP" or content[4:12] in (b"ftypheic", b"ftypavif"):
        kind = "WebP, HEIC or AVIF"
    if kind == "PNG" and path.startswith(DRAWINGS):
        yield from drawing(path, content)
    elif kind is not None:
        yield f"{path}: {kind} by its first bytes"
    elif b"\0" in content[:8192]:
        yield f"{path}: not text"
    found = _EMBEDDED.search(content) or next((one for one in _JPEG.finditer(content) if is_jpeg(one[1])), None)
    if found:
        yield f"{path}: a photograph's format is embedded at byte {found.start():,}"
    if name.suffix == ".ipynb":
        yield from notebook(path, content)
    elif _EMBEDDED_PNG.search(content) and name.suffix != ".py":
        yield f"{path}: an embedded PNG outside a chapter"


def notebook(path: str, content: bytes) -> Iterator[str]:
    """Pictures may be outputs of code in published chapters only, and must look drawn."""
    for number, cell in enumerate(json.loads(content)["cells"]):
        source = "".join(cell["source"])
        if cell.get("attachments") or "data:image" in source:
            yield f"{path}: cell {number} carries a picture that no code drew"
        for output in cell.get("outputs", []):
            for kind, data in output.get("data", {}).items():
                text = "".join(data) if isinstance(data, str | list) else json.dumps(data)
                if not kind.startswith("image/") or kind == "image/svg+xml":
                    yield from small_pictures(f"{path}: cell {number}", kind, text)
                elif kind != "image/png" or not path.startswith(CHAPTERS):
                    yield f"{path}: cell {number} shows {kind}"
                else:
                    yield from drawing(f"{path}: cell {number}", base64.b64decode(text))


def offered(path: str, content: bytes) -> Iterator[str]:
    """The zip beside a chapter: vectors, tables and source by the names that runs give them, no photograph's format."""
    if len(content) > LARGEST:
        yield f"{path}: {len(content):,} bytes, more than {LARGEST:,}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            data, where = archive.read(name), f"{path}: {name}"
            if not downloads.MEMBER.fullmatch(name):
                yield f"{where} is no figure, table or source"
            if name.endswith(".pdf"):
                if not data.startswith(b"%PDF-") or re.search(rb"/(DCT|JPX)Decode", data):
                    yield f"{where} holds a photograph's format, or is no PDF"
            elif b"\0" in data or _EMBEDDED.search(data) or any(is_jpeg(one[1]) for one in _JPEG.finditer(data)):
                yield f"{where} holds a photograph's format, or is no text"


def small_pictures(what: str, kind: str, text: str) -> Iterator[str]:
    """An explorer in a published chapter may hold PNG, each small and with the plain rim of a drawn picture."""
    may = what.startswith(CHAPTERS) and kind == "text/html" and 'class="df-explorer"' in text
    if "data:image" in _SMALL.sub("", text) or (_SMALL.search(text) and not may):
        yield f"{what} hides a picture in {kind}"
        return
    for found in sorted(set(_SMALL.findall(text))):
        content = base64.b64decode(found)
        width, height = Image.open(io.BytesIO(content)).size
        if max(width, height) > SMALL_PX:
            yield f"{what}: a picture of {width} x {height} in {kind}, at most {SMALL_PX} a side"
        yield from drawing(f"{what}: a picture in {kind}", content)


def drawing(what: str, content: bytes) -> Iterator[str]:
    """A drawn figure stands on a plain ground: its outermost pixels have one colour. A photograph's do not."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    common = np.median(rim, axis=0)
    alike = (np.abs(rim - common).max(1) <= 2).mean()
    if alike < 0.98:
        yield f"{what}: a picture without a plain rim ({alike:.0%} of it one colour): drawn figures have one"


def repository() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: what belongs to the repository is unknown")
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file())


def test_the_repository_holds_no_photograph_no_data_and_no_weights() -> None:
    files = repository()
    assert len(files) > 100
    found = [complaint for name in files for complaint in complaints(name, (ROOT / name).read_bytes())]
    assert not found, "\n".join(found)


def test_vectors_are_of_figures_that_the_chapters_show() -> None:
    """The page's PNG of a figure is looked at above; a vector of anything else would not be."""
    for path in sorted((ROOT / CHAPTERS).glob(f"*{OFFERED}")):
        notebook = nbformat.read(path.with_name(path.name.replace(OFFERED, ".ipynb")), as_version=4)
        known = {name for one in downloads.shown(notebook) for name in one.members}
        assert {name for name in downloads.read(path) if "/" in name} <= known, path.name


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def picture(kind: str, plain_rim: bool = False, side_px: int = 40) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (side_px, 30, 3), np.uint8)
    if plain_rim:
        pixels[[0, -1]] = pixels[:, [0, -1]] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def chapter(**cell: object) -> bytes:
    return json.dumps({"cells": [{"source": "", "outputs": [], **cell}]}).encode()


def output(kind: str, content: bytes) -> list[dict[str, object]]:
    return [{"data": {kind: base64.b64encode(content).decode()}}]


def explored(content: bytes) -> bytes:
    html = f'<div class="df-explorer"><img src="data:image/png;base64,{base64.b64encode(content).decode()}"></div>'
    return chapter(outputs=[{"data": {"text/html": html}}])


PNG, JPEG = picture("PNG"), picture("JPEG")
IMAGE = b'<image href="data:image/png;base64,'
PNG64, JPEG64 = base64.b64encode(PNG), base64.b64encode(JPEG)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("book/face.jpg", JPEG),
        ("book/face.JPEG", b""),
        ("book/face.md", JPEG),
        ("docs/face.png", picture("PNG", plain_rim=True)),
        ("book/_static/face.png", PNG),
        ("tests/face.txt", picture("WEBP")),
        ("tests/face.npy", b"\x93NUMPY"),
        ("src/deepfeatures/weights", b"PK\3\4"),
        ("src/deepfeatures/net.onnx", b"\x08\x08"),
        ("src/deepfeatures/data.csv", b"1,2\0"),
        ("book/large.md", b" " * 5_000_000),
        ("book/face.html", b'<img src="data:image/jpeg;base64,' + JPEG64),
        ("book/face.md", b"![](data:image/png;base64," + PNG64),
        ("src/face.py", b'FACE = "' + JPEG64 + b'"'),
        ("src/face.py", b'FACE = "' + base64.b64encode(b"abc") + JPEG64 + b'"'),
        ("notebooks/face.ipynb", chapter(outputs=output("image/png", picture("PNG", plain_rim=True)))),
        ("book/chapters/face.ipynb", chapter(outputs=output("image/png", PNG))),
        ("book/chapters/face.ipynb", chapter(outputs=output("image/jpeg", JPEG))),
        ("book/chapters/face.ipynb", chapter(attachments={"face.png": {}})),
        ("book/face.downloads.zip", zipped("figures/face.svg", b"<svg/>")),
        ("book/chapters/face.zip", zipped("figures/face.svg", b"<svg/>")),
        ("book/chapters/face.downloads.zip", zipped("figures/face.png", PNG)),
        ("book/chapters/face.downloads.zip", zipped("figures/face.pdf", b"%PDF-1.4 /Filter /DCTDecode")),
        ("book/chapters/face.downloads.zip", zipped("figures/face.pdf", JPEG)),
        ("book/chapters/face.downloads.zip", zipped("figures/face.svg", IMAGE + JPEG64)),
        ("book/chapters/face.downloads.zip", zipped("tables/face.csv", b"PK\0")),
        ("book/chapters/face.ipynb", chapter(source=f"![](data:image/png;base64,{PNG64.decode()})")),
        ("book/chapters/face.ipynb", chapter(outputs=[{"data": {"text/html": "<img src='data:image/png;base64,'>"}}])),
        ("book/chapters/face.ipynb", explored(PNG)),
        ("book/chapters/face.ipynb", explored(picture("PNG", plain_rim=True, side_px=80))),
        ("notebooks/face.ipynb", explored(picture("PNG", plain_rim=True))),
        ("book/chapters/face.ipynb", chapter(outputs=[{"data": {"text/html": f"<script>{PNG64.decode()}</script>"}}])),
        ("book/chapters/face.ipynb", chapter(outputs=[{"data": {"image/svg+xml": "<image href='data:image/png'/>"}}])),
    ],
)  # fmt: skip
def test_each_rule_catches_what_it_is_for(path: str, content: bytes) -> None:
    assert list(complaints(path, content))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("book/page.md", b"about data and images"),
        ("book/_static/logo.png", picture("PNG", plain_rim=True)),
        ("book/chapters/figures.ipynb", chapter(outputs=output("image/png", picture("PNG", plain_rim=True)))),
        ("book/chapters/figures.ipynb", chapter(outputs=[{"data": {"text/html": "<b>no picture</b>"}}])),
        ("book/chapters/figures.downloads.zip", zipped("figures/a.svg", IMAGE + PNG64)),
        ("book/chapters/figures.downloads.zip", zipped("figures/a.pdf", b"%PDF-1.4\n\0")),
        ("book/chapters/figures.ipynb", explored(picture("PNG", plain_rim=True))),
        ("book/chapters/figures.ipynb", chapter(outputs=[{"data": made_up.pictured()._repr_mimebundle_()}])),
    ],
)
def test_drawn_figures_and_text_pass(path: str, content: bytes) -> None:
    assert list(complaints(path, content)) == []
