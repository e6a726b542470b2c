"""What chapter rotated-mnist needs: LeNet, its baselines, and what is changed to ask where its figures come from."""

from __future__ import annotations

from typing import Any

from deepfeatures.study.digit_bench import Named, Workbench
from deepfeatures.study.recipes import Recipe

ROTATED_OTHERWISE = {"cubic": "cubic", "whole": "nothing cut off"}  # data.rotated_otherwise: as tables name it
ORDERS = ("shuffled anew", "one shuffle", "copies together", "angle by angle")  # training.in_order
CAFFE_STEPS = 10_000  # max_iter of examples/mnist/lenet_solver.prototxt
IN_ALL = 10  # networks a plain LeNet is trained as, by the variant more-seeds


def rotated_mnist(bench: Workbench) -> Named:
    first = bench.params["first_seed"]
    named = {
        "raw": bench.readouts(bench.raw),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "rotated": [bench.rotated()],
        "raw/selection": [bench.selection("softmax")],
    }
    chosen = bench.selection("softmax")
    turned = {}
    if "nearest-interpolation" in bench.params["variants"]:
        turned["nearest"] = bench.rotated("nearest")
    if "other-rotations" in bench.params["variants"]:
        turned |= {name: _otherwise(bench, way) for way, name in ROTATED_OTHERWISE.items()}
    for name, rotated in turned.items():
        network = bench.network("softmax", first, selection=chosen, rotated=rotated)
        named[f"raw, {name}"] = [bench.readout(network, seed=first, rotated=rotated)]
    if "other-rotations" in bench.params["variants"]:
        network = bench.network("softmax", first, selection=chosen, rotated=_otherwise(bench, "upright"))
        named["raw, trained on upright digits"] = [bench.readout(network, seed=first)]
    if "three-times-longer" in bench.params["variants"]:
        named[f"raw, {bench.three_times}"] = [bench.longer("softmax")]
    if "other-readings" in bench.params["variants"]:
        inputs = {"rotated": bench.rotated(), "network": bench.raw(first)}
        named["raw/readings"] = [Recipe("readings", {"seed": first}, inputs)]
        named["raw/further readings"] = [
            Recipe("further-readings", {}, {"rotated": bench.rotated(), "network": bench.raw(seed)})
            for seed in bench.seeds
        ]
    if "other-orders" in bench.params["variants"]:
        named["ordered"] = [_ordered(bench, order) for order in ORDERS]
        named |= {f"raw, {order}": [bench.readout(_ordered(bench, order), seed=first)] for order in ORDERS}
        halted = _ordered(bench, ORDERS[-1], iterations=CAFFE_STEPS)
        named[f"raw, {ORDERS[-1]}, {CAFFE_STEPS:,} steps"] = [bench.readout(halted, seed=first)]
    if "more-seeds" in bench.params["variants"] and (more := range(bench.seeds.stop, first + IN_ALL)):
        named["raw, more seeds"] = [bench.readout(bench.raw(seed), seed=seed) for seed in more]
    if "torch-momentum" in bench.params["variants"]:
        moved = bench.network("softmax", first, selection=chosen, momentum="torch")
        named["raw, torch momentum"] = [bench.readout(moved, seed=first)]
    return named


def _otherwise(bench: Workbench, way: str) -> Recipe:
    return Recipe("rotated-otherwise", {"way": way}, {"rotated": bench.rotated()})


def _ordered(bench: Workbench, order: str, **changed: Any) -> Recipe:
    """The first seed's LeNet, trained for the whole passes under the cap unless `iterations` are given."""
    p = bench.params
    settings = {"seed": p["first_seed"], "order": order, "device": bench.device}
    return Recipe(
        "network-in-order", settings | (changed or {"cap": p["iterations_cap"]}), {"rotated": bench.rotated()}
    )
