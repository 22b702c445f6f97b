"""What the endpoint measures, as OpenTelemetry metrics: times, tokens and blocks by model, and never a text.

Names and attributes that begin with `gen_ai` are those of OpenTelemetry's conventions for generative AI. Where no
exporter is configured, all of it does nothing.
"""

from collections.abc import Mapping, Sequence

from opentelemetry.metrics import Histogram, Meter, get_meter

MODEL = "gen_ai.request.model"
TOKENS = {"prompt_tokens": "input", "completion_tokens": "output"}
SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4]
COUNTS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536]


class Metrics:
    """The instruments of one meter."""

    def __init__(self, meter: Meter | None = None) -> None:
        meter = meter or get_meter("tunedrop")

        def histogram(name: str, unit: str, description: str) -> Histogram:
            bounds = SECONDS if unit == "s" else COUNTS
            return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)

        self._request = histogram("gen_ai.server.request.duration", "s", "A whole request, checks included")
        self._first = histogram("gen_ai.server.time_to_first_token", "s", "Until a stream's first text goes out")
        self._model = histogram(
            "gen_ai.client.operation.duration", "s", "The model: its whole answer, or the first word of its stream"
        )
        self._tokens = histogram("gen_ai.client.token.usage", "{token}", "As the model counts")
        self._check = histogram(
            "tunedrop.check.duration", "s", "All checks of a prompt, or of a piece of an answer"
        )
        self._held = histogram("tunedrop.hold_back.duration", "s", "From a stream's first word to what goes out")
        self._verdicts = meter.create_counter(
            "tunedrop.verdicts", "{verdict}", "Verdicts, remembered or asked for"
        )
        self._blocks = meter.create_counter("tunedrop.blocks", "{block}", "Blocks by category and direction")

    def request(self, model: str, *, stream: bool, seconds: float, error: str = "") -> None:
        """Count a request that ended, with the error's code where it failed."""
        attributes: dict[str, str | bool] = {"gen_ai.operation.name": "chat", MODEL: model, "stream": stream}
        self._request.record(seconds, attributes | {"error.type": error} if error else attributes)

    def spoke(self, model: str, seconds: float) -> None:
        """Count how long the model took for its answer, or for its first word."""
        self._model.record(seconds, {"gen_ai.operation.name": "chat", MODEL: model})

    def first_text(self, model: str, seconds: float, held_back: float) -> None:
        """Count a stream whose first text goes out: when, and how long after the model's first word."""
        self._first.record(seconds, {"gen_ai.operation.name": "chat", MODEL: model})
        self._held.record(held_back, {MODEL: model})

    def used(self, model: str, usage: Mapping[str, int]) -> None:
        """Count the tokens of an answer."""
        for name, kind in TOKENS.items():
            if name in usage:
                self._tokens.record(usage[name], {MODEL: model, "gen_ai.token.type": kind})

    def checked(self, direction: str, seconds: float, *, remembered: int, asked: int) -> None:
        """Count the checks of a prompt or of an answer: how many verdicts were known, how many were asked for."""
        if remembered:
            self._verdicts.add(remembered, {"direction": direction, "remembered": True})
        if asked:
            self._verdicts.add(asked, {"direction": direction, "remembered": False})
            self._check.record(seconds, {"direction": direction})

    def blocked(self, model: str, direction: str, categories: Sequence[str]) -> None:
        """Count what was blocked, once for each category."""
        for category in categories:
            self._blocks.add(1, {MODEL: model, "direction": direction, "category": category})
