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
    base_model: Annotated[
        str, typer.Option("--base-model", help="Look at what this base model needs, not BASE_MODEL.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what is missing in Azure, each line with the command that mends it.

    Reads the app's settings from the environment and asks as the one who is signed in (az login). After azd up:
    set -a; eval "$(azd env get-values)"; set +a. Ends with 0 where all is there, 1 where something is missing, 2
    where it could not ask, and 3 where nothing is missing but something could not be seen.
    """
    from cli import doctor as work

    raise typer.Exit(work.run(test_card=send_test_card, as_json=as_json, base_model=base_model))


@commands.command()
def models(as_json: AsJson = False) -> None:
    """Show the base models that TuneDrop knows: which can be fine-tuned, where, at what price."""
    from cli import models as work

    work.show(as_json=as_json)
