"""What may be published, and how a page that is out of date is found."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from deepfeatures.data.digits import DigitSource
from deepfeatures.study import chapter_key, execute, fingerprint, ledger, plans, publish
from deepfeatures.study.publish import NotPublished
from tests.conftest import ROOT
from tests.study import made_up
from tests.study.toy import toy

ORIGINAL = DigitSource("mnist", "original", "mnist-0", "MNIST")


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def checkout(tiny):
    """The small checkout, committed, with a former page in book/chapters."""
    (tiny / "book" / "chapters").mkdir()
    (tiny / "book" / "chapters" / "former.ipynb").touch()
    git(tiny, "init", "-q")
    git(tiny, "add", ".")
    git(tiny, "commit", "-q", "-m", "first")
    return tiny


RECORD = {"claim": "paper-x/answer", "value": 42.5, "interval": [41.0, 43.0], "n": 360, "unit": "digit", "seeds": 2,
          "tier": "original", "profile": "paper", "chapter": "tiny"}  # fmt: skip


def executed(plan, notebook="{}\n"):
    """The folder that a run of this plan would leave."""
    folder = execute.folder(plan)
    folder.mkdir(parents=True)
    (folder / "chapter.ipynb").write_text(notebook)
    (folder / "results.json").write_text(json.dumps({"chapter": "tiny", "records": [RECORD]}))
    (folder / "provenance.json").write_text(json.dumps({"depends_on": dict(plan.parts)}))
    return plan


@pytest.fixture
def planned(checkout):
    return replace(chapter_key.plan_for_publication("tiny"), source=ORIGINAL)


def chapters(checkout):
    return sorted(path.name for path in (checkout / "book" / "chapters").iterdir())


PUBLISHED = ["tiny.ipynb", "tiny.provenance.json", "tiny.results.json"]


def test_executed_chapters_become_the_published_ones(checkout, planned):
    executed(planned, '{"cells": []}\n')
    assert publish.publish([planned], profile="paper") == checkout / "book" / "chapters"
    assert chapters(checkout) == PUBLISHED  # what is not a chapter any more is gone
    assert (checkout / "book" / "chapters" / "tiny.ipynb").read_text() == '{"cells": []}\n'
    assert [path.name for path in (checkout / "book").iterdir()] == ["chapters"]  # nothing temporary is left
    publish.publish([planned], profile="paper")  # uncommitted pages alone do not stop the next one
    assert publish.stale() == {}


CHILD = """
import os, signal, sys, pathlib
from deepfeatures.study import publish

true_rename = pathlib.Path.rename

def rename(self, target):
    if str(target).endswith("chapters"):  # the second of the two: the former pages are aside, the new ones not in place
        os.kill(os.getpid(), signal.SIGKILL)
    return true_rename(self, target)

publish.build.gather = lambda planned, into: into.mkdir() or into
pathlib.Path.rename = rename
publish.publish([], profile="paper")
"""


def test_killed_between_the_two_renames_the_former_pages_come_back(checkout, planned):
    environment = {**os.environ, "DEEPFEATURES_ROOT": str(checkout)}
    done = subprocess.run([sys.executable, "-c", CHILD], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (checkout / "book" / "chapters").exists()
    refused(checkout, planned, "chapter tiny was not executed as planned now: deepfeatures book --profile paper")
    assert [path.name for path in (checkout / "book").iterdir()] == ["chapters"]
    executed(planned)
    publish.publish([planned], profile="paper")
    assert chapters(checkout) == PUBLISHED


def test_two_publications_do_not_meet(checkout, planned):
    executed(planned)
    with publish.alone():
        child = subprocess.run(
            [sys.executable, "-c", "from deepfeatures.study import publish; publish.publish([], profile='paper')"],
            env={**os.environ, "DEEPFEATURES_ROOT": str(checkout)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "NotPublished: another publication is at work in this checkout" in child.stderr
    assert chapters(checkout) == ["former.ipynb"]


def test_where_the_second_rename_fails_the_former_pages_stay(checkout, tmp_path):
    with pytest.raises(FileNotFoundError):
        publish.put_in_place(tmp_path / "nowhere")
    assert chapters(checkout) == ["former.ipynb"]
    assert [path.name for path in (checkout / "book").iterdir()] == ["chapters"]


@pytest.mark.parametrize(("name", "said"), [("profile", "custom"), ("tier", "substitute"), ("data_fingerprint", "x")])
def test_a_run_that_was_of_another_profile_or_of_other_data_is_not_this_one(name, said, checkout, planned):
    """Its key can be the same: the profile came to have these values, or no artifact of the chapter reads the data."""
    executed(planned)
    assert execute.complete(planned)
    results = execute.folder(planned) / "results.json"
    results.write_text(json.dumps({**json.loads(results.read_text()), name: said}))
    assert not execute.complete(planned)


def refused(checkout, planned, message, profile="paper"):
    with pytest.raises(NotPublished) as no:
        publish.publish([planned], profile=profile)
    assert str(no.value) == message
    assert chapters(checkout) == ["former.ipynb"]


@pytest.mark.parametrize("profile", ["default", "smoke", "custom"])
def test_another_profile_is_refused(checkout, planned, profile):
    executed(planned)
    message = f"only the paper profile is published, not {profile!r}: deepfeatures book --profile paper, then publish"
    refused(checkout, planned, message, profile)


@pytest.mark.parametrize(("path", "status"), [("notebooks/01-tiny.py", " M"), ("notes.txt", "??")])
def test_a_tree_that_no_commit_holds_is_refused(checkout, planned, path, status):
    executed(planned)
    (checkout / path).write_text("changed")
    message = f"the tree has uncommitted changes, so no commit would tell what was run:\n  {status} {path}"
    refused(checkout, planned, message)


def test_outside_a_git_checkout_is_refused(checkout, planned):
    executed(planned)
    (checkout / ".git").rename(checkout.parent / "git")
    with pytest.raises(NotPublished, match="^not a git checkout: fatal: not a git repository"):
        publish.publish([planned], profile="paper")


def test_another_tier_is_refused(checkout, planned):
    digits = DigitSource("digits", "substitute", "d-0", "no MNIST here")
    planned = executed(replace(planned, source=digits))
    refused(checkout, planned, "chapter tiny would run on digits, tier substitute: no MNIST here")


def test_a_chapter_that_was_not_run_as_planned_is_refused(checkout, planned):
    executed(planned)
    other = replace(planned, parts={**planned.parts, "claims": "changed"})
    refused(checkout, other, "chapter tiny was not executed as planned now: deepfeatures book --profile paper")


@pytest.mark.parametrize("missing", ["chapter.ipynb", "results.json", "provenance.json"])
def test_a_run_without_one_of_its_files_is_refused(checkout, planned, missing):
    executed(planned)
    (execute.folder(planned) / missing).unlink()
    refused(checkout, planned, "chapter tiny was not executed as planned now: deepfeatures book --profile paper")


def test_a_large_chapter_is_refused(checkout, planned):
    executed(planned, "x" * 2_000_001)
    refused(checkout, planned, "chapter tiny: its notebook has 2,000,001 bytes, at most 2,000,000 are published")


def test_large_downloads_are_refused(checkout, planned):
    executed(planned)
    (execute.folder(planned) / "downloads.zip").write_bytes(b"x" * 2_000_001)
    what = "what it offers to download has 2,000,001 bytes, at most 2,000,000 are published"
    refused(checkout, planned, f"chapter tiny: {what}")


def test_what_a_chapter_offers_is_published_with_it(checkout, planned):
    executed(planned)
    (execute.folder(planned) / "downloads.zip").write_bytes(b"a zip")
    publish.publish([planned], profile="paper")
    assert chapters(checkout) == sorted([*PUBLISHED, "tiny.downloads.zip"]) and publish.stale() == {}


@pytest.fixture
def published(checkout, planned):
    publish.publish([executed(planned)], profile="paper")
    assert publish.stale() == {}
    return checkout


def edited(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


CHANGES = {
    "notebooks/01-tiny.py": lambda root: edited(root / "notebooks" / "01-tiny.py", "A tiny", "A small"),
    "parameters": lambda root: edited(root / "profiles" / "paper.yaml", "seeds: 2", "seeds: 3"),
    "claims": lambda root: edited(root / "claims" / "paper-x.yaml", "forty-two", "42"),
    "figure style": lambda root: (root / "src/deepfeatures/figures/house.mplstyle").write_text("lines.linewidth: 9"),
}


def test_a_page_that_is_up_to_date_is_kept_where_its_chapter_was_not_executed(published, planned):
    page = published / "book" / "chapters" / "tiny.ipynb"
    page.write_text("as it was published")
    (page.parent / "gone.ipynb").touch()
    shutil.rmtree(execute.folder(planned))
    digits = DigitSource("digits", "substitute", "d-0", "no MNIST here")
    publish.publish([replace(planned, source=digits)], profile="paper")  # nothing is read, so the data may be elsewhere
    assert page.read_text() == "as it was published" and chapters(published) == PUBLISHED
    executed(planned, "executed again")
    publish.publish([planned], profile="paper")
    assert page.read_text() == "executed again"


def test_a_page_that_is_out_of_date_is_not_kept(published, planned):
    shutil.rmtree(execute.folder(planned))
    CHANGES["claims"](published)
    git(published, "commit", "-qam", "another claim")
    with pytest.raises(NotPublished, match="^chapter tiny was not executed as planned now"):
        publish.publish([planned], profile="paper")
    assert chapters(published) == PUBLISHED and publish.stale() == {"tiny": ["claims"]}


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_makes_the_page_stale_and_is_named(part, published):
    CHANGES[part](published)
    assert publish.stale() == {"tiny": [part]}


@pytest.mark.parametrize(("what", "part"), [("of_modules", "package code"), ("numerics", "numerical packages")])
def test_changed_code_and_packages_are_named(what, part, published, monkeypatch):
    monkeypatch.setattr(fingerprint, what, lambda *_: "changed")
    assert publish.stale() == {"tiny": [part]}


def test_a_changed_artifact_is_named(published, toys, monkeypatch):
    monkeypatch.setitem(plans.PLANS, "tiny", lambda *_: {"raw": [toy(1.0)]})
    assert publish.stale() == {"tiny": ["artifact raw"]}


@pytest.mark.parametrize("missing", PUBLISHED)
def test_a_page_that_is_not_there_is_stale(missing, published):
    (published / "book" / "chapters" / missing).unlink()
    assert publish.stale() == {"tiny": ["it is not published"]}


def test_staleness_needs_neither_data_nor_runs(published, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_DATA", "/nowhere")
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(published / "empty"))
    assert publish.stale() == {}


def test_the_ledger_of_the_published_book(published):
    answer, opinion = ledger.rows()
    assert (answer["id"], answer["value"], answer["verdict"]) == ("paper-x/answer", 42.5, "reproduced")
    assert (opinion["id"], opinion["value"], opinion["verdict"]) == ("paper-x/opinion", None, "not attempted")


def test_the_ledger_of_ones_own_run(tiny):
    assert [row["verdict"] for row in ledger.rows("smoke")] == ["not attempted", "not attempted"]
    (plan,) = ledger_plan("smoke")
    executed(plan)
    record = {**RECORD, "profile": "smoke", "tier": "substitute"}
    (execute.folder(plan) / "results.json").write_text(json.dumps({"records": [record]}))
    assert [row["verdict"] for row in ledger.rows("smoke")] == ["preview", "not attempted"]


def ledger_plan(profile):
    from deepfeatures.study import build

    assert made_up.SLUG == "tiny"
    return build.plan_book(profile)
