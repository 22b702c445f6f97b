"""Types: outputs, defaults and the properties of resources are of the type that is declared for them."""

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from tests.infra.bicep import File
from tests.infra.check_resources import NAME_IN_MAP
from tests.infra.kinds import declared_kind, kind_of
from tests.infra.known import kinds, known
from tests.infra.paths import set_in
from tests.infra.wrong import Wrong, wrong


def declared(files: Mapping[str, File]) -> Iterator[Wrong]:
    """Outputs and defaults of another type than the one they are declared with."""
    for file in files.values():
        for one in file.of("output", "param"):
            wanted = declared_kind(one)
            found = None if one.value is None else kind_of(one.value, file, files)
            if wanted and found and found != wanted:
                yield wrong(file, one.line, "value of another type", f"{one.name}: {found}, not {wanted}")


def properties(files: Mapping[str, File]) -> Iterator[Wrong]:
    """Properties of another type than the one that is published."""
    for file in files.values():
        for one, target in file.resources():
            for path, node in set_in(one.body):
                wanted = _published(target.partition("@")[0], NAME_IN_MAP.sub(r"\1.*", path))
                found = kind_of(node, file, files)
                if wanted and found and found != wanted:
                    yield _differs(file, node, path, found, wanted)


def _differs(file: File, node: Node, path: str, found: str, wanted: str) -> Wrong:
    line = int(node.start_point[0]) + 1
    return wrong(file, line, "property of another type", f"{path}: {found}, not {wanted}")


def _published(resource: str, path: str) -> str | None:
    """Return a property's type; None where resource or property are unknown, which another rule tells."""
    for told in (kinds()["common"], kinds().get(resource, {})):
        for kind, paths in told.items():
            if path in paths:
                return kind
    own = known().get(resource)
    if own is None:
        return None
    paths = [*(f"properties.{one}" for one in own["properties"]), *known()["common"]["properties"]]
    if path in paths:
        return "string"
    return "object" if any(one.startswith(f"{path}.") for one in paths) else None
