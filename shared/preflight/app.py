"""Check of the Function App: is it there, and does it run?"""

from collections.abc import Iterator

from shared.preflight.lines import ANEW, Line, missing, ok
from shared.preflight.site import Site


def app(site: Site) -> Iterator[Line]:
    """Tell whether the Function App is there and runs."""
    group = site.settings.resource_group
    if site.app is None:
        yield missing(f"there is no Function App of TuneDrop in {group}", ANEW)
        return
    name, state = site.app["name"], site.app["properties"].get("state")
    if state == "Running":
        yield ok(f"{name} runs")
    else:
        yield missing(f"{name} is {state}", f"az functionapp start --name {name} --resource-group {group}")
