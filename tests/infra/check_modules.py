"""Modules: the file is there, gets what it requires and nothing else, and is asked for what it gives."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.bicep import Declared, File, properties_of
from tests.infra.kinds import declared_kind, kind_of
from tests.infra.names import uses_of
from tests.infra.wrong import Wrong, wrong


def modules(files: Mapping[str, File]) -> Iterator[Wrong]:
    """What is wrong where modules are used."""
    for file in files.values():
        for one in file.of("module"):
            target = files.get(one.target)
            if target is None:
                yield wrong(file, one.line, "module missing", one.target)
            else:
                yield from _params(file, one, files)
        yield from _outputs(file, files)


def _params(file: File, one: Declared, files: Mapping[str, File]) -> Iterator[Wrong]:
    params = {param.name: param for param in files[one.target].of("param")}
    passed = properties_of(properties_of(one.body).get("params"))
    for name in sorted(set(passed) - set(params)):
        yield wrong(file, one.line, "param unknown", f"{one.target}: {name}")
    for name in sorted(name for name, param in params.items() if param.required and name not in passed):
        yield wrong(file, one.line, "param missing", f"{one.target}: {name}")
    for name in sorted(set(passed) & set(params)):
        found, wanted = kind_of(passed[name], file, files), declared_kind(params[name])
        if found and wanted and found != wanted:
            yield wrong(file, one.line, "param of another type", f"{one.target}: {name}")


def _outputs(file: File, files: Mapping[str, File]) -> Iterator[Wrong]:
    for one in file.declared:
        for use in uses_of(one):
            source = file.named(use.name)
            if source is None or source.kind != "module" or len(use.path) < 2 or use.path[0] != "outputs":
                continue
            target = files.get(source.target)
            if target and use.path[1] not in {output.name for output in target.of("output")}:
                yield wrong(file, use.line, "output unknown", f"{source.target}: {use.path[1]}")


def orphans(files: Mapping[str, File]) -> Iterator[Wrong]:
    """Files that no module uses, and outputs that nobody reads."""
    used = {one.target for file in files.values() for one in file.of("module")}
    for name, file in files.items():
        if name != "main.bicep" and name not in used:
            yield wrong(file, 1, "file unused", name)
    read = {
        (source.target, use.path[1])
        for file in files.values()
        for one in file.declared
        for use in uses_of(one)
        if (source := file.named(use.name)) is not None and source.kind == "module" and len(use.path) > 1
    }
    for name, file in files.items():
        for output in file.of("output"):
            if name != "main.bicep" and (name, output.name) not in read:
                yield wrong(file, output.line, "output unused", output.name)


def given(main: File, parameters: Mapping[str, Any]) -> Iterator[Wrong]:
    """What the parameters file gives and main does not have, or the reverse."""
    params = {param.name: param for param in main.of("param")}
    for name in sorted(set(parameters) - set(params)):
        yield wrong(main, 1, "parameter unknown", name)
    for name in sorted(name for name, param in params.items() if param.required and name not in parameters):
        yield wrong(main, params[name].line, "parameter missing", name)
    for name in sorted(set(parameters) & set(params)):
        if isinstance(parameters[name]["value"], dict) != (params[name].type_name == "object"):
            yield wrong(main, params[name].line, "parameter of another type", name)
