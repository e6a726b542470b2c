"""CITATION.cff: every paper whose claims are judged can be cited from it, by the title that its ledger has."""

from __future__ import annotations

import yaml

from deepfeatures.study import claims
from tests.conftest import ROOT


def test_every_paper_of_the_ledger_is_referred_to_with_its_authors() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["references"]
    by_title = {reference["title"].casefold(): reference for reference in cited}
    ledgers = [claims.load(path) for path in sorted((ROOT / "claims").glob("*.yaml"))]
    assert sorted(by_title) == sorted(ledger.title.casefold() for ledger in ledgers)
    bibliography = (ROOT / "book" / "references.bib").read_text("utf-8").replace('{\\"u}', "ü")
    for ledger in ledgers:
        named = by_title[ledger.title.casefold()]
        entry = bibliography.partition(f"{{{ledger.paper},")[2].partition("\n}")[0]
        authors = " and ".join(f"{one['family-names']}, {one['given-names']}" for one in named["authors"])
        assert f"author = {{{authors}}}" in entry
        assert f"year = {{{named['year']}}}" in entry
