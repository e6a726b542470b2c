"""Balanced errors of representations side by side: by hand, and where too few people show an attribute."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import described, described_encoded, lnets_claims
from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.unit_semantics import Strength
from deepfeatures.data.attributes import NAMES
from deepfeatures.study.encoded import Encoded

SMILING, HAT = NAMES.index("Smiling"), NAMES.index("Wearing_Hat")
REST = {"label": "a", "chapter": "c", "profile": "smoke", "tier": "rendered"}


def made_up(people: int = 30, each: int = 4) -> dict[str, list[dict[str, np.ndarray]]]:
    """Two attributes; `anet` errs on a tenth of the images, every other representation on more."""
    rng = np.random.default_rng(0)
    n = people * each
    labels = np.full((n, len(NAMES)), -1, np.int8)
    labels[:, [SMILING, HAT]] = rng.random((n, 2)) < 0.5
    faces = {"attributes": labels, "identity": np.repeat(np.arange(people), each)}

    def scores(wrong: float) -> dict[str, np.ndarray]:
        said = np.full(labels.shape, np.nan, np.float32)
        flip = rng.random((n, 2)) < wrong
        said[:, [SMILING, HAT]] = np.where(flip, -1, 1) * (2.0 * labels[:, [SMILING, HAT]] - 1)
        return {"scores": said}

    names = ("anet-everywhere", "anet-identity", "anet-untrained")
    found = {f"rendered/{name}/units": [scores(0.3)] for name in names}
    found |= {f"in scenes/{name}": [scores(0.4)] for name in ("fine", "coarse", "centre", "whole")}
    return {
        "rendered/faces": [faces], "rendered/anet/units": [scores(0.1)], **found,
        "in scenes/faces": [faces], "in scenes/true": [scores(0.1)], "units/anet": [{}],
    }  # fmt: skip


def test_errors_and_gaps_by_hand() -> None:
    artifacts = made_up()
    errors = described.errors(artifacts, resamples=60, rng=np.random.default_rng(1))
    assert set(errors) == {"rendered", "in scenes"}
    rendered = errors["rendered"]
    labels, said = artifacts["rendered/faces"][0]["attributes"], artifacts["rendered/anet/units"][0]["scores"]
    expected = []
    for column in (SMILING, HAT):
        shows, yes = labels[:, column] == 1, said[:, column] > 0
        expected.append(50 * ((~yes & shows).sum() / shows.sum() + (yes & ~shows).sum() / (~shows).sum()))
    assert described.mean_error(rendered, "anet/units")[0, 0] == pytest.approx(np.mean(expected))
    gap = described.gap(rendered, "anet-everywhere/units", "anet/units")
    assert gap.worse == gap.attributes == 2 and 10 < gap.points.value < 30 and gap.points.lo > 0
    claims = lnets_claims.of_description(errors)
    assert claims["local-keeps-place"].value == pytest.approx(gap.points.value)
    assert 15 < claims["place-costs"].value < 45


def test_gaps_over_networks_draw_networks_too() -> None:
    """Two networks of each kind: the value is the mean over both, and the interval holds each network's own."""
    artifacts = made_up(people=60)
    worse = artifacts["rendered/anet-identity/units"]  # errs on three tenths
    two = artifacts | {"rendered/anet-everywhere/units": artifacts["rendered/anet-everywhere/units"] + worse}
    two["rendered/anet/units"] = artifacts["rendered/anet/units"] + worse
    single = described.errors(artifacts, resamples=200, rng=np.random.default_rng(1))["rendered"]
    both = described.errors(two, resamples=200, rng=np.random.default_rng(1))["rendered"]
    first = described.gap(single, "anet-everywhere/units", "anet/units").points
    gap = described.gap(both, "anet-everywhere/units", "anet/units").points
    assert gap.value == pytest.approx(first.value / 2) and (gap.seeds, gap.unit) == (2, "identity and seed")
    assert gap.hi - gap.lo > 1.5 * (first.hi - first.lo) and gap.lo < 0 < gap.hi
    pixels = described.gap(both, "anet-untrained/units", "anet/units").points  # one beside two: it counts for each
    assert pixels.seeds == 2 and first.seeds == 1


def test_rows_leave_the_reference_without_a_difference() -> None:
    errors = described.errors(made_up(), resamples=20, rng=np.random.default_rng(1))
    rows = {row[0]: row[1:] for row in described.as_rows(errors["rendered"], "anet/units")}
    assert rows["ANet: identity, then attributes"][1:] == ["", ""]
    assert rows["ANet, random weights"][2] == "2 of 2" and rows["ANet, random weights"][1].value > 0


@pytest.mark.filterwarnings("error")
def test_too_few_people_give_a_reason_and_no_number() -> None:
    errors = described.errors(made_up(people=6), resamples=20, rng=np.random.default_rng(1))
    assert all(isinstance(one, NotApplicable) for one in lnets_claims.of_description(errors).values())
    rows = described.as_rows(errors["rendered"], "anet/units")
    assert rows[1][1:] == ["–", "–", "0 of 0"]
    assert described_encoded.linear(errors["rendered"]) == []


def test_cells_of_the_matrix_are_accuracies_not_errors() -> None:
    errors = described.errors(made_up(), resamples=20, rng=np.random.default_rng(1))
    made = described_encoded.linear(errors["rendered"])
    cells = {cell["network"]: Encoded.model_validate({**cell, **REST}) for cell in made}
    assert cells["ANet"].value == pytest.approx(100 - described.mean_error(errors["rendered"], "anet/units")[0, 0])
    assert cells["ANet, random weights"].seeds == 0 and cells["ANet"].above_chance > 0.7
    people = draw_people(np.arange(20), resamples=10, rng=np.random.default_rng(0))
    one = Strength(np.full((1, 11, 4), 0.75), people)
    [cell] = described_encoded.single_units({"ANet": one})
    assert Encoded.model_validate({**cell, **REST}).above_chance == pytest.approx(0.5)
