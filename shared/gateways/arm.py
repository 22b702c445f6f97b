"""Azure ML over plain REST, for what azure-ai-ml cannot say: endpoint safety, why a job failed, its metrics.

And for what it says only with threads of its own: code, environments, online endpoints and deployments.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    CustomHookPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse

from shared.calling import calling, client_options
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.settings import Settings

SERVICE = "azure ml"
API_VERSION = "2024-10-01"  # the oldest stable one in which serverless endpoints have authMode and contentSafety
READ_TIMEOUT = 30.0  # seconds
BUSY = 409  # Azure ML takes neither a change nor a deletion while something else is under way


class Arm:
    """The workspace's REST resources, with the app's token for Azure Resource Manager."""

    def __init__(
        self,
        settings: Settings,
        credential: TokenCredential,
        service: str = SERVICE,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        self._service = service
        options = client_options(service, read_timeout)
        policies = [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy("tunedrop"),
            RetryPolicy(**options),
            BearerTokenCredentialPolicy(credential, f"{settings.arm_url}/.default"),
            CustomHookPolicy(**options),
        ]
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            settings.arm_url, policies=policies, **options
        )
        self.workspace_path = (
            f"/subscriptions/{settings.subscription}/resourceGroups/{settings.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{settings.workspace}"
        )

    @cached_property
    def workspace(self) -> dict[str, Any]:
        """The workspace's location and properties; they do not change."""
        return self.get(f"{self.workspace_path}?api-version={API_VERSION}")

    def get(self, url: str) -> dict[str, Any]:
        """Return the JSON that is at a path of the Resource Manager, or at another https URL of the workspace."""
        return self._read(self._answer(HttpRequest("GET", self._client.format_url(url))))

    def time(self) -> datetime:
        """Return the time at which the Resource Manager answers, whatever it answers."""
        url = self._client.format_url("/subscriptions?api-version=2022-12-01")
        with calling(self._service):
            response = self._client.send_request(HttpRequest("GET", url))
        try:
            return parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            raise ServiceUnavailable(self._service, "an answer without its time") from None

    def find(self, path: str) -> dict[str, Any] | None:
        """Return a resource of the workspace, or None where there is none."""
        try:
            return self._read(self._sent("GET", path))
        except NotFound:
            return None

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create or change a resource of the workspace; return it as it stands then."""
        return self._read(self._sent("PUT", path, body))

    def create_or_find(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a resource of the workspace, or find it there; raises ServiceRefused when it may not be."""
        found = self.find(path)
        if found is not None:
            return found
        try:
            return self.put(path, body)
        except ServiceRefused:
            created = self.find(path)
            if created is None:
                raise
            return created  # by somebody else since we looked

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask something of a resource of the workspace; return the answer."""
        return self._read(self._sent("POST", path, body))

    def delete(self, path: str) -> None:
        """Ask for the end of a resource of the workspace; it may take minutes."""
        self._sent("DELETE", path)

    def _sent(self, method: str, path: str, body: dict[str, Any] | None = None) -> HttpResponse:
        url = self._client.format_url(f"{self.workspace_path}/{path}?api-version={API_VERSION}")
        return self._answer(HttpRequest(method, url, json=body))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        """Return a successful answer."""
        with calling(self._service):
            response = self._client.send_request(request)
            response.raise_for_status()
        return response

    def _read(self, response: HttpResponse) -> dict[str, Any]:
        try:
            found: dict[str, Any] = response.json()
        except json.JSONDecodeError:
            reason = f"{response.status_code} with a body that is no JSON"
            raise ServiceUnavailable(self._service, reason) from None
        return found


@contextmanager
def deleting(endpoint: str) -> Iterator[None]:
    """Ask for an endpoint's end; raises ServiceUnavailable where it is busy, so that it is asked for again."""
    try:
        yield
    except ServiceRefused as refused:
        if refused.status != BUSY:
            raise
        why = f"the endpoint {endpoint} cannot be deleted now: {refused.reason}"
        raise ServiceUnavailable(refused.service, why) from None
