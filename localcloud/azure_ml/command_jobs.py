"""Command jobs: a command of the user's, in a shell, in a folder with the user's code, inputs and outputs."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.azure_ml.assets import CLUSTER_SIZE, asset_key
from localcloud.azure_ml.command_checks import MODELS, PLACE, PLACEHOLDER, is_spot, time_limit
from localcloud.azure_ml.conda import build_failure, local_packages
from localcloud.azure_ml.instances import DEFAULT_INSTANCE, find_instance
from localcloud.azure_ml.job_environment import environment_of
from localcloud.azure_ml.places import Places
from localcloud.azure_ml.processes import Processes
from localcloud.azure_ml.quota import quota_refusal
from localcloud.azure_ml.storage import JobFailed, download_folder
from localcloud.azure_ml.training import Preempted, TimeLimitReached
from localcloud.azure_ml.workspace import Job, Model, Workspace
from localcloud.frame import Cloud
from localcloud.ports import free_socket, port_of

LOSES_AFTER = (1.0, 8.0)  # seconds after which bad weather takes a Spot machine away


class CommandJobs:
    """How command jobs run."""

    def __init__(self, cloud: Cloud, workspace: Workspace) -> None:
        self._cloud, self._workspace = cloud, workspace
        self._places = Places(cloud, workspace)
        self._running: dict[str, Processes] = {}

    async def prepare(self, job: Job) -> None:
        """Find a machine, build the environment, and bring code and inputs onto the machine."""
        self._check_quota(job.properties)
        environment = self._workspace.environment(*_named(job, "environmentId", "environments"))
        failure = build_failure(environment, local_packages())
        if failure is not None:
            raise JobFailed("UserError", failure)
        code = job.folder / "code"
        code.mkdir()
        if job.properties.get("codeId") is not None:
            asset = self._workspace.code(*_named(job, "codeId", "codes"))
            if not await asyncio.to_thread(download_folder, self._cloud, asset.uri, code):
                raise JobFailed("UserError", f"code {asset.name}:{asset.version}: there is nothing at {asset.uri}")
        await asyncio.to_thread(self._places.bring, job)

    async def run(self, job: Job) -> None:
        """Run the command to its end; what it wrote is kept, however it ends."""
        processes = self._running[job.name] = Processes()
        try:
            failure = await self._ending(job, processes)
        except TimeLimitReached:
            await self._keep(job)
            raise
        except asyncio.CancelledError:
            if job.status == "CancelRequested":  # else the whole local cloud goes away
                await self._keep(job)
            raise
        if processes.lost:
            raise Preempted
        if failure is not None:
            await self._keep(job)
            raise JobFailed("UserError", failure)

    async def _ending(self, job: Job, processes: Processes) -> str | None:
        """Return why the command failed, None where it ended well; nothing runs afterwards."""
        loss = self._weather(job, processes)
        try:
            async with asyncio.timeout(_left(job)):
                await self._start(job, processes)
                return await processes.failure()
        except TimeoutError as error:
            raise TimeLimitReached(f"the job ran for its limit of {time_limit(job.properties):g} s") from error
        finally:
            if loss is not None:
                loss.cancel()
            del self._running[job.name]
            await processes.stop()

    async def finish(self, job: Job, *, echoes: bool) -> None:
        """Keep what the job wrote, and register its models."""
        if not echoes:
            await self._keep(job)
        for name, given in (job.properties.get("outputs") or {}).items():
            if given["jobOutputType"] in MODELS and given.get("assetName"):
                self._register(job, name, given, echoes=echoes)

    def preempt(self, job: Job) -> str | None:
        """Kill the job's processes as when its machine is taken away; it runs again in the same folders."""
        processes = self._running.get(job.name)
        if processes is None:
            return f"job {job.name!r} is {job.status}: it runs on no machine"
        processes.lose()
        return None

    def _check_quota(self, asked: Mapping[str, Any]) -> None:
        serverless = (asked.get("resources") or {}).get("instanceType") or DEFAULT_INSTANCE
        instance = find_instance(CLUSTER_SIZE if _on_cluster(asked) else serverless)
        refusal = instance and quota_refusal(self._cloud.control, instance, spot=is_spot(asked))
        if refusal:
            raise JobFailed("UserError", refusal)

    def _weather(self, job: Job, processes: Processes) -> asyncio.TimerHandle | None:
        weather = self._cloud.control.weather
        if not is_spot(job.properties) or job.preemptions or not weather.happens(weather.preempted):
            return None
        return asyncio.get_running_loop().call_later(weather.chance.uniform(*LOSES_AFTER), processes.lose)

    async def _start(self, job: Job, processes: Processes) -> None:
        command = PLACEHOLDER.sub(lambda found: self._value(job, found[1]), job.properties["command"])
        count = (job.properties.get("distribution") or {}).get("processCountPerInstance")
        plain = environment_of(self._cloud, job, self._places.variables(job))
        for rank, variables in enumerate(_ranks(count) if count else [{}]):
            logs = job.folder / ("job" if rank == 0 else f"job-{rank}")
            await processes.start(
                ["/bin/bash", "-c", command], folder=job.folder / "code", logs=logs, environment=plain | variables
            )

    def _value(self, job: Job, reference: str) -> str:
        place = PLACE.fullmatch(reference)
        if place is None:
            raise JobFailed("UserError", f"{reference} is no reference")  # checked when the job was accepted
        return self._places.in_command(job, place[1], place[2])

    async def _keep(self, job: Job) -> None:
        await asyncio.to_thread(self._places.keep, job)

    def _register(self, job: Job, output: str, given: Mapping[str, Any], *, echoes: bool) -> None:
        name, folder = given["assetName"], self._places.output(job, output)
        version = str(given.get("assetVersion") or self._workspace.next_version(name))
        if not echoes and not any(folder.iterdir()):
            raise JobFailed("UserError", f"outputs.{output}: the job wrote nothing there, so there is no model")
        if (name, version) in self._workspace.models:
            raise JobFailed("UserError", f"outputs.{output}: model {name}:{version} exists already")
        model = Model(name, version, job.name, folder, {}, echoes=echoes, kind=given["jobOutputType"])
        self._workspace.models[name, version] = model


def _named(job: Job, field: str, kind: str) -> tuple[str, str]:
    key = asset_key(job.properties.get(field), kind)
    if key is None:
        raise JobFailed("UserError", f"{field} names nothing")  # checked when the job was accepted
    return key


def _on_cluster(asked: Mapping[str, Any]) -> bool:
    return str(asked.get("computeId") or "serverless").rpartition("/")[2] != "serverless"


def _left(job: Job) -> float | None:
    """Return how many seconds the job may still run: a machine that was taken away sets no clock back."""
    limit = time_limit(job.properties)
    if limit is None or job.started is None:
        return limit
    return max(0.0, limit - (datetime.now(UTC) - job.started).total_seconds())


def _ranks(count: int) -> list[dict[str, str]]:
    """Return what PyTorch's processes are told of each other."""
    with free_socket() as found:
        port = str(port_of(found))
    same = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(count), "NODE_RANK": "0"}
    return [{**same, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]
