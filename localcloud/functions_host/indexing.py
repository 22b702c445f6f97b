"""Finds the functions of an app, and refuses at once what Microsoft's Python worker would refuse (or hang on)."""

import importlib
import inspect
import json
import os
import re
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import azure.functions as func
from azure.functions.decorators.function_app import FunctionRegister

EXTENSION = "azurefunctions.extensions.http.fastapi"
CONTEXT = "context"
SETTING = re.compile(r"%([^%]+)%")
TYPES: Mapping[str, tuple[type, ...]] = {
    "timerTrigger": (func.TimerRequest,),
    "queueTrigger": (func.QueueMessage,),
    "eventGridTrigger": (func.EventGridEvent, func.CloudEvent),
}


class FunctionLoadError(Exception):
    """The app cannot be indexed: on Azure none of its functions would run."""


@dataclass(frozen=True)
class LocalFunction:
    """One function of the app: its trigger, and the code that it starts."""

    name: str
    trigger: Mapping[str, Any]  # the trigger's binding as function.json has it, settings resolved
    code: Callable[..., Any]
    takes_context: bool

    @property
    def kind(self) -> str:
        """The trigger's type, such as queueTrigger."""
        return str(self.trigger["type"])


def functions_of(module_name: str, environment: Mapping[str, str] = os.environ) -> list[LocalFunction]:
    """Return the functions of an app in the order of registration; raises FunctionLoadError."""
    app = _the_app(_imported(module_name))
    try:
        found = app.get_functions()
    except (ValueError, TypeError) as error:
        raise FunctionLoadError(str(error)) from error
    functions = [_local(function, environment) for function in found]
    serves_http = any(function.kind == "httpTrigger" for function in functions)
    early = environment.get("PYTHON_ENABLE_INIT_INDEXING") == "1" or sys.version_info >= (3, 13)
    if serves_http and not early:
        raise FunctionLoadError(
            "PYTHON_ENABLE_INIT_INDEXING is not 1: before Python 3.13 every HTTP request would hang for ever. "
            "Set it in the app settings and in local.settings.json."
        )
    return functions


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise FunctionLoadError(f"cannot import {name}: {error}; sys.path is {sys.path}") from error


def _the_app(module: ModuleType) -> FunctionRegister:
    apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
    if len(apps) != 1:
        raise FunctionLoadError(
            f"{module.__name__} must have exactly one function app as a global, not {len(apps)}"
        )
    return apps[0]


def _local(function: Any, environment: Mapping[str, str]) -> LocalFunction:
    name, code = function.get_function_name(), function.get_user_function()
    bindings = [json.loads(binding) for binding in function.get_raw_bindings()]
    trigger = next(binding for binding in bindings if binding["type"] == function.get_trigger().type)
    others = [binding["type"] for binding in bindings if binding is not trigger and binding["name"] != "$return"]
    if others:
        raise FunctionLoadError(
            f"cannot load the {name} function: bindings {others} are not part of the local cloud"
        )
    _check_parameters(name, code, trigger)
    _check_types(name, code, trigger)
    resolved = {key: _resolved(name, value, environment) for key, value in trigger.items()}
    return LocalFunction(name, resolved, code, CONTEXT in inspect.signature(code).parameters)


def _check_parameters(name: str, code: Callable[..., Any], trigger: Mapping[str, Any]) -> None:
    declared, bound = set(inspect.signature(code).parameters) - {CONTEXT}, {trigger["name"]}
    if declared - bound:
        raise FunctionLoadError(
            f"cannot load the {name} function: the following parameters are declared in Python "
            f"but not in function.json: {declared - bound}"
        )
    if bound - declared:
        raise FunctionLoadError(
            f"cannot load the {name} function: the following parameters are declared in function.json "
            f"but not in Python: {bound - declared}"
        )


def _check_types(name: str, code: Callable[..., Any], trigger: Mapping[str, Any]) -> None:
    hints, kind = typing.get_type_hints(code), trigger["type"]
    returned = hints.get("return")
    if returned is not None and not isinstance(returned, type):
        raise FunctionLoadError(
            f"cannot load the {name} function: has invalid non-type return annotation {returned!r}"
        )
    annotation = hints.get(trigger["name"])
    accepted = _http_types(name) if kind == "httpTrigger" else TYPES.get(kind)
    if accepted is None:
        raise FunctionLoadError(f"cannot load the {name} function: {kind} is not part of the local cloud")
    if annotation is not None and not (isinstance(annotation, type) and issubclass(annotation, accepted)):
        shown = getattr(annotation, "__name__", repr(annotation))
        raise FunctionLoadError(
            f'cannot load the {name} function: {trigger["name"]!r} binding type "{kind}" in function.json '
            f'do not match the corresponding function parameter\'s Python type annotation "{shown}"'
        )


def _http_types(name: str) -> tuple[type, ...]:
    if EXTENSION not in sys.modules:
        raise FunctionLoadError(
            f"cannot load the {name} function: the local cloud serves HTTP functions "
            f"of {EXTENSION} only; import its Request"
        )
    return (sys.modules[EXTENSION].Request,)


def _resolved(name: str, value: Any, environment: Mapping[str, str]) -> Any:
    """Return a binding's value with each %SETTING% replaced from the environment."""
    if not isinstance(value, str):
        return value

    def setting(found: re.Match[str]) -> str:
        if not environment.get(found[1]):
            raise FunctionLoadError(f"cannot load the {name} function: '%{found[1]}%' does not resolve to a value")
        return environment[found[1]]

    return SETTING.sub(setting, value)
