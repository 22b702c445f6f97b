"""The code that runs on Azure ML's machines: our trainer and our scoring script, laid into Azure as one folder.

azure-ai-ml would upload a local folder by itself, to a place and under a name of its own. Here the name is a hash
of what is in it: the same code is uploaded once, whoever asks; a new version of the app brings its own.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from azure.core.credentials import TokenCredential
from azure.storage.blob import ContainerClient

from shared.calling import calling, storage_options
from shared.errors import ServiceRefused
from shared.gateways.arm import Arm
from shared.settings import Settings

SERVICE = "blob storage"
ROOT = Path(__file__).resolve().parents[2]  # the app's folder: the repository, or what was deployed of it
PARTS = ("scorer", "trainer")
# What only makes our own small model, or a laptop's environment: .funcignore has it too.
LEFT_OUT = frozenset(
    {"base", "pretrain.py", "corpus.py", "corpus.toml", "constraints.txt", "requirements.txt", "__pycache__"}
)
CONTAINER = "reports"  # the one that the datastore of the jobs shows
ALREADY_THERE = 409
HASH_LENGTH = 16  # hex digits


def files_of(root: Path) -> dict[str, bytes]:
    """Return what runs on Azure ML's machines: contents by path, in the paths' order."""
    found = {}
    for path in sorted(each for part in PARTS for each in (root / part).rglob("*") if each.is_file()):
        inside = path.relative_to(root)
        if not LEFT_OUT & set(inside.parts) and not inside.name.startswith(".") and path.suffix != ".pyc":
            found[inside.as_posix()] = path.read_bytes()
    return dict(sorted(found.items()))


def hash_of(files: Mapping[str, bytes]) -> str:
    """Return what tells these files from others, on every machine the same: the head of a SHA-256, in hex."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{len(name.encode())} {name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:HASH_LENGTH]


class CodeFolder:
    """The folder of the code in Azure: blobs, and the code asset that names them."""

    def __init__(self, settings: Settings, credential: TokenCredential, arm: Arm, root: Path = ROOT) -> None:
        self._settings, self._credential, self._arm, self._root = settings, credential, arm, root

    @cached_property
    def files(self) -> dict[str, bytes]:
        """What is in the folder: contents by path."""
        return files_of(self._root)

    @cached_property
    def hash(self) -> str:
        """What tells this version of the code from others."""
        return hash_of(self.files)

    @property
    def url(self) -> str:
        """Where the folder's blobs are; `asset` lays them there."""
        return f"{self._settings.blob_url.rstrip('/')}/{CONTAINER}/code/{self.hash}"

    def asset(self) -> str:
        """Return the id of the code asset, created or found; raises ServiceRefused, ServiceUnavailable."""
        path = f"codes/tunedrop-{self.hash}/versions/1"
        if self._arm.find(path) is None:
            self._upload()  # whole before Azure ML hears of it
            self._arm.create_or_find(path, {"properties": {"codeUri": self.url, "isAnonymous": False}})
        return f"{self._arm.workspace_path}/{path}"

    def _upload(self) -> None:
        """Lay every file there, unless it is there already: its path holds the hash, so it is the same one."""
        with ContainerClient(
            self._settings.blob_url, CONTAINER, self._credential, **storage_options(SERVICE)
        ) as container:
            for name, content in self.files.items():
                try:
                    with calling(SERVICE):
                        container.upload_blob(f"code/{self.hash}/{name}", content)
                except ServiceRefused as refused:
                    if refused.status != ALREADY_THERE:
                        raise
