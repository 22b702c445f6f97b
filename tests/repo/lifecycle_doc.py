"""docs/lifecycle.md from the table in the code: `python -m tests.repo.lifecycle_doc > docs/lifecycle.md`."""

from datetime import timedelta

from shared.core.lifecycle import GOES_ON, LIFECYCLE, Stage, is_final

WHERE_IT_STOPPED = "where it stopped"
INTRODUCTION = """# A run's life

One table in `shared/core/lifecycle.py` says all of it; this page is made from that table
(`python -m tests.repo.lifecycle_doc > docs/lifecycle.md`) and a test fails when the two differ.

*Work* is repeated until it yields an event, so a crash costs one tick and nothing is done twice.
Entering a state marked *told* sends one message to Teams and one by e-mail. `STATE_LIMITS` sets other limits.

People ask for three things, over HTTP or with `tunedrop`: *cancel*, *retry* and *delete*; who asked stands in the
run's history. A fault of TuneDrop's own that comes back five times parks the run (Broken).
"""


def hours(stage: Stage) -> str:
    return "" if stage.limit == timedelta.max else f"{stage.limit / timedelta(hours=1):g} h"


def events(stage: Stage) -> str:
    return "<br>".join(f"{event.__name__} → {after or WHERE_IT_STOPPED}" for event, after in stage.on.items())


def table() -> str:
    rows = [
        f"| {state} | {stage.work} | {hours(stage)} | {events(stage)} | {'told' if stage.notify else ''} |"
        for state, stage in LIFECYCLE.items()
    ]
    head = ["| state | work meanwhile | at most | event → next state | people are |", "|---|---|---|---|---|"]
    return "\n".join(head + rows)


def diagram() -> str:
    steps = [
        f"    {state} --> {after}: {event.__name__}"
        for state, stage in LIFECYCLE.items()
        for event, after in stage.on.items()
        if after
    ]
    ends = [f"    {state} --> [*]" for state in LIFECYCLE if is_final(state)]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> received", *steps, *ends, "```"])


def retries() -> str:
    rows = [f"| {stopped} | {goes_on} |" for stopped, goes_on in GOES_ON.items()]
    return "\n".join(["| a retry of a run that stopped while | goes on with |", "|---|---|", *rows])


def page() -> str:
    return f"{INTRODUCTION}\n{table()}\n\n{retries()}\n\n{diagram()}\n"


if __name__ == "__main__":
    print(page(), end="")
