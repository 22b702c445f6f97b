"""What Microsoft's worker refuses, the local host refuses at start, with the worker's reasons."""

import itertools
import sys
from pathlib import Path

import pytest

from localcloud.functions_host.host_json import host_settings
from localcloud.functions_host.http_triggers import http_routes
from localcloud.functions_host.indexing import FunctionLoadError, LocalFunction, functions_of
from localcloud.functions_host.invoking import Invoker
from localcloud.functions_host.keys import HostKeys
from localcloud.functions_host.queue_triggers import decoded

HEAD = """
import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response, StreamingResponse
app = func.FunctionApp()
"""
ENVIRONMENT = {"PYTHON_ENABLE_INIT_INDEXING": "1", "WHEN": "0 * * * * *"}
numbers = itertools.count()


def indexed(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[LocalFunction]:
    name = f"app_{next(numbers)}"
    (folder / f"{name}.py").write_text(HEAD + source)
    monkeypatch.syspath_prepend(str(folder))
    return functions_of(name, {**ENVIRONMENT, **environment})


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param(
            '@app.route("a")\ndef a(req: func.HttpRequest) -> str: ...',
            'binding type "httpTrigger".*do not match.*"HttpRequest"',
            id="the old request type",
        ),
        pytest.param(
            '@app.route("a")\ndef a(req: Request, service=None) -> Response: ...',
            "declared in Python but not in function.json: {'service'}",
            id="a parameter that nothing is bound to",
        ),
        pytest.param(
            '@app.route("a")\ndef a(context) -> Response: ...',
            "declared in function.json but not in Python: {'req'}",
            id="a binding without a parameter",
        ),
        pytest.param(
            '@app.route("a")\ndef a(req: Request) -> StreamingResponse | JSONResponse: ...',
            "invalid non-type return annotation",
            id="a union as the return type",
        ),
        pytest.param(
            '@app.route("a")\ndef a(req: Request) -> Response: ...\n'
            '@app.function_name("a")\n@app.route("b")\ndef b(req: Request) -> Response: ...',
            "does not have a unique function name",
            id="one name twice",
        ),
        pytest.param(
            '@app.queue_trigger(arg_name="m", queue_name="q", connection="C")\ndef a(m: func.EventGridEvent): ...',
            '"queueTrigger".*"EventGridEvent"',
            id="another trigger's type",
        ),
        pytest.param(
            '@app.timer_trigger(arg_name="t", schedule="%MISSING%")\ndef a(t: func.TimerRequest): ...',
            "'%MISSING%' does not resolve",
            id="a setting that is missing",
        ),
        pytest.param(
            '@app.blob_trigger(arg_name="b", path="c/{n}", connection="C")\ndef a(b: func.InputStream): ...',
            "blobTrigger is not part of the local cloud",
            id="a trigger that the local cloud lacks",
        ),
        pytest.param("other = func.FunctionApp()", "exactly one function app", id="two apps"),
        pytest.param("app = None", "exactly one function app", id="no app"),
        pytest.param("import no_such_module", "no_such_module.*sys.path", id="an import that fails"),
    ],
)
def test_an_app_is_refused(source: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FunctionLoadError, match=reason):
        indexed(source, tmp_path, monkeypatch)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the newer worker indexes early without being told")
def test_http_without_early_indexing_would_hang_and_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FunctionLoadError, match="PYTHON_ENABLE_INIT_INDEXING"):
        indexed(
            '@app.route("a")\ndef a(req: Request): ...', tmp_path, monkeypatch, PYTHON_ENABLE_INIT_INDEXING="0"
        )


@pytest.mark.parametrize(
    "source",
    [
        '@app.route("a")\nasync def a(req: Request, context: func.Context) -> Response: ...',
        '@app.route("a")\ndef a(req): ...',
        '@app.route("a")\ndef a(req: Request) -> dict: ...',
        '@app.timer_trigger(arg_name="t", schedule="%WHEN%")\ndef a(t: func.TimerRequest) -> None: ...',
        '@app.event_grid_trigger(arg_name="e")\ndef a(e: "func.EventGridEvent") -> None: ...',
    ],
)
def test_an_app_is_taken(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [function.name for function in indexed(source, tmp_path, monkeypatch)] == ["a"]


def test_settings_in_bindings_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = '@app.timer_trigger(arg_name="t", schedule="%WHEN%")\ndef a(t: func.TimerRequest) -> None: ...'
    assert indexed(source, tmp_path, monkeypatch)[0].trigger["schedule"] == "0 * * * * *"


def test_literal_routes_come_before_those_with_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        '@app.route("runs/{id}")\ndef one(req: Request): ...\n@app.route("{*rest}")\ndef rest(req: Request): ...\n'
        '@app.route("runs/latest")\ndef latest(req: Request): ...\n@app.route()\ndef bare(req: Request): ...'
    )
    functions = indexed(source, tmp_path, monkeypatch)
    routes = http_routes(functions, "api", HostKeys("d", "e", "m"), Invoker())
    assert [route.path for route in routes] == [
        "/api/runs/latest",
        "/api/bare",
        "/api/runs/{id}",
        "/api/{rest:path}",
    ]


def test_a_route_constraint_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = indexed('@app.route("runs/{id:int}")\ndef one(req: Request): ...', tmp_path, monkeypatch)
    with pytest.raises(FunctionLoadError, match="id:int"):
        http_routes(functions, "", HostKeys("d", "e", "m"), Invoker())


@pytest.mark.parametrize(
    ("level", "key", "admitted"),
    [
        ("ANONYMOUS", "", True),
        ("FUNCTION", "", False),
        ("FUNCTION", "default", True),
        ("FUNCTION", "master", True),
        ("FUNCTION", "events", False),
        ("ADMIN", "default", False),
        ("ADMIN", "master", True),
    ],
)
def test_who_may_call(level: str, key: str, admitted: bool) -> None:
    assert HostKeys("default", "events", "master").admit(level, key) is admitted


@pytest.mark.parametrize(
    ("content", "encoding", "body"),
    [("aGVsbG8=", "base64", b"hello"), ("hello!", "base64", None), ("hello!", "none", b"hello!")],
)
def test_a_message_is_read_in_the_encoding_of_host_json(content: str, encoding: str, body: bytes | None) -> None:
    assert decoded(content, encoding) == body


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "missing"),
        ("{", "not JSON"),
        ('{"version": "1.0"}', '"2.0"'),
        ('{"version": "2.0", "extensions": {"queues": {"messageEncoding": "hex"}}}', "messageEncoding"),
    ],
)
def test_a_bad_host_json_is_named(content: str | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=reason):
        host_settings(path)
