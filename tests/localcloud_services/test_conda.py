"""What a conda file asks for and the machine lacks is named as a failed image build would."""

import sys
from pathlib import Path

import pytest

from localcloud.azure_ml.assets import Environment
from localcloud.azure_ml.conda import build_failure, local_packages, serving_packages

INSTALLED = {"torch": "2.9.0+cpu", "azure-ai-ml": "1.35.2"}


def environment(*pip: str, others: str = "") -> Environment:
    lines = "".join(f"  - {line}\n" for line in pip)
    conda = f"dependencies:\n- python=3.11\n- pip<26\n{others}- pip:\n{lines}"
    return Environment("training", "1", {"image": "i", "condaFile": conda})


@pytest.mark.parametrize(
    "pip",
    [
        ["torch"],
        ["torch==2.9.0", "Azure_AI.ML==1.35.2"],
        ["torch>=2,<3"],
        ["torch[extra]==2.9.0"],
        ["--extra-index-url https://example.org", "torch==2.9.0"],
        ["nothing==1.0; python_version < '3'"],
    ],
)
def test_what_is_installed_here_can_be_built(pip: list[str]):
    assert build_failure(environment(*pip), INSTALLED) is None


@pytest.mark.parametrize(
    ("pip", "lack"),
    [
        ("torch==2.8.0", "package torch: torch==2.8.0 is wanted, 2.9.0+cpu is installed here"),
        ("flash-attn==2.7", "package flash-attn is not installed here (flash-attn==2.7)"),
        ("not a requirement", "pip cannot read 'not a requirement'"),
    ],
)
def test_what_is_missing_is_named(pip: str, lack: str):
    assert build_failure(environment(pip), INSTALLED) == f"image build of environment training:1 failed: {lack}"


def test_packages_of_conda_itself_are_beyond_the_local_cloud():
    failure = build_failure(environment("torch", others="- cudatoolkit=12\n"), INSTALLED)
    assert failure is not None
    assert "cudatoolkit=12 is a package of conda" in failure


def test_a_dockerfile_is_beyond_the_local_cloud():
    failure = build_failure(Environment("vllm", "1", {"build": {"contextUri": "x"}}), INSTALLED)
    assert failure is not None
    assert "cannot run images" in failure


def test_an_image_alone_has_what_it_has():
    assert build_failure(Environment("plain", "1", {"image": "i"}), {}) is None


async def test_deployments_find_what_is_beside_the_server_and_what_is_here(tmp_path: Path):
    assert await serving_packages(Path(sys.executable)) == local_packages()
    assert await serving_packages(tmp_path / "none") == local_packages()
    assert "azure-ai-ml" in local_packages()
