"""Managed identity: the endpoint that the platform gives every Function App, and the tokens it hands out."""

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from azure.core.credentials import AccessToken
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.control import TOKEN_LIFETIME
from localcloud.frame import TOKEN_SECRET, Cloud, Service, azure_error

TENANT = "11111111-2222-3333-4444-555555555555"
PRINCIPAL = "66666666-7777-8888-9999-000000000000"
API_VERSION = "2019-08-01"  # of the App Service and Functions identity endpoint
HEADER = "identity_header"  # where the cloud's shared facts keep the endpoint's secret


def token_for(resource: str, seconds: float = TOKEN_LIFETIME) -> AccessToken:
    """Return a token of the local cloud for one audience, as Microsoft Entra would issue it to the app."""
    now = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "iat": now,
        "nbf": now,
        "exp": now + int(seconds),
        "oid": PRINCIPAL,
        "sub": PRINCIPAL,
        "tid": TENANT,
        "appid": PRINCIPAL,
        "idtyp": "app",
        "ver": "1.0",
        "uti": uuid.uuid4().hex,
    }
    return AccessToken(jwt.encode(claims, TOKEN_SECRET, algorithm="HS256"), now + int(seconds))


@dataclass(frozen=True)
class LocalCredential:
    """The local cloud's own identity, for its synchronous Azure clients."""

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return a token for the first scope."""
        return token_for(scopes[0].removesuffix("/.default"))


@dataclass(frozen=True)
class AsyncLocalCredential:
    """The local cloud's own identity, for its asynchronous Azure clients."""

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return a token for the first scope."""
        return token_for(scopes[0].removesuffix("/.default"))

    async def close(self) -> None:
        """Release nothing: there is no connection."""

    async def __aenter__(self) -> "AsyncLocalCredential":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


def service(cloud: Cloud) -> Service:
    """Return the stand-in for the identity endpoint; its secret is what IDENTITY_HEADER must carry."""
    secret: str = cloud.shared.setdefault(HEADER, secrets.token_hex(16))

    async def token(request: Request) -> Response:
        if not secrets.compare_digest(request.headers.get("x-identity-header", ""), secret):
            return azure_error(401, "Unauthorized", "the X-IDENTITY-HEADER is missing or wrong")
        version = request.query_params.get("api-version", "")
        if version != API_VERSION:
            return azure_error(501, "NotInLocalCloud", f"api-version {version!r}; known here: {API_VERSION}")
        resource = request.query_params.get("resource", "")
        if not resource:
            return azure_error(400, "BadRequest", "the query lacks `resource`")
        issued = token_for(resource, cloud.control.weather.token_seconds)
        return JSONResponse(
            {
                "access_token": issued.token,
                "expires_on": str(issued.expires_on),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": request.query_params.get("client_id", PRINCIPAL),
            }
        )

    return Service("identity", [Route("/msi/token", token, methods=["GET"])])
