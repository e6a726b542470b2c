"""Which code makes a chapter's page stale: what its cells name, and nothing else."""

import pytest

from deepfeatures.study import catalogue, fingerprint, reached

SHAPES = {f"deepfeatures.study.{name}" for name in reached.SHAPES}


def modules(*cells):
    return reached.modules("\n\n".join(f"# %%\n{cell}" for cell in cells))


def named(*cells):
    """Without what every chapter depends on."""
    return modules(*cells) - modules("import deepfeatures as df")


def test_every_chapter_depends_on_what_shapes_it():
    found = modules("import deepfeatures as df")
    assert found >= SHAPES
    assert {"deepfeatures.analysis.measured"} <= found  # imported by study.chapter
    others = set(fingerprint.modules_of("deepfeatures.study")) - SHAPES
    assert others and not others & found  # they act through parameters, claims and keys


@pytest.mark.parametrize(
    ("cell", "module", "not_reached"),
    [
        ("df.analysis.orbits.LAYERS", "analysis.orbits", "analysis.spectrum"),
        ("x = [df.figures.scree(y) for y in z]", "figures.spectrum", "figures.heatmap"),
        ("print(df.data.ANGLES_DEG)", "data.rotation", "data.mnist"),
        ("from deepfeatures.probes import prototypes", "probes.prototypes", "probes.angle"),
        ("%matplotlib inline\ndf.analysis.trend.x", "analysis.trend", "analysis.units"),
        ("files = !ls\ndf.analysis.trend.x", "analysis.trend", "analysis.units"),
        ("?df\ndf.analysis.trend.x", "analysis.trend", "analysis.units"),
    ],
)
def test_a_name_in_a_cell_is_reached_and_its_neighbours_are_not(cell, module, not_reached):
    found = named(cell)
    assert f"deepfeatures.{module}" in found
    assert f"deepfeatures.{not_reached}" not in found


def test_imports_of_what_is_named_are_followed():
    assert {"deepfeatures.figures.style", "deepfeatures.figures.shapes"} <= named("df.figures.scree(x)")


def test_prose_names_nothing():
    assert not named("1") and not reached.modules("# %% [markdown]\n# `df.analysis.orbits.x`") - modules("1")


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(ModuleNotFoundError, match=r"^df\.analyses\.orbits: deepfeatures has no package analyses$"):
        modules("df.analyses.orbits.x")


def test_every_name_of_every_chapter_leads_to_a_module():
    """`df.figures.x` whose home cannot be told would count as the package alone, and x could change unseen."""
    for path in catalogue.slugs().values():
        found = reached.modules(path.read_text())
        packages = {"analysis", "data", "figures", "networks", "probes", "training"}
        assert not {f"deepfeatures.{package}" for package in packages} & found, path.name


@pytest.mark.parametrize(("cell", "said"), [
    ("if:", "cell 2 ('if:'), line 1 of it: invalid syntax"),
    ("x = 1\n  y = 2", "cell 2 ('x = 1'), line 2 of it: unexpected indent"),
])  # fmt: skip
def test_a_cell_that_is_no_python_is_named(cell, said):
    with pytest.raises(reached.BadCell) as refused:
        modules("import deepfeatures as df", cell)
    assert str(refused.value) == said
