"""All that a message says of a run, before it takes the form of a card or of an e-mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.core.base_models import Route
from shared.core.messages.background import Background, ReportPlace, taken
from shared.core.messages.calls import calls_of, deletion_of
from shared.core.messages.stories import idle_story, story_of
from shared.core.run import Idle, Run, State

REASONS_SHOWN = 3  # a message is read in passing; the report has them all
METRICS = {"train_loss": "training loss", "eval_loss": "validation loss"}
BEFORE_THE_DAILY_COST = {State.TRAINING: "then ", State.SERVING: ""}
TRAINS = frozenset(State) - {State.RECEIVED, State.REJECTED}


@dataclass(frozen=True)
class Words:
    """What a message says; `style` is that of an Adaptive Card's container."""

    happened: str
    means: str
    reasons: tuple[str, ...]
    next_step: str
    calls: tuple[tuple[str, str], ...]  # title and text of each
    calls_do: str  # what they are there for
    facts: tuple[tuple[str, str], ...]  # title and value of each
    report: ReportPlace | None
    report_note: str
    run_page: str
    style: str


def words_of(run: Run, background: Background, idle: Idle | None = None) -> Words:
    """Return what people are told of a run that just entered its state, or of one whose model nobody asks."""
    story = idle_story(idle) if idle else story_of(run)
    calls = deletion_of if idle else calls_of
    return Words(
        happened=story.happened(run),
        means=story.means(run),
        reasons=tuple(_reasons(run)),
        next_step=story.next_step(run),
        calls=calls(run, background.app_address),
        calls_do="Delete it" if idle else "Try it",
        facts=tuple((title, value) for title, value in _facts(run, background, idle) if value),
        report=background.report,
        report_note=_report_note(background.report),
        run_page=background.run_page,
        style=story.style,
    )


def _reasons(run: Run) -> Iterator[str]:
    yield from run.reasons[:REASONS_SHOWN]
    left = len(run.reasons) - REASONS_SHOWN
    if left > 0:
        yield f"and {left} more kind{'' if left == 1 else 's'}; the report has them all"


def _facts(run: Run, background: Background, idle: Idle | None) -> Iterator[tuple[str, str]]:
    checked, trains = run.checked, run.state in TRAINS
    yield "State", f"{run.state} since {_moment(run.since)}"
    yield "Not asked", f"since {_moment(idle.since)}" if idle else ""
    yield "Model", run.model
    yield "Dataset", run.dataset
    yield "Base model", checked.base_model
    examples = f"{checked.training_examples} to train on, {checked.validation_examples} to validate with"
    yield "Examples", examples if trains and checked.training_examples else ""
    yield "Cost", "; ".join(_costs(run)) if trains and checked.trained_tokens else ""
    yield "Duration", taken(run, background.history)
    measured = (f"{label} {run.metrics[name]:.3g}" for name, label in METRICS.items() if name in run.metrics)
    yield "Measured", ", ".join(measured)
    yield "Owner", checked.owner
    yield "Attempt", str(run.attempt) if run.attempt > 1 else ""
    yield "Run", run.id


def _costs(run: Run) -> Iterator[str]:
    """Yield what training costs and what each day of the endpoint does, before it is there and once it is."""
    checked = run.checked
    price = "not known" if checked.training_cost is None else f"about {_money(checked.training_cost, run)}"
    start = " besides the start of the machine" if checked.route == Route.MANAGED else ""
    yield f"{price} for training on {checked.trained_tokens:,} tokens{start}"
    begins = BEFORE_THE_DAILY_COST.get(run.state)
    if begins is not None and checked.hosting_per_day is not None:
        yield f"{begins}{_money(checked.hosting_per_day, run)} for each day of serving, asked or not"


def _money(amount: float, run: Run) -> str:
    return f"{amount:,.2f} {run.checked.currency}"


def _report_note(report: ReportPlace | None) -> str:
    """Return how the report can be read; a link opens it for everybody, so that is said."""
    if report is None:
        return ""
    if not report.url:
        return f"The report lies in the storage account: {report.path}"
    until = f" until {_moment(report.until)}" if report.until else ""
    return f"The link opens the report, and nothing else, for whoever has it{until}."


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")
