"""What Azure ML checks before it accepts a fine-tuning job or an endpoint; a refusal names the field."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.azure_ml.workspace import LOCATION, WORKSPACE_GUID, Refused

JOB_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
ENDPOINT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,51}")
BASE_MODEL = re.compile(r"azureml://registries/azureml/models/([^/]+)/versions/(\d+)")
FINE_TUNED = re.compile(r"azureml://locations/([^/]+)/workspaces/([^/]+)/models/([^/]+)/versions/([^/]+)")
TUNABLE = ("Phi-4-mini-instruct", "Phi-4")
RETIRED = re.compile(r"Phi-3(\.5)?-(mini|small|medium|vision|MoE).*", re.IGNORECASE)  # since 2025-08-30


def _whole(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: text.isascii() and text.isdigit() and low <= int(text) <= high


def _real(above: float, high: float) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            value = float(text)
        except ValueError:
            return False
        return math.isfinite(value) and above < value <= high

    return fits


# The ranges are those that Azure's portal documents; the REST API documents none.
HYPERPARAMETERS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "num_train_epochs": (_whole(1, 10), "a whole number from 1 to 10"),
    "per_device_train_batch_size": (_whole(1, 32), "a whole number from 1 to 32"),
    "learning_rate": (_real(0, 1), "a number above 0, at most 1"),
    "learning_rate_multiplier": (_real(0, 10), "a number above 0, at most 10"),
    "seed": (_whole(0, 2**31 - 1), "a whole number from 0 on"),
}


def check_job_name(name: str) -> None:
    """Refuse a name that no job may have."""
    if not JOB_NAME.fullmatch(name):
        raise invalid("name", f"{name!r} does not match {JOB_NAME.pattern}")


def check_fine_tuning(properties: Mapping[str, Any]) -> None:
    """Refuse a fine-tuning job that Azure ML would refuse."""
    if properties.get("computeId") or properties.get("resources"):
        raise Refused(501, "NotInLocalCloud", "the local cloud fine-tunes as a service only, not on a compute")
    details = required_object(properties, "fineTuningDetails")
    _check_details(details)
    _check_hyperparameters(details.get("hyperParameters") or {})
    asset = required_object(required_object(properties, "outputs"), "registered_model")
    if not JOB_NAME.fullmatch(str(asset.get("assetName", ""))):
        raise invalid("outputs.registered_model.assetName", f"{asset.get('assetName')!r} is not a model name")


def _check_details(details: Mapping[str, Any]) -> None:
    if str(details.get("taskType", "")).lower() != "chatcompletion":
        raise invalid("fineTuningDetails.taskType", f"{details.get('taskType')!r}: expected ChatCompletion")
    if details.get("modelProvider") != "Custom":
        raise invalid("fineTuningDetails.modelProvider", f"{details.get('modelProvider')!r}: expected Custom")
    base_model(_input(details, "model", "mlflow_model"))
    _input(details, "trainingData", "uri_file")
    if details.get("validationData") is not None:
        _input(details, "validationData", "uri_file")


def base_model(uri: str) -> str:
    """Return the name of the base model in a registry id, or refuse it."""
    found = BASE_MODEL.fullmatch(uri)
    if not found:
        raise invalid(
            "fineTuningDetails.model.uri", f"{uri!r} is not a model id with a version in registry azureml"
        )
    name = found[1]
    if RETIRED.fullmatch(name):
        advice = "Phi-4" if "medium" in name.lower() else "Phi-4-mini-instruct"
        raise invalid("fineTuningDetails.model.uri", f"{name} was retired on 2025-08-30; use {advice}")
    if name not in TUNABLE:
        raise Refused(404, "ModelNotFound", f"registry azureml has no model {name!r} that can be fine-tuned here")
    return name


def _check_hyperparameters(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        where = f"fineTuningDetails.hyperParameters.{name}"
        if name not in HYPERPARAMETERS:
            raise invalid(where, f"is unknown; known: {', '.join(HYPERPARAMETERS)}")
        if not isinstance(value, str):
            raise invalid(where, f"{value!r} is not a string")
        fits, wanted = HYPERPARAMETERS[name]
        if not fits(value):
            raise invalid(where, f"{value!r} is not {wanted}")


def _input(details: Mapping[str, Any], field: str, kind: str) -> str:
    given = required_object(details, field)
    if given.get("jobInputType") != kind:
        raise invalid(f"fineTuningDetails.{field}.jobInputType", f"{given.get('jobInputType')!r}: expected {kind}")
    uri = given.get("uri")
    if not isinstance(uri, str) or not uri:
        raise invalid(f"fineTuningDetails.{field}.uri", "is required")
    return uri


def required_object(parent: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the object in a field, or refuse where there is none."""
    value = parent.get(field)
    if not isinstance(value, dict):
        raise invalid(field, "is required and must be an object")
    return value


def invalid(field: str, what: str) -> Refused:
    """Return the refusal of a field's value."""
    return Refused(400, "ValidationError", f"{field}: {what}")


def check_endpoint(name: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Return name and version of the model to deploy, or refuse the endpoint."""
    if not ENDPOINT_NAME.fullmatch(name):
        raise invalid("name", f"{name!r} does not match {ENDPOINT_NAME.pattern}")
    if body.get("location") != LOCATION:
        raise invalid("location", f"{body.get('location')!r}: the workspace is in {LOCATION}")
    properties = required_object(body, "properties")
    if properties.get("authMode", "Key") != "Key":
        raise invalid(
            "properties.authMode", f"{properties['authMode']!r}: serverless endpoints of this model take Key"
        )
    status = (properties.get("contentSafety") or {}).get("contentSafetyStatus", "Enabled")
    if status not in ("Enabled", "Disabled"):
        raise invalid("properties.contentSafety.contentSafetyStatus", f"{status!r}: expected Enabled or Disabled")
    model_id = str(required_object(properties, "modelSettings").get("modelId"))
    found = FINE_TUNED.fullmatch(model_id)
    if not found:
        raise invalid("properties.modelSettings.modelId", f"{model_id!r} is not the id of a fine-tuned model")
    if found[1] != LOCATION or found[2] != WORKSPACE_GUID:
        raise invalid("properties.modelSettings.modelId", f"{model_id!r} is not in this workspace and location")
    return found[3], found[4]
