"""A chapter that reads another's artifacts says so in its notebook, and in no table of the package."""

import pytest

from deepfeatures.study import catalogue, plans
from deepfeatures.study.borrowed_plans import NoPlan, artifacts_of
from deepfeatures.study.plans import PLANS
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG
from tests.study.toy import toy


@pytest.fixture
def checkout(tmp_path, toys, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    return made_up_runs.write_checkout(tmp_path / "checkout")


def write(checkout, header):
    (checkout / "notebooks" / f"01-{SLUG}.py").write_text(made_up_runs.notebook(header=header))


def test_none_needs_nothing_and_leaves_no_trace(checkout):
    before = set(PLANS)
    assert artifacts_of(SLUG) == "none" and PLANS[SLUG](None, {}, "cpu") == {} and set(PLANS) == before


def test_another_chapters_artifacts_are_the_same_artifacts(checkout, monkeypatch):
    def lender(source, given, device):
        return {"raw": [toy(given["seeds"])], device: [toy(given["lender_only"])] if "lender_only" in given else []}

    monkeypatch.setitem(PLANS, "lender", lender)
    write(checkout, "artifacts_of: lender")
    (checkout / "notebooks" / "02-lender.py").write_text(made_up_runs.notebook())
    given = catalogue.resolve(SLUG, "default", {})
    assert PLANS[SLUG](None, given, "cpu")["raw"][0].key == lender(None, given, "cpu")["raw"][0].key
    with pytest.raises(NoPlan) as refused:
        PLANS[SLUG](None, {name: value for name, value in given.items() if name != "seeds"}, "cpu")
    assert str(refused.value) == (
        "notebooks/01-curve.py reads the artifacts of lender, so its parameters cell needs that chapter's seeds too"
    )


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("artifacts_of: mu-lnet", "artifacts_of: mu-lnet (did you mean 'mu-lenet'?); allowed: none, rotated-mnist, "),
        ("artifact_of: mu-lenet", "notebooks/01-curve.py does not say which artifacts it reads: give its header "),
    ],
)
def test_no_plan_says_what_to_write(header, message, checkout):
    write(checkout, header)
    with pytest.raises(NoPlan) as refused:
        plans.PLANS[SLUG]
    assert message in str(refused.value)


def test_a_chapter_that_is_none_is_unknown(checkout):
    with pytest.raises(catalogue.UnknownChapter):
        PLANS["crve"]
