"""What each chapter needs: resolved parameters in, named recipes out. Nothing is computed here.

A name stands for one recipe or, where training is involved, for one a seed. Parameters have been checked by
`study.parameters` before they come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deepfeatures.study import borrowed_plans, face_plans, substitute_digits
from deepfeatures.study.digit_bench import Named, Workbench
from deepfeatures.study.digit_plans_rotated import rotated_mnist
from deepfeatures.study.face_plans import FaceBench
from deepfeatures.study.face_plans_attributes import attributes
from deepfeatures.study.face_plans_deepid import sparse_selective_robust
from deepfeatures.study.face_plans_lnets import localize_then_describe
from deepfeatures.study.face_plans_pose import pose_chapter
from deepfeatures.study.face_plans_space import parameter_space
from deepfeatures.study.face_plans_views import views_and_quality

Plan = Callable[[Any, Mapping[str, Any], str], Named]  # source of the data, a chapter's parameters, device
LIGHTER = 10  # the variant lighter-pairs trains PAIR at the weight divided by this
MU_STARTS = ("normalised", "caffe")  # mu-LeNet's initial ip1: divided by the span of the min-max, or as Caffe fills it


def mu_lenet(bench: Workbench) -> Named:
    main, short = bench.params["normalise"], bench.params["sensitivity_iterations"]
    first = bench.params["first_seed"]
    other = "per-feature" if main == "global" else "global"
    named = {
        "raw": bench.readouts(bench.raw),
        "mu": bench.readouts(lambda seed: bench.mu(seed, main)),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "raw/selection": [bench.selection("softmax")],
        "mu/selection": [bench.selection("class-means", normalise=main)],
        "mu, unscaled/selection": [bench.selection("class-means", cap=short, normalise="none")],
        "starts/selection": [
            bench.selection("class-means", cap=short, normalise=main, **_unless_usual(start, rate))
            for start in MU_STARTS
            for rate in bench.params["learning_rates"]
        ],
        "unscaled starts/selection": [
            bench.selection("class-means", cap=short, normalise="none", **_unless_usual("normalised", rate))
            for rate in bench.params["learning_rates"]
        ],
        **{
            f"short, {normalise}/selection": [bench.selection("class-means", cap=short, normalise=normalise)]
            for normalise in ("global", "per-feature")
        },
    }
    if "other-normalisation" in bench.params["variants"]:
        named[f"mu, {other}"] = [bench.readout(bench.mu(first, other), seed=first)]
        named[f"mu, {other}/selection"] = [bench.selection("class-means", normalise=other)]
    if "three-times-longer" in bench.params["variants"]:
        named[f"mu, {bench.three_times}"] = [bench.longer("class-means", normalise=main)]
        # Where the cap ends mu's run on the split, it does not say when the rule would have: this one goes on.
        named["mu, longer/selection"] = [bench.selection("class-means", cap=bench.longer_steps, normalise=main)]
    return named


def _unless_usual(start: str, rate: float) -> dict[str, Any]:
    """Settings of a short run that differ from the makers' own: so that the usual run is one recipe, not two."""
    return {
        **({} if start == "normalised" else {"start": start}),
        **({} if rate == 0.01 else {"base_lr": rate}),  # Caffe lenet_solver.prototxt
    }


def pair_lenet(bench: Workbench) -> Named:
    p = bench.params
    main, weight, short = p["pair_kind"], p["pair_weight"], p["sensitivity_iterations"]
    first, other = p["first_seed"], "class" if p["pair_kind"] == "rotations" else "rotations"
    named = {
        "raw": bench.readouts(bench.raw),
        "mu": bench.readouts(lambda seed: bench.mu(seed, "global")),
        "pair": bench.readouts(lambda seed: bench.pair(seed, main)),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "raw/selection": [bench.selection("softmax")],
        "pair/selection": [bench.selection("pair", pair_kind=main, pair_weight=weight)],
        "weights/selection": [
            bench.selection("pair", cap=short, pair_kind=main, pair_weight=each) for each in p["pair_weights"]
        ],
        **{
            f"short, {kind}/selection": [bench.selection("pair", cap=short, pair_kind=kind, pair_weight=weight)]
            for kind in ("rotations", "class")
        },
        "turned/raw": bench.turned(bench.raw(first), first),
        "turned/mu": bench.turned(bench.mu(first, "global"), first),
        "turned/pair": bench.turned(bench.pair(first, main), first),
    }
    if "other-pairs" in p["variants"]:
        named[f"pair, {other}"] = [bench.readout(bench.pair(first, other), seed=first)]
        named[f"pair, {other}/selection"] = [bench.selection("pair", pair_kind=other, pair_weight=weight)]
    if "three-times-longer" in p["variants"]:
        named[f"pair, {bench.three_times}"] = [bench.longer("pair", pair_kind=main, pair_weight=weight)]
    if "lighter-pairs" in p["variants"]:
        settings = {"pair_kind": main, "pair_weight": weight / LIGHTER}
        name = f"pair, weight {settings['pair_weight']:g}"
        named[name] = [bench.readout(bench.network("pair", first, **settings), seed=first)]
        named[f"{name}/selection"] = [bench.selection("pair", **settings)]
    return named | weight_0(bench)


def weight_0(bench: Workbench) -> Named:
    """PAIR's control, trained as long as PAIR where the chapter asks for it; else LeNet stands for it."""
    if "weight-0-as-long" not in bench.params["variants"]:
        return {}
    return {"pair, weight 0": bench.readouts(bench.unpaired)}


def feature_spaces(bench: Workbench) -> Named:
    return weight_0(bench) | {
        "raw": bench.readouts(bench.raw),
        "mu": bench.readouts(lambda seed: bench.mu(seed, bench.params["normalise"])),
        "pair": bench.readouts(lambda seed: bench.pair(seed, bench.params["pair_kind"])),
        "untrained": bench.untrained(),
        "pixels": bench.pixels(),
        "rotated": [bench.rotated()],
    }


def _digits(of: Callable[[Workbench], Named]) -> Plan:
    return lambda source, params, device: of(Workbench(source, substitute_digits.fitted(source, params), device))


def _faces(of: Callable[[FaceBench], Named]) -> Plan:
    return lambda source, params, device: of(FaceBench(source, params, device))


class _Plans(dict[str, Plan]):
    """Plans by chapter. One that is not here may borrow another's: its notebook says whose."""

    def __missing__(self, slug: str) -> Plan:
        return borrowed_plans.plan(slug, self)


PLANS: dict[str, Plan] = _Plans({
    "rotated-mnist": _digits(rotated_mnist),
    "mu-lenet": _digits(mu_lenet),
    "pair-lenet": _digits(pair_lenet),
    "feature-spaces": _digits(feature_spaces),
    "rendered-faces": _faces(face_plans.rendered_faces),
    "attributes": _faces(attributes),
    "pose": _faces(pose_chapter),
    "views-and-quality": _faces(views_and_quality),
    "parameter-space": _faces(parameter_space),
    "sparse-selective-robust": _faces(sparse_selective_robust),
    "localize-then-describe": _faces(localize_then_describe),
})
