"""Azure ML: jobs, and the serverless route; names derive from the run, so nothing is made twice.

azure-ai-ml is imported inside the functions that need it: it costs a second and 100 MB.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.credentials import TokenCredential

from shared.core.base_models import BaseModel, UnknownBaseModel, base_model
from shared.core.run import Run
from shared.errors import NotFound, ServiceRefused
from shared.gateways.arm import Arm, deleting
from shared.gateways.job_observation import failure_reason, latest_metrics
from shared.gateways.ml_client import SERVICE, calling_azure_ml, ml_client
from shared.ports import PREFLIGHT, Endpoint, Job
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.ai.ml.entities import CustomModelFineTuningJob
    from azure.ai.ml.entities import Job as Description

ENDS = frozenset({"Completed", "Failed", "Canceled"})  # NotResponding and Paused may still go on
UNMEASURED = frozenset({"NotStarted", "Queued", "Provisioning", "Preparing", "Starting"})
TAG_LIMIT = 256  # characters


class AzureTraining:
    """Azure ML's jobs; those that it submits are fine-tuning jobs on the service's own compute."""

    def __init__(
        self,
        settings: Settings,
        credential: TokenCredential,
        obstacle: Callable[[str], str | None] = lambda _base_model: None,  # why a job with it would fail
        arm: Arm | None = None,
    ) -> None:
        self._settings, self._credential, self._obstacle = settings, credential, obstacle
        self._arm = arm or Arm(settings, credential)

    def submit(self, run: Run) -> None:
        """Create the run's job, or find it there; raises ServiceRefused when Azure ML will not have it."""
        if self._status(run) is not None:
            return
        model = _base_model(run)
        obstacle = self._obstacle(model.name)
        if obstacle:
            raise ServiceRefused(SERVICE, obstacle, 400, PREFLIGHT)
        job = self._described(run, model)
        try:
            with calling_azure_ml():
                self._ml.jobs.create_or_update(job)
        except ServiceRefused:
            if self._status(run) is None:
                raise  # else somebody created it since we looked, and a second PUT is refused, whatever the status

    def job(self, run: Run) -> Job:
        """Return the run's job; raises NotFound."""
        status = self._status(run)
        if status is None:
            raise NotFound(SERVICE, f"there is no job {run.job}")
        reason = failure_reason(self._arm, run.job) if status == "Failed" else ""
        metrics = {} if status in UNMEASURED else latest_metrics(self._arm, run.job)
        return Job(status, reason, metrics)

    def cancel(self, run: Run) -> bool:
        """Ask for the job's end; True once it has ended or was never there."""
        status = self._status(run)
        if status is None or status in ENDS:
            return True
        if status != "CancelRequested":
            with calling_azure_ml():
                self._ml.jobs.begin_cancel(run.job, polling=False)
        return False

    def archive(self, run: Run) -> None:
        """Take the job's model out of the lists, if there is one; ServiceRefused while an endpoint serves it."""
        try:
            with calling_azure_ml():
                self._ml.models.archive(run.asset, version="1")
        except NotFound:
            return

    def _described(self, run: Run, model: BaseModel) -> "Description":
        """Return what the job is to do, in the SDK's terms."""
        return _fine_tuning(run, model, self._settings.training_datastore)

    @cached_property
    def _ml(self) -> "MLClient":
        return ml_client(self._settings, self._credential)

    def _status(self, run: Run) -> str | None:
        """Return the job's status in Azure's spelling, or None when there is no job."""
        try:
            with calling_azure_ml():
                status = self._ml.jobs.get(run.job).status
        except NotFound:
            return None
        # Known statuses come as an enum, whose text on Python 3.11 is JobStatus.RUNNING; unknown ones as they are.
        return str(getattr(status, "value", status))


def _fine_tuning(run: Run, model: BaseModel, datastore: str) -> "CustomModelFineTuningJob":
    """Return the job's description; the SDK's shorter `create_finetuning_job` fails where a file is left out."""
    from azure.ai.ml import Input, Output
    from azure.ai.ml.entities import CustomModelFineTuningJob
    from azure.ai.ml.finetuning import FineTuningTaskType

    folder = folder_of(run, datastore)
    return CustomModelFineTuningJob(
        name=run.job,
        display_name=run.model,
        experiment_name="tunedrop",
        tags=tags_of(run),
        task=FineTuningTaskType.CHAT_COMPLETION,
        model=Input(type="mlflow_model", path=model.registry_path),
        training_data=Input(type="uri_file", path=f"{folder}/training.jsonl"),
        validation_data=Input(type="uri_file", path=f"{folder}/validation.jsonl"),
        hyperparameters={name: str(value) for name, value in run.checked.hyperparameters.items()},
        outputs={"registered_model": Output(type="mlflow_model", name=run.asset)},
    )


def folder_of(run: Run, datastore: str) -> str:
    """Return where a job finds the run's files: what the app writes into `reports` under the run's id."""
    return f"azureml://datastores/{datastore}/paths/{run.id}"


def tags_of(run: Run) -> dict[str, str]:
    """Return the tags by which people find the run's jobs and endpoints in Azure ML."""
    return {"run": run.id, "model": run.model, "dataset": run.dataset[:TAG_LIMIT]}


def _base_model(run: Run) -> BaseModel:
    try:
        return base_model(run.checked.base_model)
    except UnknownBaseModel as unknown:
        raise ServiceRefused(SERVICE, str(unknown), 400, "UnknownBaseModel") from None


class AzureEndpoints:
    """Azure ML's serverless endpoints: one per run, billed by the hour while it exists."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._settings, self._credential = settings, credential
        self._arm = Arm(settings, credential)

    def create(self, run: Run) -> Endpoint:
        """Create the run's endpoint, or find it there; raises ServiceRefused when Azure ML will not have it."""
        found = self._find(run.endpoint)
        if found is not None:
            return found
        if not self._registered(run.asset):
            return Endpoint("creating", reason=f"the model {run.asset} is not registered yet")
        try:
            return _endpoint_of(self._arm.put(f"serverlessEndpoints/{run.endpoint}", self._description(run.asset)))
        except ServiceRefused:
            created = self._find(run.endpoint)
            if created is None:
                raise
            return created  # by somebody else since we looked, as above

    def delete(self, endpoint: str) -> bool:
        """Ask for the endpoint's end; True once it is gone or was never there.

        Raises ServiceUnavailable while something else is under way there.
        """
        found = self._find(endpoint)
        if found is None:
            return True
        if found.state != "deleting":
            with deleting(endpoint), calling_azure_ml():
                self._ml.serverless_endpoints.begin_delete(endpoint, polling=False)
        return False

    @cached_property
    def _ml(self) -> "MLClient":
        return ml_client(self._settings, self._credential)

    def _find(self, name: str) -> Endpoint | None:
        try:
            with calling_azure_ml():
                found = self._ml.serverless_endpoints.get(name)
        except NotFound:
            return None
        return Endpoint(str(found.provisioning_state or "").lower(), found.scoring_uri or "")

    def _registered(self, asset: str) -> bool:
        """Tell whether the job's model is registered: that may come a moment after the job's end."""
        try:
            with calling_azure_ml():
                self._ml.models.get(asset, version="1")
        except NotFound:
            return False
        return True

    def _description(self, asset: str) -> dict[str, Any]:
        """Return the PUT body; azure-ai-ml 1.35 drops authMode and knows no contentSafety, hence over REST."""
        workspace = self._arm.workspace
        location, guid = workspace["location"], workspace["properties"]["workspaceId"]
        model = f"azureml://locations/{location}/workspaces/{guid}/models/{asset}/versions/1"
        return {
            "location": location,
            "sku": {"name": "Consumption"},
            "properties": {
                "authMode": "Key",
                "modelSettings": {"modelId": model},
                "contentSafety": {"contentSafetyStatus": "Enabled"},
            },
        }


def _endpoint_of(body: dict[str, Any]) -> Endpoint:
    properties = body.get("properties") or {}
    url = (properties.get("inferenceEndpoint") or {}).get("uri") or ""
    return Endpoint(str(properties.get("provisioningState") or "").lower(), url)
