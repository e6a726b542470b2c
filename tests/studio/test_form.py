"""Forms are the parameters cell: the browser is told the same limits that the server checks, in the same words."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup

from deepfeatures.studio import form, runs
from deepfeatures.study import allowed, catalogue, parameters
from deepfeatures.study.allowed import Between, Each, OneOf
from tests.conftest import ROOT
from tests.studio.conftest import VALUES


@pytest.fixture
def book(monkeypatch):
    """The real chapters."""
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(ROOT))


def test_every_chapter_at_every_profile_comes_back_as_it_was_shown(book):
    for slug in catalogue.slugs():
        for profile in ("smoke", "default", "paper"):
            values = catalogue.resolve(slug, profile, {})
            sent = {field.name: list(field.texts) if field.kind == "choices" else [field.text]
                    for field in form.fields(slug, form.shown(values))}  # fmt: skip
            assert form.submitted(slug, sent) == values


def test_the_browser_is_told_the_limits_of_the_table(book):
    seen = {}
    for slug in catalogue.slugs():
        for field in form.fields(slug, form.shown(catalogue.resolve(slug, "default", {}))):
            rule = allowed.TABLE[field.name]
            seen[field.kind] = field
            assert field.help and field.allowed == rule.describe()
            match rule:
                case OneOf():
                    assert field.kind == "choice" and field.choices == rule.choices
                case Between():
                    assert (float(field.low), float(field.high)) == (rule.low, rule.high)
                    assert field.step == ("1" if rule.type == "int" else "any")
                case Each(rule=OneOf()):
                    assert field.kind == "choices" and field.choices == rule.rule.choices
                case Each(rule=Between()):
                    assert field.kind == "numbers" and field.required == (rule.shortest > 0)
                    good = ", ".join(form.as_texts([rule.rule.low + n for n in range(rule.longest)]))
                    assert re.fullmatch(field.pattern, good)
                    for bad in (good + ", 5", "1;2", "1,,2", "one", "1,", *([""] if rule.shortest else [])):
                        assert not re.fullmatch(field.pattern, bad), bad
    assert set(seen) == {"choice", "number", "choices", "numbers"}


@pytest.mark.parametrize(
    ("slug", "name", "texts"),
    [
        ("mu-lenet", "seeds", ["0"]), ("mu-lenet", "seeds", ["21"]), ("mu-lenet", "seeds", ["1.5"]),
        ("mu-lenet", "seeds", ["two"]), ("mu-lenet", "seeds", [""]), ("mu-lenet", "tolerance_pp", ["nan"]),
        ("mu-lenet", "tolerance_pp", ["inf"]), ("mu-lenet", "dataset", ["$(touch x)"]),
        ("mu-lenet", "dataset", ["mnist; touch x"]), ("mu-lenet", "learning_rates", ["0.1, 0.1"]),
        ("mu-lenet", "learning_rates", [""]), ("mu-lenet", "learning_rates", ["2"]),
        ("mu-lenet", "variants", ["`touch x`"]), ("mu-lenet", "seeds", ["9" * 5000]),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_in_the_words_of_the_command_line(book, slug, name, texts):
    sent = form.shown(catalogue.resolve(slug, "default", {}))
    sent = {key: [", ".join(value)] if key == "learning_rates" else value for key, value in sent.items()}
    with pytest.raises(form.Refused) as refused:
        form.submitted(slug, {**sent, name: texts})
    raw = json.dumps(texts) if name == "variants" else texts[0]
    declared = catalogue.chapter(slug).parameters
    with pytest.raises(parameters.ParameterError) as told:
        catalogue.resolve(slug, "default", dict([parameters.parse_assignment(f"{name}={raw}", declared, slug)]))
    assert refused.value.errors == {name: str(told.value)}


def test_every_error_at_once_and_names_that_are_none(book):
    with pytest.raises(form.Refused) as refused:
        form.submitted("mu-lenet", {"seeds": ["1", "2"], "sed": ["1"]})
    errors = refused.value.errors
    assert "2 values" in errors["seeds"] and "did you mean 'seeds'" in errors["sed"]
    assert "0 values" in errors["dataset"]


def test_the_server_refuses_by_itself_and_keeps_what_was_typed(studio, checkout):
    tab = studio().tab
    answer = tab.post("/chapters/tiny", {**VALUES, "seeds": "99", "resamples": '"><script>alert(1)</script>'})
    assert answer.status == 422 and runs.every() == []
    soup = BeautifulSoup(answer.text, "html.parser")
    assert [script.get("src") for script in soup.find_all("script")] == ["/static/studio.js"]
    assert soup.find(id="p-seeds")["value"] == "99" and soup.find(id="p-seeds")["aria-invalid"] == "true"
    assert soup.find(id="p-resamples")["value"] == '"><script>alert(1)</script>'
    assert [link["href"] for link in soup.select("#errors a")] == ["#p-seeds", "#p-resamples"]
    with pytest.raises(parameters.ParameterError) as told:
        catalogue.resolve("tiny", "default", {"seeds": 99})
    assert str(told.value) in soup.find(id="h-seeds").get_text()


def test_presets_and_the_values_of_an_earlier_run(studio, control):
    tab = studio().tab

    def standing(path):
        soup = BeautifulSoup(tab.get(path).text, "html.parser")
        return {one["name"]: one["value"] for one in soup.select("input[type=number]")}

    assert standing("/chapters/tiny") == {"seeds": "1", "resamples": "100"}
    assert standing("/chapters/tiny?profile=paper") == {"seeds": "2", "resamples": "200"}
    place = tab.post("/chapters/tiny", {**VALUES, "seeds": "7"}).place
    assert standing(f"/chapters/tiny?run={place.rpartition('/')[2]}") == {"seeds": "7", "resamples": "100"}
    for path in ("/chapters/tiny?profile=..%2fpaper", "/chapters/tiny?run=none", "/chapters/tin"):
        assert tab.get(path).status == 404
    assert "tiny" in tab.get("/chapters/tin").text  # did you mean


def test_every_field_has_a_label_and_its_help(studio):
    soup = BeautifulSoup(studio().tab.get("/chapters/tiny").text, "html.parser")
    fields = soup.select("form.parameters input:not([type=hidden]):not([type=checkbox]), form.parameters select")
    assert len(fields) == 4
    for field in fields:
        assert soup.find("label", attrs={"for": field["id"]}).get_text() == field["name"]
        assert soup.find(id=field["aria-describedby"]).get_text(strip=True)
