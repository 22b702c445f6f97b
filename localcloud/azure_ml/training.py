"""Runs fine-tuning jobs: one at a time, each through Azure's statuses, by the trainer in a process of its own."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcloud.azure_ml.checks import base_model
from localcloud.azure_ml.events import job_ended
from localcloud.azure_ml.storage import JobFailed, download
from localcloud.azure_ml.workspace import Job, Model, Workspace
from localcloud.children import die_with_parent
from localcloud.event_broker import Broker
from localcloud.event_grid import BROKER
from localcloud.event_subscriptions import WORKSPACE_TOPIC
from localcloud.frame import Cloud

REPOSITORY = Path(__file__).parents[2]
TRAINER = (sys.executable, "-m", "trainer")
BEAT = 0.2  # seconds for which each status before Running can be seen
DEADLINE = 3600.0  # seconds for one job
GRACE = 10.0  # seconds between asking the trainer to stop and killing it
DEFAULTS = {"num_train_epochs": "1", "per_device_train_batch_size": "1", "learning_rate": "0.0003"}
WHOLE_TAIL = 4096  # bytes of stderr that surely hold its last line


class TrainingService:
    """The machine that trains, and the jobs that wait for it."""

    def __init__(
        self, cloud: Cloud, workspace: Workspace, program: Sequence[str] = TRAINER, beat: float = BEAT
    ) -> None:
        self._cloud, self._workspace, self._program, self._beat = cloud, workspace, program, beat
        self._machine = asyncio.Semaphore(1)
        self._lives: dict[str, asyncio.Task[None]] = {}

    def submit(self, job: Job) -> None:
        """Start the job's life."""
        self._lives[job.name] = asyncio.create_task(self._life(job), name=f"job {job.name}")

    def cancel(self, job: Job) -> None:
        """Ask the job to stop; it goes to Canceled once its process is gone."""
        if not job.over and job.status != "CancelRequested":
            job.enter("CancelRequested")
            self._lives[job.name].cancel()

    async def stop(self) -> None:
        """Stop every job: the cloud goes away."""
        lives = [life for life in self._lives.values() if not life.done()]
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)

    async def _life(self, job: Job) -> None:
        await self._live(job)
        broker = self._cloud.shared.get(BROKER)
        if isinstance(broker, Broker):  # it is not there where the workspace stands alone
            broker.publish(WORKSPACE_TOPIC, job_ended(job))

    async def _live(self, job: Job) -> None:
        try:
            if self._cloud.control.training.mode == "instant":
                await self._pretend(job, self._cloud.control.training.seconds)
                return
            await asyncio.sleep(self._beat)
            job.enter("Queued")
            async with self._machine, asyncio.timeout(DEADLINE):
                await self._train(job)
        except JobFailed as failure:
            _fail(job, failure.code, failure.message)
        except TimeoutError:
            _fail(job, "UserError", f"the job ran longer than {DEADLINE:.0f} s and was stopped")
        except asyncio.CancelledError:
            job.enter("Canceled")
        except Exception as error:
            _fail(job, "ServiceError", f"the local cloud broke: {type(error).__name__}: {error}")
            raise

    async def _pretend(self, job: Job, seconds: float) -> None:
        """Be over without training, and register a model that only echoes."""
        job.enter("Running")
        await asyncio.sleep(seconds)
        register(self._workspace, job, echoes=True)
        job.enter("Completed")

    async def _train(self, job: Job) -> None:
        for status in ("Provisioning", "Preparing"):
            job.enter(status)
            await asyncio.sleep(self._beat)
        train, validation = await self._inputs(job)
        job.enter("Running")
        await self._run(job, [*self._program, *arguments(job, train, validation, self._cloud.weights)])
        job.enter("Finalizing")
        await asyncio.sleep(self._beat)
        register(self._workspace, job)
        job.enter("Completed")

    async def _inputs(self, job: Job) -> tuple[Path, Path]:
        details = job.body["properties"]["fineTuningDetails"]
        train, validation = job.folder / "training.jsonl", job.folder / "validation.jsonl"
        await asyncio.to_thread(download, self._cloud, details["trainingData"]["uri"], train)
        # Without validation data the trainer measures on what it learns from.
        given = details.get("validationData") or details["trainingData"]
        await asyncio.to_thread(download, self._cloud, given["uri"], validation)
        return train, validation

    async def _run(self, job: Job, command: Sequence[str]) -> None:
        with (job.folder / "stdout.log").open("wb") as out, (job.folder / "stderr.log").open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=REPOSITORY,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
            try:
                code = await process.wait()
            finally:
                await _stop(process)
        if code != 0:
            raise JobFailed("UserError", _last_line(job.folder / "stderr.log") or f"the trainer ended with {code}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _fail(job: Job, code: str, message: str) -> None:
    job.error = {"code": code, "message": message}
    job.enter("Failed")


def _last_line(file: Path) -> str:
    lines = file.read_bytes()[-WHOLE_TAIL:].decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def arguments(job: Job, train: Path, validation: Path, weights: Path | None = None) -> list[str]:
    """Return the trainer's command line for a job: on real weights where a folder with them is given."""
    details: Mapping[str, Any] = job.body["properties"]["fineTuningDetails"]
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
    properties = job.body["properties"]
    name = properties["outputs"]["registered_model"]["assetName"]
    base = base_model(properties["fineTuningDetails"]["model"]["uri"])
    latest = max((int(model.version) for model in workspace.versions(name)), default=0)
    facts = {
        "baseModelId": f"azureml://registries/azureml/models/{base}",
        "baseModelWeightsVersion": "1.0",
        "hasDeltaWeights": "true",
        "maas-finetuning": "true",
    }
    model = Model(name, str(latest + 1), job.name, folder, facts, echoes=echoes)
    workspace.models[name, model.version] = model
    return model
