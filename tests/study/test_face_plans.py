"""Recipes that the face chapters share: what depends on what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study.face_plans import FaceBench

PARAMS = {
    "photographs": "celeba", "people": 6, "images_each": 3, "train_people": 5, "train_images_each": 2,
    "side_px": 32, "steps": 4, "seeds": 2, "first_seed": 3,
}  # fmt: skip
BENCH = FaceBench(FaceSource("celeba-0", "pointing04-0", "", poses="poses-0"), PARAMS)


def test_nobody_who_is_probed_was_trained_on() -> None:
    assert BENCH.faces("rendered").params["seed"] != BENCH.training_faces().params["seed"]


def test_celeba_s_faces_depend_on_their_estimates() -> None:
    other = replace(BENCH, source=replace(BENCH.source, poses="poses-1"))
    without = replace(BENCH, source=replace(BENCH.source, poses=None))
    assert len({bench.faces("celeba").key for bench in (BENCH, other, without)}) == 3
    assert "poses" not in without.faces("celeba").params
    assert other.faces("pointing04").key == BENCH.faces("pointing04").key


def test_photographs_that_are_not_read_cannot_be_planned() -> None:
    bench = FaceBench(FaceSource(None, None, ""), {**PARAMS, "photographs": "none"})
    assert bench.datasets == ("rendered",)
    with pytest.raises(ValueError, match="celeba is not read by this chapter: photographs=none"):
        bench.features("celeba", "pixels", 3)
