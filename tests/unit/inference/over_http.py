"""The HTTP functions over fakes and a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from functions import api_description, chat_completions, models, openai_http
from shared.guard import Guard
from shared.inference import Inference
from shared.ports import ApiKey
from tests.fakes import FakeKeys
from tests.serving import serving
from tests.unit.inference.asking import NOW, Asking
from tests.unit.inference.test_guard import KEY, SECRET


def route(path, function, method="POST"):
    async def endpoint(request):
        return await function(request)

    return Route(path, endpoint, methods=[method])


ROUTES = [
    route("/v1/chat/completions", chat_completions.chat_completions),
    route("/chat/completions", chat_completions.chat_completions_of_azure),
    route("/v1/models", models.models, "GET"),
    route("/v1/models/{id}", models.model, "GET"),
    route("/info", models.info, "GET"),
    route("/openapi.json", api_description.api_description, "GET"),
    route("/v1/{rest:path}", models.unknown_route, "GET"),
    route("/v1/{rest:path}", models.unknown_route),
]
AUTHORIZED = {"authorization": f"Bearer {SECRET}"}


class AnyAsking(Protocol):
    """What has an inference: over fakes, or over gateways."""

    def inference(self) -> Inference: ...


@dataclass
class FakeApp:
    """The part of the wiring that these functions use."""

    asking: AnyAsking = field(default_factory=Asking)
    key: ApiKey = KEY

    @cached_property
    def inference(self):
        return self.asking.inference()

    @cached_property
    def guard(self):
        keys = FakeKeys()
        keys.add(self.key)
        return Guard(keys, lambda: NOW)


@asynccontextmanager
async def functions_over(asking: AnyAsking, key: ApiKey = KEY) -> AsyncIterator[str]:
    """Serve the functions to whoever has the key; the value is the base URL."""
    app = FakeApp(asking, key)
    with pytest.MonkeyPatch.context() as patch:
        for module in (chat_completions, models, openai_http):
            patch.setattr(module, "app", lambda: app)
        async with serving(Starlette(routes=ROUTES)) as url:
            yield url
