"""The commands about runs; they talk to the app over HTTP, as the holder of a key."""

import typer

commands = typer.Typer()
