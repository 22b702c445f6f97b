"""Asks with curl: python with_curl.py URL KEY < scenarios > outcomes."""

import json
import subprocess
import sys

URL, KEY = sys.argv[1:]


def ask(scenario: dict) -> str:
    """Return the status, and what the body says."""
    body = {"model": scenario["model"], "messages": [{"role": "user", "content": scenario["prompt"]}]}
    body |= {"stream": True} if scenario["stream"] else {}
    command = ["curl", "-sN", "--max-time", "30", "-w", "\n%{http_code}", f"{URL}/v1/chat/completions"]
    command += ["-H", f"Authorization: Bearer {scenario['key'] or KEY}", "-H", "Content-Type: application/json"]
    done = subprocess.run([*command, "-d", json.dumps(body)], capture_output=True, text=True, check=False)
    *lines, status = done.stdout.split("\n")
    said = [json.loads(line.removeprefix("data: ")) for line in lines if line not in ("", "data: [DONE]")]
    if "error" in said[-1]:
        return f"{status} {said[-1]['error']['code']}, curl ends with {done.returncode}"
    words = [one["choices"][0].get("delta") or one["choices"][0].get("message") or {} for one in said]
    text = "".join(word.get("content") or "" for word in words)
    return f"{text} [{said[-1]['choices'][0]['finish_reason']}]"


print(json.dumps({name: ask(scenario) for name, scenario in json.load(sys.stdin).items()}))
