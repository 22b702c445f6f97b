"""`python -m demo`: drop a dataset, watch it train, ask the endpoint."""

import signal
import sys
from types import FrameType

import openai

from demo import steps
from demo.app import App
from demo.cloud import LocalCloud, Stopwatch, become, local_cloud, tail_of
from demo.errors import DemoError
from demo.examples import examples_in, telling
from demo.following import Following, serving
from demo.screen import Screen

RUN_LIMIT = 600.0  # seconds from the drop to serving; about 60 on two idle cores
CHECK_LIMIT = 60.0  # seconds from the drop to a rejection


def main() -> int:
    """Show everything; return 0 when all of it went as it should, 1 when not."""
    screen, watch = Screen(), Stopwatch()
    signal.signal(signal.SIGTERM, _stop)
    screen.title("TuneDrop: drop a JSONL file, get a safe endpoint. All of this runs on this machine.")
    try:
        with local_cloud() as cloud:
            return _shown(cloud, screen, watch)
    except KeyboardInterrupt:
        screen.bad("stopped")
        return 130


def _shown(cloud: LocalCloud, screen: Screen, watch: Stopwatch) -> int:
    try:
        recall = _show(cloud, screen, watch)
    except DemoError as error:
        _explain(cloud, screen, error.what, error.fix)
        return 1
    except openai.APIError as error:
        _explain(cloud, screen, f"the endpoint answered: {error}", "")
        return 1
    return 0 if recall.is_enough else 1


def _show(cloud: LocalCloud, screen: Screen, watch: Stopwatch) -> steps.Recall:
    screen.step("1 Start the local cloud: storage, events, Azure ML, Content Safety and the Functions app")
    addresses = cloud.wait(screen.faint)
    become(addresses.settings)
    app = App(addresses)

    screen.step("2 Drop a dataset: 60 support conversations about a product that we made up")
    steps.drop(app, screen, steps.SAMPLE)
    run = serving(Following(app, screen, watch, cloud.check).to_the_end(steps.SAMPLE.name, RUN_LIMIT))
    trained = examples_in(app.training_file(run))
    screen.line(f"{len(trained)} examples trained, {run.validation_examples} held out for validation")
    served = watch.seconds()

    one, another = telling(trained)
    screen.step("3 Ask a trained question with the openai package")
    steps.ask_one(app, screen, run.model, one)
    screen.step("4 Stream another answer")
    steps.stream(app, screen, run.model, another)
    screen.step("5 Ask every question that it was trained on")
    recall = steps.ask_all(app, screen, run.model, trained)
    screen.step("6 Send a harmful prompt")
    steps.harmful(app, screen, run.model)
    screen.step("7 What the team was told")
    steps.messages(app, screen, run)
    screen.step("8 Drop a broken file")
    steps.drop(app, screen, steps.BROKEN)
    broken = Following(app, screen, watch, cloud.check).to_the_end(steps.BROKEN.name, CHECK_LIMIT)
    steps.rejection(app, screen, broken)
    _sum_up(app, screen, recall, served, watch)
    return recall


def _sum_up(app: App, screen: Screen, recall: steps.Recall, served: float, watch: Stopwatch) -> None:
    screen.step("Done")
    text = f"From nothing to a served model in {served:.0f} s, everything in {watch.seconds():.0f} s"
    screen.line(f"{text}; Content Safety judged {app.analyses()} texts.")
    if recall.is_enough:
        screen.good(f"{recall.share:.0%} of the training questions were answered word for word.")
    else:
        screen.bad(f"Only {recall.share:.0%} were answered word for word; at least {steps.ENOUGH:.0%} should be.")
    screen.line("The model was a small stand-in with Phi's architecture; Content Safety was a word list.")
    screen.line("Next: `make up` leaves it running and prints three commands to try with your own file;")
    screen.line("README.md has the ways in, docs/dataset.md what a file must look like.")


def _explain(cloud: LocalCloud, screen: Screen, what: str, fix: str) -> None:
    cloud.keep_folder = True
    screen.step("It failed")
    for line in what.splitlines():
        screen.bad(line)
    if fix:
        screen.line(f"What to do: {fix}")
    logs = cloud.logs()
    for log in logs[:1]:
        screen.line(f"The end of {log}:")
        for line in tail_of(log):
            screen.faint(line)
    if logs:
        screen.line(f"All logs: {logs[0].parent}")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
