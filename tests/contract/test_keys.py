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
    return hashlib.sha256(run.id.encode()).hexdigest()


def test_an_unknown_key_has_no_rights(keys: Keys, key_hash: str):
    assert keys.find(key_hash) is None


@pytest.mark.parametrize(
    "rights",
    [
        {},
        {"expires": START + timedelta(days=30)},
        {"models": frozenset({"support", "sales"}), "scopes": frozenset({"chat"})},
        {"scopes": frozenset()},
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
