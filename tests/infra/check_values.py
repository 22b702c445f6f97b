"""Values that Azure takes as they are and that break the app: containers, a schedule, settings of the host."""

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from localcloud.functions_host.ncrontab import ScheduleError, schedule_in
from tests.infra.bicep import File, all_in, key_of, named, properties_of, text_of, value_of
from tests.infra.paths import paths_of
from tests.infra.wrong import Wrong, wrong

# What each resource of a type must be given, though Azure would take something else as well.
PINNED: dict[str, dict[str, str]] = {
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": {
        "properties.destination.endpointType": "AzureFunction"
    },
    "Microsoft.EventGrid/topics/eventSubscriptions": {"properties.destination.endpointType": "AzureFunction"},
    "Microsoft.Web/sites": {
        "properties.functionAppConfig.runtime.name": "python",
        "properties.functionAppConfig.runtime.version": "3.12",
    },
}
PINNED_SETTINGS = {
    "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    "AzureWebJobsStorage__credential": "managedidentity",
    "PYTHON_ENABLE_INIT_INDEXING": "1",  # else every request hangs
}
# How the name of a container stands in a property, whichever resource or variable has it.
CONTAINER_IN = {
    "blobContainerName": re.compile(r"^'(.+)'$"),
    "containerName": re.compile(r"^'(.+)'$"),
    "prefixMatch": re.compile(r"'([^/']+)/"),
    "subjectBeginsWith": re.compile(r"/containers/([^/']+)/"),
    "value": re.compile(r"^'\$\{storage\.properties\.primaryEndpoints\.blob\}(.+)'$"),
}
SCHEDULE = "ADVANCE_RUNS_SCHEDULE"


def containers(files: Mapping[str, File]) -> Iterator[Wrong]:
    """Names of containers that the storage account does not get."""
    declared = files["storage.bicep"].named("containers")
    there = value_of(declared.value) if declared is not None and declared.value is not None else []
    for file in files.values():
        for name, node in _container_names(file):
            if name not in there:
                yield wrong(file, _line(node), "container unknown", name)


def _container_names(file: File) -> Iterator[tuple[str, Node]]:
    for node in all_in(file.root):
        pair = named(node) if node.type == "object_property" else []
        if len(pair) > 1 and (written := CONTAINER_IN.get(key_of(pair[0]))):
            yield from ((name, pair[-1]) for name in written.findall(text_of(pair[-1])))
    for one, target in file.resources():
        name = properties_of(one.body).get("name")
        if target.partition("@")[0].endswith("/containers") and name is not None and name.type == "string":
            yield text_of(name).strip("'"), name


def pinned(file: File) -> Iterator[Wrong]:
    """Values that are not the one with which the app works."""
    for one, target in file.resources():
        wanted = PINNED.get(target.partition("@")[0], {})
        for path, node in () if one.existing else paths_of(one.body):
            if path in wanted and value_of(node) != wanted[path]:
                yield wrong(file, _line(node), "value must be another", f"{path} must be {wanted[path]}")


def settings(functions: File) -> Iterator[Wrong]:
    """Settings of the host with which the app hangs, or does not run every minute."""
    declared = functions.named("settings")
    given = {} if declared is None else properties_of(declared.value)
    for name, wanted in PINNED_SETTINGS.items():
        if name in given and value_of(given[name]) != wanted:
            yield wrong(functions, _line(given[name]), "value must be another", f"{name} must be {wanted}")
    if SCHEDULE in given and not _is_schedule(str(value_of(given[SCHEDULE]))):
        yield wrong(functions, _line(given[SCHEDULE]), "no schedule", text_of(given[SCHEDULE]))


def _is_schedule(text: str) -> bool:
    try:
        schedule_in(text)
    except ScheduleError:
        return False
    return True


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1
