"""The contract of Keys."""

import hashlib
from datetime import timedelta

import pytest

from shared.core.run import Run
from shared.gateways.key_table import KeyTable
from shared.ports import ApiKey, Keys
from tests.contract.examples import START
from tests.fakes import FakeKeys


@pytest.fixture
def keys(either) -> Keys:
    return either(FakeKeys, lambda real: KeyTable(real.settings, real.credential))


@pytest.fixture
def key_hash(run: Run) -> str:
    return hash_of(run.id)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_an_unknown_key_has_no_rights(keys: Keys, key_hash: str):
    assert keys.find(key_hash) is None


@pytest.mark.parametrize(
    "rights",
    [
        {},
        {"expires": START + timedelta(days=30)},
        {"models": frozenset({"support", "sales"}), "scopes": frozenset({"chat"})},
        {"scopes": frozenset()},
        {"requests_per_minute": 60, "tokens_per_minute": 2_000_000_000},
        {"requests_per_minute": 0},
        {"last_used": START + timedelta(minutes=1)},
    ],
)
def test_a_keys_rights_come_back_whole(keys: Keys, key_hash: str, rights: dict):
    key = ApiKey(hash=key_hash, owner="Zoë <zoe@example.com>", created=START, **rights)
    keys.add(key)
    assert keys.find(key_hash) == key


def test_adding_a_key_again_replaces_its_rights(keys: Keys, key_hash: str):
    keys.add(ApiKey(key_hash, "ann", START))
    keys.add(ApiKey(key_hash, "ann", START, scopes=frozenset({"runs"})))
    assert keys.find(key_hash).scopes == {"runs"}


def test_adding_a_key_again_takes_its_limits_off(keys: Keys, key_hash: str):
    keys.add(ApiKey(key_hash, "ann", START, requests_per_minute=1, tokens_per_minute=1, last_used=START))
    keys.add(ApiKey(key_hash, "ann", START))
    assert keys.find(key_hash) == ApiKey(key_hash, "ann", START)


def test_all_keys_are_listed_the_oldest_first(keys: Keys, key_hash: str):
    younger = ApiKey(key_hash, "ann", START - timedelta(days=999))
    older = ApiKey(hash_of(key_hash), "bob", START - timedelta(days=1000))
    for key in (younger, older):
        keys.add(key)
    assert keys.all()[:2] == [older, younger]


def test_a_revoked_key_is_gone_and_only_it(keys: Keys, key_hash: str):
    kept = ApiKey(hash_of(key_hash), "bob", START)
    for key in (ApiKey(key_hash, "ann", START), kept):
        keys.add(key)
    assert keys.revoke(key_hash[:8])
    assert not keys.revoke(key_hash[:8])
    assert keys.find(key_hash) is None
    assert keys.find(kept.hash) == kept


def test_the_last_use_of_a_key_is_noted(keys: Keys, key_hash: str):
    keys.add(ApiKey(key_hash, "ann", START, requests_per_minute=7))
    keys.note_use(key_hash, START + timedelta(seconds=5))
    expected = ApiKey(key_hash, "ann", START, requests_per_minute=7, last_used=START + timedelta(seconds=5))
    assert keys.find(key_hash) == expected


def test_noting_the_use_of_a_revoked_key_does_not_bring_it_back(keys: Keys, key_hash: str):
    keys.note_use(key_hash, START)
    assert keys.find(key_hash) is None
