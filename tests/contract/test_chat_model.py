"""The contract of ChatModel, and moderated inference over all real gateways, on a really trained model."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from shared.core.base_models import Route
from shared.core.run import Run
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.chat_model import AzureChatModel
from shared.gateways.content_safety import ContentSafety
from shared.gateways.endpoint_keys import EndpointKeys
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.inference import Inference
from shared.ports import ApiKey, ChatModel, Deployment
from tests.contract.azure_ml import OUTDATED, ROUTES, endpoints_of, eventually, is_gone
from tests.contract.conftest import Real
from tests.fakes import FakeModels, FakePolicies
from tests.fakes_inference import FakeChatModel

pytestmark = [pytest.mark.usefixtures("azure_ai_ml"), pytest.mark.filterwarnings(OUTDATED)]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASKED = {"messages": [{"role": "user", "content": "One?"}], "max_tokens": 8, "temperature": 0}


def deployment(endpoint: str, url: str) -> Deployment:
    return Deployment("support", "r0", endpoint, url, "Phi-4-mini-instruct", NOW, NOW)


@pytest.fixture(scope="module")
def deployed_for(
    whole_cloud: Real, trained_for: Callable[[Route], Run]
) -> Iterator[Callable[[Route], Deployment]]:
    """Return an endpoint of this route in the local cloud; it answers from a checkpoint."""
    made: dict[Route, Deployment] = {}

    def deploy(route: Route) -> Deployment:
        if route not in made:
            endpoints, trained = endpoints_of(whole_cloud, route), trained_for(route)
            assert eventually(lambda: endpoints.create(trained).state == "succeeded")
            made[route] = deployment(trained.endpoint, endpoints.create(trained).url)
        return made[route]

    yield deploy
    for route, each in made.items():
        endpoints = endpoints_of(whole_cloud, route)
        assert eventually(lambda endpoints=endpoints, each=each: is_gone(endpoints, each.endpoint))


@pytest.fixture(params=ROUTES)
def deployed(deployed_for: Callable[[Route], Deployment], request: pytest.FixtureRequest) -> Deployment:
    return deployed_for(request.param)


@dataclass(frozen=True)
class Asking:
    """A model, and a deployment that it serves."""

    chat: ChatModel
    deployment: Deployment


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    async with HttpPool() as pool:
        yield pool


def gateway(real: Real, pool: HttpPool) -> AzureChatModel:
    return AzureChatModel(pool, EndpointKeys(real.settings, pool, tokens(real)))


def tokens(real: Real) -> Tokens:
    return Tokens(real.credential, lambda: datetime.now(UTC))


@pytest.fixture(params=["fake", *ROUTES])
def asking(pool: HttpPool, request: pytest.FixtureRequest) -> Asking:
    if request.param == "fake":
        return Asking(FakeChatModel(), deployment("td-r0", ""))
    deployed_for = request.getfixturevalue("deployed_for")
    return Asking(gateway(request.getfixturevalue("real"), pool), deployed_for(request.param))


async def test_an_answer_has_a_message_and_counts(asking: Asking):
    answer = await asking.chat.complete(asking.deployment, ASKED)
    assert answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] in ("stop", "length")
    assert answer["usage"]["total_tokens"] > 0


async def test_a_stream_says_the_same_in_pieces_and_ends_with_counts(asking: Asking):
    answer = await asking.chat.complete(asking.deployment, ASKED)
    chunks = [chunk async for chunk in asking.chat.stream(asking.deployment, ASKED)]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text == answer["choices"][0]["message"]["content"]
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert chunks[-1]["choices"][0]["finish_reason"] in ("stop", "length")


async def test_a_missing_endpoint_is_refused(real: Real, pool: HttpPool):
    with pytest.raises(ServiceRefused):
        await gateway(real, pool).complete(deployment("td-nobody", real.cloud.urls["scoring"]), ASKED)


@pytest.mark.parametrize("service", ["arm", "scoring"])
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"action": "cut"}], ids=["500", "429", "cut"])
async def test_every_fault_is_unavailable_and_passes(
    real: Real, pool: HttpPool, deployed: Deployment, service: str, fault: dict[str, object]
):
    chat = gateway(real, pool)
    real.cloud.add_faults({"service": service, "times": 1, **fault})
    with pytest.raises(ServiceUnavailable):
        await chat.complete(deployed, ASKED)
    assert (await chat.complete(deployed, ASKED))["choices"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_what_a_client_gets_was_analysed(real: Real, pool: HttpPool, deployed: Deployment, streamed: bool):
    models = FakeModels()
    models.point(deployed)
    safety = ContentSafety(real.settings, pool, tokens(real))
    inference = Inference(models, FakePolicies(), safety, gateway(real, pool), lambda: datetime.now(UTC))
    key, body = ApiKey("h", "tests", NOW), {**ASKED, "model": "support", "stream": streamed}
    if streamed:
        chunks = [chunk async for chunk in await inference.stream(body, key)]
        got = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    else:
        got = (await inference.complete(body, key))["choices"][0]["message"]["content"]
    assert got
    calls = real.cloud.history("content_safety")
    analysed = [call["request"].get("text", "") for call in calls]
    assert "One?" in analysed
    assert any(got in text for text in analysed)
    assert any(call["request"].get("userPrompt") == "One?" for call in calls)
