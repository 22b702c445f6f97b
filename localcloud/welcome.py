"""What `up` prints: one line per thing that started, and in the end what to try."""

from collections.abc import Mapping
from typing import Any

# With the sample's own system message: a small model answers little without it.
QUESTION = (
    '{"model": "support", "temperature": 0, "messages": [{"role": "system", "content": "You are the support '
    'assistant of Rillo, a smart watering kit for gardens and balconies. Answer in one to three sentences."}, '
    '{"role": "user", "content": "Which batteries does the valve take?"}]}'
)


def say(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True)


def welcome(cloud: Mapping[str, Any]) -> None:
    """Print where everything is and three commands to try."""
    key, functions = cloud["api_key"], cloud["functions_url"]
    say(
        f"""
ready. API key: {key}

1. Drop a dataset (in another terminal; it serves after about a minute):
     .venv/bin/python -m localcloud drop samples/support.jsonl
2. Ask the model once it serves:
     curl {functions}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
       -d '{QUESTION}'
3. See what the team was told: open {cloud["inbox_url"]}

Ctrl-C stops everything."""
    )
