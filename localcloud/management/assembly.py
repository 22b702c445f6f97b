"""Puts the routes together."""

from starlette.routing import BaseRoute

from localcloud.frame import Cloud
from localcloud.management.account import account_routes
from localcloud.management.events import event_routes
from localcloud.management.roles import role_routes
from localcloud.management.services import service_routes
from localcloud.management.storage import storage_routes


def management_routes(cloud: Cloud) -> list[BaseRoute]:
    """Return every route of the Resource Manager that is not Azure ML's own."""
    return [
        *account_routes(),
        *role_routes(),
        *storage_routes(cloud),
        *event_routes(cloud),
        *service_routes(cloud),
    ]
