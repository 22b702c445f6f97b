"""What Azure ML checks before it accepts a command job; a refusal names the field, a gap of ours is a 501."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.azure_ml.assets import CLUSTER, SERVERLESS, asset_key
from localcloud.azure_ml.checks import JOB_NAME, invalid, required_object
from localcloud.azure_ml.instances import find_instance
from localcloud.azure_ml.registry import MODEL_URI, registry_model
from localcloud.azure_ml.workspace import WORKSPACE_ID, Refused, Workspace

PLACEHOLDER = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
PLACE = re.compile(r"(inputs|outputs)\.([A-Za-z_]\w*)")
DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
SECONDS = (86400, 3600, 60, 1)  # of what DURATION finds
MODELS = ("custom_model", "mlflow_model")
INPUTS = ("uri_file", "uri_folder", "literal", *MODELS)
OUTPUTS = ("uri_folder", *MODELS)
MODES = {"inputs": ("ReadOnlyMount", "Download"), "outputs": ("ReadWriteMount", "Upload")}
TIERS = ("Spot", "Standard")
MOST_PROCESSES = 8
KNOWN = (
    "jobType",
    "displayName",
    "description",
    "experimentName",
    "tags",
    "properties",
    "isArchived",
    "command",
    "codeId",
    "environmentId",
    "environmentVariables",
    "computeId",
    "resources",
    "queueSettings",
    "distribution",
    "limits",
    "inputs",
    "outputs",
    "identity",
)


def check_command(workspace: Workspace, properties: Mapping[str, Any]) -> None:
    """Refuse a command job that Azure ML would refuse, or that is beyond the local cloud."""
    for name, value in properties.items():
        if name not in KNOWN and value:
            raise beyond(f"properties.{name}")
    for side, kinds in (("inputs", INPUTS), ("outputs", OUTPUTS)):
        for name, given in _objects(properties, side):
            _check_place(workspace, side, name, given, kinds)
    _check_text(properties)
    _check_assets(workspace, properties)
    _check_compute(properties)
    _check_distribution(properties.get("distribution"))
    time_limit(properties)
    variables = properties.get("environmentVariables") or {}
    if not all(isinstance(value, str) for value in variables.values()):
        raise invalid("environmentVariables", "every value must be a string")


def places_in(command: str) -> Iterator[tuple[str, str]]:
    """Return each ("inputs" or "outputs", name) that a command refers to, or refuse what is no reference."""
    for found in PLACEHOLDER.finditer(command):
        place = PLACE.fullmatch(found[1])
        if place is None:
            raise invalid("command", f"{found[0]} refers neither to an input nor to an output")
        yield place[1], place[2]


def time_limit(properties: Mapping[str, Any]) -> float | None:
    """Return how many seconds the job may run, None without a limit; refuses what is no duration."""
    timeout = (properties.get("limits") or {}).get("timeout")
    return None if timeout is None else seconds_in("limits.timeout", timeout)


def seconds_in(field: str, duration: Any) -> float:
    """Return the seconds of a duration such as PT48H, or refuse the field."""
    found = DURATION.fullmatch(str(duration))
    if found is None:
        raise invalid(field, f"{duration!r} is not a duration such as PT48H")
    return sum(float(part or 0) * unit for part, unit in zip(found.groups(), SECONDS, strict=True))


def is_spot(properties: Mapping[str, Any]) -> bool:
    """Tell whether the job runs on machines that may be taken away."""
    return (properties.get("queueSettings") or {}).get("jobTier") == "Spot"


def _objects(properties: Mapping[str, Any], field: str) -> Iterator[tuple[str, dict[str, Any]]]:
    given = properties.get(field) or {}
    for name in given:
        yield name, required_object(given, name)


def _check_place(
    workspace: Workspace, side: str, name: str, given: dict[str, Any], kinds: tuple[str, ...]
) -> None:
    where, kind_field = f"{side}.{name}", "jobInputType" if side == "inputs" else "jobOutputType"
    kind, mode, uri = given.get(kind_field), given.get("mode"), given.get("uri")
    if kind not in kinds:
        raise beyond(f"{where}.{kind_field} {kind!r}")
    if kind == "literal":
        if not isinstance(given.get("value"), str):
            raise invalid(f"{where}.value", "is required and must be a string")
        return
    if mode is not None and mode not in MODES[side]:
        raise beyond(f"{where}.mode {mode!r}")
    if side == "inputs" and (not isinstance(uri, str) or not uri):
        raise invalid(f"{where}.uri", "is required")
    if side == "inputs" and kind in MODELS:
        _check_model(workspace, f"{where}.uri", str(uri))
    if side == "outputs" and given.get("assetName") is not None:
        _check_asset(where, str(kind), given)


def _check_model(workspace: Workspace, where: str, uri: str) -> None:
    key = asset_key(uri, "models")
    if key is not None:
        workspace.model(*key)
    elif MODEL_URI.fullmatch(uri) and registry_model(uri) is None:
        raise Refused(404, "ModelNotFound", f"{where}: there is no model {uri}")


def _check_asset(where: str, kind: str, given: Mapping[str, Any]) -> None:
    if kind not in MODELS:
        raise beyond(f"{where}.assetName of a {kind}: data assets")
    if not JOB_NAME.fullmatch(str(given["assetName"])):
        raise invalid(f"{where}.assetName", f"{given['assetName']!r} is not a model name")
    version = given.get("assetVersion")
    if version is not None and not str(version).isdigit():
        raise beyond(f"{where}.assetVersion {version!r}: versions that are no numbers")


def _check_text(properties: Mapping[str, Any]) -> None:
    command = properties.get("command")
    if not isinstance(command, str) or not command.strip():
        raise invalid("command", "is required")
    for side, name in places_in(command):
        if name not in (properties.get(side) or {}):
            raise invalid("command", f"${{{{{side}.{name}}}}}: the job has no such {side.removesuffix('s')}")


def _check_assets(workspace: Workspace, properties: Mapping[str, Any]) -> None:
    if properties.get("codeId") is not None:
        code = asset_key(properties["codeId"], "codes")
        if code is None:
            raise invalid("codeId", f"{properties['codeId']!r} is not the id of a code version of a workspace")
        workspace.code(*code)
    environment = asset_key(properties.get("environmentId"), "environments")
    if environment is None:
        raise invalid(
            "environmentId", f"{properties.get('environmentId')!r} is not the id of an environment version"
        )
    workspace.environment(*environment)


def _check_compute(properties: Mapping[str, Any]) -> None:
    compute = str(properties.get("computeId") or SERVERLESS).removeprefix(f"{WORKSPACE_ID}/computes/")
    resources = properties.get("resources") or {}
    if compute not in (SERVERLESS, CLUSTER):
        raise invalid("computeId", f"unknown compute target {compute!r}")
    count, size = resources.get("instanceCount", 1), resources.get("instanceType")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise invalid("resources.instanceCount", f"{count!r} is not a number of machines")
    if count > 1:
        raise beyond("resources.instanceCount above 1")
    if size is not None and find_instance(str(size)) is None:
        raise invalid("resources.instanceType", f"{size!r} is not a size of machine in this region")
    tier = (properties.get("queueSettings") or {}).get("jobTier")
    if tier is None:
        return
    if tier not in TIERS:
        raise beyond(f"queueSettings.jobTier {tier!r}")
    if compute != SERVERLESS:
        raise invalid(
            "queueSettings.jobTier", f"{tier}: a cluster has its own tier; only serverless compute takes one"
        )


def _check_distribution(given: Mapping[str, Any] | None) -> None:
    if given is None:
        return
    if given.get("distributionType") != "PyTorch":
        raise beyond(f"distribution.distributionType {given.get('distributionType')!r}")
    count = given.get("processCountPerInstance")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_PROCESSES:
        raise invalid(
            "distribution.processCountPerInstance", f"{count!r} is not a number from 1 to {MOST_PROCESSES}"
        )


def beyond(what: str) -> Refused:
    """Return the refusal of what Azure ML may know and the local cloud does not."""
    return Refused(501, "NotInLocalCloud", f"{what} is not part of the local cloud")
