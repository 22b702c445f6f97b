"""The one workspace of the local cloud: its jobs, models, endpoints and operations, all in memory."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from localcloud.azure_ml.assets import Code, Environment
from localcloud.azure_ml.online import OnlineEndpoint
from localcloud.frame import Cloud

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
RESOURCE_GROUP = "rg-local"
WORKSPACE = "tunedrop"
WORKSPACE_GUID = "6d1f6f0e-3b1c-4c53-9a53-7f2f0c1d2e3f"
WORKSPACE_PRINCIPAL = "77777777-8888-9999-aaaa-111111111111"  # the object id of its identity
LOCATION = "eastus2"
PROVIDER = "providers/Microsoft.MachineLearningServices"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
WORKSPACE_ID = f"{GROUP_ID}/{PROVIDER}/workspaces/{WORKSPACE}"
MACHINES_ID = f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-tunedrop-gpu-local"
MACHINES = {  # what jobs and endpoints on GPUs run as: infra/gpu.bicep
    "principalId": "77777777-8888-9999-aaaa-222222222222",
    "clientId": "77777777-8888-9999-aaaa-333333333333",
}
DATASTORES = {"workspaceblobstore": "azureml", "tunedrop": "reports"}  # datastore -> container
DEFAULT_DATASTORE = "workspaceblobstore"
OVER = ("Completed", "Failed", "Canceled")  # statuses that a job never leaves
STATES = {"Succeeded": "Online", "Failed": "CreationFailed"}  # Azure's second word for how creating ended
KEY_LETTERS = string.ascii_letters + string.digits
Thing = TypeVar("Thing")


class Refused(Exception):
    """A request that Azure ML would refuse, with the status, code and message of its answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Job:
    """A job: what was asked for, the statuses it went through, and where its files are."""

    name: str
    body: dict[str, Any]
    folder: Path
    statuses: list[str] = field(default_factory=lambda: ["NotStarted"])
    shown: int = 0  # index of the newest status that a reader has seen
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: datetime | None = None
    ended: datetime | None = None
    error: dict[str, str] | None = None
    token: str = ""  # with which the job itself may log metrics
    logged: list[dict[str, Any]] = field(default_factory=list)  # metrics, in the order in which they came
    parameters: dict[str, str] = field(default_factory=dict)
    preemptions: int = 0

    @property
    def properties(self) -> dict[str, Any]:
        """Return what was asked for."""
        asked: dict[str, Any] = self.body["properties"]
        return asked

    @property
    def kind(self) -> str:
        """Return FineTuning or Command."""
        return str(self.properties["jobType"])

    @property
    def status(self) -> str:
        """Return the status as it really is."""
        return self.statuses[-1]

    @property
    def over(self) -> bool:
        """Tell whether the job has ended."""
        return self.status in OVER

    def enter(self, status: str) -> None:
        """Go to the next status; a job that is over stays so."""
        if self.over:
            return
        self.statuses.append(status)
        if status == "Running" and self.started is None:
            self.started = datetime.now(UTC)
        if status in OVER:
            self.ended = datetime.now(UTC)

    def read(self, *, slow: bool) -> str:
        """Return the status that a reader sees: the one before when the read is slow, never an older one."""
        newest = len(self.statuses) - 1
        self.shown = max(self.shown, newest - 1 if slow else newest)
        return self.statuses[self.shown]


@dataclass
class Model:
    """One registered version of a model, with the folder of its checkpoint."""

    name: str
    version: str
    job_name: str
    folder: Path
    properties: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    archived: bool = False
    echoes: bool = False  # nothing was trained: its endpoint repeats what it is asked
    kind: str = "mlflow_model"
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def asset_id(self) -> str:
        """Return the id by which an endpoint refers to the model."""
        return f"azureml://locations/{LOCATION}/workspaces/{WORKSPACE_GUID}/models/{self.name}/versions/{self.version}"


def new_key() -> str:
    """Return a key as serverless endpoints have them: 32 letters and digits."""
    return "".join(secrets.choice(KEY_LETTERS) for _ in range(32))


@dataclass
class Endpoint:
    """A serverless endpoint: the one deployment of one model."""

    name: str
    model: Model
    content_safety: str = "Enabled"
    auth_mode: str = "Key"
    tags: dict[str, str] = field(default_factory=dict)
    primary_key: str = field(default_factory=new_key)
    secondary_key: str = field(default_factory=new_key)
    provisioning: str = "Creating"  # Creating, Succeeded, Failed, Deleting
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    error: str | None = None
    outcome_seen: bool = False  # by a reader: what was shown once is not taken back

    def read(self, *, slow: bool) -> str:
        """Return the provisioning state that a reader sees: still Creating when the read is slow."""
        if slow and not self.outcome_seen and self.provisioning in STATES:
            return "Creating"
        self.outcome_seen = self.provisioning != "Creating"
        return self.provisioning


@dataclass
class Workspace:
    """Everything that the workspace holds; it forgets all of it when the process ends."""

    root: Path
    jobs: dict[str, Job] = field(default_factory=dict)
    models: dict[tuple[str, str], Model] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    online: dict[str, OnlineEndpoint] = field(default_factory=dict)
    codes: dict[tuple[str, str], Code] = field(default_factory=dict)
    environments: dict[tuple[str, str], Environment] = field(default_factory=dict)
    operations: dict[str, object] = field(default_factory=dict)  # Operation, by id

    def job(self, name: str) -> Job:
        """Return the job of this name, or refuse with 404."""
        return _found(self.jobs.get(name), "jobs", name)

    def model(self, name: str, version: str) -> Model:
        """Return the model version, or refuse with 404."""
        return _found(self.models.get((name, version)), "models/versions", f"{name}/{version}")

    def endpoint(self, name: str) -> Endpoint:
        """Return the endpoint of this name, or refuse with 404."""
        return _found(self.endpoints.get(name), "serverlessEndpoints", name)

    def code(self, name: str, version: str) -> Code:
        """Return the version of a code asset, or refuse with 404."""
        return _found(self.codes.get((name, version)), "codes/versions", f"{name}/{version}")

    def environment(self, name: str, version: str) -> Environment:
        """Return the version of an environment, or refuse with 404."""
        return _found(self.environments.get((name, version)), "environments/versions", f"{name}/{version}")

    def online_endpoint(self, name: str) -> OnlineEndpoint:
        """Return the online endpoint of this name, or refuse with 404."""
        return _found(self.online.get(name), "onlineEndpoints", name)

    def versions(self, name: str) -> list[Model]:
        """Return the versions of a model, newest first."""
        found = [model for model in self.models.values() if model.name == name]
        return sorted(found, key=lambda model: int(model.version), reverse=True)

    def next_version(self, name: str) -> str:
        """Return the version that the next model of this name gets."""
        return str(max((int(model.version) for model in self.versions(name)), default=0) + 1)

    def deployment_of(self, model: Model) -> Endpoint | None:
        """Return the serverless endpoint that serves this model: Azure allows one."""
        return next((e for e in self.endpoints.values() if e.model is model), None)

    def user_of(self, model: Model) -> str | None:
        """Return the name of an endpoint of either kind that serves this model."""
        serverless = self.deployment_of(model)
        if serverless is not None:
            return serverless.name
        key = (model.name, model.version)
        return next((one.name for one in self.online.values() if one.serves(key)), None)


def _found(thing: Thing | None, kind: str, name: str) -> Thing:
    if thing is None:
        raise Refused(404, "ResourceNotFound", f"{kind} {name!r} was not found in workspace {WORKSPACE!r}")
    return thing


def workspace_of(cloud: Cloud) -> Workspace:
    """Return the workspace of a local cloud; the scoring stand-in serves the same one."""
    workspace = cloud.shared.setdefault("workspace", Workspace(cloud.root / "azure_ml"))
    if not isinstance(workspace, Workspace):
        raise TypeError("cloud.shared['workspace'] belongs to Azure ML's stand-in")
    return workspace
