"""Azure ML, in memory."""

from collections.abc import Callable
from dataclasses import replace

from shared.core.run import Run
from shared.errors import NotFound, ServiceRefused
from shared.ports import PREFLIGHT, Endpoint, Job
from tests.fakes.faulty import Faulty

JOB_ENDS = frozenset({"Completed", "Failed", "Canceled"})


class FakeTraining(Faulty):
    """Azure ML's jobs in memory, by job name; `created` counts how many were really made."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, Job] = {}
        self.created = 0
        self.archived: set[str] = set()
        self.obstacle: Callable[[str], str | None] = lambda _base_model: None  # why a job with it would fail

    def submit(self, run: Run) -> None:
        with self._call("submit"):
            if run.job in self.jobs:
                return
            obstacle = self.obstacle(run.checked.base_model)
            if obstacle:
                raise ServiceRefused("azure ml", obstacle, 400, PREFLIGHT)
            self.created += 1
            self.jobs[run.job] = Job("NotStarted")

    def job(self, run: Run) -> Job:
        with self._call("job"):
            if run.job not in self.jobs:
                raise NotFound("azure ml", f"there is no job {run.job}")
            return self.jobs[run.job]

    def cancel(self, run: Run) -> bool:
        with self._call("cancel"):
            job = self.jobs.get(run.job)
            if job is None or job.status in JOB_ENDS:
                return True
            self.jobs[run.job] = Job("Canceled" if job.status == "CancelRequested" else "CancelRequested")
            return False

    def archive(self, run: Run) -> None:
        with self._call("archive"):
            job = self.jobs.get(run.job)
            if job is not None and job.status == "Completed":
                self.archived.add(run.asset)

    def becomes(self, run: Run, status: str, reason: str = "") -> None:
        """Let the run's job have this status from now on."""
        self.jobs[run.job] = Job(status, reason)


class FakeEndpoints(Faulty):
    """Azure ML's serverless endpoints in memory, by name; `created` counts how many were really made."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: dict[str, Endpoint] = {}
        self.created = 0
        self.after_creating = Endpoint("succeeded")  # what a second look finds; the URL is filled in

    def create(self, run: Run) -> Endpoint:
        with self._call("create"):
            if run.endpoint not in self.endpoints:
                self.created += 1
                self.endpoints[run.endpoint] = Endpoint("creating")
            elif self.endpoints[run.endpoint].state == "creating":
                url = f"https://{run.endpoint}.eastus2.models.ai.azure.com"
                ready = self.after_creating.state == "succeeded"
                self.endpoints[run.endpoint] = replace(self.after_creating, url=url if ready else "")
            return self.endpoints[run.endpoint]

    def delete(self, endpoint: str) -> bool:
        with self._call("delete"):
            found = self.endpoints.get(endpoint)
            if found is None:
                return True
            if found.state == "deleting":
                del self.endpoints[endpoint]
                return True
            self.endpoints[endpoint] = Endpoint("deleting")
            return False
