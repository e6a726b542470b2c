"""A chapter's parameters say which data it reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deepfeatures.data import mnist
from deepfeatures.study import sources
from tests.data.made_up_faces import write_celeba, write_pointing04


def test_photographs_means_faces_and_dataset_means_digits(tmp_path: Path) -> None:
    assert sources.resolve({"photographs": "none"}, tmp_path).name == "synthfaces"
    digits = sources.resolve({"dataset": "digits"}, tmp_path)
    assert (digits.name, digits.tier) == ("digits", "substitute")
    with pytest.raises(KeyError, match="dataset"):
        sources.resolve({"people": 3}, tmp_path)
    with pytest.raises(FileNotFoundError, match="CelebA is not under"):
        sources.resolve({"photographs": "celeba"}, tmp_path)


def test_the_data_of_a_published_page_without_the_data(tmp_path: Path) -> None:
    assert sources.as_published({"dataset": "auto"}, None).fingerprint == mnist.FINGERPRINT
    assert sources.as_published({"photographs": "celeba"}, None).tier == "rendered"  # a page that recorded none
    write_celeba(tmp_path, [1, 1, 2], [0, 0, 2])
    write_pointing04(tmp_path, people=1)
    page = sources.resolve({"photographs": "celeba"}, tmp_path)
    again = sources.as_published({"photographs": "celeba"}, page.fingerprint)
    assert (again.fingerprint, again.tier, again.publishable) == (page.fingerprint, "substitute", True)


def test_relative_folders_mean_the_same_to_processes_that_start_elsewhere(tmp_path, monkeypatch):
    from deepfeatures.study import paths

    monkeypatch.chdir(tmp_path)
    for name in paths.VARIABLES:
        monkeypatch.setenv(name, "here")
    paths.settle()
    monkeypatch.chdir("/")
    assert {os.environ[name] for name in paths.VARIABLES} == {str(tmp_path / "here")}
    assert paths.data_root() == tmp_path / "here"
