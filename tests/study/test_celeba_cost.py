"""What the whole of CelebA takes: the chapters' plans times rates, on rates whose answer is known."""

from __future__ import annotations

import pytest

from deepfeatures.analysis.attribute_readout import PAIRS
from deepfeatures.study import celeba_cost

LINEAR = {"rows": 1000, "peak_memory_over_X": 3.0}
RATES = {
    "images_per_cpu_second": {"decode_and_crop": 100.0, "mobilefacenet-ms1m": 50.0, "mobilefacenet-casia": 50.0,
                              "pixels": 1000.0},
    "numbers_an_image": {"mobilefacenet-ms1m": 1000, "mobilefacenet-casia": 1000, "pixels": 3072},
    "attribute_folds": {"64": {**LINEAR, "cpu_seconds": 1.0}, "256": {**LINEAR, "cpu_seconds": 4.0}},
    "pose_readouts": {"128": {**LINEAR, "cpu_seconds": 2.0}, "512": {**LINEAR, "cpu_seconds": 8.0}},
    "same_pose": {"1000": 2.0, "2000": 8.0},
    "bytes_a_pair": 50.0,
    "bytes_an_image": 10_000,
    "photographs": "CelebA",
    "photographs_measured": 256,
}  # fmt: skip


def test_the_plan_is_the_chapters_own_and_counts_each_artifact_once() -> None:
    planned = celeba_cost.recipes()
    assert len({recipe.key for recipe in planned}) == len(planned)
    kinds = {recipe.kind for recipe in planned}
    assert kinds == {"face-features", "trunk-maps", "attribute-readout", "pose-readout"}
    assert len([one for one in planned if one.kind == "trunk-maps"]) == 1
    features = [one for one in planned if one.kind == "face-features"]
    assert {bool(one.params.get("mirrored")) for one in features} == {True, False}
    assert all(one.params["dataset"] == "celeba" for one in features)
    more = celeba_cost.recipes({"folds": 20})
    assert {one.params["folds"] for one in more if one.kind == "attribute-readout"} == {20}


def test_costs_are_rates_times_images() -> None:
    planned = [one for one in celeba_cost.recipes() if one.kind == "face-features"]
    fits = [one for one in celeba_cost.recipes() if one.params.get("embedding") == "none"]
    embeddings = [one for one in fits if one.params["parts"] == [["features0", "embedding"]]][:1]
    poses = [one for one in celeba_cost.recipes() if one.kind == "pose-readout"
             and one.params["parts"] == [["features", "embedding"]]][:1]  # fmt: skip
    trunks = [one for one in celeba_cost.recipes() if one.kind == "trunk-maps"]
    found = celeba_cost.steps(RATES, planned + trunks + embeddings + poses, images=36_000)
    crop, through, trunk, machines, auc, read, square = found
    assert (crop.jobs, crop.cpu_hours) == (len(planned), pytest.approx(len(planned) * 0.1))
    published = sum("mobilefacenet" in one.params["network"] for one in planned)
    assert through.cpu_hours == pytest.approx(published * 0.2 + (len(planned) - published) * 0.01)
    expected = published * 1000 + (len(planned) - published) * 3072
    assert through.disk_gb == pytest.approx(36_000 * 4 * expected / 1e9)
    assert trunk.cpu_hours == pytest.approx(0.1 + 0.2)
    assert trunk.disk_gb == pytest.approx(36_000 * 7 * 7 * 128 * 2 / 1e9)
    # 128 columns cost 2 s a fold of 1,000 rows; 5 folds of 4/5 are 5 times the benchmark's one
    assert machines.cpu_hours == pytest.approx(36 * 2 * 5 / 3600)
    assert machines.memory_gb == pytest.approx(3 * 36_000 * 128 * 4 / 1e9)
    assert auc.memory_gb == pytest.approx(50 * 2 * PAIRS / 1e9)  # a fold of 7,200 images has 26 million pairs
    few = celeba_cost.steps(RATES, planned + trunks + embeddings + poses, images=5_000)[4]
    assert few.memory_gb == pytest.approx(50 * 1000**2 / 2 / 1e9)  # and one of 1,000 half a million: all are taken
    assert read.cpu_hours == pytest.approx(36 * 2 / 3600)
    assert square.cpu_hours == pytest.approx(2e-6 * 36_000**2 / 3600)  # 2 microseconds a pair, nothing else


def test_a_width_beyond_what_was_measured_follows_the_last_two() -> None:
    assert celeba_cost._at(RATES["attribute_folds"], 1024, 1000) == pytest.approx(16)
    assert celeba_cost._at(RATES["attribute_folds"], 16, 1000) == pytest.approx(0.25)


def test_the_page_holds_rates_and_steps() -> None:
    text = celeba_cost.page(RATES)
    assert "| decoding and cropping a photograph | 100 images/s |" in text
    assert "202,599 images" in text and "about 2.0 GB (by 256 of CelebA)" in text
    jobs = sum(one.kind == "attribute-readout" for one in celeba_cost.recipes())
    assert f"| same-person AUC of pairs within a fold | {jobs} | – | 0.0 | {50 * 2 * PAIRS / 1e9:.1f} |" in text
    assert text.count("| **together** |") == 1
    assert celeba_cost.page(None).startswith("Nothing has been measured yet")


def test_rates_stand_in_the_order_of_their_columns() -> None:
    """As the file has them, sorted as text."""
    text = {width: {**LINEAR, "cpu_seconds": float(width)} for width in ("1024", "128", "256", "64")}
    page = celeba_cost.page({**RATES, "attribute_folds": text, "pose_readouts": text})
    for words in ("machines, ", "a pose read-out, "):
        shown = [line.partition(words)[2].partition(" columns")[0] for line in page.splitlines() if words in line]
        assert shown == ["64", "128", "256", "1024"], words
