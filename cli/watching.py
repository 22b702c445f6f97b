"""`tunedrop watch`: looks at a run until nothing more happens to it."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from cli.api import Api, NoAnswerError, NoSuchRunError
from cli.output import console, json_line, moment, plain
from cli.run_screen import metrics_text, run_shown
from cli.run_view import RunView

PAUSE = 2.0  # seconds between two looks
PATIENCE = 600.0  # seconds without an answer, after which it gives up
APPEARS = 300.0  # seconds until a dropped dataset has its run: the sweep finds what no event told of

Look = RunView | NoAnswerError


def looks(
    api: Api,
    run_id: str,
    *,
    dropped_just_now: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Look]:
    """Yield the run at each look, at last as it ended; an error while the app does not answer.

    Raises CommandError when it does not for too long, and where a look again would not help.
    """
    begun = heard = clock()
    while True:
        try:
            run = api.run(run_id)
        except NoSuchRunError:
            heard = clock()
            if not dropped_just_now or heard - begun > APPEARS:
                raise
            yield NoAnswerError("The app has not noticed the dataset yet")
        except NoAnswerError as silence:
            if clock() - heard > PATIENCE:
                raise
            yield silence
        else:
            heard, dropped_just_now = clock(), False
            yield run
            if run.has_ended:
                return
        sleep(PAUSE)


def watch(seen: Iterator[Look], *, as_json: bool, screen: Console | None = None) -> int:
    """Show a run as it goes on; return 0 when its model serves in the end, 1 when it ended otherwise."""
    screen = screen or console()
    if as_json:
        last = _as_json(seen)
    elif screen.is_terminal:
        last = _live(seen, screen)
    else:
        last = _line_by_line(seen, screen)
    return 0 if last is not None and last.is_serving else 1


def _as_json(seen: Iterator[Look]) -> RunView | None:
    """Print the run whenever it changed, as a line of JSON."""
    last: RunView | None = None
    for look in seen:
        if isinstance(look, RunView):
            if last is None or look.raw != last.raw:
                json_line(look.raw)
            last = look
    return last


def _line_by_line(seen: Iterator[Look], screen: Console) -> RunView | None:
    """Print a line whenever the run entered a state."""
    last, told = None, 0
    for look in seen:
        if isinstance(look, RunView):
            for step in look.history[told:]:
                why = f": {'; '.join(step.reasons)}" if step.reasons else ""
                screen.print(f"{moment(step.at)}  {plain(step.state)}{plain(why)}")
            last, told = look, len(look.history)
    if last is not None and last.metrics:
        screen.print(f"metrics: {plain(metrics_text(last))}")
    return last


def _live(seen: Iterator[Look], screen: Console) -> RunView | None:
    """Show the run in place, with times that go on between two looks."""
    last: RunView | None = None
    trouble = ""

    def shown() -> Group:
        if last is None:
            return Group(Text(trouble or "looking for the run ...", "dim"))
        run = run_shown(last, datetime.now(UTC))
        return Group(run, Text(trouble, "yellow")) if trouble else run

    with Live(get_renderable=shown, console=screen, refresh_per_second=2) as live:
        for look in seen:
            if isinstance(look, RunView):
                last, trouble = look, ""
            else:
                trouble = f"{plain(str(look))} (trying again)"
            live.refresh()
    return last
