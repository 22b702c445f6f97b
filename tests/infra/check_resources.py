"""Resources: types, versions, properties and roles are known ones, and every door is locked."""

import re
from collections.abc import Iterator
from typing import Any

from tests.infra.bicep import File, all_in, key_of, named, properties_of, text_of, value_of
from tests.infra.known import known, listed
from tests.infra.paths import paths_of
from tests.infra.wrong import Wrong, wrong

ROLE_FILES = ("roles.bicep", "gpuroles.bicep")
GUID = re.compile(r"'([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})'")

# What each resource of a type must set so that neither keys nor the public nor plain HTTP get in.
LOCKS: dict[str, dict[str, Any]] = {
    "Microsoft.Storage/storageAccounts": {
        "properties.allowSharedKeyAccess": False,
        "properties.allowBlobPublicAccess": False,
        "properties.supportsHttpsTrafficOnly": True,
        "properties.minimumTlsVersion": "TLS1_2",
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"properties.publicAccess": "None"},
    "Microsoft.CognitiveServices/accounts": {"properties.disableLocalAuth": True},
    "Microsoft.Communication/communicationServices": {"properties.disableLocalAuth": True},
    "Microsoft.ContainerRegistry/registries": {
        "properties.adminUserEnabled": False,
        "properties.anonymousPullEnabled": False,
    },
    "Microsoft.EventGrid/topics": {
        "properties.disableLocalAuth": True,
        "properties.minimumTlsVersionAllowed": "1.2",
    },
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": True},
    "Microsoft.KeyVault/vaults": {"properties.enableRbacAuthorization": True},
    "Microsoft.Web/sites": {"properties.httpsOnly": True, "properties.siteConfig.minTlsVersion": "1.2"},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": False},
}
# What a resource that hangs on `privateNetwork` is given with it, and without it.
WITH_PRIVATE_NETWORK = {"publicNetworkAccess": ("Disabled", "Enabled"), "defaultAction": ("Deny", "Allow")}
SUBSCRIPTION = re.compile(r"/eventSubscriptions$")
OF_SUBSCRIPTION = (
    "eventDeliverySchema",
    "retryPolicy",
    "deadLetterWithResourceIdentity",
    "filter.includedEventTypes",
)


NAME_IN_MAP = re.compile(r"(notifications)\.\w+")  # keys that are ours to choose


def types(file: File) -> Iterator[Wrong]:
    """Types and API versions that are not on our list."""
    for one, target in file.resources():
        kind, _, version = target.partition("@")
        if "/" not in kind or kind not in known():
            yield wrong(file, one.line, "type unknown", kind)
        elif version != known()[kind]["version"]:
            yield wrong(file, one.line, "version unknown", target)


def properties(file: File) -> Iterator[Wrong]:
    """Properties that the published type does not have, as far as we looked it up."""
    for one, target in file.resources():
        kind = target.partition("@")[0]
        allowed = {f"properties.{path}" for path in known().get(kind, {}).get("properties", ())}
        allowed |= set(known()["common"]["properties"])
        for path, node in paths_of(one.body) if kind in known() else ():
            if path not in allowed and NAME_IN_MAP.sub(r"\1.*", path) not in allowed:
                yield wrong(file, int(node.start_point[0]) + 1, "property unknown", f"{kind}: {path}")


def values(file: File) -> Iterator[Wrong]:
    """Values that are not among those which the published type lists."""
    for one, target in file.resources():
        choices = listed().get(target.partition("@")[0], {})
        for path, node in paths_of(one.body):
            found, known_ones = value_of(node), choices.get(NAME_IN_MAP.sub(r"\1.*", path))
            if known_ones and isinstance(found, str) and found not in known_ones:
                yield wrong(file, int(node.start_point[0]) + 1, "value unknown", f"{path}: {found}")


def required(file: File) -> Iterator[Wrong]:
    """Properties that the published type asks for and that are not set."""
    for one, target in file.resources():
        if one.existing:
            continue
        found = {path for path, _ in paths_of(one.body)}
        for path in ("name", *known().get(target.partition("@")[0], {}).get("required", ())):
            above = path.rpartition(".")[0]
            asked = not above or any(other.startswith(f"{above}.") for other in found)
            if asked and not any(f"{other}.".startswith(f"{path}.") for other in found):
                yield wrong(file, one.line, "property missing", f"{one.name}: {path}")


def roles(file: File) -> Iterator[Wrong]:
    """GUIDs in the code that are no role we know."""
    for number, line in enumerate(text_of(file.root).splitlines(), 1):
        for guid in GUID.findall(line):
            if guid not in known()["roles"]:
                yield wrong(file, number, "role unknown", guid)


def assignments(file: File) -> Iterator[Wrong]:
    """Roles that are given elsewhere than in the files for them, or on the whole resource group."""
    for one, target in file.resources():
        if not target.startswith("Microsoft.Authorization/roleAssignments@"):
            continue
        if file.path.name not in ROLE_FILES:
            yield wrong(file, one.line, "role elsewhere", one.name)
        scope = properties_of(one.body).get("scope")
        if scope is None or "(" in text_of(scope):
            yield wrong(file, one.line, "role too wide", one.name)


def locks(file: File) -> Iterator[Wrong]:
    """Doors that stand open, and event subscriptions that could lose an event."""
    for one, target in file.resources():
        kind = target.partition("@")[0]
        if one.existing:
            continue
        found = {path: value_of(node) for path, node in paths_of(one.body)}
        for path, wanted in LOCKS.get(kind, {}).items():
            if found.get(path) != wanted:
                yield wrong(file, one.line, "door open", f"{one.name}: {path} must be {wanted}")
        for setting in OF_SUBSCRIPTION if SUBSCRIPTION.search(kind) else ():
            if not any(path.startswith(f"properties.{setting}") for path in found):
                yield wrong(file, one.line, "door open", f"{one.name}: {setting} must be set")


def network(file: File) -> Iterator[Wrong]:
    """Doors that a private network does not shut."""
    for node in all_in(file.root):
        key, *values = named(node) if node.type == "object_property" else [node]
        if not values or values[-1].type != "ternary_expression" or key_of(key) not in WITH_PRIVATE_NETWORK:
            continue
        shut, wide = WITH_PRIVATE_NETWORK[key_of(key)]
        if text_of(values[-1]) != f"privateNetwork ? '{shut}' : '{wide}'":
            line = int(node.start_point[0]) + 1
            yield wrong(file, line, "door open", f"{key_of(key)} must be {shut} with a private network")
