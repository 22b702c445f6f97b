"""The list of stand-ins, and which of them speak plain HTTP because the real thing does."""

from dataclasses import replace

from localcloud import azure_ml, content_safety, event_grid, identity, inbox, scoring
from localcloud.frame import Cloud, Service
from localcloud.management import management_routes
from localcloud.ports import HOST

PLAIN = ("identity", "inbox_page", "control", "functions")  # the others speak TLS with the private certificate
STORAGE = ("blob", "queue", "table")


def stand_ins(cloud: Cloud) -> list[Service]:
    """Return every framed stand-in of the local cloud, in the order in which they start."""
    resources = azure_ml.service(cloud)
    resources = replace(resources, routes=[*resources.routes, *management_routes(cloud)])
    before, after = (identity, event_grid, inbox, content_safety), (scoring,)
    return [
        *(module.service(cloud) for module in before),
        resources,
        *(module.service(cloud) for module in after),
    ]


def urls_of(ports: dict[str, int], account: str) -> dict[str, str]:
    """Return the base URL of each service, without a slash at the end."""
    urls = {name: f"{'http' if name in PLAIN else 'https'}://localhost:{port}" for name, port in ports.items()}
    urls["functions"] = f"http://{HOST}:{ports['functions']}"
    # The table client takes "localhost" for Cosmos DB and then asks for a token that Azurite refuses.
    storage = {name: f"https://{HOST}:{ports[name]}/{account}" for name in STORAGE}
    return {**urls, **storage}
