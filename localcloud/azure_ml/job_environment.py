"""The environment variables that Azure ML gives a job's processes."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from localcloud.azure_ml.workspace import (
    RESOURCE_GROUP,
    SUBSCRIPTION,
    WORKSPACE,
    WORKSPACE_GUID,
    WORKSPACE_ID,
    Job,
)
from localcloud.frame import Cloud

FROM_HERE = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")  # nothing else of the local cloud's own environment
QUIET = {
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}  # a laptop does other work


def environment_of(cloud: Cloud, job: Job, places: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a job: Azure ML's, those of its places, then the job's own."""
    here = {name: os.environ[name] for name in FROM_HERE if name in os.environ}
    experiment = str(job.properties.get("experimentName") or "Default")
    trust = {"SSL_CERT_FILE": str(cloud.ca_file), "REQUESTS_CA_BUNDLE": str(cloud.ca_file)}
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    azure = {
        "AZUREML_RUN_ID": job.name,
        "AZUREML_ARM_SUBSCRIPTION": SUBSCRIPTION,
        "AZUREML_ARM_RESOURCEGROUP": RESOURCE_GROUP,
        "AZUREML_ARM_WORKSPACE_NAME": WORKSPACE,
        "AZUREML_EXPERIMENT_NAME": experiment,
        "AZ_BATCHAI_JOB_WORK_DIR": str(job.folder / "code"),
        "MLFLOW_TRACKING_URI": tracking_uri(cloud),
        "MLFLOW_TRACKING_TOKEN": job.token,
        "MLFLOW_RUN_ID": job.name,
        "MLFLOW_EXPERIMENT_ID": WORKSPACE_GUID,
        "MLFLOW_EXPERIMENT_NAME": experiment,
    }
    own = job.properties.get("environmentVariables") or {}
    return {**here, **QUIET, **trust, "PATH": python, **azure, **places, **own}


def tracking_uri(cloud: Cloud) -> str:
    """Return the workspace's MLflow address in Azure ML's own scheme."""
    return f"azureml://{urlsplit(cloud.urls['arm']).netloc}/mlflow/v1.0{WORKSPACE_ID}"
