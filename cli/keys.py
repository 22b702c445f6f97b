"""`tunedrop keys`: make API keys."""

import argparse
import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from shared.ports import ApiKey
from shared.wiring import app

PREFIX = "td-"  # so that a leaked key can be told for what it is


def add(options: argparse.Namespace) -> int:
    """Make a key and print it: this is the only time that it can be seen."""
    key = PREFIX + secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    rights = ApiKey(
        hash=hashlib.sha256(key.encode()).hexdigest(),
        owner=options.owner,
        created=now,
        expires=now + timedelta(days=options.days) if options.days else None,
        models=frozenset(options.model),
        scopes=frozenset(options.scope or ("chat", "runs")),
    )
    app().keys.add(rights)
    if options.quiet:
        print(key)
        return 0
    print(f"Key for {options.owner}: {key}")
    print("It is shown this once; TuneDrop keeps its hash. Next: export OPENAI_API_KEY=<the key>")
    return 0
