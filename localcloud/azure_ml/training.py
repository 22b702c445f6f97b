"""The life of a job, of either kind: it waits for the machine, goes through Azure's statuses, and ends."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from localcloud.azure_ml.events import job_ended
from localcloud.azure_ml.storage import JobFailed
from localcloud.azure_ml.workspace import Job, Workspace
from localcloud.event_broker import Broker
from localcloud.event_grid import BROKER
from localcloud.event_subscriptions import WORKSPACE_TOPIC
from localcloud.frame import Cloud

BEAT = 0.2  # seconds for which each status before Running can be seen
DEADLINE = 3600.0  # seconds for one job


class Preempted(Exception):
    """The job's machine was taken away: the job goes on as soon as there is another one."""


class TimeLimitReached(Exception):
    """The job ran as long as it may: Azure ML cancels it then."""


class Kind(Protocol):
    """What differs between kinds of jobs."""

    async def prepare(self, job: Job) -> None:
        """Bring what the job needs onto the machine; raises JobFailed."""

    async def run(self, job: Job) -> None:
        """Run the job's program to its end; raises JobFailed, Preempted, TimeLimitReached."""

    async def finish(self, job: Job, *, echoes: bool) -> None:
        """Keep and register what the job made; where it echoes, nothing was made."""

    def preempt(self, job: Job) -> str | None:
        """Take the machine away from a running job, or return why that cannot be."""


class TrainingService:
    """The machine that trains, and the jobs that wait for it."""

    def __init__(self, cloud: Cloud, workspace: Workspace, kinds: Mapping[str, Kind], beat: float = BEAT) -> None:
        self._cloud, self._workspace, self._kinds, self._beat = cloud, workspace, kinds, beat
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

    def preempt(self, name: str) -> str | None:
        """Take the machine away from a running job, or return why that cannot be."""
        job = self._workspace.jobs.get(name)
        if job is None:
            return f"there is no job {name!r}"
        return self._kinds[job.kind].preempt(job)

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
            _end(job, "Failed", failure.code, failure.message)
        except TimeLimitReached as limit:
            _end(job, "Canceled", "UserError", str(limit))
        except TimeoutError:
            _end(job, "Failed", "UserError", f"the job ran longer than {DEADLINE:.0f} s and was stopped")
        except asyncio.CancelledError:
            job.enter("Canceled")
        except Exception as error:
            _end(job, "Failed", "ServiceError", f"the local cloud broke: {type(error).__name__}: {error}")
            raise

    async def _pretend(self, job: Job, seconds: float) -> None:
        """Be over without training, and register a model that only echoes."""
        job.enter("Running")
        await asyncio.sleep(seconds)
        await self._kinds[job.kind].finish(job, echoes=True)
        job.enter("Completed")

    async def _train(self, job: Job) -> None:
        kind = self._kinds[job.kind]
        for status in ("Provisioning", "Preparing"):
            job.enter(status)
            await asyncio.sleep(self._beat)
        await kind.prepare(job)
        while not await self._ran(job, kind):
            job.preemptions += 1
            job.enter("Queued")
            await asyncio.sleep(self._beat)
        job.enter("Finalizing")
        await asyncio.sleep(self._beat)
        await kind.finish(job, echoes=False)
        job.enter("Completed")

    async def _ran(self, job: Job, kind: Kind) -> bool:
        """Run the job's program; False where its machine was taken away."""
        job.enter("Running")
        try:
            await kind.run(job)
        except Preempted:
            return False
        return True


def _end(job: Job, status: str, code: str, message: str) -> None:
    job.error = {"code": code, "message": message}
    job.enter(status)
