"""What Azure ML checks before it accepts an online endpoint or a deployment; a refusal names the field."""

import re
from collections.abc import Mapping
from typing import Any

from localcloud.azure_ml.assets import asset_key
from localcloud.azure_ml.checks import invalid, required_object
from localcloud.azure_ml.command_checks import beyond, seconds_in
from localcloud.azure_ml.instances import find_instance
from localcloud.azure_ml.online import Key, OnlineEndpoint, Parts
from localcloud.azure_ml.workspace import LOCATION, MACHINES_ID, Workspace

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")  # 3 to 32 characters
LONGEST_REQUEST = 180  # seconds
OTHER_MODES = ("AMLToken", "AADToken")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
KNOWN_OF_ENDPOINT = ("authMode", "traffic", "description", "properties", "publicNetworkAccess")
KNOWN_OF_DEPLOYMENT = (
    "endpointComputeType",
    "model",
    "environmentId",
    "codeConfiguration",
    "instanceType",
    "environmentVariables",
    "requestSettings",
    "scaleSettings",
    "appInsightsEnabled",
    "egressPublicNetworkAccess",
    "description",
    "properties",
    *PROBES,
)


def check_online_endpoint(name: str, body: Mapping[str, Any], known: OnlineEndpoint | None) -> dict[str, int]:
    """Return the traffic that is asked for, or refuse the endpoint; `known` is what there is of this name."""
    _check_name(name)
    _check_location(body)
    properties = required_object(body, "properties")
    _check_known(properties, KNOWN_OF_ENDPOINT)
    mode = properties.get("authMode")
    if mode in OTHER_MODES:
        raise beyond(f"properties.authMode {mode!r}")
    if mode != "Key":
        raise invalid("properties.authMode", f"{mode!r}: expected Key, {' or '.join(OTHER_MODES)}")
    _check_identity(body.get("identity"))
    return _traffic(properties.get("traffic") or {}, known)


def _check_identity(identity: Mapping[str, Any] | None) -> None:
    for assigned in (identity or {}).get("userAssignedIdentities") or ():
        if assigned.lower() != MACHINES_ID.lower():
            raise invalid("identity.userAssignedIdentities", f"there is no identity {assigned!r}")


def _traffic(asked: Mapping[str, Any], known: OnlineEndpoint | None) -> dict[str, int]:
    there = known.deployments if known is not None else {}
    for name, percent in asked.items():
        if isinstance(percent, bool) or not isinstance(percent, int) or not 0 <= percent <= 100:
            raise invalid(f"properties.traffic.{name}", f"{percent!r} is not a percentage")
        if name not in there or (percent and there[name].provisioning != "Succeeded"):
            raise invalid(f"properties.traffic.{name}", "there is no such deployment that is ready")
    if sum(asked.values()) not in (0, 100):
        raise invalid("properties.traffic", f"the percentages add up to {sum(asked.values())}, not to 0 or 100")
    return dict(asked)


def check_deployment(workspace: Workspace, name: str, body: Mapping[str, Any]) -> Parts:
    """Return what the deployment is made of, all of which is there, or refuse it."""
    _check_name(name)
    _check_location(body)
    properties = required_object(body, "properties")
    _check_known(properties, KNOWN_OF_DEPLOYMENT)
    if properties.get("endpointComputeType") != "Managed":
        raise beyond(f"properties.endpointComputeType {properties.get('endpointComputeType')!r}")
    if (properties.get("scaleSettings") or {}).get("scaleType", "Default") != "Default":
        raise beyond("properties.scaleSettings that are not Default")
    _check_machine(properties, body.get("sku") or {})
    _check_times(properties)
    variables = properties.get("environmentVariables") or {}
    if not all(isinstance(value, str) for value in variables.values()):
        raise invalid("properties.environmentVariables", "every value must be a string")
    return Parts(_model(workspace, properties), _environment(workspace, properties), *_code(workspace, properties))


def _check_machine(properties: Mapping[str, Any], sku: Mapping[str, Any]) -> None:
    size, count = properties.get("instanceType"), sku.get("capacity")
    if not isinstance(size, str) or find_instance(size) is None:
        raise invalid("properties.instanceType", f"{size!r} is not a size of machine in this region")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise invalid("sku.capacity", f"{count!r} is not a number of machines")
    if count > 1:
        raise beyond("sku.capacity above 1")


def _check_times(properties: Mapping[str, Any]) -> None:
    asked = (properties.get("requestSettings") or {}).get("requestTimeout", "PT5S")
    if not 0 < seconds_in("properties.requestSettings.requestTimeout", asked) <= LONGEST_REQUEST:
        raise invalid("properties.requestSettings.requestTimeout", f"{asked}: at most {LONGEST_REQUEST} s")
    for probe in PROBES:
        for field in ("initialDelay", "period", "timeout"):
            told = (properties.get(probe) or {}).get(field)
            if told is not None:
                seconds_in(f"properties.{probe}.{field}", told)


def _model(workspace: Workspace, properties: Mapping[str, Any]) -> Key:
    key = asset_key(properties.get("model"), "models")
    if key is None:
        raise invalid("properties.model", f"{properties.get('model')!r} is not the id of a model of the workspace")
    workspace.model(*key)
    return key


def _environment(workspace: Workspace, properties: Mapping[str, Any]) -> Key:
    key = asset_key(properties.get("environmentId"), "environments")
    if key is None:
        raise invalid(
            "properties.environmentId", f"{properties.get('environmentId')!r} is not an environment's id"
        )
    if not workspace.environment(*key).body.get("inferenceConfig") and not properties.get("codeConfiguration"):
        raise invalid("properties.codeConfiguration", "is required: the environment has no inferenceConfig")
    return key


def _code(workspace: Workspace, properties: Mapping[str, Any]) -> tuple[Key | None, str]:
    given = properties.get("codeConfiguration")
    if not given:
        return None, ""
    key, script = asset_key(given.get("codeId"), "codes"), given.get("scoringScript")
    if key is None:
        raise invalid(
            "properties.codeConfiguration.codeId", f"{given.get('codeId')!r} is not the id of a code version"
        )
    workspace.code(*key)
    if not isinstance(script, str) or not script:
        raise invalid("properties.codeConfiguration.scoringScript", "is required")
    return key, script


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise invalid("name", f"{name!r}: 3 to 32 letters, digits and hyphens, a letter first, no hyphen last")


def _check_location(body: Mapping[str, Any]) -> None:
    if body.get("location") != LOCATION:
        raise invalid("location", f"{body.get('location')!r}: the workspace is in {LOCATION}")


def _check_known(properties: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for field, value in properties.items():
        if field not in known and value:
            raise beyond(f"properties.{field}")
