"""What the Kubernetes profile would have a cluster do: the jobs it creates, and what these make."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deepfeatures.study import artifacts, build, workflow_profiles
from deepfeatures.study.recipes import Recipe
from tests.cluster.stand_in_kubernetes import StandIn

FACES = Recipe("faces", {"dataset": "rendered", "seed": 1, "identities": 1, "images_per_identity": 2, "side_px": 32})


@pytest.mark.skipif(
    importlib.util.find_spec("snakemake_executor_plugin_kubernetes") is None,
    reason="snakemake-executor-plugin-kubernetes is not installed: make cluster FOR=kubernetes",
)
def test_a_job_runs_the_books_command_with_the_volume_and_its_folders(
    runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    if "PYTHONPATH" in os.environ:  # where the package is found so instead of being installed
        image["PYTHONPATH"] = os.environ["PYTHONPATH"]
    with StandIn(tmp_path, image) as cluster:
        monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
        plan = build.save_plan(FACES.closure(), {}, {})
        start = [*workflow_profiles.command("kubernetes", 1), "--seconds-between-status-checks", "1"]
        start += ["--retries", "0", "--latency-wait", "5"]
        try:
            build.run_workflow(plan, start, [f"artifacts/faces/{FACES.key}/record.json"])
        except build.BuildFailed:
            pytest.fail("\n".join(cluster.said))
    (job,) = cluster.jobs
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert artifacts.exists(FACES), cluster.said
    assert str(Path(sys.executable)) in container["args"][1]  # of the shared volume, not one of the image
    assert {"name": "deepfeatures", "mountPath": "/deepfeatures"} in container["volumeMounts"]
    claims = [volume.get("persistentVolumeClaim", {}).get("claimName") for volume in spec["volumes"]]
    assert claims == [None, "deepfeatures"]
    assert container["resources"]["requests"]["memory"] == "2000M"
    passed = {one["name"] for one in container["env"]}
    assert passed >= {"DEEPFEATURES_RUNS"}
    assert set(cluster.secrets[0]["data"]) >= {name.lower() for name in passed}
    if shutil.which("kubectl") is None:
        pytest.skip("all but the last check passed: no kubectl here to read the manifest")
    manifest = tmp_path / "job.json"
    manifest.write_text(json.dumps({"apiVersion": "batch/v1", "kind": "Job", **job}))
    command = ["kubectl", "label", "--local", "-f", str(manifest), "read=yes", "--output", "json"]
    read = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert read["spec"]["template"]["spec"]["containers"][0]["args"] == container["args"]
