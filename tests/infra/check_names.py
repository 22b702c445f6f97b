"""Names: each is declared once, means something and is used; nothing is asked too early; no secret gets out."""

import re
from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from tests.infra.bicep import Declared, File, all_in, named, properties_of, text_of
from tests.infra.names import Use, known_late, uses_in, uses_of
from tests.infra.wrong import Wrong, wrong

# A parameter of such a name is a secret, and so is what such a function returns or such a property holds.
SECRET_PARAM = re.compile(r"(?i)(webhook.*url|password|secret|key|token|sas)$")
TOKENS = {
    "aiLocation": "aiToken",
    "workspaceLocation": "workspaceToken",
}  # how names end, where regions may change
NO_SECRET = {"token", "workspaceToken"}  # our own: the end of every resource's name
SECRET_SOURCE = re.compile(
    r"\b(list(Keys|AccountSas|ServiceSas|Secrets|Credentials)|getSecret)\(|\.(primary|secondary)Key\b"
)


def syntax(file: File) -> Iterator[Wrong]:
    """What is no Bicep."""
    for line in file.broken:
        yield wrong(file, line, "syntax", "this is no Bicep")


def declared_twice(file: File) -> Iterator[Wrong]:
    """Names that two declarations have."""
    for kinds in (("output",), ("param", "var", "type", "func", "resource", "module")):
        several = [name for name, times in Counter(one.name for one in file.of(*kinds)).items() if times > 1]
        for name in several:
            again = [one for one in file.of(*kinds) if one.name == name][1]
            yield wrong(file, again.line, "declared twice", name)


def undefined(file: File) -> Iterator[Wrong]:
    """Names that nothing declares, nested resources too."""
    for declared in file.declared:
        for use in uses_of(declared):
            target = file.named(use.name)
            if target is None:
                yield wrong(file, use.line, "undefined", use.name)
            elif _lacks(target, use):
                yield wrong(file, use.line, "undefined", f"{use.name}.{use.path[0]}")
            for nested in use.nested if target else ():
                children = {child.name: child for child in target.children} if target else {}
                target = children.get(nested)
                if target is None:
                    yield wrong(file, use.line, "undefined", f"{use.name}::{nested}")


def _lacks(target: Declared, use: Use) -> bool:
    """Tell whether a variable that is written as an object does not have what is read of it."""
    value = target.value
    written = target.kind == "var" and value is not None and value.type == "object"
    return written and bool(use.path) and use.path[0] not in properties_of(value)


def unused(file: File) -> Iterator[Wrong]:
    """Params, variables, types and looked-up resources that nothing reads."""
    read = {use.name for one in file.declared for use in uses_of(one) if use.name != one.name}
    for one in file.declared:
        if one.name not in read and (one.kind in ("param", "var", "type", "func") or one.existing):
            yield wrong(file, one.line, "unused", one.name)


def cycles(file: File) -> Iterator[Wrong]:
    """Declarations that wait for each other."""
    waits = {one.name: {use.name for use in uses_of(one)} for one in file.declared if one.kind != "output"}
    for one in file.declared:
        reached: set[str] = set()
        ahead = set(waits.get(one.name, ()))
        while ahead:
            reached |= ahead
            ahead = {name for other in ahead for name in waits.get(other, ())} - reached
        if one.kind != "output" and one.name in reached:
            yield wrong(file, one.line, "cycle", one.name)


def loops_over_late_values(file: File) -> Iterator[Wrong]:
    """For-expressions over what only deploying tells: Azure must know their number before it begins."""
    for node in all_in(file.root):
        if node.type == "for_statement":
            late = known_late(file, named(node)[1])
            if late is not None:
                yield _late(file, late, "loop over late value")


def names_of_late_values(file: File) -> Iterator[Wrong]:
    """Names of resources that only deploying tells."""
    for one in file.of("resource", "module"):
        name = properties_of(one.body).get("name")
        late = known_late(file, name) if name is not None else None
        if late is not None:
            yield _late(file, late, "name of late value")


def _late(file: File, use: Use, rule: str) -> Wrong:
    return wrong(file, use.line, rule, ".".join((use.name, *use.path)))


def names_of_another_region(file: File) -> Iterator[Wrong]:
    """What lies in a region that may be changed later, and would keep its name there: Azure moves nothing."""
    for one in file.of("resource", "module"):
        body = properties_of(one.body)
        location = properties_of(body.get("params")).get("location") or body.get("location")
        own = None if location is None else TOKENS.get(text_of(location))
        tokens = {name for name in _read_by(file, one) if name.lower().endswith("token")}
        if own and tokens - {own}:
            yield wrong(file, one.line, "name of another region", one.name)


def _read_by(file: File, declared: Declared) -> Iterator[str]:
    """Yield what a declaration reads, variables followed."""
    for use in uses_of(declared):
        yield use.name
        target = file.named(use.name)
        if target is not None and target.kind == "var":
            yield from _read_by(file, target)


def secrets(file: File) -> Iterator[Wrong]:
    """Secrets in outputs, which whoever may read the deployment sees, and in params that are not secure."""
    for one in file.of("param"):
        secret = SECRET_PARAM.search(one.name) and one.name not in NO_SECRET and "bool" not in one.type_name
        if secret and "secure" not in one.decorators:
            yield wrong(file, one.line, "secret not secure", one.name)
        if "secure" in one.decorators and one.value is not None and text_of(one.value) not in ("''", "newGuid()"):
            yield wrong(file, one.line, "secret in the code", one.name)
    for one in file.of("output"):
        if one.value is not None and _tells_secret(file, one.value):
            yield wrong(file, one.line, "secret in an output", one.name)


def _tells_secret(file: File, node: Node, seen: frozenset[str] = frozenset()) -> bool:
    if SECRET_SOURCE.search(text_of(node)):
        return True
    targets = [file.named(use.name) for use in uses_in(node) if use.name not in seen]
    return any(_secret(file, target, seen) for target in targets if target is not None)


def _secret(file: File, target: Declared, seen: frozenset[str]) -> bool:
    if target.kind == "var" and target.value is not None:
        return _tells_secret(file, target.value, seen | {target.name})
    return target.kind == "param" and "secure" in target.decorators
