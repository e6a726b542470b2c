"""The matrix of what is encoded where: every number linked, shaded by how far it is above chance."""

import pytest
from pydantic import ValidationError

from deepfeatures.study import matrix
from deepfeatures.study.encoded import Encoded
from deepfeatures.study.matrix_cells import METRICS, Cell, of_encoded

PAPERS = {"pose": "{cite:t}`rudd2017`", "views-and-quality": "{cite:t}`parde2016`"}


def reported(value=0.42, **given):
    fields = {
        "subject": "pose", "data": "rendered", "network": "trained", "layer": "embedding", "reading": "linear",
        "metric": "share of variance", "value": value, "interval": (value - 0.01, value + 0.01), "n": 200,
        "unit": "identity", "seeds": 1, "label": "what-can-be-read", "chapter": "rendered-faces", "tier": "rendered",
        "profile": "paper",
    }  # fmt: skip
    return Encoded(**{**fields, **given})


def cell(value=0.42, **given):
    return of_encoded(reported(value, **given), meaning="It is so.")


def test_a_place_is_a_row_and_a_subject_a_column_in_the_order_of_the_papers_subjects():
    text = matrix.grid([cell(0.42), cell(0.9, subject="identity"), cell(-0.04, layer="block2")], PAPERS)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    head = "[of all papers: {doc}`rendered-faces </chapters/rendered-faces>`]{.claim-place}"
    assert rows[0] == f"| Where | Identity {head} | Pose {head} |"
    assert rows[2] == (
        "| our identity network, embedding "
        "| [[0.90](#encoded-identity-rendered-trained-embedding-linear-share-of-variance)]{.share-5} "
        "| [[0.42](#encoded-pose-rendered-trained-embedding-linear-share-of-variance)]{.share-2} |"
    )
    assert rows[3] == (
        "| our identity network, block2 |  | [[\N{MINUS SIGN}0.04]"
        "(#encoded-pose-rendered-trained-block2-linear-share-of-variance)]{.share-0} |"
    )


def test_two_papers_numbers_of_one_subject_have_a_column_each_that_names_the_paper():
    text = matrix.grid([cell(chapter="pose"), cell(chapter="views-and-quality")], PAPERS)
    head = text.splitlines()[3]
    assert head.count("Pose [") == 2 and "{cite:t}`rudd2017`: {doc}`pose" in head and "`parde2016`: {doc}`views" in head


def test_two_numbers_for_one_cell_are_refused_naming_both_chapters():
    with pytest.raises(ValueError, match="our identity network, embedding is reported twice: by b and c"):
        matrix.grid([cell(chapter="b"), cell(chapter="c")], PAPERS)


def test_ways_of_reading_and_worlds_have_their_own_tables_and_other_measures_come_after_by_subject():
    area = cell(0.98, metric="AUC", reading="cosine", subject="identity")
    text = matrix.full([cell(), cell(data="celeba"), cell(reading="single unit"), area], PAPERS)
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "## Read by a line", "### Rendered faces, read by a line", "### Photographs, read by a line",
        "## Read from one unit", "### Rendered faces, read from one unit", "## In the papers' own measures",
        "### Identity",
    ]  # fmt: skip
    assert "[0.980](#encoded-identity-rendered-trained-embedding-cosine-auc)]{.share-5} [\\[0.970, 0.990\\]]{" in text
    assert "n = 200 (identity), rendered data" in text
    assert "**Identity.** AUC: 0.5 knows nothing, 1 is perfect." in text
    assert "- *Pose* (`rendered-faces`): It is so." in text


def test_a_column_never_mixes_measures():
    with pytest.raises(ValueError, match="one column cannot hold AUC and balanced accuracy, %"):
        matrix.listing([cell(metric="AUC"), cell(metric="balanced accuracy, %")], PAPERS)
    both = [cell(0.7, metric="AUC", chapter="pose"), cell(70.0, metric="balanced accuracy, %", chapter="pose")]
    heads = [line for line in matrix.full(both, PAPERS).splitlines() if line.startswith("| Where")]
    assert heads == ["| Where | Read | Paper | AUC |", "| Where | Read | Paper | Balanced accuracy, % |"]


@pytest.mark.parametrize(
    ("network", "layer", "name"),
    [
        ("pixels", "pixels", "pixels"), ("lbp", "lbp", "local binary patterns"),
        ("deep", "embedding", "both MobileFaceNets, embedding"), ("both", "gdc", "both MobileFaceNets, gdc"),
        ("attributes", "scores", "attribute network (for AFFACT), scores"), ("deepid2plus", "fc4", "DeepID2+, FC-4"),
        ("somebody's own", "top", "somebody's own, top"),
    ],
)  # fmt: skip
def test_networks_have_readers_names(network, layer, name):
    assert cell(network=network, layer=layer).where == name


def test_a_number_that_rounds_to_nothing_has_no_sign():
    assert "[0.00](" in matrix.grid([cell(-0.001)], PAPERS)


def test_nothing_measured_is_said():
    assert "No chapter of this render" in matrix.full([], PAPERS)


@pytest.mark.parametrize(
    ("metric", "value", "above"),
    [("share of variance", -0.2, 0), ("share of variance", 0.5, 0.5), ("AUC", 0.75, 0.5), ("AUC", 0.4, 0),
     ("balanced accuracy, %", 80.0, 0.6), ("rank correlation", -0.3, 0.3)],
)  # fmt: skip
def test_how_far_above_knowing_nothing(metric, value, above):
    assert reported(value, metric=metric, interval=None).above_chance == pytest.approx(above)
    assert cell(value, metric=metric, interval=None).above_chance == pytest.approx(above)


def test_measures_of_the_page_have_ends_of_their_own():
    given = ("identity", "", "digits", "lenet", "ip1", "cosine")
    made = Cell(*given, "accuracy of ten kinds, %", 55.0, None, "", "rotated-mnist", "x", "")
    assert made.above_chance == pytest.approx(0.5) and made.shown() == "55.0" and set(METRICS) >= {"AUC"}
    with pytest.raises(ValueError, match="metric 'F1' is not one of"):
        Cell(*given, "F1", 0.5, None, "", "rotated-mnist", "x", "")


@pytest.mark.parametrize("wrong", [{"metric": "F1"}, {"subject": "mood"}, {"value": float("nan")}, {"label": "a b"}])
def test_a_cell_that_says_something_unknown_is_refused(wrong):
    with pytest.raises(ValidationError):
        reported(**wrong)
