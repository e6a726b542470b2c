"""The benchmark page: what was measured against which peer, what was asked, and whether it was met.

    benchmarks/targets.yaml         every benchmark: what it measures, its peer, its targets
    benchmarks/results/NAME.json    what `python benchmarks/run.py NAME --save` measured, with date and machine

Nothing on the page is typed: whether a target is met follows here from the numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MET, UNMET, UNMEASURED = "✓ met", "✗ not met", "– not measured"
NO_TARGET = "none"
BUSY = 0.5  # load average a core above which a machine was not idle


class BadBenchmark(ValueError):
    """A target or a result that cannot be shown; the message names the file."""


@dataclass(frozen=True)
class Target:
    """key: of the result; rule: 'at_least', 'at_most' or 'equals'; value: what is asked."""

    key: str
    rule: str
    value: Any

    def met(self, result: Mapping[str, Any]) -> bool:
        """Raises KeyError where the result lacks the key."""
        found = result[self.key]
        if self.rule == "equals":
            return bool(found == self.value)
        return bool(found >= self.value if self.rule == "at_least" else found <= self.value)

    def __str__(self) -> str:
        words = {"at_least": "at least ", "at_most": "at most ", "equals": ""}[self.rule]
        return f"{_words(self.key)} {words}{_shown(self.value)}"


@dataclass(frozen=True)
class Benchmark:
    """One benchmark as targets.yaml has it; peer '' where there is none to beat."""

    name: str
    what: str
    peer: str
    targets: tuple[Target, ...]


def declared(folder: Path) -> list[Benchmark]:
    """All benchmarks, in the file's order; none where there is no file. Raises BadBenchmark."""
    path = folder / "targets.yaml"
    if not path.is_file():
        return []
    found = []
    for name, entry in yaml.safe_load(path.read_text("utf-8")).items():
        try:
            targets = tuple(_target(one) for one in entry["targets"])
            found.append(Benchmark(name, entry["what"], entry["peer"], targets))
        except (KeyError, TypeError, ValueError) as damage:
            raise BadBenchmark(f"targets.yaml: {name}: {damage}") from damage
    return found


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Committed results by name. Raises BadBenchmark on a file that is no result."""
    found = {}
    for path in sorted((folder / "results").glob("*.json")):
        try:
            result = json.loads(path.read_text("utf-8"))
            missing = {"name", "date", "machine", "rounds"} - result.keys()
        except (ValueError, AttributeError) as damage:
            raise BadBenchmark(f"results/{path.name} is not a JSON object: {damage}") from damage
        if missing or result["name"] != path.stem:
            raise BadBenchmark(f"results/{path.name}: lacks {sorted(missing)}, or is of another benchmark")
        found[path.stem] = result
    return found


def page(folder: Path) -> str:
    """The page's Markdown: the table, then what else each benchmark measured. folder: benchmarks/ of the checkout."""
    known, measured = declared(folder), results(folder)
    strange = sorted(set(measured) - {one.name for one in known})
    if strange:
        raise BadBenchmark(f"results of {', '.join(strange)}, which targets.yaml does not have")
    if not known:
        return "No benchmark is declared in this checkout."
    rows = [row for one in known for row in _rows(one, measured.get(one.name))]
    outcomes = [row[-1] for row in rows if row[4] != NO_TARGET]
    counted = [f"{outcomes.count(word)} {word}" for word in (MET, UNMET, UNMEASURED) if word in outcomes]
    counts = f"Targets: {', '.join(counted) or 'none'}."
    heads = ("Benchmark", "Ours", "Peer", "Times faster", "Target", "Measured", "")
    table = _table(heads, rows)
    details = [part for one in known if one.name in measured for part in _details(one, measured[one.name])]
    return "\n\n".join([counts, table, *details])


def _rows(one: Benchmark, result: Mapping[str, Any] | None) -> list[tuple[str, ...]]:
    """A row a target; one row where there is none."""
    anchor = f"[{one.name}](#benchmark-{one.name})" if result else one.name
    peer = f" [Peer: {_cell(one.peer)}.]{{.claim-place}}" if one.peer else ""
    first = f"**{anchor}** [{_cell(one.what)}.]{{.claim-place}}{peer}"
    if result is None:
        targets = [_cell(str(target)) for target in one.targets] or [NO_TARGET]
        return [(first if n == 0 else "", "", "", "", text, "", UNMEASURED) for n, text in enumerate(targets)]
    unit = str(result.get("unit") or "")
    speeds = [_cell(f"{_shown(result[key])} {unit}") if key in result else "" for key in ("ours", "peer")]
    start = (first, *speeds, _shown(result["ratio"]) if "ratio" in result else "")
    if not one.targets:
        return [(*start, NO_TARGET, "", "")]
    rows = []
    for number, target in enumerate(one.targets):
        try:
            verdict = MET if target.met(result) else UNMET
        except KeyError as absence:
            raise BadBenchmark(f"results/{one.name}.json has no {absence}, which a target asks of") from absence
        beginning = start if number == 0 else ("", "", "", "")
        rows.append((*beginning, _cell(str(target)), _shown(result[target.key]), verdict))
    return rows


def _details(one: Benchmark, result: Mapping[str, Any]) -> list[str]:
    machine = result["machine"]
    load, cores = machine.get("load_average"), machine.get("cores") or 1
    rounds = f"{result['rounds']} rounds, medians" if result["rounds"] > 1 else "one run"
    facts = [rounds, str(result["date"]), _machine(machine)]
    if load is not None and load > BUSY * cores:
        facts.append(f"the machine was busy (load {load:g} on {cores} cores): wall times are too long")
    shown = {"name", "rounds", "date", "machine", "commit", "cores", "cpu", "unit", "scenarios"}
    rows = [(f"{_words(key)}", _cell(_shown(value))) for key, value in result.items() if key not in shown]
    commit = result.get("commit") or {}
    if commit.get("sha"):
        facts.append(f"commit `{commit['sha'][:12]}`" + (" with uncommitted changes" if commit.get("dirty") else ""))
    return [f"(benchmark-{one.name})=\n## {one.name}", f"{one.what}. {'; '.join(map(_cell, facts))}.",
            _table(("", "measured"), rows)]  # fmt: skip


def _machine(machine: Mapping[str, Any]) -> str:
    parts = [str(machine.get(key) or "") for key in ("cpu", "platform")]
    parts += [f"{machine[key]:g} {unit}" for key, unit in (("cores", "cores"), ("memory_gb", "GB")) if machine.get(key)]
    parts.append(", ".join(f"{name} {version}" for name, version in (machine.get("packages") or {}).items()))
    return ", ".join(part for part in parts if part)


def _target(entry: Mapping[str, Any]) -> Target:
    rules = [rule for rule in ("at_least", "at_most", "equals") if rule in entry]
    if len(rules) != 1 or set(entry) != {"key", rules[0]}:
        raise ValueError(f"a target has a key and one of at_least, at_most, equals, not {dict(entry)}")
    if rules[0] != "equals" and not isinstance(entry[rules[0]], int | float):
        raise ValueError(f"{rules[0]} asks for a number, not {entry[rules[0]]!r}")
    return Target(entry["key"], rules[0], entry[rules[0]])


def _shown(value: Any) -> str:
    """A measured value: numbers with three significant digits, at least; mappings and lists as 'key value, ...'."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if not math.isfinite(value) or value == 0:
            return f"{value:g}"
        if abs(value) < 1e-3:
            return f"{value:.1e}"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(str(key))}: {_shown(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_shown(one) for one in value)
    return str(value)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("{{", "{ {").replace("*", "\\*")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [":::{table}", ":class: benchmarks", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ":::"])


def as_printed(text: str) -> str:
    """What a program printed, on one line as code, safe in a cell of a Markdown table."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", "/") + "`"
