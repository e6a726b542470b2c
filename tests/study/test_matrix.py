"""The matrix of what is encoded where: every number from a record, linked, shaded by how far it is above chance."""

import pytest
from pydantic import ValidationError

from deepfeatures.study import matrix
from deepfeatures.study.encoded import Encoded


def cell(value=0.42, **given):
    fields = {
        "subject": "pose", "data": "rendered", "network": "trained", "layer": "embedding", "reading": "linear",
        "metric": "share of variance", "value": value, "interval": (value - 0.01, value + 0.01), "n": 200,
        "unit": "identity", "seeds": 1, "label": "what-can-be-read", "chapter": "rendered-faces", "tier": "rendered",
        "profile": "paper",
    }  # fmt: skip
    return Encoded(**{**fields, **given})


def test_a_place_is_a_row_and_a_subject_a_column_in_the_order_of_the_papers_subjects():
    text = matrix.grid([cell(0.42), cell(0.9, subject="identity"), cell(-0.04, layer="block2")])
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0] == "| Where | Identity | Pose |"
    assert rows[2] == (
        "| trained, embedding "
        "| [[0.90](#encoded-identity-rendered-trained-embedding-linear-share-of-variance)]{.share-5} "
        "| [[0.42](#encoded-pose-rendered-trained-embedding-linear-share-of-variance)]{.share-2} |"
    )
    assert rows[3] == (
        "| trained, block2 |  | [[\N{MINUS SIGN}0.04]"
        "(#encoded-pose-rendered-trained-block2-linear-share-of-variance)]{.share-0} |"
    )


def test_two_numbers_for_one_cell_are_refused_naming_both_chapters():
    with pytest.raises(ValueError, match="pose in rendered trained embedding is reported twice: by rendered-faces and"):
        matrix.grid([cell(), cell(chapter="b")])


def test_ways_of_reading_have_their_own_tables_and_other_measures_come_after_by_subject():
    area = cell(0.98, metric="AUC", reading="cosine", subject="identity")
    text = matrix.full([cell(), cell(reading="single unit"), area])
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == ["## Read by a line", "## Read from one unit", "## In the papers' own measures", "### Identity"]
    assert "[0.980](#encoded-identity-rendered-trained-embedding-cosine-auc)]{.share-5} [\\[0.970, 0.990\\]]{" in text
    assert "n = 200 (identity), rendered data" in text


def test_a_number_that_rounds_to_nothing_has_no_sign():
    assert "[0.00](" in matrix.grid([cell(-0.001)])


def test_nothing_measured_is_said():
    assert "No chapter of this render" in matrix.full([])


@pytest.mark.parametrize(
    ("metric", "value", "above"),
    [("share of variance", -0.2, 0), ("share of variance", 0.5, 0.5), ("AUC", 0.75, 0.5), ("AUC", 0.4, 0),
     ("balanced accuracy, %", 80.0, 0.6), ("rank correlation", -0.3, 0.3)],
)  # fmt: skip
def test_how_far_above_knowing_nothing(metric, value, above):
    assert cell(value, metric=metric, interval=None).above_chance == pytest.approx(above)


@pytest.mark.parametrize("wrong", [{"metric": "F1"}, {"subject": "mood"}, {"value": float("nan")}, {"label": "a b"}])
def test_a_cell_that_says_something_unknown_is_refused(wrong):
    with pytest.raises(ValidationError):
        cell(**wrong)
