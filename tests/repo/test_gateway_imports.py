"""Nothing heavy is loaded until it is needed."""

import subprocess
import sys

import pytest

GATEWAYS = "shared.gateways.azure_ml, shared.gateways.managed_training, shared.gateways.managed_endpoints"
HEAVY = ["azure.ai.ml", "marshmallow", "msrest"]


@pytest.mark.parametrize("heavy", HEAVY)
def test_the_azure_ml_gateways_load_no_sdk_when_imported(heavy: str):
    program = f"import sys, {GATEWAYS}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
