"""Which type an expression has, as far as it can be told without Azure's own compiler."""

from collections.abc import Mapping

from tree_sitter import Node

from tests.infra.bicep import Declared, File, named, properties_of, text_of
from tests.infra.known import functions

LITERALS = {
    "string": "string",
    "number": "int",
    "boolean": "bool",
    "array": "array",
    "for_statement": "array",
    "object": "object",
}
COMPARING = {"==", "!=", "=~", "!~", "<", ">", "<=", ">=", "&&", "||"}
ALWAYS_TEXT = {"id", "name", "type", "apiVersion"}  # of a resource
PRIMITIVES = {"string", "int", "bool", "array", "object"}

Files = Mapping[str, File]


def kind_of(node: Node, file: File, files: Files) -> str | None:
    """Return string, int, bool, array or object; None where it cannot be told."""
    match node.type:
        case "parenthesized_expression":
            return kind_of(named(node)[0], file, files)
        case "unary_expression":
            return "bool" if text_of(node).startswith("!") else "int"
        case "binary_expression":
            return _of_operator(node)
        case "ternary_expression":
            branches = [node.child_by_field_name(field) for field in ("consequence", "alternative")]
            found = {kind_of(one, file, files) for one in branches if one is not None and one.type != "null"}
            return found.pop() if len(found) == 1 else None
        case "call_expression":
            return _of_call(node)
        case "identifier":
            return _of_name(text_of(node), file, files)
        case "member_expression":
            return _of_member(text_of(node).replace("!", "").split("."), file, files)
        case _:
            return LITERALS.get(node.type)


def declared_kind(declared: Declared) -> str | None:
    """Return the type that a param or an output is declared with; None for types of one's own."""
    name = declared.type_name.rstrip("?")
    return "array" if name.endswith("[]") else name if name in PRIMITIVES else None


def _of_operator(node: Node) -> str | None:
    operators = {child.type for child in node.children if not child.is_named}
    if operators & COMPARING:
        return "bool"
    return None if "??" in operators else "int"


def _of_call(node: Node) -> str | None:
    function = node.child_by_field_name("function")
    found = None if function is None else functions().get(text_of(function))
    return None if found == "any" else found


def _of_name(name: str, file: File, files: Files) -> str | None:
    declared = file.named(name)
    if declared is None:
        return None
    if declared.kind == "param":
        return declared_kind(declared)
    known_value = declared.kind == "var" and declared.value is not None
    return kind_of(declared.value, file, files) if known_value and declared.value is not None else None


def _of_member(parts: list[str], file: File, files: Files) -> str | None:
    """Return the type of what is read of a resource, of a module's outputs or of a variable."""
    declared = file.named(parts[0])
    if declared is None:
        return None
    if declared.kind == "resource" and len(parts) == 2 and parts[1] in ALWAYS_TEXT:
        return "string"
    if declared.kind == "module" and len(parts) == 3 and parts[1] == "outputs" and declared.target in files:
        outputs = {output.name: output for output in files[declared.target].of("output")}
        return declared_kind(outputs[parts[2]]) if parts[2] in outputs else None
    if declared.kind == "var" and len(parts) == 2:
        written = properties_of(declared.value).get(parts[1])
        return None if written is None else kind_of(written, file, files)
    return None
