"""`tunedrop keys`: make, list and revoke API keys."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.errors import CommandError, azure_packages
from cli.output import console, day, json_out, moment, print_table
from cli.program import PROGRAM
from shared.ports import KEY_ID_DIGITS, ApiKey, Keys
from shared.wiring import app

PREFIX = "td-"  # so that a leaked key can be told for what it is
RANDOM_BYTES = 32


@dataclass(frozen=True)
class Rights:
    """What a new key may do."""

    owner: str
    models: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    days: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


def create(rights: Rights, *, quiet: bool, as_json: bool) -> None:
    """Make a key and print it: this is the only time that it can be seen."""
    secret, now = PREFIX + secrets.token_urlsafe(RANDOM_BYTES), datetime.now(UTC)
    key = ApiKey(
        hash=hashlib.sha256(secret.encode()).hexdigest(),
        owner=rights.owner,
        created=now,
        expires=now + timedelta(days=rights.days) if rights.days else None,
        models=rights.models,
        scopes=rights.scopes,
        requests_per_minute=rights.requests_per_minute,
        tokens_per_minute=rights.tokens_per_minute,
    )
    with _table() as table:
        table.add(key)
    if as_json:
        json_out({"key": secret} | _facts(key))
    elif quiet:
        print(secret)
    else:
        print(f"Key for {key.owner} (id {key.id}): {secret}")
        print("It is shown this once; TuneDrop keeps its hash. Next: export OPENAI_API_KEY=<the key>")


def show_all(*, as_json: bool) -> None:
    """Show every key, the oldest first."""
    with _table() as table:
        keys = table.all()
    if as_json:
        json_out({"object": "list", "data": [_facts(key) for key in keys]})
    elif keys:
        heads = ("id", "owner", "created", "expires", "models", "scopes", "limits a minute", "last used")
        print_table(console(), heads, map(_row, keys))
    else:
        console().print(f"There is no key. Make one: {PROGRAM} keys create --owner WHO")


def revoke(key_id: str, *, as_json: bool) -> None:
    """Remove a key; raises CommandError where there is none with this id."""
    key_id = key_id.lower()
    if not re.fullmatch(rf"[0-9a-f]{{{KEY_ID_DIGITS}}}", key_id):
        raise CommandError(f"a key's id has {KEY_ID_DIGITS} digits 0-9 a-f; `{PROGRAM} keys list` shows them")
    with _table() as table:
        found = table.revoke(key_id)
    if not found:
        raise CommandError(
            f"there is no key with the id {key_id}; `{PROGRAM} keys list` shows those that are there"
        )
    if as_json:
        json_out({"id": key_id, "revoked": True})
    else:
        print(f"Revoked {key_id}. The endpoint refuses it at most 30 seconds from now.")


@contextmanager
def _table() -> Iterator[Keys]:
    with azure_packages("keys"):
        yield app().keys


def _row(key: ApiKey) -> tuple[str, ...]:
    limits = ((key.requests_per_minute, "requests"), (key.tokens_per_minute, "tokens"))
    return (
        key.id,
        key.owner,
        day(key.created),
        day(key.expires) if key.expires else "never",
        ", ".join(sorted(key.models)) or "all",
        ", ".join(sorted(key.scopes)),
        ", ".join(f"{limit:,} {what}" for limit, what in limits if limit is not None) or "none",
        moment(key.last_used) if key.last_used else "never",
    )


def _facts(key: ApiKey) -> dict[str, Any]:
    """Return the key as JSON."""
    return {
        "id": key.id,
        "owner": key.owner,
        "created": key.created.isoformat(),
        "expires": key.expires.isoformat() if key.expires else None,
        "models": sorted(key.models),
        "scopes": sorted(key.scopes),
        "requests_per_minute": key.requests_per_minute,
        "tokens_per_minute": key.tokens_per_minute,
        "last_used": key.last_used.isoformat() if key.last_used else None,
    }
