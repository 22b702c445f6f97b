"""The managed route's training: our trainer as a command job on GPU compute, with the registry's weights."""

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.credentials import TokenCredential

from shared.core.base_models import BaseModel
from shared.core.lifecycle import LIFECYCLE, limits_of
from shared.core.run import Run, State
from shared.errors import ServiceRefused
from shared.gateways.arm import Arm
from shared.gateways.azure_ml import AzureTraining, folder_of, tags_of
from shared.gateways.code_folder import ROOT, CodeFolder
from shared.gateways.machine_environments import MachineEnvironments, machine_identity
from shared.gateways.ml_client import SERVICE
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.ai.ml.entities import Command

SERVERLESS = "serverless"  # compute that Azure ML makes for a job, and takes away after it
NAME = re.compile(r"[a-z][a-z_]{0,40}")
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,40}")
FILES = (
    "--train ${{inputs.training}} --validation ${{inputs.validation}} --base-model ${{inputs.weights}} "
    "--output ${{outputs.work}} --model ${{outputs.model}}"
)


class ManagedTraining(AzureTraining):
    """Azure ML's jobs; those that it submits are command jobs."""

    def __init__(
        self,
        settings: Settings,
        credential: TokenCredential,
        obstacle: Callable[[str], str | None] = lambda _base_model: None,
        arm: Arm | None = None,
        root: Path = ROOT,
    ) -> None:
        super().__init__(settings, credential, obstacle, arm)
        self._code = CodeFolder(settings, credential, self._arm, root)

    @cached_property
    def _environments(self) -> MachineEnvironments:
        return MachineEnvironments(self._arm, self._code)

    def _described(self, run: Run, model: BaseModel) -> "Command":
        """Return the command job; what it needs of the workspace is created or found first."""
        from azure.ai.ml import command

        return command(
            name=run.job,
            display_name=run.model,
            experiment_name="tunedrop",
            tags=tags_of(run),
            command=command_line(run),
            code=self._code.asset(),
            environment=self._environments.training(),
            inputs=_inputs(run, model, self._settings.training_datastore),
            outputs=_outputs(run, self._settings.training_datastore),
            timeout=_longest(self._settings.state_limits),
            **self._compute(),
            **_processes(int(self._settings.training_gpus)),
        )

    def _compute(self) -> dict[str, Any]:
        """Return where the job runs, and as whom: a cluster has an identity of its own."""
        from azure.ai.ml.entities import ManagedIdentityConfiguration

        settings = self._settings
        if settings.training_compute != SERVERLESS:
            return {"compute": settings.training_compute, "identity": ManagedIdentityConfiguration()}
        return {
            "instance_type": settings.training_instance,
            "instance_count": 1,
            "job_tier": settings.training_tier,
            "identity": ManagedIdentityConfiguration(client_id=machine_identity(self._arm).client_id),
        }


def command_line(run: Run) -> str:
    """Return the trainer's command line; raises ServiceRefused for hyperparameters that no shell should see."""
    options = []
    for name, value in run.checked.hyperparameters.items():
        if not NAME.fullmatch(name) or not VALUE.fullmatch(str(value)):
            raise ServiceRefused(SERVICE, f"{name[:40]!r} is no hyperparameter of ours", 400, "Hyperparameter")
        options.append(f"--{name} {value}")
    return " ".join(["python -m trainer", FILES, *options])


def _longest(state_limits: str) -> int:
    """Return after how many seconds Azure ML ends the job: when the lifecycle gives a training up."""
    limit = limits_of(state_limits).get(State.TRAINING, LIFECYCLE[State.TRAINING].limit)
    return int(limit.total_seconds())


def _inputs(run: Run, model: BaseModel, datastore: str) -> dict[str, Any]:
    from azure.ai.ml import Input

    folder = folder_of(run, datastore)
    return {
        "training": Input(type="uri_file", path=f"{folder}/training.jsonl", mode="ro_mount"),
        "validation": Input(type="uri_file", path=f"{folder}/validation.jsonl", mode="ro_mount"),
        "weights": Input(type=model.asset_type, path=model.registry_path, mode="ro_mount"),
    }


def _outputs(run: Run, datastore: str) -> dict[str, Any]:
    """Return where checkpoints and the model go; a job that starts anew after a pre-emption finds both again."""
    from azure.ai.ml import Output

    work = f"{folder_of(run, datastore)}/{run.job}/"
    return {
        "work": Output(type="uri_folder", path=work, mode="rw_mount"),
        "model": Output(type="custom_model", name=run.asset, version="1", mode="rw_mount"),
    }


def _processes(gpus: int) -> dict[str, Any]:
    """Return how several GPUs are used: a process for each, with shared memory enough to talk."""
    from azure.ai.ml import PyTorchDistribution

    if gpus == 1:
        return {}
    return {"distribution": PyTorchDistribution(process_count_per_instance=gpus), "shm_size": "16g"}
