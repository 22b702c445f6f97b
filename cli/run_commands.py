"""The commands about runs; they talk to the app over HTTP, as the holder of a key in TUNEDROP_KEY."""

from typing import Annotated

import typer

from cli.options import AsJson

commands = typer.Typer()

Url = Annotated[str | None, typer.Option(metavar="URL", help="The app's URL; TUNEDROP_URL when left out.")]
Name = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, or the name of a model or a dataset: its latest run.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@commands.command("list")
def listed(
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Runs of this model only.")] = None,
    dataset: Annotated[str | None, typer.Option(metavar="PATH", help="Runs of this dataset only.")] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="Runs in this state only.")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many at most.")] = 20,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show the latest runs, newest first."""
    from cli import runs

    runs.list_runs(url, limit, as_json=as_json, model=model, dataset=dataset, state=state)


@commands.command()
def show(run: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Show one run with its history."""
    from cli import runs

    runs.show(url, run, as_json=as_json)


@commands.command()
def watch(run: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Show a run as it goes on; ends with it, with 0 when its model serves and 1 otherwise."""
    from cli import runs

    raise typer.Exit(runs.watch(url, run, as_json=as_json))


@commands.command()
def cancel(run: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Let an open run end as canceled, with nothing left that costs money."""
    from cli import runs

    runs.cancel(url, run, as_json=as_json)


@commands.command()
def retry(run: Name, url: Url = None, as_json: AsJson = False) -> None:
    """Let a run that failed, was canceled or was rejected go on where it stopped."""
    from cli import runs

    runs.retry(url, run, as_json=as_json)


@commands.command()
def delete(run: Name, yes: Yes = False, url: Url = None, as_json: AsJson = False) -> None:
    """Remove what an ended run made: its endpoint, then its model."""
    from cli import runs

    runs.delete(url, run, sure=yes, as_json=as_json)
