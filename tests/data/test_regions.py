"""Windows of a face, blocks and bands."""

import numpy as np
import pytest

from deepfeatures.data.regions import GREY, REGIONS, as_seen, band, block

IMAGES = np.random.default_rng(0).integers(0, 100, (3, 48, 48, 3), np.uint8)


def test_a_window_at_its_own_size_is_a_piece_of_the_image():
    for region, (top, left, share) in REGIONS.items():
        side = round(48 * share)
        expected = IMAGES[:, round(48 * top) :, round(48 * left) :][:, :side, :side]
        assert (as_seen(IMAGES, region, side) == expected).all(), region


def test_the_whole_face_is_made_smaller_by_means_of_neighbours():
    ramp = np.broadcast_to((np.arange(48, dtype=np.uint8) * 2)[:, None, None], (48, 48, 3))[None]
    seen = as_seen(np.ascontiguousarray(ramp), "face", 24)
    assert seen.shape == (1, 24, 24, 3)
    assert (seen[0, :, 5, 1] == np.arange(24) * 4 + 1).all()


def test_chunks_change_nothing():
    assert (as_seen(IMAGES, "centre", 16, chunk=2) == as_seen(IMAGES, "centre", 16)).all()


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_block_is_a_grey_square_of_its_size_and_all_else_stays(share):
    hidden = block(IMAGES, share, rng=np.random.default_rng(1))
    changed = (hidden != IMAGES).any(axis=3)
    side = round(48 * share)
    assert (hidden[changed] == GREY).all()
    for one in changed:
        rows, columns = np.flatnonzero(one.any(axis=1)), np.flatnonzero(one.any(axis=0))
        assert one.sum() == side**2 and len(rows) == len(columns) == side
    assert (IMAGES < 100).all()  # what was given is as it was


def test_blocks_lie_at_different_places_and_a_seed_fixes_them():
    one, again = (block(IMAGES, 0.3, rng=np.random.default_rng(1)) for _ in range(2))
    assert (one == again).all()
    assert len({tuple(np.argwhere((o != i).any(axis=2))[0]) for o, i in zip(one, IMAGES, strict=True)}) == 3


def test_a_band_is_the_lowest_rows():
    hidden = band(IMAGES, 0.25)
    assert (hidden[:, 36:] == GREY).all() and (hidden[:, :36] == IMAGES[:, :36]).all()


def test_what_is_no_region_or_share_is_refused():
    with pytest.raises(ValueError, match="region='nose': allowed are face, centre"):
        as_seen(IMAGES, "nose", 32)
    with pytest.raises(ValueError, match=r"share=1\.5: from 0 to 1"):
        band(IMAGES, 1.5)
    with pytest.raises(ValueError, match="square ones are needed"):
        as_seen(IMAGES[:, :40], "face", 32)
