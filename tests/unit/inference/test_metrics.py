"""What is measured of requests, read from OpenTelemetry's own in-memory exporter; no text is in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from shared.errors import ServiceUnavailable
from shared.inference.metrics import Metrics
from tests.fakes_inference import BAD, FakeChatModel, FakeSafety, deltas, message, raising
from tests.unit.inference.asking import Asking, asked


@dataclass
class Measured:
    """A meter whose points can be read."""

    reader: InMemoryMetricReader
    metrics: Metrics

    def points(self) -> dict[str, list[tuple[dict, float]]]:
        """Return each metric's points: attributes, and the sum or, of times, the count."""
        read = self.reader.get_metrics_data()
        metrics = read.resource_metrics[0].scope_metrics[0].metrics if read else []
        return {
            metric.name: [
                (
                    dict(point.attributes),
                    point.count if metric.unit == "s" else getattr(point, "sum", None) or point.value,
                )
                for point in metric.data.data_points
            ]
            for metric in metrics
        }


@pytest.fixture
def measured() -> Iterator[Measured]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    yield Measured(reader, Metrics(provider.get_meter("tests")))
    provider.shutdown()


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "support"}
MODEL = {"gen_ai.request.model": "support"}


def tokens(**counts: int) -> list[tuple[dict, float]]:
    return [({**MODEL, "gen_ai.token.type": kind}, count) for kind, count in counts.items()]


async def test_an_answer(measured):
    await Asking(metrics=measured.metrics).whole(asked())
    assert measured.points() == {
        "gen_ai.server.request.duration": [({**CHAT, "stream": False}, 1)],
        "gen_ai.client.operation.duration": [(CHAT, 1)],
        "gen_ai.client.token.usage": tokens(input=3, output=5),
        "tunedrop.check.duration": [({"direction": "prompt"}, 1), ({"direction": "completion"}, 1)],
        "tunedrop.verdicts": [
            ({"direction": "prompt", "remembered": False}, 2),
            ({"direction": "completion", "remembered": False}, 1),
        ],
    }


async def test_a_stream(measured):
    await Asking(metrics=measured.metrics).streamed(asked())
    points = measured.points()
    assert points["gen_ai.server.request.duration"] == [({**CHAT, "stream": True}, 1)]
    assert points["gen_ai.server.time_to_first_token"] == [(CHAT, 1)]
    assert points["tunedrop.hold_back.duration"] == [(MODEL, 1)]
    assert points["gen_ai.client.token.usage"] == tokens(input=3, output=5)


async def test_what_is_remembered_is_told_apart(measured):
    asking = Asking(metrics=measured.metrics)
    inference = asking.inference()
    for _ in range(2):
        await inference.ask(asking.models.find("support"), asked())
    assert ({"direction": "prompt", "remembered": True}, 2) in measured.points()["tunedrop.verdicts"]


@pytest.mark.parametrize(
    ("stream", "chat", "prompt", "direction"),
    [
        (False, FakeChatModel(), BAD, "prompt"),
        (True, FakeChatModel(), BAD, "prompt"),
        (False, FakeChatModel(choices=[message(BAD)]), "Hello?", "completion"),
        (True, FakeChatModel(chunks=deltas(BAD)), "Hello?", "completion"),
    ],
)
async def test_blocks_are_counted_by_category_and_direction(measured, stream, chat, prompt, direction):
    asking = Asking(chat=chat, metrics=measured.metrics)
    await (asking.streamed if stream else asking.whole)(asked(prompt))
    found = measured.points()["tunedrop.blocks"]
    assert found == [({**MODEL, "direction": direction, "category": "violence"}, 1)]


async def test_where_nothing_is_blocked_no_block_is_counted(measured):
    await Asking(metrics=measured.metrics).whole(asked())
    assert "tunedrop.blocks" not in measured.points()


@pytest.mark.parametrize(
    ("asking", "code"),
    [
        ({"safety": FakeSafety(trouble=raising(ServiceUnavailable("x", "away")))}, "content_safety_unavailable"),
        ({"chat": FakeChatModel(trouble=raising(ServiceUnavailable("x", "away")))}, "model_unavailable"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_failures_are_counted_by_their_code(measured, asking, code, stream):
    world = Asking(**asking, metrics=measured.metrics)
    await (world.streamed if stream else world.whole)(asked())
    found = measured.points()["gen_ai.server.request.duration"]
    assert found == [({**CHAT, "stream": stream, "error.type": code}, 1)]


async def test_a_stream_that_is_cut_is_counted_once(measured):
    chunks = [*deltas("Hello", finish=None), ServiceUnavailable("model", "cut")]
    await Asking(chat=FakeChatModel(chunks=chunks), metrics=measured.metrics).streamed(asked())
    found = measured.points()["gen_ai.server.request.duration"]
    assert found == [({**CHAT, "stream": True, "error.type": "model_unavailable"}, 1)]


async def test_no_text_is_in_what_is_exported(measured):
    asking = Asking(chat=FakeChatModel(choices=[message("Secret answer")]), metrics=measured.metrics)
    for prompt in ("Secret question", f"Secret {BAD}"):
        await asking.whole(asked(prompt))
    exported = measured.reader.get_metrics_data().to_json()
    assert "Secret" not in exported
    assert BAD not in exported
