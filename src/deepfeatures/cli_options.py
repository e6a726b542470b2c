"""Arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Slug = Annotated[str, typer.Argument(metavar="CHAPTER", help="A chapter, as `deepfeatures list` names it.")]
Profile = Annotated[str, typer.Option("--profile", help="smoke, default or paper (profiles/).")]
Given = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="Change one parameter.")
]
Cores = Annotated[int | None, typer.Option("--cores", min=1, help="Jobs side by side; all cores unless given.")]
WorkflowProfile = Annotated[
    str | None,
    typer.Option(
        "--workflow-profile",
        help="Where jobs run: slurm, kubernetes (workflow/profiles/), or a folder with config.yaml; else here.",
    ),
]
