"""`deepfeatures probe`, whole, on a small network and small people of one's own: what a new user does."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from bs4 import BeautifulSoup
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from deepfeatures import cli
from deepfeatures.data.synthfaces import SynthFaces
from deepfeatures.study import artifacts
from tests.networks.test_more_networks import ARCFACE, write_arcface

PEOPLE, EACH, SIDE = 14, 4, 32
Ended = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ended:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["deepfeatures", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        code = end.value.code
        assert code is None or isinstance(code, int)
        return code or 0, told.out, told.err

    return run


def write_network(path: Path) -> Path:
    """The mean of each square of 8 x 8 pixels, and a random map of it: it knows colours, and so a little of people."""
    weights = np.zeros((3, 3, 8, 8), np.float32)
    weights[range(3), range(3)] = 1 / 64
    matrix = np.random.default_rng(0).normal(size=(48, 12)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["images", "squares"], ["coarse"], strides=[8, 8]),
        helper.make_node("Flatten", ["coarse"], ["/flat/Flatten_output_0"]),
        helper.make_node("MatMul", ["/flat/Flatten_output_0", "matrix"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes, "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 12])],
        [numpy_helper.from_array(weights, "squares"), numpy_helper.from_array(matrix, "matrix")],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """face.onnx, and people/ with tables: rendered, so that labels and angles are right."""
    folder = tmp_path_factory.mktemp("own")
    write_network(folder / "face.onnx")
    world = SynthFaces(seed=5, identities=PEOPLE, images_per_identity=EACH, side_px=SIDE)
    truth = world.truth()
    images = world.render_truth(truth)
    labels = ["Smiling", "Eyeglasses"]
    with (
        (folder / "attributes.csv").open("w", newline="") as attributes,
        (folder / "pose.csv").open("w", newline="") as pose,
    ):
        known, angles = csv.writer(attributes), csv.writer(pose)
        known.writerow(["image", *labels])
        angles.writerow(["image", "yaw_deg"])
        for number, (_, row) in enumerate(truth.iterrows()):
            name = f"person {row['identity']:.0f}/{number}.png"
            (folder / "people" / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[number]).resize((60, 40)).save(folder / "people" / name)
            known.writerow([name, *[int(row[label]) for label in labels]])
            angles.writerow([name, row["yaw_deg"]])
    for table in ("attributes.csv", "pose.csv"):
        (folder / table).rename(folder / "people" / table)
    return folder


SCALE = ("--mean", "127.5", "--std", "127.5", "--profile", "smoke")


def test_ones_own_network_on_ones_own_people(
    own: Path, ended: Ended, runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = own / "people"
    (people / "person 0" / "broken <b>.jpg").write_bytes(b"\xff\xd8no")
    (people / "zoe").mkdir(exist_ok=True)
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(people / "zoe" / "only.png")
    asked = ("probe", "--network", own / "face.onnx", "--images", people, *SCALE,
             "--outputs", "/flat/Flatten_output_0,embedding")  # fmt: skip
    code, out, err = ended(*asked)
    assert code == 0, err
    assert f"{PEOPLE * EACH + 2} images of {PEOPLE + 1} people; one image only: 1 (zoe)" in err
    assert "could not be read: 1 (person 0/broken <b>.jpg: broken <b>.jpg is truncated" in out
    page = Path(out.splitlines()[-1])
    assert page.parent.parent == runs_folder / "probes"
    found = json.loads((page.parent / "results.json").read_text())
    keys = [(row["network"], row["layer"]) for row in found["verification"]]
    mine = [("your network", "flat-Flatten_output_0"), ("your network", "embedding")]
    control = [("your network, shuffled", layer) for _, layer in mine]
    assert keys == [*mine, *control, ("pixels", "pixels")]
    assert [(row["network"], row["layer"]) for row in found["attributes"]] == keys
    for row in [*found["verification"], *found["attributes"], *found["pose"], *found["pose_by_range"]]:
        value = row.get("auc", row.get("error", row.get("error_deg")))
        assert row["lo"] <= value <= row["hi"]
    assert list(found["layers"]["your network"]) == ["flat-Flatten_output_0", "embedding"]
    # the page says what results.json says, and shows drawings only
    text = page.read_text()
    soup = BeautifulSoup(text, "html.parser")
    row = found["verification"][1]
    shown = f"{row['auc']:.3f} [{row['lo']:.3f}, {row['hi']:.3f}]"
    assert shown in soup.get_text() and "Not asked" not in text and "broken <b>.jpg" in soup.get_text()
    kinds = set(re.findall(r"data:([a-z/+]+)", text))
    assert kinds == {"image/svg+xml"} and all(len(image["alt"]) > 60 for image in soup.find_all("img"))
    assert not re.search(r"(?:src|href)=\"https?:", text)
    assert not [file for file in page.parent.iterdir() if file.name not in ("index.html", "results.json")]
    # nothing is computed twice, and the page is the same, byte for byte
    monkeypatch.setattr(artifacts, "_make", lambda *_: pytest.fail("an artifact was made again"))
    assert ended(*asked)[0] == 0 and page.read_text() == text


def test_without_anything_everything_is_rendered_and_trained_here(
    ended: Ended, runs_folder: Path, tmp_path: Path
) -> None:
    code, _, err = ended("probe", "--profile", "smoke", "--out", tmp_path / "page")
    assert code == 0, err
    found = json.loads((tmp_path / "page" / "results.json").read_text())
    layers = [row["layer"] for row in found["verification"]]
    assert layers == ["block2", "block3", "block4", "embedding", "embedding", "pixels"]
    assert "networks at hand: identity network, identity network with random weights, pixels" in err
    (tmp_path / "page" / "results.json").unlink()
    code, _, err = ended("probe", "--profile", "smoke", "--out", tmp_path / "page")
    assert code == 2 and "of something else than this command: give another --out" in err


def test_ones_own_people_and_no_weights_at_hand(
    own: Path, ended: Ended, runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    code, out, err = ended("probe", "--images", own / "people", "--profile", "smoke", "--middle", "0.9")
    assert code == 0, err
    assert "No published weights are at hand" in err
    page = Path(out.splitlines()[-1]).read_text()
    assert "learnt rendered faces alone, and is asked about photographs" in page
    assert "of each the middle 90% of its height and width" in page


def test_every_network_whose_weights_are_at_hand_is_asked(
    own: Path, ended: Ended, runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    write_arcface(ARCFACE.path(tmp_path))
    code, _, err = ended("probe", "--images", own / "people", "--profile", "smoke", "--out", tmp_path / "page")
    assert code == 0, err
    assert "networks at hand: arcface-r50, arcface-r50 with its weights in random order, pixels" in err
    rows = json.loads((tmp_path / "page" / "results.json").read_text())["verification"]
    assert [row["network"] for row in rows] == ["arcface-r50", "arcface-r50 with its weights in random order", "pixels"]
    assert [row["layer"] for row in rows] == ["embedding", "embedding", "pixels"]


def few(folder: Path, people: int, each: int) -> Path:
    for number in range(people * each):
        place = folder / f"p{number // each}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(place)
    return folder


def test_too_few_people_are_told_before_anything_is_computed(
    own: Path, ended: Ended, runs_folder: Path, tmp_path: Path
) -> None:
    code, out, err = ended("probe", "--network", own / "face.onnx", "--images", few(tmp_path / "few", 9, 2), *SCALE)
    assert (code, out) == (2, "")
    assert "nothing can be asked of these images" in err
    assert "verification: 9 of 9 people have two images or more; 10 such people are needed" in err
    assert "attributes: no attribute is known" in err and "pose: yaw is known of 0 people" in err
    assert not (runs_folder / "artifacts" / "own-features").exists() and not (runs_folder / "probes").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--network", "none.onnx"], "none.onnx is missing: --network is an ONNX file"),
        (["--network", "{own}/face.onnx"], "cannot be seen in the file: give --mean and --std"),
        (["--mean", "3"], "--mean without --network"),
        (["--images", "{own}/nobody"], "nobody is not a folder: give one that holds a folder of images"),
        (["--images", "{own}/people", "--middle", "2"], "--middle 2: above 0 and at most 1"),
        (["--middle", "0.5"], "--middle is of a folder of your own; rendered is framed as the book does"),
        (["--network", "{own}/face.onnx", "--mean", "0", "--std", "0"], "it cannot be 0"),
        (["--network", "{own}/face.onnx", "--mean", "0", "--std", "1", "--side", "64"], "was announced"),
        (["--profile", "huge"], "no profile 'huge'"),
    ],
)
def test_mistakes_are_one_message(own: Path, ended: Ended, runs_folder: Path, arguments: list[str], told: str) -> None:
    code, out, err = ended("probe", *[one.format(own=own) for one in arguments])
    plain = re.sub(r"[\s│]+", " ", err)  # typer draws a frame about what it refuses itself
    assert (code, out) == (2, "") and told in plain and "Traceback" not in err


@pytest.mark.parametrize("there", [
    {"results.json": '{"chapter": "pose"}'}, {"results.json": "no JSON"}, {"index.html": "mine"},
    {"index.html": "mine", "results.json": "[1]"},
], ids=["a chapter's results", "no results", "a page", "both"])  # fmt: skip
def test_what_something_else_left_in_the_folder_is_not_overwritten(
    tmp_path: Path, ended: Ended, runs_folder: Path, there: dict[str, str]
) -> None:
    """Refused before anything is computed."""
    for name, text in there.items():
        (tmp_path / name).write_text(text)
    code, _, err = ended("probe", "--profile", "smoke", "--out", tmp_path)
    assert code == 2 and f"{tmp_path} holds {' and '.join(there)} of something else than this command" in err
    assert {name: (tmp_path / name).read_text() for name in there} == there
    assert not list(runs_folder.glob("artifacts/*"))
