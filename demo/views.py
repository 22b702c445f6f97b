"""What the app's JSON says, as far as the demo shows it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LINK = re.compile(r"(https?://[^\s?]+\?)\S+")
ENDED = frozenset({"serving", "rejected", "failed", "canceled", "deleted"})


@dataclass(frozen=True)
class RunView:
    """A run as GET /runs tells it."""

    id: str
    model: str
    dataset: str
    state: str
    reasons: tuple[str, ...] = ()
    base_model: str = ""
    training_examples: int = 0
    validation_examples: int = 0
    job_status: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    states: tuple[str, ...] = ()  # every state that it was in, oldest first

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED


def run_of(view: Mapping[str, Any]) -> RunView:
    """Return the run that a JSON object tells of."""
    return RunView(
        id=view["id"],
        model=view["model"],
        dataset=view["dataset"],
        state=view["state"],
        reasons=tuple(view["reasons"]),
        base_model=view["base_model"],
        training_examples=view["training_examples"],
        validation_examples=view["validation_examples"],
        job_status=view["job"]["status"],
        metrics=view["job"]["metrics"],
        states=tuple(moment["state"] for moment in view.get("history", [])),
    )


def loss_text(metrics: Mapping[str, float]) -> str:
    """Return the metrics worth watching while it trains, "loss 1.2, eval loss 1.4"; empty while there are none."""
    shown = {"train_loss": "loss", "eval_loss": "eval loss", "exact_match": "exact answers"}
    return ", ".join(f"{label} {metrics[name]:.3g}" for name, label in shown.items() if name in metrics)


def card_lines(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a Teams card: its texts, its facts as "title: value", and its buttons."""
    for attachment in message["body"]["attachments"]:
        card = attachment["content"]
        yield from _element_lines(card["body"])
        if buttons := [f"[{action['title']}]" for action in card.get("actions", [])]:
            yield " ".join(buttons)


def _element_lines(elements: list[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        if not element.get("isVisible", True):
            continue  # shown once its button was pressed
        if text := element.get("text") or "".join(run["text"] for run in element.get("inlines", [])):
            yield str(text)
        for fact in element.get("facts", []):
            yield f"{fact['title']}: {fact['value']}"
        for inner in ("items", "columns"):
            yield from _element_lines(element.get(inner, []))


def email_lines(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an e-mail: recipients, subject and plain text; of a link only its beginning."""
    body = message["body"]
    yield "To: " + ", ".join(one["address"] for one in body["recipients"]["to"])
    yield "Subject: " + body["content"]["subject"]
    lines = (LINK.sub(r"\1...", line) for line in body["content"].get("plainText", "").splitlines())
    yield from (line for line in lines if line.strip())


def block_text(body: Any) -> str:
    """Return why a prompt was blocked, "violence (high)"; the body is an Azure OpenAI content filter's error."""
    inner = body.get("innererror") if isinstance(body, dict) else None
    results = (inner or {}).get("content_filter_result", {})
    found = [
        f"{category} ({result.get('severity', 'detected')})"
        for category, result in results.items()
        if isinstance(result, dict) and result.get("filtered")
    ]
    return ", ".join(found) or "no category was named"
