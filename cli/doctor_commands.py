"""The commands about the deployment and what it can train: `doctor` and `models`."""

from typing import Annotated

import typer

from cli.options import AsJson

commands = typer.Typer()


@commands.command()
def doctor(
    send_test_card: Annotated[
        bool, typer.Option("--send-test-card", help="Post a card to the Teams channel that says it is a test.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what is missing in Azure, each line with the command that mends it.

    Reads the app's settings from the environment and asks as the one who is signed in (az login). After azd up:
    set -a; eval "$(azd env get-values)"; set +a. Ends with 0 where nothing is missing, 1 where something is, and 2
    where it could not ask.
    """
    from cli import doctor as work

    raise typer.Exit(work.run(test_card=send_test_card, as_json=as_json))


@commands.command()
def models(as_json: AsJson = False) -> None:
    """Show the base models that TuneDrop knows: which can be fine-tuned, where, at what price."""
    from cli import models as work

    work.show(as_json=as_json)
