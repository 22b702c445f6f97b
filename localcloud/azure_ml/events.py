"""Events of the workspace: a job's end as Azure ML tells of it (RunStatusChanged for a failed one)."""

import uuid
from datetime import UTC, datetime
from typing import Any

from localcloud.azure_ml.workspace import WORKSPACE_GUID, WORKSPACE_ID, Job
from localcloud.event_subscriptions import Event

TELLS = {"Completed": "RunCompleted", "Failed": "RunStatusChanged"}  # of a canceled job no event tells


def job_ended(job: Job) -> list[Event]:
    """Return the event that tells of a job's end; none while it goes on."""
    kind = TELLS.get(job.status)
    if kind is None:
        return []
    properties = job.body["properties"]
    facts: dict[str, Any] = {
        "experimentId": WORKSPACE_GUID,
        "experimentName": properties.get("experimentName", "Default"),
        "runId": job.name,
        "runType": None,
        "runTags": {},
        "runProperties": {},
    }
    if kind == "RunStatusChanged":
        facts["runStatus"] = job.status.lower()
    return [
        {
            "topic": WORKSPACE_ID,
            "subject": f"experiments/{WORKSPACE_GUID}/runs/{job.name}",
            "eventType": f"Microsoft.MachineLearningServices.{kind}",
            "id": str(uuid.uuid4()),
            "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z",
            "data": facts,
            "dataVersion": "",
            "metadataVersion": "1",
        }
    ]
