"""Reads Bicep files into what they declare, without Azure's own tools: tree-sitter does the grammar."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

KINDS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "type_declaration": "type",
    "user_defined_function": "func",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
}


@dataclass(frozen=True)
class Expression:
    """What is known only while deploying, as it is written."""

    text: str


@dataclass(frozen=True)
class Declared:
    """One declaration: a param, var, resource, module, output, type or function."""

    kind: str
    name: str
    node: Node
    decorators: frozenset[str] = frozenset()
    target: str = ""  # a resource's type@version, a module's path
    children: "tuple[Declared, ...]" = ()  # nested resources

    @property
    def line(self) -> int:
        return int(self.node.start_point[0]) + 1

    @property
    def existing(self) -> bool:
        return any(child.type == "existing" for child in self.node.children)

    @property
    def value(self) -> Node | None:
        """The expression on the right side, None where there is none."""
        plain = [child for child in named(self.node) if child.type not in ("type", "existing")]
        after = plain[2:] if self.target else plain[1:]
        return after[-1] if after else None

    @property
    def body(self) -> Node | None:
        """The object of a resource or module, inside its loop and its condition."""
        node = self.value
        while node is not None and node.type in ("if_statement", "for_statement"):
            node = node.child_by_field_name("body") or named(node)[-1]
        return node

    @property
    def loops(self) -> bool:
        return self.value is not None and self.value.type == "for_statement"

    @property
    def type_name(self) -> str:
        found = [child for child in named(self.node) if child.type == "type"]
        return text_of(found[0]) if found else ""

    @property
    def required(self) -> bool:
        return self.value is None and not self.type_name.endswith("?")


@dataclass(frozen=True)
class File:
    """One Bicep file."""

    path: Path
    root: Node
    declared: tuple[Declared, ...]
    broken: tuple[int, ...] = field(default=())  # lines that are no Bicep

    def of(self, *kinds: str) -> list[Declared]:
        """Return the declarations of some kinds, nested resources left out."""
        return [one for one in self.declared if one.kind in kinds]

    def named(self, name: str) -> Declared | None:
        """Return what a name stands for; outputs have names of their own."""
        return next((one for one in self.declared if one.name == name and one.kind != "output"), None)

    def resources(self) -> Iterator[tuple[Declared, str]]:
        """Yield every resource with its full type@version, nested ones too."""
        for one in self.of("resource"):
            yield from _with_nested(one, one.target)


def _with_nested(one: Declared, target: str) -> Iterator[tuple[Declared, str]]:
    yield one, target
    kind, _, version = target.partition("@")
    for child in one.children:
        below, _, own = child.target.partition("@")
        yield from _with_nested(child, f"{kind}/{below}@{own or version}")


def text_of(node: Node) -> str:
    """Return a node's source."""
    return (node.text or b"").decode()


def named(node: Node) -> list[Node]:
    """Return a node's named children, without comments."""
    return [child for child in node.named_children if child.type != "comment"]


def all_in(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it."""
    yield node
    for child in named(node):
        yield from all_in(child)


def properties_of(node: Node | None) -> dict[str, Node]:
    """Return the properties of an object by their keys; none for what is no object."""
    if node is None or node.type != "object":
        return {}
    pairs = [named(one) for one in named(node) if one.type == "object_property"]
    return {key_of(pair[0]): pair[-1] for pair in pairs if len(pair) > 1}


def key_of(node: Node) -> str:
    """Return the key that a property's first node spells; `*` where it is made while deploying."""
    if node.type != "string":
        return text_of(node)
    found = value_of(node)
    return found if isinstance(found, str) else "*"


def value_of(node: Node) -> Any:
    """Return what an expression is, as far as it can be told without deploying."""
    match node.type:
        case "string" if all(child.type in ("string_content", "escape_sequence") for child in named(node)):
            return "".join(map(_unescaped, named(node)))
        case "number":
            return int(text_of(node))
        case "boolean":
            return text_of(node) == "true"
        case "array":
            return [value_of(child) for child in named(node)]
        case "object":
            return {key: value_of(value) for key, value in properties_of(node).items()}
        case _:
            return Expression(text_of(node))


def _unescaped(node: Node) -> str:
    text = text_of(node)
    return text[1:] if node.type == "escape_sequence" else text


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bicep.language()))


def read(path: Path) -> File:
    """Return what a file declares."""
    root = _parser().parse(path.read_bytes()).root_node
    return File(path, root, tuple(_declarations(root)), tuple(_broken(root)))


def folder(path: Path) -> dict[str, File]:
    """Return every Bicep file of a folder by its name."""
    return {file.name: read(file) for file in sorted(path.glob("*.bicep"))}


def _declarations(root: Node) -> Iterator[Declared]:
    decorators: frozenset[str] = frozenset()
    for node in named(root):
        if node.type == "decorators":
            decorators = frozenset(text_of(one).lstrip("@").split("(")[0].strip() for one in named(node))
        elif node.type in KINDS:
            yield _declaration(node, decorators)
            decorators = frozenset()


def _declaration(node: Node, decorators: frozenset[str] = frozenset()) -> Declared:
    kind, parts = KINDS[node.type], named(node)
    target = ""
    if kind in ("resource", "module"):
        target = str(value_of(parts[1]))
    declared = Declared(kind, text_of(parts[0]), node, decorators, target)
    nested = () if kind != "resource" else tuple(_nested(declared.body))
    return Declared(kind, declared.name, node, decorators, target, nested)


def _nested(body: Node | None) -> Iterator[Declared]:
    for one in [] if body is None or body.type != "object" else named(body):
        inner = named(one)
        if inner and inner[0].type == "resource_declaration":
            yield _declaration(inner[0])


def _broken(node: Node) -> Iterator[int]:
    if node.type == "ERROR" or node.is_missing:
        yield int(node.start_point[0]) + 1
    elif node.has_error:
        for child in node.children:
            yield from _broken(child)
