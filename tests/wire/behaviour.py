"""One row of the behaviour table: a request to the app over HTTP, and what must hold of whatever happens."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import aiohttp
from azure.core.credentials import AccessToken

from shared.core.policy import policy_of
from shared.gateways import chat_model
from shared.gateways.chat_model import AzureChatModel
from shared.gateways.content_safety import ContentSafety
from shared.gateways.endpoint_keys import EndpointKeys
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.inference import Inference
from shared.inference.patience import Patience
from tests.fakes import FakeModels, FakePolicies
from tests.fakes_inference import ATTACK, BAD, LISTED, LYRICS, deltas, message
from tests.serving import serving
from tests.unit.inference.asking import NOW, SERVED, asked
from tests.unit.inference.over_http import AUTHORIZED, functions_over
from tests.unit.inference.test_guard import SECRET
from tests.wire.fake_azure import KEY, RAW, FakeAzure, Fault

PATH = "/v1/chat/completions"
NEVER = (BAD, ATTACK, LISTED, LYRICS, RAW, KEY, SECRET)  # in nothing that a client gets
CONSTANTS = frozenset({"role", "type", "model"})  # ours, or of a fixed list


@dataclass(frozen=True)
class Row:
    """What is asked of which services, and what must come of it."""

    body: Any = field(default_factory=asked)
    choices: Sequence[Any] = field(default_factory=lambda: [message("Hello there.")])
    chunks: Sequence[Any] = field(default_factory=lambda: deltas("Hello ", "there."))
    each: Sequence[Sequence[Any]] = ()
    faults: tuple[Fault, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    base_model: str = SERVED.base_model
    path: str = PATH
    patience: Patience = Patience()
    silence: float = 60.0  # seconds of the model's that are waited for
    status: int = 200
    code: str | None = None
    finish: tuple[str, ...] = ("stop",)
    cut: bool = False  # the connection breaks after an error event
    asks_model: bool | None = None  # None: may or may not, depending on who is quicker


@dataclass
class Wired:
    """The app's inference over the real gateways and the fake services."""

    row: Row
    url: str
    pool: HttpPool

    def inference(self) -> Inference:
        settings = SimpleNamespace(
            content_safety_url=self.url, arm_url=self.url, subscription="s", resource_group="rg", workspace="w"
        )
        token = AccessToken("token", int(NOW.timestamp()) + 3600)
        tokens = Tokens(SimpleNamespace(get_token=lambda *_scopes, **_options: token), lambda: NOW)
        models, policies = FakeModels(), FakePolicies()
        models.point(replace(SERVED, url=self.url, base_model=self.row.base_model))
        if self.row.policy:
            policies.put("support", policy_of(self.row.policy))
        chat = AzureChatModel(self.pool, EndpointKeys(settings, self.pool, tokens))
        safety = ContentSafety(settings, self.pool, tokens)
        return Inference(models, policies, safety, chat, lambda: NOW, patience=self.row.patience)


@dataclass
class Got:
    """What the client got: raw, and read."""

    status: int
    raw: bytes = b""
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = [line[6:] for line in self.raw.decode().split("\n\n") if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line != "[DONE]"]

    @property
    def code(self) -> str | None:
        """The code of the error, whether it is the answer or an event."""
        bodies = [json.loads(self.raw)] if self.raw.startswith(b"{") else self.events
        return next((body["error"]["code"] for body in bodies if "error" in body), None)

    def choices(self) -> Iterator[dict[str, Any]]:
        for body in [json.loads(self.raw)] if self.raw.startswith(b"{") else self.events:
            yield from body.get("choices", [])

    def finishes(self) -> tuple[str, ...]:
        ends = {choice["index"]: choice["finish_reason"] for choice in self.choices() if choice["finish_reason"]}
        return tuple(ends[index] for index in sorted(ends))

    def texts(self) -> list[str]:
        """Return every text of the model's that came, each string of each choice put together."""
        found: dict[tuple[int, str], str] = {}
        for choice in self.choices():
            words = choice.get("message") or choice.get("delta") or {}
            for place, text in _strings(words):
                found[choice["index"], place] = found.get((choice["index"], place), "") + text
        return [text for text in found.values() if text]


def _strings(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string below a JSON value with its place, but those that are ours."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, f"{place}[{number}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in CONSTANTS:
                yield from _strings(item, f"{place}.{name}")


async def ask(row: Row, *, stream: bool) -> tuple[Got, FakeAzure]:
    """Ask the app; return what the client got and what the services saw."""
    azure = FakeAzure(row.choices, row.chunks, row.each, row.faults)
    limit = "SILENCE" if stream else "TOTAL"  # a whole answer is silent until it is there
    kept = getattr(chat_model, limit)
    setattr(chat_model, limit, row.silence)
    try:
        async with _app_over(azure, row) as http:
            body = {**row.body, "stream": True} if stream and isinstance(row.body, dict) else row.body
            async with http.post(row.path, json=body) as response:
                got = Got(response.status, headers=response.headers)
                try:
                    async for piece in response.content.iter_any():
                        got.raw += piece
                except aiohttp.ClientPayloadError:
                    got.cut = True
    finally:
        setattr(chat_model, limit, kept)
    return got, azure


@asynccontextmanager
async def _app_over(azure: FakeAzure, row: Row) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serving(azure.app()) as services,
        HttpPool() as pool,
        functions_over(Wired(row, services, pool)) as url,
        aiohttp.ClientSession(url, headers=AUTHORIZED) as http,
    ):
        yield http


def held(got: Got, azure: FakeAzure) -> None:
    """Check what must hold in every row: no harmful or foreign text out, nothing unscanned in or out."""
    shown = got.raw.decode()
    assert [word for word in NEVER if word in shown] == []
    if got.status != 200:
        return
    scanned = [call["text"] for call in azure.calls.get("analyze", [])]
    for call in azure.calls["model"]:
        for place, text in _strings(call):
            assert _all_seen(text, scanned), f"{place} went in unscanned"
    for text in got.texts():
        assert _all_seen(text, scanned), "an answer came out unscanned"


def _all_seen(text: str, scanned: Sequence[str], length: int = 100) -> bool:
    """Tell whether every stretch of a text stood in something that was analysed; white space alone needs not."""
    text, scanned = _spaced(text), [_spaced(seen) for seen in scanned]
    stretches = [text[start : start + length] for start in range(0, max(1, len(text) - length + 1), length // 2)]
    return all(any(each in seen for seen in scanned) for each in stretches)


def _spaced(text: str) -> str:
    """Return a text in which any white space is one space: parts are joined by lines, and scanned in a row."""
    return " ".join(text.split())
