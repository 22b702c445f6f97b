"""LiteLLM's proxy with its Azure guardrails: installed into a folder of its own, configured for the upstream."""

import json
import subprocess
import sys
from pathlib import Path

VERSION = "1.106.2"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # the same for all contestants
VENV = Path(__file__).parents[2] / ".bench" / f"litellm-{PYTHON}"
INSTALL = 900.0  # seconds
CONFIG = """\
model_list:
  - model_name: {model}
    litellm_params: {{model: openai/{base_model}, api_base: "{url}/v1", api_key: upstream}}
guardrails:
  - guardrail_name: shield
    litellm_params: {{guardrail: azure/prompt_shield, mode: pre_call, {access}}}
  - guardrail_name: before
    litellm_params: {{guardrail: azure/text_moderations, mode: pre_call, {access}}}
  - guardrail_name: after
    litellm_params: {{guardrail: azure/text_moderations, mode: post_call, {access}}}
general_settings: {{master_key: "{key}"}}
litellm_settings: {{telemetry: false, request_timeout: 60}}
"""


def installed() -> str | None:
    """Return why LiteLLM cannot be had, or None once it is there."""
    python = VENV / "bin" / "python"
    wanted = f"import importlib.metadata as m; assert m.version('litellm') == '{VERSION}'"
    if python.exists() and not _fault([str(python), "-c", wanted]):
        return None
    package = f"litellm[proxy]=={VERSION}"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    return _fault([sys.executable, "-m", "venv", str(VENV)]) or _fault(install)


def _fault(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["?"])[-1]


def command(port: int, folder: Path, key: str, model: str, base_model: str) -> list[str]:
    """Write the configuration; return the command that starts the proxy with one worker, as ours has."""
    url = json.loads((folder / "upstream.json").read_text())["plain"]
    access = f'api_key: upstream, api_base: "{url}", default_on: true'
    config = folder / "litellm.yaml"
    config.write_text(CONFIG.format(model=model, base_model=base_model, url=url, access=access, key=key))
    program = str(VENV / "bin" / "litellm")
    return [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]


def environment(outside: dict[str, str]) -> dict[str, str]:
    """Return its environment: its fastest settings, and nothing fetched from outside."""
    return outside | {
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
        "NO_PROXY": "127.0.0.1,localhost",
    }
