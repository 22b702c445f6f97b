"""How runs look on the screen."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.console import Console, Group
from rich.text import Text

from cli.output import moment, plain, print_table, span, table_of
from cli.run_view import RunView
from shared.core.run import State

COLORS = {State.SERVING: "green", State.REJECTED: "red", State.FAILED: "red", State.CANCELED: "yellow"}
METRICS = 6  # shown at most


def show_list(screen: Console, runs: Iterable[RunView], now: datetime) -> None:
    """Show one row for each run."""
    heads = ("run", "model", "dataset", "state", "for", "dropped", "job")
    rows = [
        (run.id, run.model, run.dataset, run.state, span(now - run.since), moment(run.created), run.job_status)
        for run in runs
    ]
    if rows:
        print_table(screen, heads, rows)
    else:
        screen.print("There are no runs yet. Drop a dataset into the container datasets.")


def show_run(screen: Console, run: RunView, now: datetime) -> None:
    """Show all that is known of a run."""
    screen.print(run_shown(run, now), soft_wrap=False)


def run_shown(run: RunView, now: datetime) -> Group:
    """Return a run with its facts, its history and its reasons."""
    rows = list(_facts(run, now))
    width = max(len(title) for title, _ in rows)
    facts = [Text.assemble((f"{title:{width}}  ", "dim"), plain(value)) for title, value in rows]
    parts: list[Text | object] = [_headline(run), *facts]
    if run.history:
        parts += [Text(), table_of(("when", "state", "took", "why"), _steps(run, now))]
    return Group(*parts)  # type: ignore[arg-type]  # rich's Table and Text both render


def _headline(run: RunView) -> Text:
    """Return what is under way, and where it stands."""
    color = COLORS.get(State(run.state), "cyan") if run.state in set(State) else "cyan"
    return Text.assemble(
        (plain(run.dataset), "bold"),
        " -> ",
        (plain(run.model) or "no model", "bold"),
        ": ",
        (plain(run.state), f"bold {color}"),
        f" ({run.meaning})" if run.meaning else "",
    )


def _facts(run: RunView, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what there is to know, with a title each; nothing that is not known."""
    yield "run", run.id + (f" (attempt {run.attempt})" if run.attempt > 1 else "")
    yield "since", f"{moment(run.since)}, {span(now - run.since)} ago"
    yield "dropped", moment(run.created)
    if run.base_model:
        yield "base model", run.base_model + (f" ({route} route)" if (route := run.raw.get("route")) else "")
    if cost := cost_text(run):
        yield "cost", cost
    if run.job_status:
        yield "job", run.job_status
    if run.metrics:
        yield "metrics", metrics_text(run)
    for reason in run.reasons:
        yield "because", reason


def cost_text(run: RunView) -> str:
    """Return what training and a day of serving cost, as far as is known; empty where nothing is trained."""
    cost = run.raw.get("cost") or {}
    if run.state == State.REJECTED or not cost.get("trained_tokens"):
        return ""
    prices = (
        (cost.get("training_cost"), "for training"),
        (cost.get("hosting_per_day"), "for each day of serving"),
    )
    known = [
        f"about {price:,.2f} {cost.get('currency', '')} {what}" for price, what in prices if price is not None
    ]
    return "; ".join(known) or "not known"


def metrics_text(run: RunView) -> str:
    """Return the latest value of each metric, of some of them where there are many."""
    shown = [f"{name} {value:.4g}" for name, value in sorted(run.metrics.items())[:METRICS]]
    return ", ".join(shown)


def _steps(run: RunView, now: datetime) -> Iterator[tuple[str, str, str, str]]:
    """Yield the history, with how long each state took."""
    ends = [step.at for step in run.history[1:]] + [None if run.has_ended else now]
    for step, end in zip(run.history, ends, strict=True):
        yield moment(step.at), step.state, span(end - step.at) if end else "", "; ".join(step.reasons)
