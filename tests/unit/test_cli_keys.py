"""`tunedrop keys`: keys are made, shown once, listed by their id, and revoked."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from cli import keys as module
from cli.__main__ import main
from shared.ports import ApiKey
from tests.fakes import FakeKeys

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANN = ApiKey("ab12" * 16, "ann@example.com", START)
BOB = ApiKey(
    hash="cd34" * 16,
    owner="bob",
    created=START + timedelta(days=1),
    expires=START + timedelta(days=31),
    models=frozenset({"support", "sales"}),
    scopes=frozenset({"chat"}),
    requests_per_minute=60,
    tokens_per_minute=20_000,
    last_used=START + timedelta(days=2, minutes=5),
)


@pytest.fixture
def keys(monkeypatch) -> FakeKeys:
    table = FakeKeys()
    monkeypatch.setattr(module, "app", lambda: SimpleNamespace(keys=table))
    return table


def created(keys: FakeKeys) -> ApiKey:
    (key,) = keys.all()
    return key


def test_a_new_key_is_random_shown_once_and_kept_as_its_hash_only(keys, capsys):
    assert main(["keys", "create", "--owner", "ann", "--quiet"]) == 0
    secret = capsys.readouterr().out.strip()
    assert re.fullmatch(r"td-[\w-]{43}", secret)  # 256 bits in base64
    assert created(keys).hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(created(keys))


@pytest.mark.parametrize(
    ("options", "rights"),
    [
        ([], {"models": frozenset(), "scopes": {"chat", "runs"}, "expires": None, "requests_per_minute": None}),
        (["--scope", "manage"], {"scopes": {"manage"}}),
        (["--scope", "chat", "--scope", "runs"], {"scopes": {"chat", "runs"}}),
        (["--model", "support", "--model", "sales"], {"models": {"support", "sales"}}),
        (["--requests-per-minute", "60"], {"requests_per_minute": 60, "tokens_per_minute": None}),
        (["--tokens-per-minute", "9"], {"requests_per_minute": None, "tokens_per_minute": 9}),
    ],
)
def test_a_key_has_the_rights_that_were_asked_for(keys, capsys, options, rights):
    assert main(["keys", "create", "--owner", "ann", *options]) == 0
    key = created(keys)
    assert {name: getattr(key, name) for name in rights} == rights
    assert f"Key for ann (id {key.id}): td-" in capsys.readouterr().out


def test_a_key_expires_after_its_days(keys):
    assert main(["keys", "create", "--owner", "ann", "--days", "30"]) == 0
    assert created(keys).expires - created(keys).created == timedelta(days=30)


def test_a_new_key_as_json(keys, capsys):
    assert main(["keys", "create", "--owner", "ann", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], told["owner"]) == (created(keys).id, "ann")
    assert hashlib.sha256(told["key"].encode()).hexdigest() == created(keys).hash


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--owner", "ann", "--days", "0"],
        ["--owner", "ann", "--scope", "everything"],
        ["--owner", "ann", "--requests-per-minute", "0"],
        ["--owner", "ann", "--tokens-per-minute", "many"],
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(keys, capsys, options):
    assert main(["keys", "create", *options]) == 2
    assert capsys.readouterr().err
    assert keys.all() == []


def test_keys_are_listed_with_rights_limits_and_last_use(keys, capsys):
    for key in (BOB, ANN):
        keys.add(key)
    assert main(["keys", "list"]) == 0
    heads, *rows = (re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines())
    assert heads == ["id", "owner", "created", "expires", "models", "scopes", "limits a minute", "last used"]
    assert rows == [
        ["ab12ab12", "ann@example.com", "2026-11-20", "never", "all", "chat, runs", "none", "never"],
        [
            *("cd34cd34", "bob", "2026-11-21", "2026-12-21", "sales, support", "chat"),
            *("60 requests, 20,000 tokens", "2026-11-22 12:05 UTC"),
        ],
    ]


def test_keys_are_listed_as_json_without_their_hashes(keys, capsys):
    keys.add(BOB)
    assert main(["keys", "list", "--json"]) == 0
    said = capsys.readouterr().out
    (told,) = json.loads(said)["data"]
    assert (told["id"], told["tokens_per_minute"]) == ("cd34cd34", 20_000)
    assert BOB.hash not in said


def test_no_keys_are_told_with_the_way_to_one(keys, capsys):
    assert main(["keys", "list"]) == 0
    assert "tunedrop keys create" in capsys.readouterr().out


@pytest.mark.parametrize("key_id", ["ab12ab12", "AB12AB12"])
def test_a_key_is_revoked_by_its_id(keys, capsys, key_id):
    for key in (ANN, BOB):
        keys.add(key)
    assert main(["keys", "revoke", key_id]) == 0
    assert keys.all() == [BOB]
    assert "Revoked ab12ab12" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key_id", "reason"),
    [("ffffffff", "no key with the id ffffffff"), ("ab12", "8 digits"), ("td-secret", "8 digits")],
)
def test_an_unknown_id_revokes_nothing(keys, capsys, key_id, reason):
    keys.add(ANN)
    assert main(["keys", "revoke", key_id]) == 2
    assert reason in capsys.readouterr().err
    assert keys.all() == [ANN]


def test_a_missing_setting_is_named(monkeypatch, capsys):
    from shared.wiring import app

    monkeypatch.delenv("AzureWebJobsStorage__tableServiceUri", raising=False)
    app.cache_clear()
    assert main(["keys", "list"]) == 2
    assert "AzureWebJobsStorage__tableServiceUri is missing" in capsys.readouterr().err


def test_missing_packages_of_azure_are_explained(monkeypatch, capsys):
    def without():
        raise ModuleNotFoundError("No module named 'azure.data'", name="azure.data")

    monkeypatch.setattr(module, "app", without)
    assert main(["keys", "list"]) == 2
    assert "[azure]" in capsys.readouterr().err
