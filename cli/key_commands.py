"""The commands about API keys; they talk to the key table, as the app does."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import AsJson

commands = typer.Typer(help="API keys for the endpoint and for runs.", no_args_is_help=True)


class Scope(StrEnum):
    """What a key may do."""

    CHAT = "chat"
    RUNS = "runs"
    MANAGE = "manage"


Owner = Annotated[str, typer.Option(metavar="WHO", help="Who answers for the key's use.")]
Models = Annotated[
    list[str] | None, typer.Option("--model", metavar="NAME", help="A model it may ask; repeat. All if left out.")
]
Scopes = Annotated[
    list[Scope] | None, typer.Option("--scope", help="What it may do; repeat. chat and runs if left out.")
]
Days = Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until it expires; never when left out.")]
PerMinute = Annotated[
    int | None, typer.Option(min=1, max=2_000_000_000, help="At most so many a minute; no limit when left out.")
]


@commands.command()
def create(
    owner: Owner,
    model: Models = None,
    scope: Scopes = None,
    days: Days = None,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: PerMinute = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the key alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: this is the only time that it can be seen."""
    from cli import keys

    rights = keys.Rights(
        owner=owner,
        models=frozenset(model or ()),
        scopes=frozenset(map(str, scope or (Scope.CHAT, Scope.RUNS))),
        days=days,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
    )
    keys.create(rights, quiet=quiet, as_json=as_json)


@commands.command("list")
def listed(as_json: AsJson = False) -> None:
    """Show every key's id, owner, rights, limits and last use; the keys themselves are not kept."""
    from cli import keys

    keys.show_all(as_json=as_json)


@commands.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `tunedrop keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Remove a key; the endpoint refuses it at most 30 seconds later."""
    from cli import keys

    keys.revoke(key_id, as_json=as_json)
