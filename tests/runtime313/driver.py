"""Play the Functions host to Microsoft's own Python runtime: start an app, list its functions, invoke them.

    python driver.py <app folder> <init | reload>  < invocations.json  > results.json

`init` is how an app starts on a dedicated plan; `reload` is how it starts on Flex Consumption, in a worker that
was waiting as a placeholder. An invocation is {"name", "function", "kind"} and, by kind:
`http` {"method", "path", "params", "headers", "body"}, `json` or `string` {"value", "metadata"}.
Everything goes through the runtime's entry points: indexing, conversion of bindings, threads, HTTP serving.
"""

import asyncio
import contextlib
import http.client
import json
import logging
import os
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import azure_functions_runtime as runtime
from rpc_messages import Message, ParameterBinding, RpcHttp, TypedData, request

LIMIT = 30  # seconds for one invocation
SERVING_LIMIT = 15  # seconds until the runtime's HTTP server answers

Json = dict[str, Any]


async def start(folder: str, mode: str) -> Message:
    """Start the app as the worker does: its folder comes last on the path; return the runtime's answer."""
    runtime.start_threadpool_executor()
    if mode == "reload":  # the runtime itself puts the folder on the path and sets the environment
        body = Message(function_app_directory=folder, environment_variables=dict(os.environ))
        kind = "function_environment_reload_request"
        return await runtime.function_environment_reload_request(request(kind, body))
    sys.path.append(folder)
    body = Message(function_app_directory=folder, capabilities={})
    return await runtime.worker_init_request(request("worker_init_request", body))


async def functions() -> dict[str, Json]:
    """Return the functions that the runtime found, each with its id and its bindings, by name."""
    answer = await runtime.functions_metadata_request(request("functions_metadata_request", Message()))
    return {
        found.name: {
            "id": found.function_id,
            "bindings": [json.loads(binding) for binding in found.raw_bindings],
        }
        for found in answer.function_metadata_results or []
    }


async def invoke(function_id: str, invocation: Json, url: str | None) -> Json:
    """Return how one invocation ended and, for HTTP, what the client got."""
    invocation_id = str(uuid.uuid4())
    body = Message(
        invocation_id=invocation_id,
        function_id=function_id,
        input_data=[ParameterBinding(name=invocation["parameter"], data=_value(invocation))],
        trigger_metadata={
            name: TypedData(string=value) if isinstance(value, str) else TypedData(json=json.dumps(value))
            for name, value in invocation.get("metadata", {}).items()
        },
        trace_context=Message(trace_parent="", trace_state="", attributes={}),
        retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
    )
    invoked = runtime.invocation_request(request("invocation_request", body))
    with captured_log() as log:
        async with asyncio.timeout(LIMIT):
            if invocation["kind"] == "http":
                # The host tells the worker of the invocation and passes the client's request on to the runtime's
                # HTTP server; the header says that they belong together, whichever comes first.
                headers = invocation.get("headers", {}) | {"x-ms-invocation-id": invocation_id}
                ended, answer = await asyncio.gather(invoked, asyncio.to_thread(ask, url, invocation, headers))
            else:
                ended, answer = await invoked, {}
    return answer | _outcome(ended) | {"log": log}


def ask(url: str, invocation: Json, headers: Mapping[str, str]) -> Json:
    """Return the answer to one HTTP request."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=LIMIT)
    with contextlib.closing(connection):
        connection.request(invocation["method"], invocation["path"], invocation.get("body"), dict(headers))
        answer = connection.getresponse()
        return {"status": answer.status, "headers": dict(answer.getheaders()), "body": answer.read().decode()}


async def serving(url: str) -> None:
    """Return when the runtime's HTTP server listens; raises TimeoutError when it does not in time."""
    where = urlsplit(url)
    deadline = time.monotonic() + SERVING_LIMIT
    while True:
        try:
            _, writer = await asyncio.open_connection(where.hostname, where.port)
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens at {url} after {SERVING_LIMIT} s") from None
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


@contextlib.contextmanager
def captured_log() -> Iterator[list[str]]:
    """Collect what is logged meanwhile, as `level logger: message`."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")

    collector = Collector()
    root = logging.getLogger()
    root.addHandler(collector)
    try:
        yield lines
    finally:
        root.removeHandler(collector)


def _value(invocation: Json) -> TypedData:
    if invocation["kind"] == "http":
        described = RpcHttp(
            method=invocation["method"],
            url=invocation["path"],
            headers={},
            params=invocation.get("params", {}),
            query={},
            body=TypedData(),
        )
        return TypedData(http=described)
    if invocation["kind"] == "json":
        return TypedData(json=json.dumps(invocation["value"]))
    return TypedData(string=invocation["value"])


def _outcome(response: Message) -> Json:
    exception = response.result.exception
    return {
        "outcome": response.result.status,
        "exception": exception.message if exception else None,
        "stack": exception.stack_trace if exception else None,
    }


async def drive(folder: str, mode: str, invocations: list[Json]) -> Json:
    """Return everything that the runtime says of the app: its start, its functions, the invocations' results."""
    started = await start(folder, mode)
    results: Json = {"start": _outcome(started), "functions": {}, "answers": {}}
    if results["start"]["outcome"] == "Failure":
        return results
    results["capabilities"] = started.capabilities
    results["functions"] = await functions()
    url = started.capabilities.get("HttpUri")
    if url:
        await serving(url)
    for invocation in invocations:
        found = results["functions"][invocation["function"]]
        parameter = {"parameter": found["bindings"][0]["name"]}
        results["answers"][invocation["name"]] = await invoke(found["id"], parameter | invocation, url)
    return results


if __name__ == "__main__":
    logging.getLogger().setLevel(logging.INFO)
    with contextlib.redirect_stdout(sys.stderr):  # uvicorn's access log goes to standard output
        outcome = asyncio.run(drive(sys.argv[1], sys.argv[2], json.load(sys.stdin)))
        runtime.stop_threadpool_executor()
    print(json.dumps(outcome))
