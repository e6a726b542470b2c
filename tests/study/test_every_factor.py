"""The page of every factor: names and pictures belong together, and the same pictures come each time."""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image

from deepfeatures.data.synthfaces import FACTORS, sweeps
from deepfeatures.study import every_factor

LARGEST_BYTES = 1_500_000  # of the page with all its pictures


def test_every_factor_has_an_entry_with_its_row_of_the_picture(tmp_path):
    text = every_factor.page(["rendered-faces"])
    assert re.findall(r"^\*\*`(\w+)`\*\*$", text, re.MULTILINE) == [n for g in sweeps.groups() for n in g.names]
    assert "{doc}`/chapters/rendered-faces`" in text and "{doc}" not in every_factor.page([])
    every_factor.write(tmp_path)
    swept = sweeps.sweeps(["smile", "hat", "yaw_deg"])
    for name in swept:
        entry = text.partition(f"**`{name}`**")[2].partition("\n\n")[0]
        found = re.search(r'src="(.+?)" alt="(.+?)" width="(\d+)" height="(\d+)" style="margin-top: -(.+?)%"', entry)
        assert found is not None and name in found[2] and FACTORS[name].meaning in found[2]
        sheet = np.asarray(Image.open(tmp_path / found[1]).convert("RGB")).astype(int)
        assert sheet.shape == (int(found[4]), int(found[3]), 3)
        top = round(float(found[5]) / 100 * int(found[3]))
        for column, image in enumerate(swept[name].images):
            cut = sheet[top : top + 64, column * 66 : column * 66 + 64]
            others = [np.abs(cut - other.astype(int)).mean() for other in swept[name].images]
            assert np.argmin(others) == column and np.abs(cut - image.astype(int)).mean() < 5, (name, column)


def test_entries_say_range_unit_and_attributes():
    text = every_factor.page([])
    assert "[−90 to 90 degrees: positive: the nose points to larger image x.]" in text
    assert "[Off, on (in 12 % of images): of any shape. Decides, or helps to decide: `Wearing_Hat`.]" in text
    assert "here `goatee`, tied to it with correlation 0.8, has" in text
    assert "1.4 to 2.6 %: " in text and "Shown with `blurred`." in text
    assert f"The world has {len(FACTORS)} factors" in text


def test_pictures_are_the_same_bytes_each_time_and_small():
    first = every_factor.pictures()
    again = every_factor.pictures.__wrapped__()
    assert first == again and len(first) == len(sweeps.groups())
    assert sum(map(len, first.values())) + len(every_factor.page([]).encode()) < LARGEST_BYTES
    assert all(Image.open(io.BytesIO(one)).format == "WEBP" for one in first.values())
