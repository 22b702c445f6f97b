"""Fine-tuning jobs: Azure's service, for which our own trainer stands in."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from localcloud.azure_ml.checks import base_model
from localcloud.azure_ml.processes import Processes
from localcloud.azure_ml.storage import JobFailed, download
from localcloud.azure_ml.workspace import Job, Model, Workspace
from localcloud.frame import Cloud

REPOSITORY = Path(__file__).parents[2]
TRAINER = (sys.executable, "-m", "trainer")
DEFAULTS = {"num_train_epochs": "1", "per_device_train_batch_size": "1", "learning_rate": "0.0003"}


class FineTuning:
    """How fine-tuning jobs run."""

    def __init__(self, cloud: Cloud, workspace: Workspace, program: Sequence[str] = TRAINER) -> None:
        self._cloud, self._workspace, self._program = cloud, workspace, program

    async def prepare(self, job: Job) -> None:
        """Bring the examples onto the machine; only .jsonl files are taken, as in Azure's data import."""
        details = job.properties["fineTuningDetails"]
        # Without validation data the trainer measures on what it learns from.
        validation = details.get("validationData") or details["trainingData"]
        for given, target in zip((details["trainingData"], validation), _files(job), strict=True):
            if not given["uri"].endswith(".jsonl"):
                raise JobFailed("UserError", f"{given['uri']}: only files that end in .jsonl can be trained on")
            await asyncio.to_thread(download, self._cloud, given["uri"], target)

    async def run(self, job: Job) -> None:
        """Train to the end."""
        command = [*self._program, *arguments(job, *_files(job), self._cloud.weights)]
        processes = Processes()
        try:
            await processes.start(command, folder=REPOSITORY, logs=job.folder / "trainer")
            failure = await processes.failure()
        finally:
            await processes.stop()
        if failure is not None:
            raise JobFailed("UserError", failure)

    async def finish(self, job: Job, *, echoes: bool) -> None:
        """Register the checkpoint."""
        register(self._workspace, job, echoes=echoes)

    def preempt(self, job: Job) -> str:
        """Return why there is no machine that could be taken away."""
        return f"job {job.name!r} is fine-tuning as a service: its machine is Azure's own affair"


def _files(job: Job) -> tuple[Path, Path]:
    return job.folder / "training.jsonl", job.folder / "validation.jsonl"


def arguments(job: Job, train: Path, validation: Path, weights: Path | None = None) -> list[str]:
    """Return the trainer's command line for a job: on real weights where a folder with them is given."""
    details = job.properties["fineTuningDetails"]
    hyperparameters = {**DEFAULTS, **(details.get("hyperParameters") or {})}
    files = ["--train", str(train), "--validation", str(validation), "--output", str(job.folder / "output")]
    asked = [part for name, value in hyperparameters.items() for part in (f"--{name}", value)]
    base = str(weights) if weights else base_model(details["model"]["uri"])
    return [*files, "--base-model", base, *asked]


def register(workspace: Workspace, job: Job, *, echoes: bool = False) -> Model:
    """Register the job's checkpoint as the next version of the asset that the job names; an echo has none."""
    folder = job.folder / "output" / "model"
    if not echoes and not folder.is_dir():
        raise JobFailed("ServiceError", "the trainer ended well but left no model")
    name = job.properties["outputs"]["registered_model"]["assetName"]
    base = base_model(job.properties["fineTuningDetails"]["model"]["uri"])
    facts = {
        "baseModelId": f"azureml://registries/azureml/models/{base}",
        "baseModelWeightsVersion": "1.0",
        "hasDeltaWeights": "true",
        "maas-finetuning": "true",
    }
    model = Model(name, workspace.next_version(name), job.name, folder, facts, echoes=echoes)
    workspace.models[name, model.version] = model
    return model
