"""Checks of the storage account: containers, queues and tables, and that no web page may ask it."""

from collections.abc import Iterator

from shared.errors import NotFound, ServiceRefused
from shared.preflight.lines import NO_RIGHTS, Line, missing, ok
from shared.preflight.site import STORAGE, Kind, Site

PLACES: tuple[tuple[Kind, str], ...] = (
    ("container", "datasets"),
    ("container", "reports"),
    ("container", "deadletters"),
    ("queue", "runs"),
    ("queue", "runs-poison"),
    ("table", "runs"),
    ("table", "models"),
    ("table", "keys"),
    ("table", "policies"),
)
PATHS: dict[Kind, str] = {
    "container": "blobServices/default/containers",
    "queue": "queueServices/default/queues",
    "table": "tableServices/default/tables",
}
SERVICES = {"blobServices": "b", "queueServices": "q", "tableServices": "t"}  # with az's letter for each


def places(site: Site) -> Iterator[Line]:
    """Tell which containers, queues and tables are not there."""
    closed, there = 0, 0
    for kind, name in PLACES:
        try:
            closed += not _opened(site, kind, name)
            there += 1
        except NotFound:
            yield missing(
                f"{kind} {name} is not there",
                f"az storage {kind} create --name {name} --account-name {site.account} --auth-mode login",
            )
    if there == len(PLACES):
        aside = f"; {closed} of them only the app may open" if closed else ""
        yield ok(f"{there} containers, queues and tables are there{aside}")


def _opened(site: Site, kind: Kind, name: str) -> bool:
    """Tell whether the caller may look inside; raises NotFound where there is nothing."""
    try:
        site.azure.open(kind, name)
    except NotFound:
        raise
    except ServiceRefused as refusal:
        if refusal.status not in NO_RIGHTS:
            raise
        site.azure.read(f"{site.account_id}/{PATHS[kind]}/{name}", STORAGE)  # raises where that is refused too
        return False
    return True


def cors(site: Site) -> Iterator[Line]:
    """Tell whether web pages of other origins may call the storage account."""
    open_services = 0
    for service, letter in SERVICES.items():
        found = site.azure.read(f"{site.account_id}/{service}/default", STORAGE)
        rules = (found["properties"].get("cors") or {}).get("corsRules") or []
        if rules:
            open_services += 1
            origins = ", ".join(sorted({origin for rule in rules for origin in rule.get("allowedOrigins", ())}))
            yield missing(
                f"{service} lets web pages of {origins} call it, and TuneDrop has no such page",
                f"az storage cors clear --services {letter} --account-name {site.account}",
            )
    if not open_services:
        yield ok("no web page may call it")
