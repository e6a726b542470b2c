"""The benchmark page from results and targets: every number and verdict follows from the files."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from deepfeatures.study import benchmarks
from deepfeatures.study.benchmarks import BadBenchmark
from tests.conftest import ROOT
from tests.programs import loaded

TARGETS = """\
fast:
  what: Something | quick
  peer: the plain loop
  targets:
    - {key: ratio, at_least: 5}
    - {key: gap, at_most: 1.0e-5}
    - {key: same, equals: true}
never:
  what: Nothing yet
  peer: ""
  targets: [{key: ratio, at_least: 2}]
rate:
  what: A rate
  peer: ""
  targets: []
"""
MACHINE = {"cpu": "Some CPU", "cores": 2, "memory_gb": 25, "platform": "Linux x86_64", "load_average": 0.2,
           "packages": {"numpy": "2.4.6"}}  # fmt: skip
FAST = {"name": "fast", "date": "2026-01-02", "rounds": 3, "unit": "s", "ours": 0.5, "peer": 2.0, "ratio": 4.0,
        "gap": 2e-7, "same": True, "machine": MACHINE, "commit": {"sha": "f" * 40, "dirty": True}}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "targets.yaml").write_text(TARGETS)
    (tmp_path / "results").mkdir()
    return tmp_path


def keep(folder: Path, result: dict[str, Any], name: str | None = None) -> None:
    (folder / "results" / f"{name or result['name']}.json").write_text(json.dumps(result))


def line(text: str, words: str) -> str:
    (found,) = [one for one in text.splitlines() if words in one and one.startswith("|")]
    return found


def test_met_unmet_and_unmeasured_are_told_apart(folder: Path) -> None:
    keep(folder, FAST)
    text = benchmarks.page(folder)
    assert text.startswith("Targets: 2 ✓ met, 1 ✗ not met, 1 – not measured.")
    first = line(text, "ratio at least 5")
    assert "| 0.5 s | 2 s | 4 | ratio at least 5 | 4 | ✗ not met |" in first
    assert "[Peer: the plain loop.]" in first and "Something \\| quick" in first
    assert line(text, "gap at most").endswith("| gap at most 1.0e-05 | 2.0e-07 | ✓ met |")
    assert line(text, "same yes").endswith("| same yes | yes | ✓ met |")
    assert line(text, "**never**").endswith("| ratio at least 2 |  | – not measured |")


def test_details_say_when_where_and_at_which_commit(folder: Path) -> None:
    keep(folder, FAST)
    text = benchmarks.page(folder)
    assert "(benchmark-fast)=\n## fast" in text and "[fast](#benchmark-fast)" in text
    assert "3 rounds, medians; 2026-01-02; Some CPU, Linux x86_64, 2 cores, 25 GB, numpy 2.4.6" in text
    assert f"commit `{'f' * 12}` with uncommitted changes" in text and "busy" not in text
    keep(folder, FAST | {"machine": MACHINE | {"load_average": 3.5}})
    assert "the machine was busy (load 3.5 on 2 cores): wall times are too long" in benchmarks.page(folder)


def test_a_rate_has_neither_peer_nor_verdict(folder: Path) -> None:
    given = {"name": "rate", "date": "2026-01-02", "rounds": 1, "machine": MACHINE,
             "images_per_s": {"net_a": 1234.5, "net_b": 7}}  # fmt: skip
    keep(folder, given)
    text = benchmarks.page(folder)
    assert line(text, "**[rate]").endswith("|  |  |  | none |  |  |")
    assert "net a: 1,234; net b: 7" in text or "net a: 1,235; net b: 7" in text


def test_without_results_or_targets_the_page_says_so(folder: Path, tmp_path: Path) -> None:
    assert "Targets: 4 – not measured" in benchmarks.page(folder)
    assert benchmarks.page(tmp_path / "none") == "No benchmark is declared in this checkout."


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "other"}, r"results/fast.json: lacks \[\], or is of another"),
        ({"date": None, "machine": None}, None),
        ({"ratio": None}, None),
    ],
)
def test_a_result_that_does_not_fit_is_named(folder: Path, changed: dict[str, Any], complaint: str | None) -> None:
    keep(folder, {key: value for key, value in (FAST | changed).items() if value is not None}, "fast")
    with pytest.raises(BadBenchmark, match=complaint or "results/fast.json"):
        benchmarks.page(folder)


def test_results_of_nothing_known_and_broken_files_are_refused(folder: Path) -> None:
    (folder / "results" / "fast.json").write_text("[")
    with pytest.raises(BadBenchmark, match="results/fast.json is not a JSON object"):
        benchmarks.page(folder)
    (folder / "results" / "fast.json").unlink()
    keep(folder, FAST | {"name": "stray"})
    with pytest.raises(BadBenchmark, match="results of stray, which targets.yaml does not have"):
        benchmarks.page(folder)


@pytest.mark.parametrize(
    "target", ["{key: ratio}", "{key: ratio, at_least: 2, at_most: 3}", "{key: ratio, at_least: many}", "{at_least: 2}"]
)
def test_a_target_has_a_key_and_one_rule(folder: Path, target: str) -> None:
    (folder / "targets.yaml").write_text(f"fast:\n  what: x\n  peer: y\n  targets: [{target}]\n")
    with pytest.raises(BadBenchmark, match="targets.yaml: fast: "):
        benchmarks.declared(folder)


def test_every_benchmark_of_the_project_is_declared_and_every_result_fits() -> None:
    module = runner()
    known = benchmarks.declared(ROOT / "benchmarks")
    elsewhere = {"chaos", "slurm-test"}  # run by commands of their own: they have no peer, and are no matter of speed
    assert [one.name for one in known] and {one.name for one in known} == {*module.BENCHMARKS, *elsewhere}
    assert "Targets: " in benchmarks.page(ROOT / "benchmarks")
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        assert "/home/" not in path.read_text() and "/root" not in path.read_text()


@pytest.mark.parametrize("name", ["chaos", "slurm-test", "sharded-extraction"])
def test_what_is_no_matter_of_speed_is_met(name: str) -> None:
    """Nobody repeats these in minutes: what was kept of them is held to what was asked for."""
    (one,) = [one for one in benchmarks.declared(ROOT / "benchmarks") if one.name == name]
    result = benchmarks.results(ROOT / "benchmarks")[name]
    assert one.targets and [str(target) for target in one.targets if not target.met(result)] == []
    assert not result.get("failures") and not result.get("left_out")


def test_every_benchmark_is_a_function_of_its_module() -> None:
    for name, where in runner().BENCHMARKS.items():
        module, _, function = where.partition(":")
        tree = ast.parse((ROOT / "benchmarks" / f"{module}.py").read_text())
        assert (function or "measure") in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


def test_times_of_chapters_have_what_their_targets_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    times, asked = runner("chapter_times"), {one.name: one.targets for one in benchmarks.declared(ROOT / "benchmarks")}
    ran: list[Any] = []

    def run(arguments: Any) -> dict[str, Any]:
        ran.append(arguments)
        return {"seconds": 10.0 + len(ran), "cpu_seconds": 1.5, "tiers": {"some-chapter": "rendered"}}

    monkeypatch.setattr(times, "_run", run)
    for name, measure in times.NAMES.items():
        found = measure(1)
        assert {target.key for target in asked[name]} <= found.keys() and found["rounds"] == 1, name
    # smoke one by one, then together: neighbours, faces, digits twice; one seed without variants and with them
    assert len(ran) == 4 + 1 + 1 + 2 + 2
    alone, whole = (json.loads(arguments[-1])[1:] for arguments in ran[-2:])
    assert alone == ["paper", {"seeds": 1, "variants": []}, ["more-seeds"]]
    assert whole == ["paper", {"seeds": 1}, ["more-seeds"]]
    assert times.digits_one_seed(1)["paper_seconds"] == 10.0 + len(ran)
    found = times.neighbours(1, profiles=["smoke"])
    assert found["longest_smoke_seconds"] == max(found["smoke_seconds"].values()) and "default_seconds" not in found


def test_what_is_saved_is_what_the_page_reads(folder: Path) -> None:
    module = runner()
    machine = module.describe_machine()
    assert machine["cores"] >= 1 and "host" not in json.dumps(machine).lower()
    path = module.save({"name": "fast", "rounds": 2, "ours": 1.0, "ratio": 9.5, "gap": 0.0, "same": True, "unit": "s"},
                       machine, folder / "results")  # fmt: skip
    assert path.name == "fast.json" and not list(path.parent.glob("*.tmp"))
    text = benchmarks.page(folder)
    assert "3 ✓ met" in text and "2 rounds, medians" in text


def runner(module: str = "run") -> Any:
    return loaded(f"benchmarks/{module}.py")
