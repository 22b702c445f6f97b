"""Azurite, the storage emulator: how it is found and started, and what the app expects to find in it."""

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from localcloud.certificates import Certificates
from localcloud.errors import MissingProgramError
from localcloud.identity import LocalCredential
from localcloud.ports import HOST

ACCOUNT = "devstoreaccount1"
CONTAINERS = ("datasets", "reports", "deadletters")
QUEUES = ("runs", "runs-poison")
TABLES = ("runs", "models", "keys", "policies")
OLDEST_NODE = 20
PROGRAM = Path("node_modules/azurite/dist/src/azurite.js")


def azurite_command(
    repository: Path, tls: Certificates, ports: dict[str, int], location: Path | None
) -> list[str]:
    """Return the command that starts Azurite; without a location it keeps everything in memory."""
    node, program = _node(), repository / PROGRAM
    if not program.exists():
        raise MissingProgramError(f"Azurite is not installed: {program} is missing. Run `npm ci` in {repository}.")
    listening = [
        argument
        for service in ("blob", "queue", "table")
        for argument in (f"--{service}Host", HOST, f"--{service}Port", str(ports[service]))
    ]
    keeping = ["--inMemoryPersistence"] if location is None else ["--location", str(location)]
    # The blob client speaks a newer version of the protocol than Azurite lists.
    flags = ["--skipApiVersionCheck", "--disableTelemetry", "--silent", "--oauth", "basic"]
    return [
        node,
        str(program),
        *flags,
        "--cert",
        str(tls.certificate),
        "--key",
        str(tls.key),
        *listening,
        *keeping,
    ]


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise MissingProgramError(
            f"`node` is not on the PATH; Azurite needs Node.js {OLDEST_NODE} or newer. Install it from https://nodejs.org."
        )
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    version = answer.stdout.strip().removeprefix("v")
    major = version.split(".")[0]
    if not major.isdigit() or int(major) < OLDEST_NODE:
        raise MissingProgramError(
            f"{node} is version {version or '?'}; Azurite needs Node.js {OLDEST_NODE} or newer."
        )
    return node


def create_storage(urls: dict[str, str], ca: Path) -> None:
    """Create the app's containers, queues and tables as the identity that the app has too; existing ones stay."""
    credential, trust = LocalCredential(), str(ca)
    with (
        BlobServiceClient(urls["blob"], credential, connection_verify=trust) as blobs,
        QueueServiceClient(urls["queue"], credential, connection_verify=trust) as queues,
        TableServiceClient(urls["table"], credential=credential, connection_verify=trust) as tables,
    ):
        creations: list[tuple[Callable[[str], object], str]] = [
            *((blobs.create_container, name) for name in CONTAINERS),
            *((queues.create_queue, name) for name in QUEUES),
            *((tables.create_table_if_not_exists, name) for name in TABLES),
        ]
        for create, name in creations:
            with suppress(ResourceExistsError):
                create(name)
