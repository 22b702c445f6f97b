"""The command that drops a dataset, with the manifest's keys as options."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson

commands = typer.Typer()

Key = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any key of the manifest (docs/dataset.md); repeat."),
]


@commands.command()
def drop(
    file: Annotated[Path, typer.Argument(help="The .jsonl; its .yaml and .validation.jsonl go with it.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model to train; by the file's name when left out.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The validation file, where it lies elsewhere.")
    ] = None,
    base_model: Annotated[str | None, typer.Option(metavar="NAME", help="The model to fine-tune.")] = None,
    epochs: Annotated[int | None, typer.Option(metavar="N", help="How often to go through the examples.")] = None,
    budget: Annotated[float | None, typer.Option(metavar="MONEY", help="What training may cost.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="EMAIL", help="Whom to ask about the model.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings reject the dataset too.")] = False,
    settings: Key = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the .yaml beside the file.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Use a .yaml or .validation.jsonl that only the container has.")
    ] = False,
    watch: Annotated[bool, typer.Option(help="Watch the run to its end.")] = True,
    account_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The storage account; AzureWebJobsStorage__blobServiceUri when left out."
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="The app; TUNEDROP_URL when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a dataset, upload it with what lies beside it, and watch its run.

    What options choose is written beside the file as its .yaml. An upload that broke off goes on when repeated.
    """
    from cli import drop as work
    from cli.manifest_file import choices_of

    named = {"base_model": base_model, "epochs": epochs, "budget": budget, "owner": owner}
    named["strict"] = "true" if strict else None
    choices = choices_of(named, settings or ())
    wanted = work.Wanted(model, validation, choices, force=force, keep=keep, watch=watch, as_json=as_json)
    raise typer.Exit(work.run(file, wanted, account_url, url))
