from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from deepfeatures.data import own_images
from deepfeatures.data.decoding import DamagedImage
from deepfeatures.data.own_images import BadTable, framed, upright

RNG = np.random.default_rng(0)


def picture(path: Path, height: int = 12, width: int = 8, **saved: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, (height, width, 3), np.uint8)).save(path, **saved)
    return path


@pytest.fixture
def people(tmp_path: Path) -> Path:
    for name in ("anna/2.png", "anna/1.PNG", "boris/1.png", "clara/1.jpg", "clara/2.webp"):
        picture(tmp_path / "people" / name)
    return tmp_path / "people"


def test_a_folder_is_a_person_and_what_is_no_image_is_named(people: Path) -> None:
    (people / "boris" / "copy.png").write_bytes((people / "anna" / "2.png").read_bytes())
    (people / "boris" / "notes.txt").write_text("no")
    (people / "boris" / "deeper.png").mkdir()
    (people / "empty").mkdir()
    (people / "loose.png").write_bytes(b"")
    for name in (".DS_Store", "__MACOSX/x", "anna/.hidden.png"):
        (people / name).parent.mkdir(exist_ok=True)
        (people / name).write_bytes(b"")
    found = own_images.read(people)
    assert found.ids.tolist() == ["anna/1.PNG", "anna/2.png", "boris/1.png", "clara/1.jpg", "clara/2.webp"]
    assert found.people == ("anna", "boris", "clara") and found.identity.tolist() == [0, 0, 1, 2, 2]
    assert found.alone == ("boris",)
    assert found.left_out == {
        "no image by its name": ["boris/deeper.png", "boris/notes.txt"],
        "copies of another file": ["boris/copy.png = anna/2.png"],
        "folders without an image": ["empty"],
        "not in the folder of a person": ["loose.png"],
    }
    assert found.labels == () and found.known.shape == (5, 0) and np.isnan(found.pose).all()


def test_another_pixel_or_label_is_another_fingerprint(people: Path) -> None:
    prints = {own_images.read(people).fingerprint}
    (people / "attributes.csv").write_text("image,Hat\nanna/2.png,1\n")
    prints.add(own_images.read(people).fingerprint)
    (people / "attributes.csv").write_text("image,Hat\nanna/2.png,0\n")
    prints.add(own_images.read(people).fingerprint)
    picture(people / "anna" / "2.png")
    prints.add(own_images.read(people).fingerprint)
    assert len(prints) == 4


def test_what_tables_say_and_where_they_are_silent(people: Path, tmp_path: Path) -> None:
    rows = ["\ufeffimage,Hat,My label", "clara/1.jpg,1,", "anna/1.PNG, 0 ,1", "who/1.png,1,1", ""]
    (people / "attributes.csv").write_text("\r\n".join(rows))
    rows = ["image,yaw_deg,roll_deg,pitch_deg", "anna/1.PNG,-30,2,1", "boris/1.png,15.5,3,", "clara/1.jpg,,,"]
    (people / "pose.csv").write_text("\n".join(rows))
    found = own_images.read(people)
    assert found.labels == ("Hat", "My label")
    assert found.known.tolist() == [[0, 1], [-1, -1], [-1, -1], [1, -1], [-1, -1]]
    # pitch is known of some of the turned images only, and is left out; roll of all of them
    np.testing.assert_array_equal(found.pose[[0, 2]], [[-30, np.nan, 2], [15.5, np.nan, 3]])
    assert np.isnan(found.pose[[1, 3, 4], 0]).all()
    out = tmp_path / "out"
    out.mkdir()
    own_images.make(out, {}, folder=str(people), fingerprint=found.fingerprint)
    assert np.load(out / "attributes.npy")[:, :3].tolist()[0] == [0, 1, -1]
    assert not list(out.glob("images*"))
    with pytest.raises(ValueError, match="changed while it was read"):
        own_images.make(out, {}, folder=str(people), fingerprint="own-0")


def test_rows_of_no_image_are_named_and_names_are_taken_as_they_are_read(people: Path) -> None:
    """A table from another system composes an accent of two characters; a file of this one of one."""
    picture(people / "Zo\u00eb" / "1.png")
    (people / "attributes.csv").write_text("image,Hat\n Zoe\u0308/1.png ,1\nwho/1.png,1\nanna/9.png,0\n", "utf-8")
    found = own_images.read(people)
    row = found.ids.tolist().index("Zo\u00eb/1.png")
    assert found.known[row].tolist() == [1] and (found.known == -1).sum() == len(found) - 1
    assert found.left_out == {"rows of attributes.csv without an image": ["who/1.png", "anna/9.png"]}


def test_names_that_are_no_text_are_left_out_by_name(people: Path) -> None:
    for name in (b"anna/\xff.png", b"\xfe/1.png"):
        path = bytes(people) + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write((people / "boris" / "1.png").read_bytes() + b"more")
    assert own_images.read(people).left_out == {"names that are not UTF-8": ["anna/\\udcff.png", "\\udcfe"]}


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("attributes.csv", "picture,Hat\n", "begins with 'picture,Hat': image, then a name for each column"),
        ("attributes.csv", "image,Hat,Hat\n", "begins with"),
        ("attributes.csv", "image,Hat\nanna/2.png,-1\n", "Hat of anna/2.png is '-1'.*CelebA's -1 is 0 here"),
        ("attributes.csv", "image,Hat\nanna/2.png,yes\n", "is 'yes': 1 shows it, 0 lacks it"),
        ("attributes.csv", "image,Hat\nanna/2.png\n", "line 2: 1 values for 2 columns"),
        ("attributes.csv", "image,Hat\nanna/2.png,1\nanna/2.png,1\n", "lists anna/2.png twice"),
        ("attributes.csv", "image,Hat\n2.png,1\n", "none of its 1 images is there; .* PERSON/FILE, as anna/1.PNG"),
        ("attributes.csv", 'image,Hat\n"anna/2.png,1\n', "cannot be read as a table"),
        ("attributes.csv", "image," + ",".join(f"a{n}" for n in range(41)), "41 attributes: at most 40 are read"),
        ("attributes.csv", "image," + "," * 1_000_000, "a line of more than 65,536 characters"),
        ("pose.csv", "image,pitch_deg\nanna/2.png,1\n", "image, yaw_deg, and pitch_deg, roll_deg where known"),
        ("pose.csv", "image,yaw\nanna/2.png,1\n", "has the columns image, yaw"),
        ("pose.csv", "image,yaw_deg\nanna/2.png,north\n", "yaw_deg of anna/2.png is 'north': degrees from -180 to 180"),
        ("pose.csv", "image,yaw_deg\nanna/2.png,nan\n", "is 'nan'"),
        ("pose.csv", "image,yaw_deg\nanna/2.png,200\n", "is '200'"),
    ],
)
def test_a_table_that_cannot_be_believed_is_refused(people: Path, file: str, text: str, told: str) -> None:
    (people / file).write_text(text)
    with pytest.raises(BadTable, match=told):
        own_images.read(people)


def test_bytes_that_are_no_text_are_refused(people: Path) -> None:
    (people / "pose.csv").write_bytes(b"image,yaw_deg\nanna/2.png,\xff\n")
    with pytest.raises(BadTable, match="pose.csv cannot be read as a table"):
        own_images.read(people)


def test_without_images_what_to_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is not a folder: give one that holds a folder of images for each"):
        own_images.read(tmp_path / "none")
    picture(tmp_path / "loose.png")
    with pytest.raises(FileNotFoundError, match="no image in .*: put a folder for each person there"):
        own_images.read(tmp_path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_stand_as_the_camera_was_held(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[own_images.ORIENTATION] = orientation
    path = picture(tmp_path / "a" / "turned.png", exif=exif)
    with Image.open(path) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(upright(path), expected)
    assert upright(path).shape == ((12, 8, 3) if orientation < 5 else (8, 12, 3))


@pytest.mark.parametrize("content", [b"", b"\xff\xd8nothing", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_whole_image_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(DamagedImage, match="bad.png"):
        upright(tmp_path / "bad.png")


def test_greys_of_sixteen_bits_are_no_white_picture(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65_535, 96).astype(np.uint16).reshape(8, 12)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    read = upright(tmp_path / "ramp.png")
    assert read.shape == (8, 12, 3) and read.dtype == np.uint8
    np.testing.assert_array_equal(read, np.repeat((ramp >> 8).astype(np.uint8)[..., None], 3, axis=2))
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "real.tiff")
    with pytest.raises(DamagedImage, match="real.tiff holds greys outside 0 to 65,535"):
        upright(tmp_path / "real.tiff")


@pytest.mark.parametrize("side", [1, 2, 111, 225, 232, 239, 246, 253, 450, 464, 492, 900, 928])
@pytest.mark.parametrize("network", [112, 224])
def test_rounding_never_frames_more_than_the_image(side: int, network: int) -> None:
    for shape in ((side, side), (side, side + 9), (side + 9, side)):
        assert framed(np.zeros((*shape, 3), np.uint8), (network, network)).shape == (network, network, 3)


def test_the_frame_is_the_largest_middle_of_the_networks_proportions() -> None:
    image = np.zeros((40, 100, 3), np.uint8)
    image[:, 30:70] = 200  # what a square network sees of it
    assert (framed(image, (8, 8))[:, 1:-1] == 200).all()  # the outermost columns blend in their neighbours outside
    assert framed(image, (8, 8)).min() > 150
    assert (framed(image, (8, 16))[:, :3] == 0).all()  # twice as wide: 80 of the 100 columns
    image[:10], image[30:] = 50, 50
    assert (framed(image, (10, 10), 0.5)[1:-1, 1:-1] == 200).all() and (framed(image, (8, 8))[0] == 50).all()
    exact = RNG.integers(0, 256, (12, 12, 3), np.uint8)
    np.testing.assert_array_equal(framed(exact, (12, 12)), exact)
    for middle in (0.0, 1.5):
        with pytest.raises(ValueError, match="above 0 and at most 1"):
            framed(exact, (4, 4), middle)
