"""How a chapter was made: its source at its commit, and a command that makes it again."""

import shlex

import pytest

from deepfeatures.study import catalogue, offered, parameters, run_pages
from deepfeatures.study.offered import Run

SHA = "a" * 40
AT = f"`notebooks/01-tiny.py` at commit `{SHA}`"
MADE = {"git": {"sha": SHA, "dirty": False}, "depends_on": {"claims": "0", "notebooks/01-tiny.py": "0"}}


def page(provenance, repository=None, **files):
    results = {"profile": "paper", "parameters": {"seeds": 2, "device": "cpu"}, "data_fingerprint": "digits-0"}
    run = Run("tiny", results, provenance, [], [], [], {}, {name.replace("_", "."): b"" for name in files})
    return run_pages.page(run, repository)


def test_the_source_is_linked_in_the_site_and_at_its_commit(tiny):
    text = page(MADE, "https://host.example/book/", tiny_py=True)
    assert f"[{AT}](https://host.example/book/blob/{SHA}/notebooks/01-tiny.py)" in text
    assert '<a href="../downloads/tiny/tiny.py">the source as it was run</a>' in text
    assert "| `seeds` | `2` |" in text and "| fingerprint | `digits-0` |" in text


@pytest.mark.parametrize(
    ("git", "said"),
    [
        ({"sha": SHA, "dirty": True}, f"{AT}, with changes that were not committed: "),
        ({"sha": None, "dirty": None}, "The source (this run is older than the files that runs keep); of no commit."),
    ],
)
def test_no_link_promises_what_is_not_there(tiny, git, said):
    text = page({**MADE, "git": git}, "https://host.example/book")
    assert said in text and "host.example" not in text


def test_the_command_of_a_profile_names_it(tiny):
    assert offered.command("tiny", {"profile": "paper", "parameters": {}}) == "deepfeatures run tiny --profile paper"


def test_the_command_of_other_parameters_gives_them_again(tiny):
    own = catalogue.resolve("tiny", "default", {"seeds": 7, "dataset": "mnist"})
    words = shlex.split(offered.command("tiny", {"profile": "custom", "parameters": own}))
    assert words[:3] == ["deepfeatures", "run", "tiny"] and words[3::2] == ["-p", "-p"]
    declared = catalogue.chapter("tiny").parameters
    given = dict(parameters.parse_assignment(word, declared, "tiny") for word in words[4::2])
    assert catalogue.resolve("tiny", "default", given) == own


def test_a_record_says_what_its_run_and_its_bar_remark():
    row = {
        "id": "paper-x/answer", "statement": "It is so.", "value": 1.5, "interval": [1.0, 2.0], "n": 9, "unit": "digit",
        "seeds": 2, "tier": "original", "verdict": "reproduced", "value_unit": "percent",
    }  # fmt: skip
    said = {**row, "remark": "A lower | bound.", "bar_remark": "Half of the variance."}
    unsaid = {**row, "id": "paper-x/other", "remark": None, "bar_remark": None}
    run = Run("tiny", {"profile": "paper"}, {}, [], [said, unsaid], [], {}, {})
    first, second = (line for line in run_pages.page(run, None).splitlines() if "paper-x/" in line)
    assert first.endswith(
        " [of this run: A lower \\| bound.]{.claim-place} [of the bar: Half of the variance.]{.claim-place} |"
    )
    assert "of this run" not in second and "of the bar" not in second
