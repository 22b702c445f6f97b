"""The infrastructure and the app agree: settings, functions, events, containers, queues and tables."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.azurite import CONTAINERS, QUEUES, TABLES
from localcloud.event_subscriptions import SUBSCRIPTIONS, Subscription
from shared.settings import OPTIONAL, REQUIRED
from tests.function_table import FUNCTIONS
from tests.infra.bicep import Declared, Expression, File, properties_of, value_of
from tests.infra.names import uses_of
from tests.infra.wrong import Wrong, wrong

# What Azure or Flex Consumption sets itself, and what only a laptop needs.
NOT_OURS = {
    "FUNCTIONS_WORKER_RUNTIME",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NO_PROXY",
}
ONLY_ON_AZURE = ["deployments"]  # the container of the app's package
TRIGGERS = {"eventGridTrigger"}


def settings(functions: File, documented: set[str]) -> Iterator[Wrong]:
    """Settings that the app reads and Azure does not get, or the reverse."""
    declared = functions.named("settings")
    assert declared is not None
    given = set(properties_of(declared.value))
    optional = {variable for variable, _ in OPTIONAL.values()}
    for name in sorted(({*REQUIRED.values(), *optional} | documented) - NOT_OURS - given):
        yield wrong(functions, declared.line, "setting missing", name)
    for name in sorted(given - documented):
        yield wrong(functions, declared.line, "setting unknown", name)


def choices(functions: File, parameters: Mapping[str, Any]) -> Iterator[Wrong]:
    """Choices that the parameters file gives and the app's settings do not take, or the reverse."""
    given = set(parameters["choices"]["value"])
    taken = {use.path[0]: use.line for one in functions.declared for use in uses_of(one) if use.name == "choices"}
    for name in sorted(set(taken) - given):
        yield wrong(functions, taken[name], "choice missing", name)
    for name in sorted(given - set(taken)):
        yield wrong(functions, 1, "choice unused", name)


def events(file: File) -> Iterator[Wrong]:
    """Event subscriptions that differ from those under which the app is tested, or lead to no function."""
    found = {one.name: (declared, one) for declared, one in _subscriptions(file)}
    wanted = {one.name: one for one in SUBSCRIPTIONS}
    for name in sorted(set(wanted) - set(found)):
        yield wrong(file, 1, "subscription missing", name)
    for name, (declared, one) in found.items():
        bindings = FUNCTIONS.get(one.function)
        if bindings is None or bindings[0]["type"] not in TRIGGERS:
            yield wrong(file, declared.line, "function unknown", one.function)
        elif wanted.get(name) != one:
            yield wrong(file, declared.line, "subscription differs", f"{name}: {one} is not {wanted.get(name)}")


def _subscriptions(file: File) -> Iterator[tuple[Declared, Subscription]]:
    for declared, target in file.resources():
        if declared.existing or not target.partition("@")[0].endswith("/eventSubscriptions"):
            continue
        body = value_of(declared.body) if declared.body else {}
        properties, topic = body["properties"], body["parent"].text
        filtered = properties.get("filter", {})
        advanced = filtered.get("advancedFilters", [])
        function = re.search(r"/functions/(\w+)'$", properties["destination"]["properties"]["resourceId"].text)
        yield (
            declared,
            Subscription(
                body["name"],
                {"storageTopic": "storage", "workspaceTopic": "workspace", "newsTopic": "tunedrop"}.get(
                    topic, topic
                ),
                function[1] if function else "",
                event_types=tuple(filtered.get("includedEventTypes", ())),
                subject_begins=filtered.get("subjectBeginsWith", ""),
                subject_ends=filtered.get("subjectEndsWith", ""),
                apis=tuple(api for one in advanced if one["key"] == "data.api" for api in one["values"]),
            ),
        )


def storage(file: File) -> Iterator[Wrong]:
    """Containers, queues and tables that differ from those of the local cloud."""
    wanted = {"containers": [*CONTAINERS, *ONLY_ON_AZURE], "queues": [*QUEUES], "tables": [*TABLES]}
    for name, these in wanted.items():
        declared = file.named(name)
        found = value_of(declared.value) if declared and declared.value else Expression("")
        if not isinstance(found, list) or sorted(found) != sorted(these):
            yield wrong(
                file, declared.line if declared else 1, "storage differs", f"{name}: {found} is not {these}"
            )
