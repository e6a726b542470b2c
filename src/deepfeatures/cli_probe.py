"""The command `probe`: a network or images of one's own."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def probe(
    network: Annotated[
        Path | None, typer.Option("--network", metavar="FILE.onnx", help="Your network; those at hand unless given.")
    ] = None,
    images: Annotated[
        str,
        typer.Option("--images", metavar="FOLDER", help="A folder per person; or rendered, celeba, pointing04."),
    ] = "rendered",
    mean: Annotated[
        str | None, typer.Option("--mean", help="The network reads (value - mean) / std of 0..255: one or three.")
    ] = None,
    std: Annotated[str | None, typer.Option("--std", help="See --mean.")] = None,
    side: Annotated[
        str | None, typer.Option("--side", help="Of its images, pixels: 112, or 112x96. Where the file leaves it open.")
    ] = None,
    channels: Annotated[str | None, typer.Option("--channels", help="RGB (unless given) or BGR.")] = None,
    layout: Annotated[str | None, typer.Option("--layout", help="NCHW or NHWC, where the file leaves it open.")] = None,
    outputs: Annotated[
        str | None,
        typer.Option("--outputs", metavar="NAME,NAME", help="What is read, the embedding last; all declared outputs."),
    ] = None,
    middle: Annotated[
        float, typer.Option("--middle", help="Share of your images' height and width that is read, about the centre.")
    ] = 1.0,
    profile: Annotated[str, typer.Option("--profile", help="Sizes: smoke, default or paper.")] = "default",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="For the page; runs/probes/<name> unless given.")
    ] = None,
) -> None:
    """Put your own network (ONNX), or your own images, to the book's questions: one page and results.json.

    How a network reads images may also stand in a file beside it, FILE.yaml for FILE.onnx.
    """
    from deepfeatures.study import probe as probing
    from deepfeatures.study import probe_page, probe_settings

    given = {"mean": mean, "std": std, "side": side, "channels": channels, "layout": layout, "outputs": outputs}
    if network is None and (said := [f"--{name}" for name, value in given.items() if value is not None]):
        raise typer.BadParameter(f"{', '.join(said)} without --network: whose images are read so?")
    if network is not None and not network.is_file():
        raise FileNotFoundError(f"{network} is missing: --network is an ONNX file")
    if not 0 < middle <= 1:
        raise typer.BadParameter(f"--middle {middle:g}: above 0 and at most 1")
    reading = None if network is None else probe_settings.reading(network, given)
    where = images if images in probing.WORLDS and not Path(images).is_dir() else Path(images)
    if middle != 1 and not isinstance(where, Path):
        raise typer.BadParameter(f"--middle is of a folder of your own; {images} is framed as the book does")
    if out is not None:
        probe_page.refuse_others(out)  # before hours of work, not after
    started = time.monotonic()
    planned = probing.plan(probing.Asked(network, reading, where, middle, profile))
    for line in probe_page.told(planned):
        typer.echo(line, err=True)
    found = probing.run(planned)
    page = probe_page.write(found, out, shlex.join(["deepfeatures", *sys.argv[1:]]))
    for line in probe_page.summary(found):
        typer.echo(line)
    typer.echo(f"{time.monotonic() - started:.0f} seconds", err=True)
    typer.echo(page)
