"""The service `inbox`: a Teams workflow and Azure Communication Services e-mail on one port."""

from localcloud.emails import email_routes
from localcloud.frame import Cloud, Service
from localcloud.teams import teams_routes


def service(cloud: Cloud) -> Service:
    """Return the stand-ins for Teams and for e-mail; each checks its own secret or token."""
    return Service("inbox", [*teams_routes(cloud), *email_routes(cloud)])
