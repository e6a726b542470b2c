"""What an executed chapter depends on: its key, and the parts of it that can be named when it is out of date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from deepfeatures.study import catalogue, claims, fingerprint, paths, reached, sources
from deepfeatures.study.devices import pick_device
from deepfeatures.study.digit_bench import Named
from deepfeatures.study.parameters import Value
from deepfeatures.study.plans import PLANS
from deepfeatures.study.sources import Source


@dataclass(frozen=True)
class Planned:
    """One chapter about to be run. parts: digests, by what they are of; key: the digest of them all."""

    slug: str
    parameters: Mapping[str, Value]
    source: Source
    recipes: Named
    parts: Mapping[str, str]

    @property
    def key(self) -> str:
        return _digest(self.parts)[:20]


def plan(
    slug: str, parameters: Mapping[str, Value], *, source: Source | None = None, device: str | None = None
) -> Planned:
    """What running `slug` with these parameters would use. source: the data, where it need not be looked for."""
    source = source or sources.resolve(parameters, paths.data_root())
    device = device or pick_device(str(parameters.get("device", "auto")))
    recipes = PLANS[slug](source, parameters, device)
    return Planned(slug, parameters, source, recipes, parts(slug, parameters, recipes))


def plan_many(slug: str, grid: Sequence[Mapping[str, Value]]) -> list[Planned]:
    """`plan` of one chapter for many sets of parameters: what does not depend on them is read once."""
    shared = shared_parts(slug)
    planned = []
    for parameters in grid:
        source = sources.resolve(parameters, paths.data_root())
        recipes = PLANS[slug](source, parameters, pick_device(str(parameters.get("device", "auto"))))
        planned.append(Planned(slug, parameters, source, recipes, {**shared, **own_parts(parameters, recipes)}))
    return planned


def plan_for_publication(slug: str) -> Planned:
    """The paper profile on the CPU, planned without the data's files: what the published page must match.

    The digits are MNIST, whose fingerprint is known; of photographs, the published page says which they were.
    """
    parameters = catalogue.resolve(slug, "paper", {})
    published = paths.book() / "chapters" / f"{slug}.results.json"
    fingerprint = json.loads(published.read_text()).get("data_fingerprint") if published.is_file() else None
    return plan(slug, parameters, source=sources.as_published(parameters, fingerprint), device="cpu")


def parts(slug: str, parameters: Mapping[str, Value], recipes: Named) -> dict[str, str]:
    """Digests of all a chapter depends on, named as a reader would look for them."""
    return {**shared_parts(slug), **own_parts(parameters, recipes)}


def shared_parts(slug: str) -> dict[str, str]:
    """Those that are the same whatever a chapter's parameters."""
    notebook = catalogue.chapter(slug).path.read_text("utf-8")
    try:
        named = reached.modules(notebook)
    except reached.BadCell as bad:
        raise reached.BadCell(f"chapter {slug}, {bad}") from None
    judged = {name: claim for name, claim in _ledger().items() if claim.chapter == slug}
    return {
        f"notebooks/{catalogue.chapter(slug).path.name}": text_digest(notebook),
        "package code": fingerprint.of_modules(named),
        "figure style": _digest((paths.root() / "src/deepfeatures/figures/house.mplstyle").read_text()),
        "claims": _digest({name: one.model_dump(mode="json") for name, one in judged.items()}),
        "numerical packages": _digest(fingerprint.numerics()),
    }


def _ledger() -> Mapping[str, claims.Claim]:
    """Every claim. A book is planned chapter by chapter: what is read once is read again only where a text changed."""
    texts = tuple((path.name, path.read_bytes()) for path in sorted(paths.claims().glob("*.yaml")))
    return _ledger_of(texts, tuple(catalogue.slugs()))


@lru_cache(maxsize=1)
def _ledger_of(texts: tuple[tuple[str, bytes], ...], slugs: tuple[str, ...]) -> Mapping[str, claims.Claim]:
    return claims.load_all(known_chapters=slugs)


def own_parts(parameters: Mapping[str, Value], recipes: Named) -> dict[str, str]:
    """Those that depend on the parameters: they themselves, and the artifacts that they ask for."""
    made = {f"artifact {name}": [recipe.key for recipe in group] for name, group in recipes.items()}
    return {
        "parameters": _digest({name: value for name, value in parameters.items() if name != "device"}),
        **{name: _digest(keys) for name, keys in made.items()},
    }


def text_digest(notebook: str) -> str:
    """Of a notebook's whole text, prose included (study.prose mends prose alone)."""
    return _digest(notebook)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
