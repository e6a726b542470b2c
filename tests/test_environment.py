"""pyproject.toml, requirements.lock and environment.yml describe one environment, on every promised platform."""
from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.programs import loaded

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-setup.lock", "requirements-cluster.lock", "requirements-kubernetes.lock")
OWN_LOCK = ("cluster", "kubernetes")  # extras that requirements.lock does not hold

PLATFORMS = {
    "Linux x86-64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "Linux arm64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
PYTHONS = ("3.11.7", "3.12.1", "3.13.0")


class Pin:
    """One entry of a lock: name, exact version, where it applies, how many files' hashes are given."""

    def __init__(self, entry: str) -> None:
        requirement, *hashes = re.split(r"\s+--hash=", entry.replace("\\\n", " "))
        self.text = requirement.strip()
        self.requirement = Requirement(self.text)
        self.name = canonicalize_name(self.requirement.name)
        self.hashes = [value.split()[0] for value in hashes]
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "==", self.text
        self.version = Version(specifier.version)

    def applies(self, platform: str, python: str) -> bool:
        marker: Marker | None = self.requirement.marker
        facts = {
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
            "python_full_version": python,
            "python_version": python.rsplit(".", 1)[0],
            **PLATFORMS[platform],
        }
        return marker is None or marker.evaluate(facts)


def pins(lock: str) -> list[Pin]:
    """Every entry: a line that starts in the first column and the indented lines after it, comments apart."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / lock).read_text(encoding="utf-8"))
    return [Pin(entry) for entry in re.split(r"\n(?=\S)", text.strip())]


def declared() -> list[Requirement]:
    """What requirements.lock must hold."""
    extras = PROJECT["optional-dependencies"].items()
    lines = [line for name, group in extras if name not in OWN_LOCK for line in group]
    return [Requirement(line) for line in [*PROJECT["dependencies"], *lines]]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    for pin in pins(lock):
        assert pin.hashes, f"{pin.text} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in pin.hashes), pin.text


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_declared_dependency_is_pinned_once_within_its_range(platform: str, python: str) -> None:
    locked: dict[str, list[Pin]] = {}
    for pin in pins("requirements.lock"):
        if pin.applies(platform, python):
            locked.setdefault(pin.name, []).append(pin)
    twice = [name for name, entries in locked.items() if len(entries) > 1]
    assert not twice
    for requirement in declared():
        entries = locked.get(canonicalize_name(requirement.name), [])
        assert entries, f"{requirement} is not in the lock for {platform}, Python {python}: make lock"
        assert requirement.specifier.contains(entries[0].version), f"{requirement} against {entries[0].text}: make lock"


@pytest.mark.parametrize("extra", OWN_LOCK)
def test_what_a_cluster_needs_agrees_with_the_main_lock_and_adds_no_more_than_it_must(extra: str) -> None:
    main = {pin.name: pin for pin in pins("requirements.lock")}
    own = {pin.name: pin for pin in pins(f"requirements-{extra}.lock")}
    for name in main.keys() & own.keys():
        assert own[name].version == main[name].version, f"{name}: make lock"
    for line in PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(line)
        assert requirement.name not in main
        assert requirement.specifier.contains(own[canonicalize_name(requirement.name)].version), "make lock"


def test_torch_and_torchvision_are_the_pair_that_pyproject_names() -> None:
    locked = {pin.name: pin for pin in pins("requirements.lock")}
    for requirement in declared():
        if requirement.name in ("torch", "torchvision"):
            assert str(requirement.specifier) == f"=={locked[requirement.name].version}"
            # One wheel for each Python on each of Linux x86-64, Linux arm64 and macOS.
            assert len(locked[requirement.name].hashes) >= len(PYTHONS) * len(PLATFORMS)


def test_conda_takes_python_within_range_and_everything_else_from_the_lock() -> None:
    python, pip, section = CONDA["dependencies"]
    version = python.removeprefix("python=")
    assert Version(version) in SpecifierSet(PROJECT["requires-python"])
    assert pip == "pip"
    assert section == {"pip": ["-r requirements.lock"]}
    assert CONDA["name"] == PROJECT["name"]


def test_every_main_dependency_is_looked_at_by_the_set_up() -> None:
    setup = loaded("workflow/setup.py")
    modules = setup.main_modules(ROOT)
    assert len(modules) == len(PROJECT["dependencies"]) + 1
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    assert not missing
    assert f"{setup.SUPPORTED[0][0]}.{setup.SUPPORTED[0][1]}" in PROJECT["requires-python"]
