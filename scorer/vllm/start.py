"""Starts vLLM with the model that Azure ML laid beneath AZUREML_MODEL_DIR; needs nothing but Python.

It lies alone in its image, so what it shares with the scoring script it says again.
"""

import json
import os
import sys
from pathlib import Path

PORT = "8000"  # of the routes in the environment: /v1/chat/completions, and /health for the probes
LONGEST = 16_384  # tokens of a conversation, as the scoring script has it
LONG_ROPE = {"longrope", "su"}  # the name, and what early models call it
TOKENIZERS = ("tokenizer.json", "tokenizer.model")


def main() -> None:
    """Become vLLM; exits with a reason where there is no model."""
    folder = model_folder(Path(os.environ.get("AZUREML_MODEL_DIR", "/nowhere")))
    name = os.environ.get("SERVED_MODEL_NAME") or "tuned"
    command = ["vllm", "serve", str(folder), "--served-model-name", name, "--port", PORT]
    command += ["--max-model-len", str(longest(folder)), "--no-enable-log-requests"]  # no prompt in the log
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def model_folder(root: Path) -> Path:
    """Return the folder with a model and its tokenizer that lies least deep; exits where there is none."""
    found = [config.parent for config in root.rglob("config.json") if _has_tokenizer(config.parent)]
    if not found:
        sys.exit(f"nothing beneath {root} has a config.json and a tokenizer")
    return min(found, key=lambda folder: (len(folder.parts), str(folder)))


def longest(folder: Path) -> int:
    """Return how many tokens prompt and answer may have together.

    Phi-3's 128k models count positions by short factors up to 4,096 tokens, and were trained by them here. vLLM
    chooses once for all requests: the long ones as soon as it is allowed more.
    """
    config = json.loads((folder / "config.json").read_text("utf-8"))
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    bounds = [LONGEST, config["max_position_embeddings"]]
    if LONG_ROPE & {rope.get("rope_type"), rope.get("type")}:
        key = "original_max_position_embeddings"
        bounds.append(config.get(key) or rope.get(key) or LONGEST)
    return int(min(bounds))


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in TOKENIZERS)


if __name__ == "__main__":
    main()
