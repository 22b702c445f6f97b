"""The language: functions and decorators that there are, each property once, defaults that are allowed, scopes."""

import re
from collections import Counter
from collections.abc import Iterator

from tests.infra.bicep import Declared, File, all_in, key_of, named, properties_of, text_of, value_of
from tests.infra.known import decorators, functions, members
from tests.infra.wrong import Wrong, wrong

NAMESPACES = ("az", "sys")
OF_RESOURCES = re.compile(r"list\w*|getSecret")  # functions that are called on a resource
OF_SUBSCRIPTIONS = {"Microsoft.Resources/resourceGroups"}  # types of infra/ that lie outside of a resource group


def calls(file: File) -> Iterator[Wrong]:
    """Functions that neither Bicep nor the file has."""
    own = {one.name for one in file.of("func")}
    for node in all_in(file.root):
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is None or (node.parent is not None and node.parent.type == "decorator"):
            continue
        of, _, name = text_of(function).rpartition(".")
        on_resource = of and of not in NAMESPACES and OF_RESOURCES.fullmatch(name)
        if not on_resource and name not in own and (name not in functions() or of not in ("", *NAMESPACES)):
            yield wrong(file, int(node.start_point[0]) + 1, "call unknown", text_of(function))


def read_of_calls(file: File) -> Iterator[Wrong]:
    """What is read of a function's answer that does not have it, such as `environment().suffix`."""
    for node in all_in(file.root):
        called = re.fullmatch(r"(\w+)\(\)\.([\w.]+)", text_of(node)) if node.type == "member_expression" else None
        if (
            called
            and called[1] in members()
            and not any(f"{one}.".startswith(f"{called[2]}.") for one in members()[called[1]])
        ):
            yield wrong(file, int(node.start_point[0]) + 1, "undefined", called[0])


def decorated(file: File) -> Iterator[Wrong]:
    """Decorators that Bicep does not have."""
    for node in all_in(file.root):
        name = text_of(node).lstrip("@").split("(")[0].rpartition(".")[2].strip()
        if node.type == "decorator" and name not in decorators():
            yield wrong(file, int(node.start_point[0]) + 1, "decorator unknown", name)


def set_twice(file: File) -> Iterator[Wrong]:
    """Properties that one object sets twice."""
    for node in all_in(file.root):
        if node.type != "object":
            continue
        pairs = [named(one) for one in named(node) if one.type == "object_property"]
        keys = Counter(key_of(pair[0]) for pair in pairs if len(pair) > 1)
        for key in sorted(key for key, times in keys.items() if times > 1 and key != "*"):
            yield wrong(file, int(node.start_point[0]) + 1, "set twice", key)


def defaults(file: File) -> Iterator[Wrong]:
    """Defaults that the param itself does not allow."""
    for one in file.of("param"):
        allowed = _allowed(one)
        if allowed is not None and one.value is not None and value_of(one.value) not in allowed:
            yield wrong(file, one.line, "default not allowed", one.name)


def _allowed(param: Declared) -> list[object] | None:
    """Return the values of `@allowed`, None where there is no such decorator."""
    before = param.node.prev_named_sibling
    for node in named(before) if before is not None and before.type == "decorators" else ():
        call = named(node)[0]
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if function is not None and text_of(function) == "allowed" and arguments is not None:
            found = value_of(named(arguments)[0])
            return found if isinstance(found, list) else None
    return None


def scopes(file: File) -> Iterator[Wrong]:
    """Files that are deployed to another scope than what they declare lies in."""
    at_subscription = _target_scope(file) == "subscription"
    for one, target in file.resources():
        if (target.partition("@")[0] in OF_SUBSCRIPTIONS) != at_subscription:
            yield wrong(file, one.line, "scope differs", f"{one.name} in {file.path.name}")
    for one in file.of("module"):
        if at_subscription and "scope" not in properties_of(one.body):
            yield wrong(file, one.line, "scope differs", f"{one.name} needs a resource group")


def _target_scope(file: File) -> str:
    """Return what a file says it is deployed to."""
    for node in named(file.root):
        if node.type == "target_scope_assignment":
            return str(value_of(named(node)[0]))
    return "resourceGroup"
