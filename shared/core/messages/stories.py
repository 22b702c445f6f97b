"""What each state means to people: what happened, what it means, what to do next."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.core.run import Idle, Run, State


@dataclass(frozen=True)
class Story:
    """What one state means; `style` is that of an Adaptive Card's container."""

    happened: Callable[[Run], str]
    means: Callable[[Run], str]
    next_step: Callable[[Run], str]
    style: str = "emphasis"


def _again(run: Run) -> str:
    return f"To begin anew, drop {run.dataset} again. To go on where it stopped: tunedrop retry {run.id}"


BEFORE = "What served before under this name still does."
STORIES = {
    State.TRAINING: Story(
        lambda run: f"{run.model}: training has begun",
        lambda run: f"The dataset is fit to train on. Azure ML fine-tunes {run.checked.base_model} on it.",
        lambda run: f"Nothing to do: you will be told how it ends. To stop it: tunedrop cancel {run.id}",
        "accent",
    ),
    State.SERVING: Story(
        lambda run: f"{run.model} is serving",
        lambda run: f"The fine-tuned model answers through the moderated endpoint, by the name {run.model}.",
        lambda _run: "Ask it, with an API key of yours and with the system message that your examples have.",
        "good",
    ),
    State.REJECTED: Story(
        lambda run: f"{run.model or run.dataset}: the dataset was rejected",
        lambda run: f"{run.dataset} cannot be trained on as it is. Nothing was trained and nothing was spent.",
        lambda _run: "Mend what is named here and drop the file again: a new upload is a new run.",
        "warning",
    ),
    State.ABANDONING: Story(
        lambda run: f"{run.model}: the run is being given up",
        lambda run: (
            f"So that nothing goes on costing money, its job {run.job} is canceled and its endpoint "
            f"{run.endpoint} is deleted, where they exist. {BEFORE}"
        ),
        lambda _run: "Nothing to do yet: you will be told once all of it is gone.",
        "warning",
    ),
    State.FAILED: Story(
        lambda run: f"{run.model}: the run failed",
        lambda _run: f"No new model serves. {BEFORE}",
        lambda run: f"Mend the reason. {_again(run)}",
        "attention",
    ),
    State.CANCELED: Story(
        lambda run: f"{run.model}: the run was canceled",
        lambda _run: f"No job and no endpoint of this run is left. {BEFORE}",
        lambda run: f"Nothing to do. {_again(run)}",
        "warning",
    ),
    State.DELETED: Story(
        lambda run: f"{run.model or run.dataset}: the run was deleted",
        lambda _run: (
            "No endpoint of it is left, and the model that it trained, where it came so far, is archived in "
            "Azure ML: nothing of it costs money any more."
        ),
        lambda run: f"Nothing to do. To have such a model again, drop {run.dataset} again.",
    ),
}

DELETION_FAILED = Story(
    lambda run: f"{run.model}: the deletion failed",
    lambda _run: "Some of what this run made may still be there and cost money; its model may answer no more.",
    lambda run: f"Mend the reason, then delete it once more: tunedrop delete {run.id}",
    "attention",
)


def idle_story(idle: Idle) -> Story:
    """Return the story of a model that serves and that nobody asks."""
    days = f"{idle.days} day{'' if idle.days == 1 else 's'}"
    return Story(
        lambda run: f"{run.model}: nobody has asked it for {days}",
        lambda run: f"Its endpoint {run.endpoint} costs {_by_the_day(run)}, asked or not.",
        lambda run: (
            f"Not needed any more? Delete it: tunedrop delete {run.id}. Dropping {run.dataset} again trains it "
            "again. Needed? Then see whether its clients have the right URL and key. You are told daily until it "
            "is asked or deleted."
        ),
        "warning",
    )


def _by_the_day(run: Run) -> str:
    """Return what serving costs; without a price, that it does."""
    checked = run.checked
    if checked.hosting_per_day is None:
        return "money by the hour"
    return f"{checked.hosting_per_day:,.2f} {checked.currency} a day"


def story_of(run: Run) -> Story:
    """Return the state's story; a state that nobody is told of has a plain one."""
    if run.state is State.FAILED and run.stopped_in is State.DELETING:
        return DELETION_FAILED
    plain = Story(lambda run: f"{run.model}: {run.state}", lambda _run: "", lambda _run: "")
    return STORIES.get(run.state, plain)
