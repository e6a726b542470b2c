"""What plans say again of networks is what the networks say; and no command imports torch to plan."""

import subprocess
import sys
from pathlib import Path

from deepfeatures.analysis import attribute_tables
from deepfeatures.data import regions
from deepfeatures.networks import deepid2plus, face_catalogue, more_networks, response_windows
from deepfeatures.study import network_names

# What a whole book's plan asks, in a process that has imported nothing yet.
PLANS = """
import sys
from deepfeatures.study import build, execute, publish, recorded_weights, rendered
planned = build.plan_book("smoke")
assert len(planned) > 3 and all(chapter.recipes is not None for chapter in planned)
recorded_weights.check(one for chapter in planned for group in chapter.recipes.values() for one in group)
print(*sorted({"torch", "torchvision", "sklearn", "scipy", "pandas", "matplotlib"} & set(sys.modules)))
"""


def test_they_are_what_the_networks_say():
    for name in ("LAYERS", "MAPS", "UNITS", "SMALL_MAPS", "SMALL_UNITS"):
        assert getattr(network_names, name) == getattr(deepid2plus, name), name
    assert tuple(region for region in regions.REGIONS if region != "face") == network_names.WINDOWS
    assert network_names.READINGS == response_windows.READINGS
    files = {name: entry.path(Path("root")) for name, entry in face_catalogue.CATALOGUE.items()}
    assert {name: Path("root", "weights", file) for name, file in network_names.WEIGHT_FILES.items()} == files
    assert dict(more_networks.LAYERS) == dict(network_names.MORE_LAYERS)
    assert tuple(more_networks.LAYERS) == attribute_tables.MORE


def test_a_plan_imports_nothing_that_computes(mnist_root, runs_folder):
    """Each of these takes up to seconds, and every command plans."""
    done = subprocess.run([sys.executable, "-c", PLANS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == []
