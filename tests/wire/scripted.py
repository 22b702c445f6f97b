"""The inference gateways over a scripted server."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.gateways.chat_model import AzureChatModel
from shared.gateways.content_safety import ContentSafety
from shared.gateways.endpoint_keys import EndpointKeys
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from tests.serving import serving
from tests.unit.inference.asking import NOW, SERVED


@dataclass
class Credential:
    """A credential that can fail and whose tokens last an hour."""

    asked: list[str] = field(default_factory=list)
    now: object = NOW
    failing: bool = False

    def get_token(self, *scopes, **_options):
        self.asked.append(scopes[0])
        if self.failing:
            raise ClientAuthenticationError("no")
        return AccessToken(f"token-{len(self.asked)}", int(self.now.timestamp()) + 3600)


@dataclass
class Servers:
    """Content Safety, ARM and a model in one, saying what the test tells them."""

    answers: list[Response] = field(default_factory=list)
    key: str = "key-1"
    calls: list[tuple[str, dict, object]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        headers = dict(request.headers)
        self.calls.append(
            (request.url.path + "?" + request.url.query, headers, json.loads(body) if body else None)
        )
        if request.url.path.endswith("/listKeys"):
            return reply({"primaryKey": self.key, "secondaryKey": "other"})
        if "/contentsafety/" not in request.url.path and headers["authorization"] != f"Bearer {self.key}":
            return reply({"error": "unauthorized", "message": "no", "status": 401}, 401)
        return self.answers.pop(0)


def reply(body, status=200, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Response(content, status, headers={name.replace("_", "-"): value for name, value in headers.items()})


@asynccontextmanager
async def connected() -> AsyncIterator[SimpleNamespace]:
    """The gateways and the server that they talk to."""
    servers = Servers()
    application = Starlette(routes=[Route("/{path:path}", servers.answer, methods=["POST"])])
    async with serving(application) as url, HttpPool() as pool:
        settings = SimpleNamespace(
            content_safety_url=url, arm_url=url, subscription="s", resource_group="rg", workspace="w"
        )
        tokens = Tokens(Credential(), lambda: NOW)
        yield SimpleNamespace(
            servers=servers,
            safety=ContentSafety(settings, pool, tokens),
            chat=AzureChatModel(pool, EndpointKeys(settings, pool, tokens)),
            served=replace(SERVED, url=url + "/endpoints/td-r0"),
        )
