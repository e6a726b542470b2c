"""Pose networks of the smallest kind: angles from the mean colour, in each form that public networks answer in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = (8, 8)
RED_GREEN_BLUE = 40 * np.eye(3)  # 40 degrees for a channel one standard deviation above ImageNet's mean


def write(
    path: Path, form: str = "angles", *, size: tuple[int | str, int | str] = SIZE, batch: int | str = "n",
    weights: np.ndarray = RED_GREEN_BLUE, layout: str = "NCHW", bins: int = 66,
) -> Path:  # fmt: skip
    """form: angles (n, 3) = mean colours @ weights; rotation, of a fixed turn; bins, three of (n, bins); maps, none."""
    shape = [batch, 3, *size] if layout == "NCHW" else [batch, *size, 3]
    nodes, constants = [], {}
    if layout == "NHWC":
        nodes.append(helper.make_node("Transpose", ["image"], ["nchw"], perm=[0, 3, 1, 2]))
    nodes += [
        helper.make_node("GlobalAveragePool", ["nchw" if layout == "NHWC" else "image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
    ]
    outputs: list[tuple[str, list[Any]]] = []
    if form == "angles":
        constants["weights"] = weights
        nodes.append(helper.make_node("MatMul", ["flat", "weights"], ["angles"]))
        outputs = [("angles", [batch, 3])]
    elif form == "rotation":
        constants |= {"none": np.zeros((3, 9)), "turn": weights.reshape(1, 9), "shape": np.array([-1, 3, 3], np.int64)}
        nodes += [
            helper.make_node("MatMul", ["flat", "none"], ["zeros"]),
            helper.make_node("Add", ["zeros", "turn"], ["nine"]),
            helper.make_node("Reshape", ["nine", "shape"], ["R"]),
        ]
        outputs = [("R", [batch, 3, 3])]
    elif form == "bins":
        for at, name in enumerate(("yaw", "pitch", "roll")):
            constants[f"to_{name}"] = np.zeros((3, bins))
            constants[f"to_{name}"][at] = np.linspace(-3, 3, bins)
            nodes.append(helper.make_node("MatMul", ["flat", f"to_{name}"], [name]))
            outputs.append((name, [batch, bins]))
    else:
        nodes.append(helper.make_node("Identity", ["pooled"], ["maps"]))
        outputs = [("maps", [batch, 3, 1, 1])]
    graph = helper.make_graph(
        nodes, "pose", [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, of) for name, of in outputs],
        [numpy_helper.from_array(v if v.dtype == np.int64 else v.astype(np.float32), n) for n, v in constants.items()],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
