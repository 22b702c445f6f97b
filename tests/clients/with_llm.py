"""Asks with llm, as a person does in a shell: python with_llm.py URL KEY < scenarios > outcomes."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

URL, KEY = sys.argv[1:]
MODELS = """\
- {{model_id: support, model_name: support, api_base: "{url}/v1", api_key_name: tunedrop}}
- {{model_id: nobody, model_name: nobody, api_base: "{url}/v1", api_key_name: tunedrop}}
"""


def ask(scenario: dict, folder: str) -> str:
    """Return what llm prints, or its error."""
    program = str(Path(sys.executable).with_name("llm"))
    command = [program, "-m", scenario["model"], "--key", scenario["key"] or KEY, "--no-log"]
    command += [] if scenario["stream"] else ["--no-stream"]
    environment = {**os.environ, "LLM_USER_PATH": folder}
    done = subprocess.run(
        [*command, scenario["prompt"]], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return f"{done.stdout.strip()}{done.stderr.strip()} [{done.returncode}]"


with tempfile.TemporaryDirectory() as home:
    (Path(home) / "extra-openai-models.yaml").write_text(MODELS.format(url=URL), encoding="utf-8")
    print(json.dumps({name: ask(scenario, home) for name, scenario in json.load(sys.stdin).items()}))
