"""HTTP functions: routes, methods, keys, and the answers of functions as responses."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from localcloud.functions_host.indexing import FunctionLoadError, LocalFunction
from localcloud.functions_host.invoking import Invoker
from localcloud.functions_host.keys import HostKeys

METHODS = ("GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS")
CATCH_ALL = re.compile(r"\{\*(\w+)\}")
PLAIN_ROUTE = re.compile(r"^[^{}]*(\{\w+(:path)?\}[^{}]*)*$")
VALUES = (str, dict, list, int, float, bool)


def http_routes(functions: list[LocalFunction], prefix: str, keys: HostKeys, invoker: Invoker) -> list[Route]:
    """Return a route for each HTTP function; literal paths come before those with parameters."""
    chosen = [function for function in functions if function.kind == "httpTrigger"]
    routes = [_route(function, prefix, keys, invoker) for function in chosen]
    return sorted(routes, key=lambda route: route.path.count("{"))


def _route(function: LocalFunction, prefix: str, keys: HostKeys, invoker: Invoker) -> Route:
    async def endpoint(request: Request) -> Response:
        if not keys.admit(str(function.trigger.get("authLevel", "FUNCTION")), _key(request)):
            return Response(status_code=401)
        request.scope["path_params"] = {name: str(value) for name, value in request.path_params.items()}
        try:
            result = await invoker.run(function, request, "HTTP request")
        except Exception:  # noqa: BLE001 - the invoker has logged it; the client learns nothing of it
            return PlainTextResponse("Internal Server Error", 500)
        return _response(result)

    methods = [method.upper() for method in function.trigger.get("methods") or METHODS]
    path = _path(function, prefix)
    return Route(path, endpoint, methods=methods, name=function.name)


def _path(function: LocalFunction, prefix: str) -> str:
    """Return the function's path in Starlette's form; raises FunctionLoadError for constraints not known here."""
    route = str(function.trigger.get("route") or function.name)
    converted = CATCH_ALL.sub(r"{\1:path}", route)
    if not PLAIN_ROUTE.match(converted):
        raise FunctionLoadError(
            f"cannot load the {function.name} function: the local cloud knows route templates "
            f"with {{name}} and {{*name}} only, not {route!r}"
        )
    return "/" + "/".join(part for part in (prefix, converted.strip("/")) if part)


def _key(request: Request) -> str:
    return request.headers.get("x-functions-key") or request.query_params.get("code", "")


def _response(result: Any) -> Response:
    """Return a function's result as a response: values as JSON, nothing at all as a 500."""
    if isinstance(result, Response):
        return result
    if isinstance(result, VALUES):
        return JSONResponse(result)
    return PlainTextResponse("Internal Server Error", 500)
