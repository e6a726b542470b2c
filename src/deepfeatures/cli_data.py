"""The commands on data: what is found, a table of poses, downloads."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepfeatures.study import paths

if TYPE_CHECKING:
    from deepfeatures.study.data_status import Found

app = typer.Typer(no_args_is_help=True, help="Where the data is, and how to get it.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Records for a program.")] = False) -> None:
    """Which data there is, and where it was looked for."""
    from deepfeatures.data.digits import resolve_digits
    from deepfeatures.study import data_status

    found = data_status.everything(paths.data_root())
    if as_json:
        typer.echo(json.dumps([one.record() for one in found], indent=1, ensure_ascii=False))
        raise typer.Exit(_worst(found))
    given = "$DEEPFEATURES_DATA" if os.environ.get("DEEPFEATURES_DATA") else "the default"
    typer.echo(f"data root: {paths.data_root()} ({given})")
    for one in found:
        typer.echo(str(one))
    if found[0].state != "damaged":
        source = resolve_digits("auto", paths.data_root(), download=False)
        typer.echo(f"dataset=auto: {source.name} (tier {source.tier}; fingerprint {source.fingerprint})")
    raise typer.Exit(_worst(found))


def _worst(found: Sequence[Found]) -> int:
    """The exit status: 2 where a set that is there cannot be used."""
    return 2 if any(one.state == "damaged" for one in found) else 0


@app.command()
def pose(
    images: Annotated[Path, typer.Option("--images", help="Folder of images, one face each.")],
    out: Annotated[Path, typer.Option("--out", help="The table; celeba/pose_estimates.csv is where chapters look.")],
    positive: Annotated[
        str,
        typer.Option(
            "--positive",
            metavar="YAW,PITCH,ROLL",
            help="What this network's positive angles mean: right or left (the side of the image that the nose points "
            "to), up or down, clockwise or counterclockwise.",
        ),
    ],
    network: Annotated[
        Path | None, typer.Option("--network", help="The ONNX file; <data root>/weights/pose.onnx unless given.")
    ] = None,
    order: Annotated[str, typer.Option("--order", help="Of the angles in its output.")] = "yaw,pitch,roll",
    radians: Annotated[bool, typer.Option("--radians", help="Its angles are in radians.")] = False,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Images at a time.")] = 64,
    check: Annotated[
        bool, typer.Option("--check", help="First compare it with Pointing'04's angles: that set is needed.")
    ] = False,
) -> None:
    """Compute a table of pose estimates with an ONNX network of yours; started again, it goes on where it stopped."""
    from deepfeatures.networks import pose_estimates
    from deepfeatures.networks.pose_network import PoseNetwork
    from deepfeatures.study.data_status import pose_network_missing

    file = network or paths.data_root() / "weights" / "pose.onnx"
    if not file.is_file():
        raise FileNotFoundError(pose_network_missing(file))
    found = PoseNetwork(file, positive.split(","), order=order.split(","), radians=radians)
    size = f"{found.input.height} x {found.input.width}"
    typer.echo(f"{found.file}: {found.fingerprint}, {found.form}, reads {size}", err=True)
    if check:
        typer.echo(str(pose_estimates.check(found, paths.data_root())), err=True)
    told = pose_estimates.estimate(
        images, out, found, batch=batch,
        progress=lambda done, of: typer.echo(f"{done:,} of {of:,} images", err=True),
    )  # fmt: skip
    for line in told.left_out[:10]:
        typer.echo(f"left out: {line}", err=True)
    rest = f", {len(told.left_out):,} images left out" if told.left_out else ""
    again = f", {told.resumed:,} of them from an earlier run" if told.resumed else ""
    typer.echo(f"{out}: {told.rows:,} rows{again}{rest}; largest angle {told.largest_deg:.1f} degrees")


@app.command()
def fetch(name: Annotated[str, typer.Argument(help="mnist", autocompletion=lambda: ["mnist"])]) -> None:
    """Download a data set into the data root; its checksums are verified."""
    from deepfeatures.data import mnist

    if name != "mnist":
        raise typer.BadParameter(f"{name!r}: the data set that can be fetched is mnist")
    if mnist.present(paths.data_root()):
        try:
            mnist.verify(paths.data_root())
        except mnist.DamagedFile as damage:
            told = str(damage).partition("`")[0].rstrip(";: ")  # without the way out, which is this command
            typer.echo(f"{told}: fetching it anew", err=True)
        else:
            typer.echo(f"mnist is in {paths.data_root()} already, checksums right")
            return
    reason = mnist.fetch(paths.data_root())
    if reason:
        raise FileNotFoundError(
            f"mnist could not be downloaded ({reason}): put the four idx files, from elsewhere, into "
            f"{mnist.folder(paths.data_root())}"
        )
    typer.echo(f"mnist is in {paths.data_root()}, checksums right")
