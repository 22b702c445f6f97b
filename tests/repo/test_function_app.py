"""The Function App as Microsoft's worker indexes it; breaking one rule breaks the whole app."""

import importlib
import inspect
import json
import re
import subprocess
import sys
import typing
from pathlib import Path

import azure.functions as func
import pytest
from azurefunctions.extensions.http.fastapi import Request, Response

from tests.function_table import FUNCTIONS, trigger_in_words

ROOT = Path(__file__).parents[2]
LIMIT = 60  # seconds for one interpreter to import the app
IMPORT_LIMIT = 1.0  # seconds of processor time: what an import costs on every cold start
# What no trigger needs at once: each is imported by the gateway that uses it.
LATE = (
    "azure.ai",
    "azure.communication",
    "azure.data",
    "azure.eventgrid",
    "azure.identity",
    "azure.mgmt",
    "azure.monitor",
    "azure.storage",
    "localcloud",
    "numpy",
    "peft",
    "shared.core.letters",
    "torch",
    "trainer",
    "transformers",
)
BREAKS_HTTP_V2 = re.compile(r"\b(HttpRequest|HttpResponse|AsgiFunctionApp|WsgiFunctionApp)\b")
PARAMETER_TYPES = {
    "eventGridTrigger": func.EventGridEvent,
    "queueTrigger": func.QueueMessage,
    "timerTrigger": func.TimerRequest,
    "httpTrigger": Request,
}


def is_ours(module: str) -> bool:
    return module in ("function_app", "functions") or module.startswith("functions.")


@pytest.fixture(scope="module")
def functions():
    """Return the app's functions by name, of an app of our own: the SDK lists an app's functions only once."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if is_ours(name)}
    try:
        app = importlib.import_module("function_app").app
        return {function.get_function_name(): function for function in app.get_functions()}
    finally:
        for name in filter(is_ours, list(sys.modules)):
            del sys.modules[name]
        sys.modules.update(before)


def run_python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_app_has_exactly_the_listed_functions_in_their_order(functions):
    assert list(functions) == list(FUNCTIONS)


@pytest.mark.parametrize(("name", "bindings"), FUNCTIONS.items())
def test_a_function_has_the_bindings_of_the_table(functions, name, bindings):
    found = [binding.get_dict_repr() for binding in functions[name].get_bindings()]
    assert json.loads(json.dumps(found, default=lambda value: value.name)) == bindings


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_its_trigger_and_at_most_the_context(functions, name):
    """A parameter with a default or of another type stops the indexing of all functions."""
    function = functions[name].get_user_function()
    hints = typing.get_type_hints(function)
    parameters = [parameter for parameter in inspect.signature(function).parameters if parameter != "context"]
    trigger = FUNCTIONS[name][0]
    assert parameters == [trigger["name"]]
    assert hints[trigger["name"]] is PARAMETER_TYPES[trigger["type"]]
    assert hints.get("context", func.Context) is func.Context


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_return_annotation_is_a_plain_class(functions, name):
    """`A | B` stops the indexing of all functions; JSONResponse and StreamingResponse are Responses."""
    returned = typing.get_type_hints(functions[name].get_user_function())["return"]
    expected = Response if FUNCTIONS[name][0]["type"] == "httpTrigger" else type(None)
    assert returned is expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_http_functions_are_async_and_others_run_in_threads(functions, name):
    """One blocking call in an async function stalls every stream; a thread stalls nobody."""
    is_http = FUNCTIONS[name][0]["type"] == "httpTrigger"
    assert inspect.iscoroutinefunction(functions[name].get_user_function()) is is_http


def test_nothing_names_what_breaks_http_v2():
    """One such function stops the indexing of all; an Asgi app would buffer every stream."""
    sources = [ROOT / "function_app.py", *ROOT.glob("functions/**/*.py"), *ROOT.glob("shared/**/*.py")]
    texts = {path: path.read_text() for path in sources}
    naming = [path for path, text in texts.items() if "azure.functions" in text and BREAKS_HTTP_V2.search(text)]
    assert naming == []


def test_routes_have_no_prefix():
    """Clients of OpenAI append /chat/completions to a base URL that ends in /v1; the host would put /api first."""
    assert json.loads((ROOT / "host.json").read_text())["extensions"]["http"]["routePrefix"] == ""


def test_importing_the_app_loads_no_sdk_that_can_come_later():
    modules = run_python("import function_app, sys; print(*sys.modules)").split()
    assert [name for name in modules if any(name == late or name.startswith(f"{late}.") for late in LATE)] == []


def test_importing_the_app_takes_less_than_a_second():
    """The best of three: other programs on the machine must not fail it."""
    program = "import time; start = time.process_time(); import function_app; print(time.process_time() - start)"
    assert min(float(run_python(program)) for _ in range(3)) < IMPORT_LIMIT


def test_a_second_import_in_one_process_gives_the_same_app():
    """A worker that was started as a placeholder imports again; nothing may be registered or patched for good."""
    program = """
import importlib, json, sys
names = []
for _ in range(2):
    for module in [m for m in sys.modules if m.split(".")[0] in ("function_app", "functions", "shared")]:
        del sys.modules[module]
    app = importlib.import_module("function_app").app
    names.append([function.get_function_name() for function in app.get_functions()])
print(json.dumps(names))
"""
    assert json.loads(run_python(program)) == [list(FUNCTIONS)] * 2


def test_the_page_of_functions_lists_each_with_its_trigger():
    rows = re.findall(r"^\| \[`(\w+)`\]\(\.\./(functions/\w+\.py)\) \| (.+?) \|", page(), re.MULTILINE)
    assert [(name, trigger) for name, _, trigger in rows] == [
        (name, trigger_in_words(bindings)) for name, bindings in FUNCTIONS.items()
    ]
    assert [path for _, path, _ in rows if not (ROOT / path).exists()] == []


def page() -> str:
    return (ROOT / "docs/functions.md").read_text()
