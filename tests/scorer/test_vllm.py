"""What the container with vLLM starts; vLLM itself needs a GPU, so an executable of its name stands in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scorer.checkpoint import LONGEST

VLLM = Path(__file__).parents[2] / "scorer" / "vllm"
BASE = Path(__file__).parents[2] / "trainer" / "base"


def started(tmp_path: Path, models: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the start script with a `vllm` that only says how it was called."""
    stand_in = tmp_path / "bin" / "vllm"
    stand_in.parent.mkdir()
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)
    environment = {
        "PATH": f"{stand_in.parent}:{os.environ['PATH']}",
        "AZUREML_MODEL_DIR": str(models),
        **variables,
    }
    command = [sys.executable, str(VLLM / "start.py")]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("beneath", "variables", "name"),
    [("", {}, "tuned"), ("model", {"SERVED_MODEL_NAME": "Phi-3.5-mini-instruct"}, "Phi-3.5-mini-instruct")],
)
def test_vllm_serves_the_model_beneath_the_folder(tmp_path, beneath, variables, name):
    folder = tmp_path / "models" / "1" / beneath
    folder.mkdir(parents=True)
    for file in ("config.json", "tokenizer.json"):
        shutil.copy(BASE / file, folder)
    run = started(tmp_path, tmp_path / "models", **variables)
    asked = run.stdout.splitlines()
    assert asked[:2] == ["serve", str(folder)]
    options = dict(zip(asked[2:-1:2], asked[3:-1:2], strict=True))
    assert options == {
        "--served-model-name": name,
        "--port": "8000",
        "--max-model-len": "1024",
    }
    assert asked[-1] == "--no-enable-log-requests"


FACTORS = {"short_factor": [1.05], "long_factor": [2.0]}
LONG = {"max_position_embeddings": 131072}


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        (LONG, 16384),
        ({"max_position_embeddings": 4096, "original_max_position_embeddings": 4096}, 4096),
        ({**LONG, "original_max_position_embeddings": 4096, "rope_scaling": None}, 16384),
        ({**LONG, "original_max_position_embeddings": 4096, "rope_scaling": {"type": "su", **FACTORS}}, 4096),
        (
            {**LONG, "original_max_position_embeddings": 4096, "rope_scaling": {"type": "longrope", **FACTORS}},
            4096,
        ),
        ({**LONG, "original_max_position_embeddings": 4096, "rope_parameters": {"rope_type": "longrope"}}, 4096),
        ({**LONG, "rope_parameters": {"rope_type": "longrope", "original_max_position_embeddings": 4096}}, 4096),
        ({**LONG, "original_max_position_embeddings": 65536, "rope_parameters": {"rope_type": "longrope"}}, 16384),
    ],
)
def test_a_model_with_two_ropes_keeps_to_the_short_one_that_it_was_trained_with(tmp_path, config, tokens):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "config.json").write_text(json.dumps(config))
    (tmp_path / "models" / "tokenizer.json").write_text("{}")
    asked = started(tmp_path, tmp_path / "models").stdout.splitlines()
    assert asked[asked.index("--max-model-len") + 1] == str(tokens)


def test_without_a_model_the_container_ends_with_the_reason(tmp_path):
    run = started(tmp_path, tmp_path)
    assert run.returncode == 1
    assert "config.json and a tokenizer" in run.stderr


def test_both_engines_have_the_same_limit():
    assert f"LONGEST = {LONGEST:_}  #" in (VLLM / "start.py").read_text("utf-8")


def test_the_dockerfile_pins_its_image_and_starts_the_script_that_it_copies():
    lines = (VLLM / "Dockerfile").read_text("utf-8").splitlines()
    steps = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    assert list(steps) == ["FROM", "COPY", "EXPOSE", "ENTRYPOINT"]
    assert re.fullmatch(r"vllm/vllm-openai:v\d+\.\d+\.\d+", steps["FROM"])
    source, target = steps["COPY"].split()
    assert (VLLM / source).is_file()
    assert steps["ENTRYPOINT"] == f'["python3", "{target}"]'
