"""What the ledgers say of a paper stands in the text of it: numbers, quotations, places; and coverage files name every
claim."""

from __future__ import annotations

import re

import pytest

from deepfeatures.study import claims
from deepfeatures.study.claims import Claim
from tests.conftest import ROOT, data_root

LEDGERS = {path.stem: path for path in sorted((ROOT / "claims").glob("*.yaml"))}
CLAIMS = list(claims.load_all(folder=ROOT / "claims").values())
PRINTED = [one for one in CLAIMS if one.paper_value is not None]
QUOTING = [one for one in CLAIMS if "'" in one.location]
PLACED = [one for one in CLAIMS if one.paper in ("parde2016", "sun2014")]
IN_WORDS = {0.5: ("一半", "half")}  # how texts print a share without digits
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)")


def text_of(paper: str) -> str:
    """The text at hand; skips where there is none. Papers lie beside the checkout or beside the data root."""
    for folder in (ROOT.parent / "shared" / "papers", data_root().parent / "papers"):
        for path in sorted(folder.glob(f"{paper}-*.txt")):
            return path.read_text(encoding="utf-8")
    pytest.skip(f"no text of {paper}: no {paper}-*.txt beside the checkout (shared/papers) nor beside {data_root()}")


def numbers_of(text: str) -> set[float]:
    return {float(one) for one in NUMBER.findall(re.sub(r"[^\x00-\x7f]", " ", text))}


def words_of(text: str) -> str:
    """Lower case, white space and emphasis made one, so that a line break does not part a quotation."""
    return " ".join(re.sub(r"[*“”]", "", text).split()).lower()


def stands_in(text: str, value: float, note: str | None) -> bool:
    """Whether the text prints the value, or both numbers of which the note says that it is the difference."""
    said = numbers_of(text)
    if value in said or any(word in text for word in IN_WORDS.get(value, ())):
        return True
    found = re.match(r"(\S+) less (\S+?)\.(?:\s|$)", note or "")
    if not found:
        return False
    more, less = map(float, found.groups())
    return {more, less} <= said and round(more - less, 6) == value


def missing_parts(text: str, quotation: str) -> list[str]:
    """Parts of a quotation, parted by ' ... ', that do not follow each other in the text."""
    words, at, missing = words_of(text), 0, []
    for part in (words_of(one) for one in re.split(r"\s*\.\.\.\s*", quotation)):
        place = words.find(part, at)
        if place < 0:
            missing.append(part)
        else:
            at = place + len(part)
    return missing


def passages_of(paper: str, text: str) -> dict[str, list[str]]:
    """Heading -> its paragraphs (sun2014), or 'abstract' -> its sentences (parde2016)."""
    if paper == "parde2016":
        [abstract] = [line for line in text.splitlines() if line.startswith("Face recognition algorithms based on")]
        return {"abstract": re.split(r"(?<=\.) (?=[A-Z])", abstract)}
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if heading := re.match(r"### (?:(\d)\.|摘要)", line):
            found[f"section {heading[1]}" if heading[1] else "abstract"] = own = []
        elif line.startswith("\t\t"):
            own.append(line.strip())
    return found


def places_of(location: str) -> list[tuple[str, int]]:
    """(heading, number) of every sentence or paragraph that a location names; no text holds figures or tables."""
    found = []
    for part in location.split("; "):
        if named := re.fullmatch(r"(abstract|section \d), (?:sentence|paragraph)s? ([\d and]+)", part):
            found += [(named[1], int(number)) for number in named[2].split(" and ")]
        elif not re.fullmatch(r"(?:figure|table)s? [\d to]+", part):
            raise AssertionError(f"cannot read the place {part!r}")
    return found


@pytest.mark.parametrize("claim", PRINTED, ids=lambda one: one.id)
def test_a_paper_value_is_printed_in_the_paper(claim: Claim) -> None:
    assert claim.paper_value is not None
    assert stands_in(text_of(claim.paper), claim.paper_value, claim.note), f"{claim.paper_value} is not in the text"


@pytest.mark.parametrize("claim", QUOTING, ids=lambda one: one.id)
def test_a_quotation_stands_in_the_paper(claim: Claim) -> None:
    text = text_of(claim.paper)
    for quotation in re.findall(r"'([^']+)'", claim.location):
        assert missing_parts(text, quotation) == [], claim.location


@pytest.mark.parametrize("claim", PLACED, ids=lambda one: one.id)
def test_a_place_is_in_the_paper_and_holds_what_is_said_of_it(claim: Claim) -> None:
    passages = passages_of(claim.paper, text_of(claim.paper))
    there = []
    for heading, number in places_of(claim.location):
        assert heading in passages and 1 <= number <= len(passages[heading]), f"no such place: {claim.location}"
        there.append(passages[heading][number - 1])
    assert there, f"{claim.location}: no place that is in the text"
    said = " ".join(there)
    if claim.paper_value is not None:
        assert stands_in(said, claim.paper_value, claim.note), f"{claim.paper_value} is not in {claim.location}"
    for number in re.findall(r"\d+(?:\.\d+)?(?=%)", claim.statement):
        assert float(number) in numbers_of(said), f"{number}% is not in {claim.location}"


@pytest.mark.parametrize("paper", LEDGERS)
def test_the_coverage_file_names_every_claim_and_no_other(paper: str) -> None:
    ledger = {one.id.partition("/")[2] for one in CLAIMS if one.paper == paper}
    coverage = LEDGERS[paper].with_name(f"{paper}-coverage.md").read_text(encoding="utf-8")
    named, last = set(), ""
    for slug in re.findall(r"`(-?[a-z0-9][a-z0-9-]*)`", coverage):
        if slug.startswith("-"):  # `pose-error-deep-0-15`, `-15-30`: what is left out is that of the one before
            named |= {one for one in ledger if one.endswith(slug) and last.startswith(one.removesuffix(slug))}
        else:
            named.add(slug)
            last = slug
    assert ledger - named == set(), "claims that no row of the coverage file names"
    assert {one for one in named if "-" in one} - ledger == set(), "rows that name a claim which is not in the ledger"


@pytest.mark.parametrize("paper", ["parde2016", "liu2014"])
def test_rows_of_a_coverage_file_open_as_the_paper_s_sentences_do(paper: str) -> None:
    text = text_of(paper)
    coverage = LEDGERS[paper].with_name(f"{paper}-coverage.md").read_text(encoding="utf-8").partition("\n## ")[0]
    opens = [row.split(" | ")[-2] for row in coverage.splitlines() if re.match(r"\| \d+ \|", row)]
    assert len(opens) > 10
    openings = [one.partition(" (")[0].partition(" ...")[0].rstrip("| ") for one in opens]
    openings = [one for one in openings if not one.startswith("the same")]
    assert missing_parts(text, " ... ".join(openings)) == []


def test_what_is_not_in_a_text_is_missed() -> None:
    text = "LFW上的99.47％ (vs 99.15％) 和 95.0％; about **half** of the units are active."
    assert stands_in(text, 99.47, None) and stands_in(text, 0.5, None) and stands_in(text, 0.32, "99.47 less 99.15.")
    assert not stands_in(text, 99.4, None) and not stands_in(text, 9.47, None)
    assert not stands_in(text, 0.33, "99.47 less 99.15.") and not stands_in(text, 0.1, "99.57 less 99.47.")
    assert missing_parts(text, "about half ... active") == [] and missing_parts(text, "active ... half") == ["half"]
    assert places_of("section 1, paragraph 2; section 4, paragraphs 2 and 3; tables 1 to 3") == [
        ("section 1", 2), ("section 4", 2), ("section 4", 3)]  # fmt: skip
    with pytest.raises(AssertionError, match="cannot read"):
        places_of("somewhere")
