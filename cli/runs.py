"""`tunedrop list`, `show`, `cancel`, `retry`, `delete` and `watch`: what people do with runs."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

import tenacity
import typer

from cli.api import Api, NoSuchRunError, connected
from cli.errors import CommandError
from cli.output import console, json_out, plain
from cli.program import PROGRAM
from cli.run_screen import show_list, show_run
from cli.run_view import RunView
from cli.watching import PAUSE, looks
from cli.watching import watch as watched

SOON = 6  # looks for the run of a dataset that may have been dropped a moment ago


def list_runs(url: str | None, limit: int, *, as_json: bool, **wanted: str | None) -> None:
    """Show the latest runs, newest first; `wanted` names a model, a dataset or a state."""
    with connected(url) as api:
        runs = api.runs(limit, **{name: value for name, value in wanted.items() if value})
    if as_json:
        json_out({"object": "list", "data": [run.raw for run in runs]})
    else:
        show_list(console(), runs, datetime.now(UTC))


def show(url: str | None, name: str, *, as_json: bool) -> None:
    """Show one run with its history."""
    with connected(url) as api:
        _show(api.find(name), as_json=as_json)


def cancel(url: str | None, name: str, *, as_json: bool) -> None:
    """Ask for a run's end."""
    _tell(url, name, lambda api, run: api.cancel(run.id), as_json=as_json)


def retry(url: str | None, name: str, *, as_json: bool) -> None:
    """Ask for another try."""
    _tell(url, name, lambda api, run: api.retry(run.id), as_json=as_json)


def delete(url: str | None, name: str, *, sure: bool, as_json: bool) -> None:
    """Ask for the end of all that a run made, once the person has confirmed it."""

    def confirmed(api: Api, run: RunView) -> RunView:
        if not sure:
            _confirm(run)
        return api.delete(run.id)

    _tell(url, name, confirmed, as_json=as_json)


def watch(url: str | None, name: str, *, as_json: bool) -> int:
    """Show a run until it ends; return 0 when its model serves, 1 when it ended otherwise."""
    with connected(url) as api:
        return watched(looks(api, _found_soon(api, name).id), as_json=as_json)


def _found_soon(api: Api, name: str) -> RunView:
    """Return the run, waiting a little for the one of a dataset that was dropped a moment ago."""
    patient = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(NoSuchRunError),
        stop=tenacity.stop_after_attempt(SOON),
        wait=tenacity.wait_fixed(PAUSE),
        reraise=True,
    )
    return patient(api.find, name)


def _tell(url: str | None, name: str, command: Callable[[Api, RunView], RunView], *, as_json: bool) -> None:
    """Give a command to a run, and show it as it is now."""
    with connected(url) as api:
        _show(command(api, api.find(name)), as_json=as_json)


def _show(run: RunView, *, as_json: bool) -> None:
    if as_json:
        json_out(run.raw)
        return
    show_run(console(), run, datetime.now(UTC))
    if not run.has_ended:
        console().print(f"Next: {PROGRAM} watch {run.id}")


def _confirm(run: RunView) -> None:
    """Ask whether to delete; raises typer.Exit when the person would rather not."""
    if not sys.stdin.isatty():
        raise CommandError("nobody is here to confirm it: say --yes to delete without being asked")
    what = f"run {run.id} of {plain(run.dataset)} ({plain(run.state)})"
    question = f"Delete {what}: its endpoint stops answering, and its model is archived?"
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # typer's own prompt writes to stdout
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        print("Nothing was deleted.", file=sys.stderr)
        raise typer.Exit(1)
