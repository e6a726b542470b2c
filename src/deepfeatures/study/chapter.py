"""What a chapter holds in its hands: checked parameters, the data tier, artifacts, and the claims it reports."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from IPython.display import display

from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.study import artifacts, catalogue, claims, parameters, paths, sources, verdicts
from deepfeatures.study.devices import pick_device
from deepfeatures.study.encoded import Encoded
from deepfeatures.study.opened import Described, Readout, Rotated, Selection
from deepfeatures.study.plans import PLANS
from deepfeatures.study.recipes import Recipe
from deepfeatures.study.tables import Banner, Table, shown, with_interval

RUN_FOLDER = "DEEPFEATURES_RUN_FOLDER"


class Measured(Protocol):
    """What `analysis` returns for a statistic: the value, its interval, how many units were resampled and which."""

    @property
    def value(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float] | None: ...
    @property
    def n(self) -> int: ...
    @property
    def unit(self) -> str: ...


def chapter(slug: str, given: Mapping[str, Any]) -> Chapter:
    """Begin a chapter: `study = df.chapter("mu-lenet", globals())`. Shows the data tier; computes nothing yet.

    given: the notebook's globals; only the names in its parameters cell are read. Raises ParameterError.
    """
    study = Chapter(slug, given)
    display(study.banner)
    return study


class Chapter:
    """One run of one chapter. Artifacts that are missing are made when first asked for, with a progress bar."""

    def __init__(self, slug: str, given: Mapping[str, Any]) -> None:
        declared = catalogue.chapter(slug).parameters
        self.slug = slug
        self.parameters = parameters.resolve(slug, declared, {name: given[name] for name in declared if name in given})
        self.source = sources.resolve(self.parameters, paths.data_root())
        self.profile = catalogue.profile_of(slug, self.parameters)
        self.device = pick_device(str(self.parameters.get("device", "auto")))
        self.claims = claims.load_all(known_chapters=list(catalogue.slugs()))
        self.records: list[claims.Record] = []
        self.not_applicable: dict[str, str] = {}
        self.cells: list[Encoded] = []
        self.numbers: dict[str, dict[str, Any]] = {}

    @property
    def tier(self) -> str:
        return self.source.tier

    @property
    def banner(self) -> Banner:
        return Banner(self.tier, self.profile, self.source.note)

    @cached_property
    def recipes(self) -> dict[str, list[Recipe]]:
        return PLANS[self.slug](self.source, self.parameters, self.device)

    def _folders(self, name: str) -> list[Path]:
        if name not in self.recipes:
            raise KeyError(f"chapter {self.slug} has no artifact {name!r}: it has {', '.join(self.recipes)}")
        return [artifacts.ensure(recipe) for recipe in self.recipes[name]]

    def readouts(self, name: str) -> list[Readout]:
        """What one network's ip1 says, one a seed."""
        return [Readout(folder) for folder in self._folders(name)]

    def every_readout(self) -> dict[str, list[Readout]]:
        """All read-outs of the chapter, by name."""
        return {name: self.readouts(name) for name, made in self.recipes.items() if made[0].kind == "readout"}

    def every_selection(self) -> dict[str, Selection]:
        """All runs on the validation split by name; of several under one name the first (`selections` gives all)."""
        names = [name.removesuffix("/selection") for name in self.recipes if name.endswith("/selection")]
        return {name: self.selection(name) for name in names}

    def selection(self, name: str) -> Selection:
        """The run on the validation split that decided how long to train."""
        return self.selections(name)[0]

    def selections(self, name: str) -> list[Selection]:
        """Several such runs, in the plan's order."""
        return [Selection(folder) for folder in self._folders(f"{name}/selection")]

    def opened(self, name: str) -> list[Described]:
        """Artifacts of one name, one a seed where training is involved: arrays by name, and `meta`."""
        return [Described(folder) for folder in self._folders(name)]

    def rotated(self) -> Rotated:
        """The digits at their seven angles."""
        return Rotated(self._folders("rotated")[0])

    def report(
        self,
        claim: str,
        measured: Measured,
        *,
        seeds: int | None = None,
        note: str | None = None,
        tier: claims.Tier | None = None,
    ) -> None:
        """Say what was measured for a claim of the ledger.

        seeds: networks trained, where not the chapter's `seeds`; 0 for a statistic of the data. tier: of the data that
        it was measured on, where not the chapter's: a page with photographs may measure a claim on rendered faces.
        """
        self.records.append(
            claims.record(
                self.claims,
                self.slug,
                claim,
                value=measured.value,
                interval=measured.interval,
                n=measured.n,
                unit=measured.unit,
                seeds=self.parameters["seeds"] if seeds is None else seeds,
                tier=tier or self.tier,
                profile=self.profile,
                note=note,
            )
        )

    def report_all(
        self,
        paper: str,
        found: Mapping[str, Any],
        notes: Mapping[str, str] | None = None,
        seeds: Mapping[str, int] | None = None,
        tiers: Mapping[str, claims.Tier] | None = None,
    ) -> None:
        """`report` for every statistic of `found`, keyed by claim without its paper. What does not apply says why.

        notes, seeds, tiers: of single claims, by the same names. Raises ValueError naming those that nothing was found
        for.
        """
        notes, seeds, tiers = notes or {}, seeds or {}, tiers or {}
        if unknown := sorted({*notes, *seeds, *tiers} - set(found)):
            raise ValueError(f"notes, seeds or tiers for {', '.join(unknown)}, for which nothing was measured")
        for claim, measured in found.items():
            if isinstance(measured, NotApplicable):
                claims.check_known(self.claims, f"{paper}/{claim}", self.slug)
                self.not_applicable[f"{paper}/{claim}"] = measured.reason
            else:
                self.report(
                    f"{paper}/{claim}", measured, note=notes.get(claim), seeds=seeds.get(claim), tier=tiers.get(claim)
                )

    def encoded(self, cells: Sequence[Mapping[str, Any]], *, label: str) -> None:
        """Keep numbers for the book's matrix of what is encoded where. cells: the fields of `encoded.Encoded` but for
        the chapter's own; label: the place on this page that shows them, `(label)=` in its Markdown.
        """
        own = {"label": label, "chapter": self.slug, "profile": self.profile}
        tiers = ("rendered" if cell["data"] == "rendered" else self.tier for cell in cells)
        self.cells += [
            Encoded.model_validate({**cell, **own, "tier": tier}) for cell, tier in zip(cells, tiers, strict=True)
        ]

    def rng(self) -> np.random.Generator:
        """A generator for the intervals of this chapter: the same in every run."""
        return np.random.default_rng(0)

    def number(self, name: str, value: float, digits: int = 2) -> None:
        """Keep a number for the prose: written there as {glue:text}`name`."""
        from myst_nb import glue

        text = shown(float(value), digits)
        self.numbers[name] = {"value": float(value) if np.isfinite(value) else None, "shown": text}
        glue(name, text, display=False)

    def table(self, headings: list[str], rows: list[list[Any]], caption: str = "", digits: int = 2) -> Table:
        """A table of texts and numbers; a measured statistic is shown with its interval."""
        return Table(headings, [[_cell(value, digits) for value in row] for row in rows], caption, rows)

    def frame(self, table: pd.DataFrame, caption: str = "", digits: int = 2) -> Table:
        """A data frame as a table; columns `lo` and `hi` become the interval of the number before them."""
        rows = []
        for record in table.to_dict("records"):
            ends = (record.pop("lo"), record.pop("hi")) if {"lo", "hi"} <= record.keys() else None
            number = [name for name, value in record.items() if isinstance(value, float)][-1:]
            rows.append([
                _Spread(value, ends) if name in number and ends else value for name, value in record.items()
            ])
        shown_columns = [name for name in table.columns if name not in ("lo", "hi")]
        headings = [name.replace("_percent", ", %").replace("_", " ") for name in shown_columns]
        return self.table(headings, rows, caption, digits)

    def verdicts(self) -> Table:
        """One row a claim of this chapter. Writes results.json beside the run: the last cell of every chapter."""
        self._write()
        mine = {name: claim for name, claim in self.claims.items() if claim.chapter == self.slug}
        rows, values = [], []
        for row in verdicts.table(mine, self.records):
            digits = 2 if abs(row["value"] or 0) >= 1 else 3  # a share needs a third decimal, a percentage does not
            interval = tuple(row["interval"]) if row["interval"] else None
            measured = "" if row["value"] is None else with_interval(row["value"], interval, digits)
            paper = "" if row["paper_value"] is None else shown(row["paper_value"])
            rows.append([row["statement"], paper, measured, row["verdict"]])
            values.append([row["statement"], row["paper_value"], _Spread(row["value"], interval), row["verdict"]])
        caption = f"Claims of this chapter: tier {self.tier}, profile {self.profile}."
        headings = ["What the paper says", "its figure", "measured here [interval]", "verdict"]
        return Table(headings, rows, caption, values)

    def _write(self) -> None:
        given = os.environ.get(RUN_FOLDER)
        folder = Path(given) if given else paths.runs() / "interactive" / self.slug
        folder.mkdir(parents=True, exist_ok=True)
        result = {
            "chapter": self.slug,
            "profile": self.profile,
            "tier": self.tier,
            "device": self.device,
            "parameters": self.parameters,
            "data_fingerprint": self.source.fingerprint,
            "artifacts": {name: [recipe.key for recipe in made] for name, made in self.recipes.items()},
            "not_applicable": self.not_applicable,
            "records": [record.model_dump(mode="json") for record in self.records],
            "encoded": [cell.model_dump(mode="json") for cell in self.cells],
            "numbers": self.numbers,
        }
        temporary = folder / "results.json.tmp"
        temporary.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
        temporary.replace(folder / "results.json")


@dataclass(frozen=True)
class _Spread:
    """A number and its interval, for a table."""

    value: float | None
    interval: tuple[float, float] | None


def _cell(value: Any, digits: int) -> str:
    if hasattr(value, "interval"):
        return with_interval(value.value, value.interval, digits)
    return shown(value, digits) if isinstance(value, float) else str(value)
