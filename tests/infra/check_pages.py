"""The infrastructure and the pages agree: every alert and every role is explained, and nothing else is."""

import re
from collections.abc import Iterator, Sequence

from tests.infra.bicep import File, properties_of, value_of
from tests.infra.check_resources import GUID
from tests.infra.known import known
from tests.infra.wrong import Wrong, wrong

NAME = re.compile(r"^[a-z-]+")


def alert_names(file: File) -> set[str]:
    """Return the names of all alerts: of the table of queries, and of the resources beside it."""
    declared = file.named("alerts")
    assert declared is not None
    assert declared.value is not None
    names = {one["name"] for one in value_of(declared.value)}
    for one in file.of("resource"):
        name = properties_of(one.body).get("name")
        if one.existing or name is None or one.name == "queryAlerts":
            continue
        text = (name.text or b"").decode().strip("'")
        found = NAME.match(text)
        assert found, text
        names.add(found[0].rstrip("-"))
    return names


def alerts(file: File, page: str) -> Iterator[Wrong]:
    """Alerts without a section that says what to do, or sections without an alert."""
    sections = set(re.findall(r"^### `([a-z-]+)`$", page, re.MULTILINE))
    for name in sorted(alert_names(file) ^ sections):
        yield wrong(file, 1, "alert and page differ", name)


def role_names(files: Sequence[File], page: str) -> Iterator[Wrong]:
    """Roles that the page does not name, or that it names and nobody has."""
    file = files[0]
    guids = [guid for each in files for guid in GUID.findall((each.root.text or b"").decode())]
    used = {known()["roles"][guid] for guid in guids if guid in known()["roles"]}
    told = {name for name in known()["roles"].values() if f"*{name}*" in page}
    for name in sorted(used ^ told):
        yield wrong(file, 1, "role and page differ", name)
    for name in sorted(set(known()["roles"].values()) - used):
        yield wrong(file, 1, "role unused", name)


def queries(file: File, sources: str) -> Iterator[Wrong]:
    """Alerts that look for words which the app does not log."""
    declared = file.named("alerts")
    for one in value_of(declared.value) if declared and declared.value else ():
        for literal in re.findall(r'startswith "([^"]+)"|name == "([^"]+)"', one["query"]):
            words = "".join(literal)
            if words not in sources:
                yield wrong(file, declared.line if declared else 1, "nobody logs this", f"{one['name']}: {words}")


def parameters(main: File, given: str, pages: str) -> Iterator[Wrong]:
    """What the parameters file takes from azd's environment and no page explains."""
    for name in sorted(set(re.findall(r"\$\{([A-Z0-9_]+)", given))):
        if f"| `{name}` |" not in pages:
            yield wrong(main, 1, "parameter unexplained", name)


def command_line(main: File, given: str, required: set[str]) -> Iterator[Wrong]:
    """Settings that the command line needs and azd's environment does not hold after a deployment."""
    held = {output.name for output in main.of("output")} | set(re.findall(r"\$\{([A-Z0-9_]+)", given))
    for name in sorted(required - held - {"AZURE_SUBSCRIPTION_ID"}):  # azd's own
        yield wrong(main, 1, "setting not told", name)
