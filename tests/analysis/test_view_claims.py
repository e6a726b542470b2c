"""Every claim of chapter views-and-quality is answered from made-up worlds, and what was planted is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import (
    quality_copies,
    quality_explorer,
    quality_maps,
    quality_tables,
    quality_worlds,
    view_claims,
    view_encoded,
    view_measures,
    view_tables,
    view_worlds,
)
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.data.damage import KINDS
from deepfeatures.data.pose_table import PoseTable
from deepfeatures.study import claims
from deepfeatures.study.encoded import Encoded
from deepfeatures.study.opened import Described
from tests.analysis import made_up_qualities
from tests.analysis.made_up_qualities import PEOPLE, N

Artifacts = dict[str, list[Described]]


class Answers:
    """A read-out in memory: of pose, with an error of 6 degrees against a constant's 30, or of labels."""

    def __init__(self, *, error: float, wrong: float) -> None:
        rng = np.random.default_rng(0)
        truth = rng.uniform(-60, 60, (N, 2))
        frame = np.where(rng.random(N) < 0.3, 1, -1)
        said = np.where(rng.random(N) < wrong, -frame, frame).astype(float)
        self.summary = {"targets": ["yaw", "pitch"], "labels": ["frame"], "counts": {"frame": [10, 20]}}
        self.arrays = {
            "truth": truth, "linear": truth + rng.choice([-error, error], (N, 2)),
            "median": 0 * truth, "mean": 0 * truth, "identity": np.repeat(np.arange(PEOPLE), N // PEOPLE),
            "scores": said[:, None], "signs": frame[:, None],
        }  # fmt: skip

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return made_up_qualities.artifacts(tmp_path_factory.mktemp("worlds"))


@pytest.fixture(scope="module")
def poses(artifacts: Artifacts) -> PoseTable:
    ids = np.asarray(artifacts["faces/celeba"][0]["ids"])
    side = 100 + 50 * np.arange(N) / N
    return PoseTable(ids, *(np.zeros((3, N))), side, np.ones(N, int), "poses-0")


@pytest.fixture(scope="module")
def pictures(artifacts: Artifacts, poses: PoseTable) -> list[quality_worlds.Pictures]:
    return quality_worlds.pictures(artifacts, poses)


def rendered_only(artifacts: Artifacts) -> Artifacts:
    return {name: group for name, group in artifacts.items() if "celeba" not in name and "damaged" not in name}


def read_outs(world: str, networks: tuple[str, ...]) -> dict[str, list[Answers]]:
    return {
        f"{kind}/{world}/{network}/embedding": [Answers(error=6.0 + 6 * at, wrong=0.1 + 0.1 * at)]
        for kind in ("pose", "labels") for at, network in enumerate(networks)
    }  # fmt: skip


def measured(artifacts: Artifacts, pictures: object, readouts: object) -> dict[str, Interval]:
    seen = view_worlds.seen(artifacts)
    return view_claims.measure(readouts, seen, pictures, permutations=200, resamples=100, rng=rng())  # type: ignore


def test_every_claim_is_answered_and_what_was_planted_is_found(artifacts: Artifacts) -> None:
    own = rendered_only(artifacts)
    found = measured(own, quality_worlds.pictures(own), read_outs("rendered", ("trained",)))
    ledger = claims.load_all(known_chapters=None)
    mine = {name for name, claim in ledger.items() if claim.chapter == "views-and-quality"}
    by_rudd = view_claims.said_by_rudd(view_worlds.seen(own), rng=rng())
    assert {f"parde2016/{name}" for name in found} | {f"rudd2017/{name}" for name in by_rudd} == mine
    for name, one in found.items():
        assert one.unit == "identity" and one.n == PEOPLE and one.lo <= one.value <= one.hi, name
    assert 4 < found["yaw-readable"].value < 6 and found["still-or-video-readable"].value == pytest.approx(90, abs=5)
    assert found["view-some-dependent"].value == 0.5 == found["view-some-independent"].value
    assert found["view-people-not-features"].lo > 0.3 and found["view-consistent"].lo > 0.7
    assert found["quality-in-features"].hi < -0.5 and found["centre-low-quality"].value > 0.99
    assert found["quality-monotone"].value >= 0 and found["centre-unusable"].value > 0.6


def test_with_photographs_the_worse_of_the_two_networks_is_judged(
    artifacts: Artifacts, pictures: list[quality_worlds.Pictures]
) -> None:
    readouts = read_outs("celeba", ("mobilefacenet-ms1m", "mobilefacenet-casia"))
    seen = [one for one in view_worlds.seen(artifacts) if one.world == "views"]
    found = view_claims.read(readouts, resamples=100, rng=rng())  # type: ignore[arg-type]
    worse = view_claims.read({n: g for n, g in readouts.items() if "casia" in n}, resamples=100, rng=rng())  # type: ignore
    assert found["yaw-readable"].value == worse["yaw-readable"].value < 3  # type: ignore[union-attr]
    assert found["still-or-video-readable"].value == pytest.approx(80, abs=5)  # type: ignore[union-attr]
    quality = view_claims.quality(pictures, resamples=100, rng=rng())
    spoilt = {one.network: one for one in pictures if one.world == quality_worlds.SPOILT}
    ranks = quality_tables.correlations(list(spoilt.values()), resamples=100, rng=rng())
    row = ranks[(ranks["factor"] == "defects") & (ranks["distance"] == "origin")].set_index("network")["rho"]
    assert quality["quality-in-features"].value == pytest.approx(row["mobilefacenet-casia"])  # type: ignore[union-attr]
    assert row["mobilefacenet-ms1m"] < row["mobilefacenet-casia"] < -0.3 and abs(row["pixels"]) < 0.2
    assert {one.network for one in seen} == {"pixels", "trained"}


def test_a_half_of_the_photographs_is_spoilt_and_the_rest_are_not(
    artifacts: Artifacts, pictures: list[quality_worlds.Pictures]
) -> None:
    [one] = [p for p in pictures if (p.world, p.network) == (quality_worlds.SPOILT, "mobilefacenet-ms1m")]
    [whole] = artifacts["features/celeba/mobilefacenet-ms1m"]
    [worse] = artifacts["damaged/mobilefacenet-ms1m"]
    damage = one.truth[list(KINDS)].to_numpy()
    assert 0.4 < damage.any(axis=1).mean() < 0.6 and (damage.sum(axis=1) <= 1).all()
    for at, row in enumerate(one.row.tolist()):
        source = worse if damage[at].any() else whole
        np.testing.assert_array_equal(one.features[0][at], source["embedding"][row])
        if damage[at].any():
            assert worse["kind"][row] == damage[at].argmax()
    believed = np.isfinite(np.asarray(artifacts["faces/celeba"][0]["pose"])[:, 0])
    assert not believed[one.row].all() or set(one.row) == set(np.flatnonzero(believed)) - {N - 1}
    extreme = (one.truth["|yaw|"] >= 45).to_numpy()
    assert (one.defects[~damage.any(axis=1) & extreme] >= 1).all()


def test_small_faces_are_known_where_the_table_is_and_nothing_is_where_it_is_not(
    artifacts: Artifacts, pictures: list[quality_worlds.Pictures]
) -> None:
    [one] = [p for p in pictures if (p.world, p.network) == ("celeba", "pixels")]
    np.testing.assert_allclose(one.truth["small face"], -(100 + 50 * one.row / N))
    without = quality_worlds.pictures(artifacts, None)
    assert not [p for p in without if p.world.startswith("celeba") and len(p.truth)]


def test_a_defect_that_shortens_vectors_brings_them_nearer_by_its_strength(artifacts: Artifacts) -> None:
    table = quality_copies.rendered(artifacts, resamples=100, rng=rng())
    table = table.set_index(["network", "distance", "level"]).sort_index()
    origin = table.loc[("trained", "origin")].groupby("level")["change"].mean()
    assert origin[1] < -2 and origin[2] == pytest.approx(2 * origin[1], rel=0.05)
    assert table.loc[("pixels", "origin")]["change"].abs().max() < 1e-4
    assert table.loc[("trained", "unit")]["change"].abs().max() < 1e-3  # length alone was changed
    spoilt = {(row[0], row[1]): row[2:] for row in quality_copies.photographs(artifacts, resamples=100, rng=rng())}
    assert all(change.hi < 0 for change in spoilt["mobilefacenet-ms1m", "origin"])
    assert all(abs(change.value) < 0.5 for change in spoilt["pixels", "origin"])
    assert quality_copies.photographs(rendered_only(artifacts), resamples=100, rng=rng()) == []


def test_tables_agree_with_what_they_are_made_of(artifacts: Artifacts, pictures: list[quality_worlds.Pictures]) -> None:
    found = view_measures.measure(view_worlds.seen(artifacts, ["trained"]), permutations=200, rng=rng())
    views = [one for one in found if one.of.world == "views"]
    [row] = view_tables.moved(views)
    assert row[:4] == ["rendered, designed", "trained", PEOPLE, 24 * PEOPLE] and row[6] == "50 %" and row[7] == "0 %"
    assert row[4].value == pytest.approx(4 / 2, rel=0.15)  # of half the people, 2 sd squared
    shares = views[0].of_features, views[0].control_features, views[0].of_features_alike
    assert (row[8], row[9], row[10]) == tuple(f"{100 * share:.0f} %" for share in shares)
    assert row[8] == "100 %" and row[9] == "0 %"  # every feature of those people moves, each in its own direction
    [head] = view_tables.head_on(views)
    assert head[5].value == pytest.approx(views[0].split.advantage) and head[7] == "–"
    shares = view_tables.variances(views)
    assert shares["share"].sum() == pytest.approx(1) and list(shares["part"]) == list(view_measures.PARTS)
    along = quality_tables.along(pictures, parts=4, resamples=100, rng=rng())
    [own] = [one for one in pictures if (one.world, one.network) == ("rendered", "trained")]
    falling = along[(along["network"] == "trained") & (along["distance"] == "origin")]["defects"].to_numpy()
    assert falling.mean() == pytest.approx(own.defects.mean()) and falling[0] > falling[1] > falling[2] > falling[3]
    ranks = quality_tables.correlations(pictures, resamples=100, rng=rng())
    headings, rows = quality_tables.correlation_rows(ranks)
    assert len(rows) == len(ranks) / 3 and headings[:3] == ["world", "network", "factor"]
    for row in rows:
        for kind, cell in zip(headings[3:], row[3:], strict=True):
            of = (ranks[["world", "network", "factor", "distance"]] == [*row[:3], kind]).all(axis=1)
            [one] = ranks[of].itertuples()
            assert (cell.value, cell.lo, cell.hi) == (one.rho, one.lo, one.hi)
    centre = {tuple(row[:3]): row[3:] for row in quality_tables.centre(pictures, resamples=100, rng=rng())}
    near, far, every, curve = centre["rendered", "trained", "origin"]
    assert near.value > 0.99 and far.value < 0.1 and every.value == pytest.approx((own.defects > 0).mean())
    assert curve.value > 0.95


def test_the_map_and_the_viewer_show_the_images_they_speak_of(
    artifacts: Artifacts, pictures: list[quality_worlds.Pictures]
) -> None:
    found = quality_maps.maps(artifacts, pictures)
    points, colours = found["rendered", "trained"]
    assert list(quality_maps.titled(found)) == ["rendered, trained"]
    values = np.asarray(artifacts["features/rendered/trained"][0]["embedding"])
    np.testing.assert_allclose(colours["distance from the origin"], np.linalg.norm(values[::2], axis=1), rtol=1e-5)
    assert points["PCA"].shape == (N // 2, 2) and set(colours) == {"distance from the origin", "known defects"}
    [row] = quality_maps.kept(artifacts, pictures)
    assert row[2] == pytest.approx(0.5) and row[3] > 0.9 and row[5] == pytest.approx((N / 2 / PEOPLE - 1) / (N / 2 - 1))
    viewer = quality_maps.along(artifacts, pictures, count=7)
    assert (np.diff(viewer.distance) > 0).all() and len(viewer.images) == 7
    lengths = np.linalg.norm(values, axis=1)
    nearest, farthest = lengths.argmin(), lengths.argmax()
    np.testing.assert_array_equal(viewer.images[0], artifacts["faces/rendered"][0]["images"][nearest])
    np.testing.assert_array_equal(viewer.images[-1], artifacts["faces/rendered"][0]["images"][farthest])


def test_same_person_neighbours_by_hand() -> None:
    points = np.array([[0.0, 0], [0, 0.1], [5, 5], [5, 5.2], [5, 5.1]])
    assert quality_maps.same_person(points, np.array([1, 1, 2, 2, 3])) == pytest.approx(0.4)


def test_cells_of_the_matrix_are_of_video_frames_alone(tmp_path: Path) -> None:
    readouts = {"rendered/trained/embedding": [Answers(error=6, wrong=0.1)]}
    table = view_tables.classified(readouts, resamples=100, rng=rng())  # type: ignore[arg-type]
    cells = view_encoded.cells(table)
    assert len(cells) == 1 and cells[0]["seeds"] == 1 and cells[0]["n"] == PEOPLE
    own = {"label": "still-or-frame", "chapter": "views-and-quality", "tier": "rendered", "profile": "smoke"}
    assert Encoded.model_validate({**cells[0], **own}).above_chance == pytest.approx(0.8, abs=0.1)
    assert view_encoded.cells(table.assign(label="turned")) == []


def test_rows_of_tables_say_what_the_frames_hold() -> None:
    readouts = {
        "rendered/trained/embedding": [Answers(error=6, wrong=0.1)],
        "celeba/pixels/pixels": [Answers(error=3, wrong=0.5)],
    }
    rows = view_tables.angle_rows(readouts, resamples=100, rng=rng())  # type: ignore[arg-type]
    assert [row[:4] for row in rows] == [[*name.split("/"), str(N)] for name in readouts]
    assert rows[0][4].startswith("6.0 [6.0") and 0.95 < rows[0][6] < 1 and len(rows[0]) == 10
    table = view_tables.classified(readouts, resamples=100, rng=rng())  # type: ignore[arg-type]
    labels = view_tables.label_rows(table)
    assert labels[0][:5] == ["rendered", "trained", "embedding", "–", "–"] and labels[0][5].endswith(" of 10")
    assert view_tables.with_ends(-1.5, -2.0, 0.25, 1) == "−1.5 [−2.0, 0.2]"
    assert view_tables.with_ends(1.0, float("nan"), float("nan"), 2) == "1.00"


def test_the_explorer_along_the_distance_goes_from_the_nearest_to_the_farthest(
    artifacts: Artifacts, pictures: list[quality_worlds.Pictures]
) -> None:
    table = quality_explorer.grid(artifacts, pictures, count=5)
    own = table[table["network"] == "trained"]
    [one] = [one for one in pictures if (one.world, one.network) == ("rendered", "trained")]
    far = np.linalg.norm(np.asarray(one.features[0], np.float64), axis=1)
    assert own["distance"].tolist() == pytest.approx(np.sort(far)[np.linspace(0, len(far) - 1, 5).round().astype(int)])
    assert own["place"].tolist() == [f"{place} of 5" for place in range(1, 6)]
    assert own["nearer"].iloc[0] == 0 and own["nearer"].is_monotonic_increasing and own["nearer"].iloc[-1] > 90
    assert set(table["network"]) == {one.network for one in pictures if one.world == "rendered"}
    for row in own.itertuples():
        assert (row.known == "none") == (row.defects == 0)
        words = row.known.split(", ") if row.defects else []
        assert len(words) in (row.defects, row.defects - 1)  # a video frame may be small as well


def test_defects_in_words() -> None:
    nothing = {"|yaw|": 59.9, "blur": 0.0, "resolution lost": 0.0, "video frame": 0.0, "occlusion": 0.0}
    assert quality_explorer.in_words(nothing) == "none"
    bad = {"|yaw|": 60.0, "blur": 2.04, "resolution lost": 70.0, "video frame": 1.0, "occlusion": 9.0}
    assert quality_explorer.in_words(bad) == (
        "out of focus (2.0 % of the side), video frame (70 % of the resolution lost), 9 % covered, profile"
    )
    assert quality_explorer.in_words({**nothing, "resolution lost": 50.0}) == "small (50 % of the resolution lost)"
