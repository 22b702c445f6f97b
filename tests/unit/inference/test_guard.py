"""Who may ask, and how soon a change of keys is known."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.guard import Guard
from shared.ports import ApiKey
from tests.fakes import FakeKeys
from tests.unit.inference.asking import NOW

SECRET = "td-0123"
KEY = ApiKey(hashlib.sha256(SECRET.encode()).hexdigest(), "tests", NOW)


class World:
    def __init__(self, *keys):
        self.now, self.keys = NOW, FakeKeys()
        for key in keys:
            self.keys.add(key)
        self.guard = Guard(self.keys, lambda: self.now)

    async def status(self, header=f"Bearer {SECRET}", scope="chat"):
        refusal = await self.guard.refusal(header, scope)
        return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {SECRET}", 200),
        (f"bearer  {SECRET} ", 200),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (SECRET, 401),
        (f"Basic {SECRET}", 401),
        (f"Bearer {SECRET}4", 401),
        (f"Bearer {KEY.hash}", 401),
        ("Bearer \ud800", 401),
        ("Bearer " + "x" * 1_000, 401),
    ],
)
async def test_only_a_known_key_passes(header, status):
    assert await World(KEY).status(header) == status


@pytest.mark.parametrize(
    ("key", "scope", "status"),
    [
        (replace(KEY, expires=NOW + timedelta(seconds=1)), "chat", 200),
        (replace(KEY, expires=NOW), "chat", 401),
        (replace(KEY, scopes=frozenset({"runs"})), "chat", 403),
        (replace(KEY, scopes=frozenset({"runs"})), "runs", 200),
    ],
)
async def test_a_key_has_an_end_and_scopes(key, scope, status):
    assert await World(key).status(scope=scope) == status


async def test_a_revoked_key_is_known_for_half_a_minute_at_most():
    world = World(KEY)
    assert await world.status() == 200
    world.keys._rows.clear()
    assert await world.status() == 200
    world.now += timedelta(seconds=30)
    assert await world.status() == 401


async def test_a_new_key_is_known_within_five_seconds():
    world = World()
    assert await world.status() == 401
    world.keys.add(KEY)
    world.now += timedelta(seconds=5)
    assert await world.status() == 200


async def test_without_the_table_nobody_passes_and_nothing_is_remembered():
    world = World(KEY)
    world.keys.fail_next("find", ServiceUnavailable("keys", "away"))
    assert await world.status() == 503
    assert await world.status() == 200
