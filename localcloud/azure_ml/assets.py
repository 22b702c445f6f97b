"""What jobs and deployments are made of beside models: code, environments, a cluster; and how ids name them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CLUSTER = "gpu-cluster"  # the one cluster of the workspace
CLUSTER_SIZE = "Standard_NC24ads_A100_v4"
SERVERLESS = "serverless"  # the compute that is no resource: machines for one job only
ASSET_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.MachineLearningServices"
    r"/workspaces/([^/]+)/(codes|environments|models)/([^/]+)/versions/([^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Code:
    """A version of a code asset: a folder of blobs."""

    name: str
    version: str
    uri: str
    body: Mapping[str, Any]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Environment:
    """A version of an environment: an image with a conda file on top, or a build context."""

    name: str
    version: str
    body: Mapping[str, Any]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def conda(self) -> str | None:
        """Return the conda file's text, if there is one."""
        return self.body.get("condaFile")

    @property
    def built(self) -> bool:
        """Tell whether a Dockerfile makes the image, which nothing here can run."""
        return bool(self.body.get("build"))

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"


def asset_key(uri: Any, kind: str) -> tuple[str, str] | None:
    """Return name and version of the workspace's asset that an ARM id names; None for any other id."""
    found = ASSET_ID.fullmatch(uri) if isinstance(uri, str) else None
    return (found[5], found[6]) if found is not None and found[4].lower() == kind else None
