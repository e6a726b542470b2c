"""Reading the factors of rendered images: planted answers, slow twins, and people who are never on both sides."""

import json

import numpy as np
import pandas as pd
import pytest

from deepfeatures.analysis import factor_readout, factors
from deepfeatures.analysis.factor_subjects import ATTRIBUTES, SUBJECTS
from deepfeatures.data import faces
from deepfeatures.data.identities import identity_folds
from deepfeatures.data.synthfaces.factors import FACTORS


def people(n_people=24, each=10):
    return np.repeat(np.arange(n_people), each)


def read(features, truth, identity, rng):
    fold = identity_folds(identity, 4, rng=rng)
    found, chosen = factor_readout.read_out(features, truth, identity, fold, centres=100, seed=0, rng=rng)
    return found, chosen, fold


def share(found, truth, way):
    return 1 - np.square(found[way] - truth).sum(0) / np.square(found["mean"] - truth).sum(0)


def test_each_way_of_reading_reads_what_was_planted_for_it_and_nothing_else():
    rng = np.random.default_rng(0)
    identity = people()
    features = rng.standard_normal((len(identity), 12))
    one_unit = features[:, 3]
    spread = features @ rng.standard_normal(12) / 12**0.5  # linear, but in no single unit
    radius = np.square(features[:, :2]).sum(axis=1)  # in no linear direction
    noise = rng.standard_normal(len(identity))
    truth = np.stack([one_unit, spread, radius, noise], axis=1)
    found, chosen, _ = read(features, truth, identity, rng)
    unit, linear, kernel = (share(found, truth, way) for way in ("unit", "linear", "kernel"))
    assert unit[0] > 0.99 and (chosen[:, 0] == 3).all()
    assert unit[1] < 0.6 < 0.99 < linear[1]
    assert linear[2] < 0.1 < 0.3 < kernel[2]
    assert max(unit[3], linear[3], kernel[3]) < 0.05


def test_a_fold_is_read_by_other_people_only():
    """A feature that names the person reads a number of a person perfectly from inside, and not at all out of fold."""
    rng = np.random.default_rng(1)
    identity = people()
    truth = rng.standard_normal(24)[identity][:, None]
    features = np.eye(24)[identity] + 1e-3 * rng.standard_normal((len(identity), 24))
    found, _, fold = read(features, truth, identity, rng)
    assert all(len(set(fold[identity == one])) == 1 for one in range(24))
    assert share(found, truth, "linear")[0] < 0.1


def test_no_answer_lies_beyond_what_the_other_people_have():
    rng = np.random.default_rng(3)
    identity = people()
    features = np.zeros((len(identity), 2))
    features[:, 1] = rng.standard_normal(len(identity))
    features[[5, 100, 200], 0] = 1.0, 1.0, 1e3  # fires three times, once a thousandfold
    truth = (features[:, :1] > 0).astype(float)
    found, _, _ = read(features, truth, identity, rng)
    assert all(found[way].min() >= 0 and found[way].max() <= 1 for way in factor_readout.WAYS)


def test_the_best_unit_is_the_one_a_loop_finds_and_a_dead_one_is_never_it():
    rng = np.random.default_rng(2)
    features = rng.standard_normal((200, 7))
    features[:, 2] = 1.5  # dead
    truth = features[:, [4, 0]] * [-2.0, 0.5] + 0.3 * rng.standard_normal((200, 2))
    unit, predict = factor_readout.best_unit(features, truth)
    slow = []
    for column in truth.T:
        strength = [0.0 if np.ptp(x) == 0 else abs(np.corrcoef(x, column)[0, 1]) for x in features.T]
        slow.append(int(np.argmax(strength)))
    assert unit.tolist() == slow == [4, 0]
    for target, one in enumerate(unit):
        slope, intercept = np.polyfit(features[:, one], truth[:, target], 1)
        np.testing.assert_allclose(predict(features)[:, target], slope * features[:, one] + intercept, atol=1e-10)


def test_where_every_unit_is_dead_the_mean_is_read():
    unit, predict = factor_readout.best_unit(np.ones((50, 3)), np.arange(50.0)[:, None])
    assert unit.shape == (1,)
    np.testing.assert_allclose(predict(np.ones((4, 3))), 24.5)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    faces.make(folder, {}, folder, dataset="rendered", seed=3, identities=8, images_per_identity=4, side_px=32)
    return folder


def test_targets_are_the_worlds_own_numbers_sorted_by_subject(rendered):
    names, subjects, truth = factor_readout.targets(rendered)
    known = json.loads((rendered / "meta.json").read_text())["factors"]
    table = np.load(rendered / "factors.npy")
    np.testing.assert_array_equal(truth[:, names.index("yaw_deg")], table[:, known.index("yaw_deg")])
    assert [one for one in SUBJECTS if one in subjects] == list(dict.fromkeys(subjects))
    assert (np.ptp(truth, axis=0) > 0).all()
    assert set(np.unique(truth[:, [at for at, one in enumerate(subjects) if one == ATTRIBUTES]])) == {0.0, 1.0}


def test_every_subject_names_factors_of_the_world_and_none_twice():
    named = [name for names in SUBJECTS.values() for name in names]
    assert len(set(named)) == len(named) and set(named) <= set(FACTORS)


def test_features_of_other_faces_and_faces_without_factors_are_refused(rendered, tmp_path):
    np.save(tmp_path / "ids.npy", np.load(rendered / "ids.npy")[::-1])
    with pytest.raises(ValueError, match="of other faces, or in another order"):
        factor_readout.make(tmp_path, {"faces": rendered, "features": tmp_path}, layer="x", folds=2, seed=0)
    with pytest.raises(ValueError, match="these faces have no factors"):
        factor_readout.make(tmp_path, {"faces": tmp_path, "features": tmp_path}, layer="x", folds=2, seed=0)


class Folder(dict):
    @property
    def summary(self):
        return {"subjects": ["pose", "pose", "light"]}


def test_shares_are_of_the_error_of_the_mean_and_averaged_over_a_subjects_targets_and_networks():
    rng = np.random.default_rng(4)
    truth = rng.standard_normal((60, 3))
    base = {"truth": truth, "mean": np.zeros((60, 3)), "identity": np.repeat(np.arange(12), 5)}
    half, none = truth * 0.5, np.zeros((60, 3))  # leaves a quarter, and all, of the squared error
    one = Folder(**base, linear=np.stack([truth[:, 0], half[:, 1], none[:, 2]], axis=1))
    other = Folder(**base, linear=none)
    found = factors.explained([one], "linear", resamples=50, rng=rng)
    assert found["pose"].value == pytest.approx((1 + 0.75) / 2) and found["light"].value == pytest.approx(0)
    assert found["pose"].lo <= found["pose"].value <= found["pose"].hi and found["pose"].n == 12
    both = factors.explained([one, other], "linear", resamples=50, rng=rng)
    assert both["pose"].value == pytest.approx((1 + 0.75) / 4) and both["pose"].seeds == 2


def test_cells_for_the_matrix_leave_the_background_out():
    row = {"network": "pixels", "layer": "pixels", "reading": "linear", "share": 0.1, "lo": 0.0, "hi": 0.2,
           "people": 9, "seeds": 1}  # fmt: skip
    rows = [{"subject": subject, **row} for subject in ("pose", "background")]
    cells = factors.encoded(pd.DataFrame(rows))
    assert [(cell["subject"], cell["value"], cell["seeds"]) for cell in cells] == [("pose", 0.1, 0)]
