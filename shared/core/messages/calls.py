"""Calls to copy: how to ask a model that serves, how to delete it; each has a placeholder where a key belongs."""

import json
import shlex

from shared.core.run import Run, State

UNKNOWN_ADDRESS = "https://<your app>"
KEY = "$OPENAI_API_KEY"
MANAGING_KEY = "$TUNEDROP_KEY"  # one with the scope `manage`


def calls_of(run: Run, app_address: str) -> tuple[tuple[str, str], ...]:
    """Return calls with their titles, in the order in which people try; none unless the model serves."""
    if run.state is not State.SERVING:
        return ()
    address = f"{app_address or UNKNOWN_ADDRESS}/v1"
    return (("curl", _curl(run.model, address)), ("Python", _python(run.model, address)))


def deletion_of(run: Run, app_address: str) -> tuple[tuple[str, str], ...]:
    """Return calls that delete what a run made, with their titles."""
    url = shlex.quote(f"{app_address or UNKNOWN_ADDRESS}/runs/{run.id}")
    curl = f'curl -X DELETE {url} \\\n  -H "Authorization: Bearer {MANAGING_KEY}"'
    return (("tunedrop", f"tunedrop delete {run.id}"), ("curl, with a key that may manage", curl))


def _curl(model: str, address: str) -> str:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]}, ensure_ascii=False)
    lines = [
        f"curl {shlex.quote(f'{address}/chat/completions')}",
        f'  -H "Authorization: Bearer {KEY}"',
        '  -H "Content-Type: application/json"',
        f"  -d {shlex.quote(body)}",
    ]
    return " \\\n".join(lines)


def _python(model: str, address: str) -> str:
    name, base = json.dumps(model, ensure_ascii=False), json.dumps(address)
    return "\n".join(
        [
            "from openai import OpenAI  # reads the key from OPENAI_API_KEY",
            "",
            f"client = OpenAI(base_url={base})",
            "answer = client.chat.completions.create(",
            f'    model={name}, messages=[{{"role": "user", "content": "Hello"}}]',
            ")",
            "print(answer.choices[0].message.content)",
        ]
    )
