"""TuneDrop's HTTP functions, served as Microsoft's worker serves them: its FastAPI application on its uvicorn.

The worker's coordination of an HTTP request with its invocation is played; the invocation's gRPC messages are not.

Usage: python -m bench.proxy.ours PORT UPSTREAM-FOLDER [--tls]
"""

import argparse
import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

log = logging.getLogger("worker")
TASKS = "/bench/tasks"  # how many tasks there are, for the soak
INVOCATION = "x-ms-invocation-id"  # by which the worker finds the invocation; the host sends it
NOWHERE = "https://localhost:9"
Function = Callable[[Any], Awaitable[Any]]


def environment(folder: Path) -> dict[str, str]:
    """Return the app settings of an app whose cloud is the upstream."""
    urls = json.loads((folder / "upstream.json").read_text())
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "PYTHON_ENABLE_INIT_INDEXING": "1",
        "AzureWebJobsStorage__blobServiceUri": NOWHERE,
        "AzureWebJobsStorage__queueServiceUri": NOWHERE,
        "AzureWebJobsStorage__tableServiceUri": urls["secure"],
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": f"{urls['plain']}/msi/token",
        "IDENTITY_HEADER": "bench",
        "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
        "AZURE_RESOURCE_GROUP": "rg",
        "AZURE_ML_WORKSPACE": "tunedrop",
        "ARM_URL": urls["secure"],
        "EVENT_TOPIC_URL": NOWHERE,
        "CONTENT_SAFETY_URL": urls["secure"],
        "TEAMS_WEBHOOK_URL": NOWHERE,
        "EMAIL_URL": NOWHERE,
        "EMAIL_SENDER": "bench",
        "EMAIL_RECIPIENTS": "bench",
        "ADVANCE_RUNS_SCHEDULE": "0 * * * * *",
        "REQUESTS_CA_BUNDLE": str(folder / "ca.pem"),
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "NO_PROXY": "localhost,127.0.0.1",
    }


def use_plain_http(folder: Path) -> None:
    """Let the hot path speak plain HTTP, as all contestants do: the app's own settings take https only."""
    from shared import wiring

    urls = json.loads((folder / "upstream.json").read_text())
    read = wiring.read_settings
    wiring.read_settings = lambda: replace(read(), content_safety_url=urls["plain"], arm_url=urls["plain"])


def functions() -> list[tuple[re.Pattern[str], frozenset[str], Function]]:
    """Return path, methods and code of each HTTP function, literal paths first."""
    import function_app

    found = []
    for function in function_app.app.get_functions():
        trigger = function.get_trigger()
        if trigger.type == "httpTrigger":
            pattern = re.sub(r"\{\\\*(\w+)\\\}|\\\{\\\*(\w+)\\\}", r"(?P<\2>.*)", re.escape(trigger.route))
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", pattern)
            methods = frozenset(str(getattr(method, "value", method)) for method in trigger.methods)
            found.append((re.compile("/" + pattern), methods, function.get_user_function()))
    return sorted(found, key=lambda one: "(" in one[0].pattern)


def worker_app() -> Any:
    """Return the application that the worker builds: one route for everything, which waits for its invocation."""
    table = functions()
    from azurefunctions.extensions.http.fastapi import Request, Response, WebApp

    application = WebApp()

    @application.route
    async def catch_all(request: Request) -> Any:
        if request.scope["path"] == TASKS:
            return Response(str(len(asyncio.all_tasks())))
        invocation = request.headers.get(INVOCATION, "none")
        log.info("Received HTTP request for invocation %s", invocation)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(invoke(table, request, answer))
        response = await answer
        await task
        log.info("Sending HTTP response for invocation %s", invocation)
        return response

    return application


async def invoke(table: Any, request: Any, answer: "asyncio.Future[Any]") -> None:
    """Run the function that the host would choose, and hand its response over."""
    path, method = request.scope["path"], request.method
    for pattern, methods, function in table:
        found = pattern.fullmatch(path)
        if found and method in methods:
            request.path_params.clear()
            request.path_params.update(found.groupdict())
            try:
                answer.set_result(await function(request))
            except BaseException as error:
                answer.set_exception(error)
                raise
            return
    from azurefunctions.extensions.http.fastapi import Response

    answer.set_result(Response(status_code=404))


async def serve(port: int) -> None:
    """Serve as the worker does: its own event loop, uvicorn as its extension configures it."""
    from azurefunctions.extensions.http.fastapi import WebServer

    await WebServer("127.0.0.1", port, worker_app()).serve()


def main() -> None:
    """Start, with the worker's log level."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tls", action="store_true")
    chosen = parser.parse_args()
    os.environ.update(environment(chosen.folder))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if not chosen.tls:
        use_plain_http(chosen.folder)
    asyncio.run(serve(chosen.port))


if __name__ == "__main__":
    main()
