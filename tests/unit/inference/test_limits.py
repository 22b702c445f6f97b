"""How much a key may use: the allowance itself, and what the guard makes of it."""

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.limits import Allowance, headers_of, spelled
from shared.core.openai_errors import ApiError
from shared.errors import ServiceUnavailable
from shared.guard import NOTED_EVERY, Guard
from tests.fakes import FakeKeys
from tests.unit.inference.asking import NOW
from tests.unit.inference.test_guard import KEY, SECRET


@pytest.mark.parametrize(
    ("limit", "steps", "wait"),
    [
        (60, [], 0),
        (60, [(0, 60)], 1),
        (60, [(0, 59)], 0),
        (60, [(0, 60), (1, 0)], 0),
        (60, [(0, 60), (0.5, 0)], 0.5),
        (60, [(0, 60), (3600, 0)], 0),
        (60, [(0, 120)], 61),  # overdrawn: the debt is waited out
        (60, [(0, 60), (0, -60)], 0),  # given back
        (60, [(0, -60), (0, 60)], 1),  # never more than the limit
        (60, [(5, 60), (1, 0)], 1),  # a clock that goes back adds nothing
        (0, [], 60),
        (0, [(600, 0)], 60),
    ],
)
def test_an_allowance_fills_up_again(limit, steps, wait):
    allowance = Allowance.full(limit, 0)
    for now, amount in steps:
        allowance.refill(now)
        allowance.take(amount)
    assert allowance.wait_for(1) == pytest.approx(wait)


def test_what_is_larger_than_the_limit_passes_an_unused_allowance_only():
    allowance = Allowance.full(100, 0)
    assert allowance.wait_for(1_000) == 0
    allowance.take(50)
    assert allowance.wait_for(1_000) == 30


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0ms"), (0.0001, "1ms"), (0.12, "120ms"), (1, "1s"), (1.5, "1.5s"), (59.9994, "1m0s"), (61, "1m1s")],
)
def test_times_are_spelled_as_openai_does(seconds, text):
    assert spelled(seconds) == text


def test_headers_tell_how_it_stands():
    allowance = Allowance(60, 30.7, 0)
    assert headers_of("requests", allowance) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "30",
        "x-ratelimit-reset-requests": "29.3s",
    }


class World:
    """A guard whose time stands still until it is moved."""

    def __init__(self, *keys, **options):
        self.now, self.ticks, self.keys = NOW, 0.0, FakeKeys()
        for key in keys:
            self.keys.add(key)
        self.guard = Guard(self.keys, lambda: self.now, ticks=lambda: self.ticks, **options)

    def refused(self, key, tokens=0):
        with pytest.raises(ApiError) as caught:
            self.guard.admit(key, tokens)
        return caught.value


def test_requests_are_limited_and_come_back():
    world, key = World(), replace(KEY, requests_per_minute=2)
    world.guard.admit(key, 0)
    headers = world.guard.admit(key, 0).headers
    assert headers["x-ratelimit-remaining-requests"] == "0"
    refusal = world.refused(key)
    assert (refusal.status, refusal.code, refusal.body["error"]["type"]) == (
        429,
        "rate_limit_exceeded",
        "requests",
    )
    assert refusal.headers["retry-after"] == "30"
    assert refusal.headers["retry-after-ms"] == "30000"
    assert refusal.headers["x-ratelimit-limit-requests"] == "2"
    assert "limit 2" in str(refusal)
    assert "30s" in str(refusal)
    world.ticks += 30
    world.guard.admit(key, 0)
    assert world.refused(key).status == 429


def test_tokens_are_limited_and_settled():
    world, key = World(), replace(KEY, tokens_per_minute=600, requests_per_minute=100)
    use = world.guard.admit(key, 100)
    use.settle(100, 700)
    assert use.headers["x-ratelimit-remaining-tokens"] == "0"
    refusal = world.refused(key, 10)
    assert refusal.body["error"]["type"] == "tokens"
    assert refusal.headers["retry-after"] == "11"
    assert refusal.headers["x-ratelimit-remaining-requests"] == "99"  # a refused request is not counted
    world.ticks += 11
    world.guard.admit(key, 10)


def test_a_key_without_limits_has_no_headers():
    assert World().guard.admit(KEY, 10**9).headers == {}


def test_each_key_has_its_own_use_and_new_limits_begin_anew():
    world, one = World(), replace(KEY, requests_per_minute=1)
    world.guard.admit(one, 0)
    world.guard.admit(replace(one, hash="other"), 0)
    assert world.refused(one).status == 429
    world.guard.admit(replace(one, requests_per_minute=2), 0)


async def used(world: World) -> None:
    await world.guard.key(f"Bearer {SECRET}", "chat")
    for task in list(world.guard._noting):
        await task


async def test_the_last_use_is_recorded_now_and_then():
    world = World(KEY)
    await used(world)
    assert world.keys.find(KEY.hash).last_used == NOW
    for later in (timedelta(seconds=1), NOTED_EVERY - timedelta(seconds=2)):
        world.now += later
        await used(world)
        assert world.keys.find(KEY.hash).last_used == NOW
    world.now += timedelta(seconds=1)
    await used(world)
    assert world.keys.find(KEY.hash).last_used == NOW + NOTED_EVERY


async def test_what_another_instance_recorded_is_not_recorded_again():
    world = World(replace(KEY, last_used=NOW - timedelta(minutes=1)))
    await used(world)
    assert world.keys.find(KEY.hash).last_used == NOW - timedelta(minutes=1)


async def test_a_last_use_that_cannot_be_recorded_fails_no_request(caplog):
    world = World(KEY)
    world.keys.fail_next("note_use", ServiceUnavailable("keys", "away"))
    await used(world)
    assert "the last use of key" in caplog.text
    assert KEY.hash not in caplog.text
    assert SECRET not in caplog.text


def principal(kind="aad", object_id="o1", roles=("chat",)):
    claims = [{"typ": "roles", "val": role} for role in roles]
    claims += [{"typ": "oid", "val": object_id}] if object_id else []
    return base64.b64encode(json.dumps({"auth_typ": kind, "claims": claims}).encode()).decode()


@pytest.mark.parametrize(
    ("signed_in", "header", "bearer", "status"),
    [
        (True, principal(), None, 200),
        (True, principal(), "Bearer some.entra.token", 200),
        (True, principal(roles=()), None, 403),
        (True, principal(roles=("runs",)), None, 403),
        (True, principal(object_id=""), None, 401),
        (True, principal(kind="google"), None, 401),
        (True, "not base64", f"Bearer {SECRET}", 401),
        (True, base64.b64encode(b"[]").decode(), None, 401),
        (True, "A" * 20_000, None, 401),
        (True, None, f"Bearer {SECRET}", 200),
        (True, "", f"Bearer {SECRET}", 200),
        (False, principal(), None, 401),  # forged: nobody stands before the app who would have taken it away
        (False, principal(), "Bearer wrong", 401),
        (False, principal(roles=()), f"Bearer {SECRET}", 200),
    ],
)
async def test_who_signed_in_counts_only_where_app_service_says_so(signed_in, header, bearer, status):
    refusal = await World(KEY, signed_in=signed_in).guard.refusal(bearer, "chat", header)
    assert (200 if refusal is None else refusal.status) == status


async def test_who_signed_in_is_known_by_object_id():
    key = await World(signed_in=True).guard.key(None, "runs", principal(roles=("chat", "runs")))
    assert (key.owner, key.scopes) == ("o1", {"chat", "runs"})
