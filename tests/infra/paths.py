"""Which properties a resource sets, as paths: `properties.networkAcls.bypass`."""

from collections.abc import Iterator

from tree_sitter import Node

from tests.infra.bicep import named, properties_of

# What Bicep itself understands of a resource's body.
OF_BICEP = {"parent", "scope", "dependsOn"}


def set_in(node: Node | None, path: str = "") -> Iterator[tuple[str, Node]]:
    """Yield each property that an object sets with its value as a whole, arrays and objects too."""
    if node is None:
        return
    if node.type == "object":
        for key, value in properties_of(node).items():
            if path or key not in OF_BICEP:
                inner = f"{path}.{key}" if path else key
                yield inner, value
                yield from set_in(value, inner)
    elif node.type == "for_statement":
        yield from set_in(node.child_by_field_name("body"), path)
    elif node.type in ("array", "parenthesized_expression", "ternary_expression"):
        for item in named(node):
            yield from set_in(item, path)


def paths_of(node: Node | None, path: str = "") -> Iterator[tuple[str, Node]]:
    """Yield each property that an object sets with its value, also in arrays, loops and conditions."""
    if node is None:
        return
    match node.type:
        case "object":
            for key, value in properties_of(node).items():
                if path or key not in OF_BICEP:
                    yield from paths_of(value, f"{path}.{key}" if path else key)
        case "array" | "parenthesized_expression":
            for item in named(node):
                yield from paths_of(item, path)
        case "for_statement":
            yield from paths_of(node.child_by_field_name("body"), path)
        case "ternary_expression":
            for field in ("consequence", "alternative"):
                yield from paths_of(node.child_by_field_name(field), path)
        case _:
            yield path, node
