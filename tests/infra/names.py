"""Which names an expression uses, and whether they mean something."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from tests.infra.bicep import Declared, File, named, text_of

# What the provider of a resource answers; only these are known before anything is deployed.
KNOWN_EARLY = {"id", "name", "type", "apiVersion"}


@dataclass(frozen=True)
class Use:
    """A name in an expression, with what is read of it: `outputs.id` of `vault.outputs.id`."""

    name: str
    node: Node
    path: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()

    @property
    def line(self) -> int:
        return int(self.node.start_point[0]) + 1


def uses_in(node: Node, local: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield every name that an expression reads, without loop variables, functions and keys."""
    match node.type:
        case "identifier":
            if text_of(node) not in local:
                yield Use(text_of(node), node)
        case "object_property":
            yield from _property(node, local)
        case "for_statement":
            yield from _loop(node, local)
        case "lambda_expression":
            first, *rest = named(node)
            arguments = named(first) if first.type == "parenthesized_expression" else [first]
            inner = local | {text_of(one) for one in arguments}
            yield from _all(rest, inner)
        case "call_expression":
            yield from _call(node, local)
        case "member_expression" | "subscript_expression" | "resource_expression":
            yield from _member(node, local)
        case "decorators" | "primitive_type" | "property_identifier" | "string_content":
            return
        case _:
            yield from _all(named(node), local)


def _all(nodes: list[Node], local: frozenset[str]) -> Iterator[Use]:
    for node in nodes:
        yield from uses_in(node, local)


def _property(node: Node, local: frozenset[str]) -> Iterator[Use]:
    key, *rest = named(node)
    if key.type == "resource_declaration":
        yield from _all(named(key)[2:], local)
        return
    if key.type != "identifier":
        yield from uses_in(key, local)
    yield from _all(rest, local)


def _loop(node: Node, local: frozenset[str]) -> Iterator[Use]:
    first, collection, *rest = named(node)
    variables = named(first) if first.type == "for_loop_parameters" else [first]
    yield from uses_in(collection, local)
    yield from _all(rest, local | {text_of(one) for one in variables})


def _call(node: Node, local: frozenset[str]) -> Iterator[Use]:
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is not None and function.type != "identifier":
        yield from uses_in(function, local)
    if arguments is not None:
        yield from _all(named(arguments), local)


def _member(node: Node, local: frozenset[str]) -> Iterator[Use]:
    """Yield the name at the left end with all that is read of it, then the names inside of brackets."""
    path: list[str] = []
    nested: list[str] = []
    while node.type in ("member_expression", "subscript_expression", "resource_expression"):
        of = node.child_by_field_name("object")
        if node.type == "member_expression":
            path.append(text_of(_field(node, "property")))
        elif node.type == "resource_expression":
            nested.append(text_of(_field(node, "resource")))
        else:
            yield from uses_in(_field(node, "index"), local)
        node = of or named(node)[0]
    if node.type == "identifier":
        if text_of(node) not in local:
            yield Use(text_of(node), node, tuple(reversed(path)), tuple(reversed(nested)))
    else:
        yield from uses_in(node, local)


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    assert found is not None, (name, text_of(node))
    return found


def uses_of(declared: Declared) -> Iterator[Use]:
    """Yield the names that a declaration reads, its type's included."""
    start = 2 if declared.target else 1
    parts = [child for child in named(declared.node)[start:] if child.type != "existing"]
    yield from _all(parts, frozenset())


def known_late(file: File, node: Node, seen: frozenset[str] = frozenset()) -> Use | None:
    """Return a name whose value only deploying tells, used here directly or by way of variables; or None."""
    for use in uses_in(node):
        declared = file.named(use.name)
        if declared is None or use.name in seen:
            continue
        late = declared.kind in ("resource", "module") and bool(use.path) and use.path[0] not in KNOWN_EARLY
        if late:
            return use
        if declared.kind == "var" and declared.value is not None:
            found = known_late(file, declared.value, seen | {use.name})
            if found is not None:
                return found
    return None
