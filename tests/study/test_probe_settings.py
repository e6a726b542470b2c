from __future__ import annotations

from pathlib import Path

import pytest

from deepfeatures.study.probe_settings import BadSettings, reading


def test_a_file_beside_the_network_and_the_command_line_before_it(tmp_path: Path) -> None:
    network = tmp_path / "face.onnx"
    (tmp_path / "face.yaml").write_text("mean: 127.5\nstd: [1, 2, 3]\nside: 112x96\nchannels: bgr\noutputs: [a/b, c]\n")
    found = reading(network, {"std": None, "outputs": None})
    assert (found.mean, found.std, found.size) == ((127.5,) * 3, (1.0, 2.0, 3.0), (112, 96))
    assert (found.channels, found.layout, found.outputs) == ("BGR", None, ("a/b", "c"))
    given = {"std": "128", "side": "160", "channels": "RGB", "layout": "nhwc", "outputs": "c, d"}
    changed = reading(network, given)
    assert (changed.std, changed.size, changed.mean) == ((128.0,) * 3, (160, 160), (127.5,) * 3)
    assert (changed.channels, changed.layout, changed.outputs) == ("RGB", "NHWC", ("c", "d"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, r"face.onnx wants its pixels scaled cannot be seen in the file: give --mean and --std .*face.yaml"),
        ({"mean": "0"}, "give --std "),
        ({"mean": "0", "std": "1,2"}, "std '1,2': one number for all colours, or three"),
        ({"mean": "grey", "std": "1"}, "mean 'grey'"),
        ({"mean": "0", "std": "1", "side": "big"}, "side 'big': pixels, as 112"),
        ({"mean": "0", "std": "1", "side": "1x2x3"}, "side '1x2x3'"),
        ({"mean": "0", "std": "1", "channels": "GRB"}, "channels 'GRB': RGB or BGR"),
        ({"mean": "0", "std": "1", "layout": "CHWN"}, "layout 'CHWN': NCHW or NHWC"),
    ],
)
def test_what_is_missing_or_wrong_is_told(tmp_path: Path, given: dict[str, object], told: str) -> None:
    with pytest.raises(BadSettings, match=told):
        reading(tmp_path / "face.onnx", given)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("men: 3\n", "men is unknown.*mean"),
        ("mean: 1\nmean: 2\n", "not YAML: key 'mean' stands a second time"),
        ("- 1\n", "holds no names with values"),
        ("mean: [\n", "not YAML"),
        ("mean: !!python/object/apply:os.getcwd []\nstd: 1\n", "not YAML"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "face.yaml").write_text(text)
    with pytest.raises(BadSettings, match=told):
        reading(tmp_path / "face.onnx", {"mean": "0", "std": "1"})
