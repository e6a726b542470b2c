"""The ledger and the reports: what is accepted, and what a mistake gets told."""
import json
import math

import numpy as np
import pytest
import torch

from deepfeatures.study.claims import Claim, ClaimsError, Record, UnknownClaim, load, load_all, record

CLAIM = """
  - id: rudd2017/softmax-raw
    location: "section 4.1, paragraph 3"
    statement: The network recognises rotated digits.
    paper_value: 98.98
    unit: "% of test images"
    measure: accuracy of softmax
    judge: {rule: tolerance, tolerance: 0.3, expect: above, threshold: 97}
    chapter: rotated-mnist
    note: table 1
"""
NOT_ATTEMPTED = """
  - id: rudd2017/hyperface
    location: section 5
    statement: Face features hide pose.
    chapter: null
    not_attempted: the features were never released
"""
HEAD = "paper: rudd2017\ntitle: MOON\nurl: https://example.org/paper\nnote: checked by hand\nclaims:\n"
MEASURED = dict(
    value=98.9, interval=(98.7, 99.1), n=30_000, unit="digit x seed", seeds=3, tier="original", profile="paper"
)


@pytest.fixture
def write(tmp_path):
    def write(text, name="rudd2017"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def claims(write):
    return load_all(folder=write(HEAD + CLAIM + NOT_ATTEMPTED).parent)


def test_reads_a_ledger(claims):
    assert list(claims) == ["rudd2017/softmax-raw", "rudd2017/hyperface"]
    claim = claims["rudd2017/softmax-raw"]
    assert (claim.paper, claim.paper_value, claim.chapter) == ("rudd2017", 98.98, "rotated-mnist")
    assert (claim.judge.tolerance, claim.judge.expect, claim.judge.threshold) == (0.3, "above", 97.0)
    assert claims["rudd2017/hyperface"].judge is None


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("location:", "locaton:", "field locaton", "Extra inputs"),
        ("location:", "locaton:", "field location", "Field required"),
        ("98.98", "'98.98'", "field paper_value", "valid number; given '98.98'"),
        ("98.98", "true", "field paper_value", "valid number; given True"),
        ("98.98", ".nan", "field paper_value", "must be finite"),
        ("98.98", "null", "rule tolerance needs `paper_value`", ""),
        ("tolerance: 0.3,", "tolerance: -0.3,", "field judge.tolerance", "greater than or equal to 0; given -0.3"),
        ("tolerance: 0.3,", "tolerance: 1e-3,", "field judge.tolerance", "given '1e-3'"),
        ("tolerance: 0.3,", "", "field judge", "rule tolerance needs `tolerance`"),
        ("rule: tolerance,", "rule: order,", "field judge.rule", "given 'order'"),
        ("rule: tolerance,", "rule: ordering,", "field judge", "takes no `tolerance`"),
        (", threshold: 97", "", "field judge", "`expect` and `threshold` together"),
        ("expect: above", "expect: below", "expects below 97.0, but `paper_value` is 98.98", ""),
        ("threshold: 97", "threshold: 98.98", "expects above 98.98, but `paper_value` is 98.98", ""),
        ("expect: above", "expect: more", "field judge.expect", "given 'more'"),
        ("chapter: rotated-mnist", "chapter: null", "needs `chapter`, or `not_attempted`", ""),
        ("note: table 1", "not_attempted: no", "field not_attempted", "given False"),
        ("note: table 1", "not_attempted: no time", "has both `chapter` and `not_attempted`", ""),
        ("    measure: accuracy of softmax\n", "", "measured in chapter rotated-mnist, so it needs `measure`", ""),
        ("rotated digits.", "rotated digits.\n    statement: again", "key 'statement' stands a second time", ""),
        ("statement: The network recognises rotated digits.", "statement: ''", "field statement", "at least 1"),
    ],
)
def test_mistakes_name_file_claim_and_field(write, old, new, field, message):
    assert old in CLAIM
    with pytest.raises(ClaimsError) as caught:
        load(write(HEAD + NOT_ATTEMPTED + CLAIM.replace(old, new)))
    text = str(caught.value)
    assert "rudd2017.yaml: " in text and field in text and message in text
    if "second time" not in text:
        assert "claim rudd2017/softmax-raw, " in text and "hyperface" not in text


def test_ordering_needs_a_side(write):
    text = CLAIM.replace("{rule: tolerance, tolerance: 0.3, expect: above, threshold: 97}", "{rule: ordering}")
    with pytest.raises(ClaimsError, match="claim rudd2017/softmax-raw, field judge: rule ordering needs `expect`"):
        load(write(HEAD + text))


def test_a_claim_without_id_is_named_by_its_number(write):
    nameless = CLAIM.replace("id: rudd2017/softmax-raw", "note: x").replace("note: table 1", "")
    with pytest.raises(ClaimsError, match="claim number 2, field id: Field required"):
        load(write(HEAD + NOT_ATTEMPTED + nameless))


@pytest.mark.parametrize("id_", ["rudd2017", "rudd2017/Raw", "rudd2017/a b", "/raw"])
def test_ids_are_paper_slash_slug(write, id_):
    with pytest.raises(ClaimsError, match=f"rudd2017.yaml: claim {id_}, field id"):
        load(write(HEAD + CLAIM.replace("rudd2017/softmax-raw", id_)))


def test_an_id_begins_with_the_paper_of_its_file(write):
    with pytest.raises(ClaimsError, match="claim rudd2018/softmax-raw, field id: must begin with rudd2017/"):
        load(write(HEAD + CLAIM.replace("rudd2017/", "rudd2018/")))


def test_an_id_stands_once_in_a_file(write):
    with pytest.raises(ClaimsError, match="rudd2017.yaml: claim rudd2017/softmax-raw, field id: stands twice"):
        load(write(HEAD + CLAIM + CLAIM))


def test_an_id_stands_once_over_all_files(write):
    write(HEAD + CLAIM, "a")
    folder = write(HEAD + CLAIM, "b").parent
    with pytest.raises(ClaimsError, match="b.yaml: claim rudd2017/softmax-raw, field id: stands in a.yaml already"):
        load_all(folder=folder)


def test_a_chapter_that_does_not_exist(write):
    folder = write(HEAD + CLAIM + NOT_ATTEMPTED).parent
    assert len(load_all(["rotated-mnist"], folder)) == 2
    with pytest.raises(ClaimsError) as caught:
        load_all(["rotated-mnst", "mu-lenet"], folder)
    assert str(caught.value) == (
        "rudd2017.yaml: claim rudd2017/softmax-raw, field chapter: no chapter rotated-mnist "
        "(did you mean 'rotated-mnst'?); there are: rotated-mnst, mu-lenet"
    )


@pytest.mark.parametrize("text", ["", "- a\n", "paper: [\n", "paper: x\n"])
def test_what_is_no_ledger(write, text):
    with pytest.raises(ClaimsError, match="rudd2017.yaml: "):
        load(write(text))


def test_numpy_and_torch_scalars_become_plain_numbers(claims):
    scalars = dict(value=np.float32(98.5), interval=np.array([98.0, 99.0]), n=np.int64(7), seeds=np.int32(3))
    made = record(claims, "rotated-mnist", "rudd2017/softmax-raw", **MEASURED | scalars)
    assert (type(made.value), type(made.n), type(made.seeds)) == (float, int, int)
    assert made.interval == (98.0, 99.0) and all(type(end) is float for end in made.interval)
    json.dumps(made.model_dump(mode="json"))
    tensor = record(claims, "rotated-mnist", "rudd2017/softmax-raw", **MEASURED | dict(value=torch.tensor(98.5)))
    assert type(tensor.value) is float and tensor.value == 98.5


def test_a_record_comes_back_from_json(claims):
    made = record(claims, "rotated-mnist", "rudd2017/softmax-raw", **MEASURED)
    assert Record.model_validate(json.loads(made.model_dump_json())) == made


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"value": math.nan}, "field value: must be finite; given nan"),
        ({"value": np.float64("inf")}, "field value: must be finite; given inf"),
        ({"value": "98.9"}, "field value: .*; given '98.9'"),
        ({"value": True}, "field value: .*; given True"),
        ({"value": np.True_}, "field value: must be a number"),
        ({"value": np.array([1.0])}, "field value: .*valid number"),
        ({"value": None}, "field value: .*; given None"),
        ({"interval": (99.0, 98.0)}, "interval \\[99.0, 98.0\\] has its ends the wrong way round"),
        ({"interval": (1.0, 2.0, 3.0)}, "field interval"),
        ({"interval": (1.0, math.inf)}, "field interval.1: must be finite"),
        ({"interval": 3.0}, "field interval"),
        ({"n": 0}, "field n: .*; given 0"),
        ({"n": 3.0}, "field n: .*integer; given 3.0"),
        ({"seeds": np.True_}, "field seeds"),
        ({"seeds": -1}, "field seeds"),
        ({"unit": " "}, "field unit"),
        ({"tier": "real"}, "field tier: .*; given 'real'"),
        ({"sedes": 3}, "field sedes: Extra inputs"),
    ],
)
def test_reports_that_cannot_be_used(claims, wrong, message):
    with pytest.raises(ClaimsError, match=f"chapter rotated-mnist: claim rudd2017/softmax-raw, {message}"):
        record(claims, "rotated-mnist", "rudd2017/softmax-raw", **MEASURED | wrong)


def test_an_unknown_claim_names_the_chapter_and_the_near_one(claims):
    with pytest.raises(UnknownClaim) as caught:
        record(claims, "rotated-mnist", "rudd2017/softmax-row", **MEASURED)
    assert str(caught.value) == (
        "chapter rotated-mnist reports claim 'rudd2017/softmax-row', which no file in claims/ holds "
        "(did you mean 'rudd2017/softmax-raw'?); this chapter's are: rudd2017/softmax-raw"
    )


@pytest.mark.parametrize(
    ("chapter", "claim", "message"),
    [
        ("mu-lenet", "rudd2017/softmax-raw", "belongs to chapter rotated-mnist"),
        ("mu-lenet", "rudd2017/hyperface", "is marked not_attempted"),
    ],
)
def test_a_chapter_reports_only_its_own_claims(claims, chapter, claim, message):
    with pytest.raises(ClaimsError, match=f"chapter {chapter}: claim {claim} {message}"):
        record(claims, chapter, claim, **MEASURED)


def test_claims_cannot_be_changed(claims):
    with pytest.raises(ValueError, match="frozen"):
        claims["rudd2017/softmax-raw"].paper_value = 1.0
    assert isinstance(claims["rudd2017/softmax-raw"], Claim)
