"""What a message knows beyond its run: how long things took, where the report and the app are."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.core.run import Moment, Run, State


@dataclass(frozen=True)
class ReportPlace:
    """Where a run's report lies, and a link that opens it without an account; the link is a secret."""

    path: str  # inside the storage account, "reports/<run id>/report.html"
    url: str = field(default="", repr=False)
    until: datetime | None = None  # when the link stops to open it


def unlinked(run_id: str) -> ReportPlace:
    """Return where a run's report lies, without a link."""
    return ReportPlace(f"reports/{run_id}/report.html")


@dataclass(frozen=True)
class Background:
    """What a message knows beyond its run; with nothing of it the message only says less."""

    history: tuple[Moment, ...] = ()  # oldest first
    report: ReportPlace | None = None  # None: there is no report
    app_address: str = ""  # where clients reach the app
    run_page: str = ""  # where people who sign in see the run


NOTHING_MORE = Background()


def taken(run: Run, history: tuple[Moment, ...]) -> str:
    """Return how long the run took, "1 h 12 min since the drop, 48 min of it training"."""
    whole = f"{spelled(run.since - run.created)} since the drop"
    trained = time_in(State.TRAINING, run, history)
    return f"{whole}, {spelled(trained)} of it training" if trained else whole


def time_in(state: State, run: Run, history: tuple[Moment, ...]) -> timedelta:
    """Return the time that the run spent in a state before its last change; all times together after retries."""
    spent, entered = timedelta(), None
    for moment in history:
        if moment.at > run.since:
            break  # told late: what came after is not this message's
        if entered is not None:
            spent += moment.at - entered
        entered = moment.at if moment.state == state else None
    return spent


def spelled(time: timedelta) -> str:
    """Return a time as people say it: the two largest units, from seconds to days."""
    seconds = max(0, round(time.total_seconds()))
    parts = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        parts.append((count, unit))
    while len(parts) > 1 and not parts[0][0]:
        del parts[0]
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count or len(parts) == 1)
