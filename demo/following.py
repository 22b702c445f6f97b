"""Following a dropped dataset: each state as it comes, the loss as it falls."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from demo.app import App
from demo.cloud import Stopwatch
from demo.errors import DemoError
from demo.screen import Bar, Screen
from demo.views import RunView, loss_text
from demo.waiting import until

Found = TypeVar("Found")
MEANING = {
    "received": "checking the dataset, splitting off a validation part",
    "submitting": "handing the job to Azure ML",
    "training": "Azure ML fine-tunes the model",
    "deploying": "creating the endpoint",
    "verifying": "asking the new model through the moderated path",
    "serving": "the model answers at the endpoint",
    "rejected": "the dataset is not fit to train on",
    "abandoning": "removing what costs money",
}


@dataclass
class Following:
    """One dataset under way, and the parts of the demo that show it."""

    app: App
    screen: Screen
    watch: Stopwatch
    check: Callable[[], None]  # raises DemoError when the local cloud is gone
    _shown: list[str] = field(default_factory=list)

    def to_the_end(self, dataset: str, limit: float) -> RunView:
        """Return the dataset's run once nothing more happens to it, showing each state on the way."""
        run_id = until(self._checked(lambda: self.app.run_id_of(dataset)), limit, f"a run of {dataset}")
        with self.screen.bar("training") as bar:

            def ended() -> RunView | None:
                run = self.app.run(run_id)
                self._show(run, bar)
                return run if run.has_ended else None

            return until(self._checked(ended), limit, f"the end of the run of {dataset}")

    def _checked(self, look: Callable[[], Found | None]) -> Callable[[], Found | None]:
        def checked() -> Found | None:
            self.check()
            return look()

        return checked

    def _show(self, run: RunView, bar: Bar) -> None:
        for state in run.states[len(self._shown) :]:
            self.screen.line(f"{self.watch.seconds():5.1f} s  {state:<11} {MEANING.get(state, '')}")
            self._shown.append(state)
        if run.state == "training" and run.metrics:
            bar.show(run.metrics.get("progress"), loss_text(run.metrics))


def serving(run: RunView) -> RunView:
    """Return the run; raises DemoError with its reasons when it ended otherwise."""
    if run.state != "serving":
        raise DemoError(f"the run {run.id} ended as {run.state!r}: {'; '.join(run.reasons) or 'no reason given'}")
    return run
