"""Identification on cases small enough to do by hand."""

import numpy as np
import pytest

from deepfeatures.probes.identification import open_set, rank_1

GALLERY = np.array(["ann", "bob"])


def test_rank_1_by_hand():
    probes = np.array(["ann", "ann", "bob", "bob"])
    scores = np.array([[9.0, 1.0, 3.0, 2.0], [1.0, 9.0, 4.0, 2.0]])
    # right, wrong, right, and a tie, which is no success
    assert rank_1(scores, GALLERY, probes).tolist() == [True, False, True, False]


def test_several_gallery_images_of_one_person_count_as_that_person():
    scores = np.array([[1.0], [5.0], [4.0]])
    assert rank_1(scores, np.array(["ann", "ann", "bob"]), np.array(["ann"])).all()
    assert not rank_1(scores, np.array(["ann", "ann", "bob"]), np.array(["bob"])).any()
    assert not rank_1(scores, np.array(["ann", "ann", "bob"]), np.array(["eve"])).any()


def test_dir_by_hand():
    # Ten probes of strangers have best scores 1 .. 10. At 20% false alarms two may pass: those above 8.
    strangers = np.array([[*range(1, 11)], [0] * 10], float)
    known = np.array([[9.0, 8.0, 2.0, 9.5], [0.0, 1.0, 1.0, 9.9]])
    probes = np.array(["ann", "ann", "ann", "ann"] + ["eve"] * 10)
    found = open_set(np.concatenate([known, strangers], axis=1), GALLERY, probes, false_alarm_rate=0.2)
    assert found.threshold == 8
    # above the threshold and right; at it; below it; above it and wrong
    assert found.found.tolist() == [True, False, False, False]
    assert (found.rate, found.false_alarms) == (0.25, 0.2)
    assert found.alarms.tolist() == [False] * 8 + [True] * 2


def test_false_alarms_never_exceed_the_rate_even_with_ties():
    probes = np.array(["ann"] + ["eve"] * 100)
    scores = np.concatenate([[5.0], np.full(100, 3.0)])[None]
    found = open_set(scores, np.array(["ann"]), probes, false_alarm_rate=0.01)
    assert (found.false_alarms, found.rate) == (0.0, 1.0)


@pytest.mark.parametrize("rate", [0.0, 0.005, 0.01, 0.1, 0.5])
def test_the_threshold_is_the_lowest_that_keeps_the_rate(rate):
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((5, 300))
    probes = np.array([f"p{number % 5}" if number < 100 else "stranger" for number in range(300)])
    gallery = np.array([f"p{number}" for number in range(5)])
    found = open_set(scores, gallery, probes, false_alarm_rate=rate)
    best = scores[:, 100:].max(axis=0)
    slow = min(t for t in best if (best > t).mean() <= rate)
    assert found.threshold == slow


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match=r"scores of shape \(1, 2\) for 2 gallery images and 2 probes"):
        rank_1(np.zeros((1, 2)), GALLERY, GALLERY)
    with pytest.raises(ValueError, match="2 of 2 probes are of people in the gallery"):
        open_set(np.eye(2), GALLERY, GALLERY)
    with pytest.raises(ValueError, match="1 of 2 scores are no numbers"):
        rank_1(np.array([[np.nan, 1.0]]), GALLERY[:1], GALLERY)
