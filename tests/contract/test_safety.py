"""The contract of Safety."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from azure.ai.contentsafety import BlocklistClient

from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.content_safety import ContentSafety
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.ports import Attacks, Safety
from tests.contract.conftest import Real
from tests.fakes_inference import ATTACK, BAD, LISTED, LYRICS, FakeSafety

SEVERE = 6


@dataclass(frozen=True)
class Asked:
    """Content Safety, and the words that it knows."""

    safety: Safety
    bad: str = BAD
    attack: str = ATTACK
    lyrics: str = LYRICS


@pytest.fixture
def listed(either) -> Iterator[str]:
    """The name of a blocklist with one word on it; the fake knows any name."""

    def made(real: Real) -> BlocklistClient:
        client = BlocklistClient(real.settings.content_safety_url, real.credential, api_version="2024-09-01")
        client.create_or_update_text_blocklist("tests", {"description": "one word"})
        client.add_or_update_blocklist_items("tests", {"blocklistItems": [{"text": LISTED}]})
        return client

    client = either(lambda: None, made)
    yield "tests"
    if client is not None:
        client.delete_text_blocklist("tests")


def tokens(real: Real) -> Tokens:
    return Tokens(real.credential, lambda: datetime.now(UTC))


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    async with HttpPool() as pool:
        yield pool


@pytest.fixture
def asked(either, pool: HttpPool) -> Asked:
    def gateway(real: Real) -> Asked:
        safety = ContentSafety(real.settings, pool, tokens(real))
        return Asked(
            safety,
            "tunedrop-test-violence-6",
            "tunedrop-test-jailbreak",
            "The lantern of tunedrop hums beneath the paper moon",
        )

    return either(lambda: Asked(FakeSafety()), gateway)


async def test_a_harmless_text_has_no_severity(asked: Asked):
    assert set((await asked.safety.analyze("Hello?")).severities.values()) == {0}


async def test_a_harmful_text_has_its_category(asked: Asked):
    analysis = await asked.safety.analyze(f"a {asked.bad} b")
    assert {name for name, severity in analysis.severities.items() if severity} == {"Violence"}
    assert analysis.severities["Violence"] == SEVERE


@pytest.mark.parametrize("text", ["x" * 10_000, "\U0001f600" * 10_000])
async def test_ten_thousand_code_points_are_taken(asked: Asked, text: str):
    assert (await asked.safety.analyze(text)).severities["Hate"] == 0


@pytest.mark.parametrize(
    ("prompt", "documents", "attacks"),
    [
        ("p", [], Attacks(prompt=False)),
        ("ATTACK", [], Attacks(prompt=True)),
        ("p", ["d", "e"], Attacks(prompt=False, documents=False)),
        ("ATTACK", ["d"], Attacks(prompt=True, documents=False)),
        ("p", ["d", "an ATTACK"], Attacks(prompt=False, documents=True)),
    ],
)
async def test_an_attack_is_seen_in_prompt_and_documents(asked: Asked, prompt, documents, attacks):
    prompt, *documents = (text.replace("ATTACK", asked.attack) for text in (prompt, *documents))
    assert await asked.safety.attacks(prompt, documents) == attacks


@pytest.mark.parametrize(("text", "found"), [("x" * 110, False), ("LYRICS " + "x " * 60, True)])
async def test_somebody_elses_text_is_seen(asked: Asked, text: str, found: bool):
    assert await asked.safety.protected(text.replace("LYRICS", asked.lyrics)) is found


async def test_blocklists_that_match_are_named(asked: Asked, listed: str):
    found = await asked.safety.analyze(f"a {LISTED} here", [listed])
    assert found.blocklists == (listed,)
    assert found.severities.keys() == {"Hate", "SelfHarm", "Sexual", "Violence"}
    assert (await asked.safety.analyze("nothing here", [listed])).blocklists == ()
    assert (await asked.safety.analyze(f"a {LISTED} here")).blocklists == ()


async def test_the_real_one_refuses_an_unknown_blocklist(real: Real, pool: HttpPool):
    with pytest.raises(ServiceRefused):
        await ContentSafety(real.settings, pool, tokens(real)).analyze("x", ["no-such-list"])


async def test_the_real_one_refuses_what_is_too_long(real: Real, pool: HttpPool):
    with pytest.raises(ServiceRefused):
        await ContentSafety(real.settings, pool, tokens(real)).analyze("x" * 10_001)


FAULTS = [
    {"status": 500},
    {"status": 429, "headers": {"retry-after": "2"}},
    {"status": 503},
    {"status": 200, "body": {"categoriesAnalysis": []}},
    {"action": "cut"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=["500", "429", "503", "half an answer", "cut"])
async def test_every_fault_is_unavailable(real: Real, pool: HttpPool, fault):
    safety = ContentSafety(real.settings, pool, tokens(real))
    real.cloud.add_faults({"service": "content_safety", "times": 1, **fault})
    with pytest.raises(ServiceUnavailable) as caught:
        await safety.analyze("Hello?")
    assert caught.value.retry_after == (2 if fault.get("status") == 429 else None)
    assert (await safety.analyze("Hello?")).severities
