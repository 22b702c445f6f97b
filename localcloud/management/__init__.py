"""What Azure Resource Manager tells of a deployment, as far as it is read here: what is there, who may do what."""

from localcloud.management.assembly import management_routes

__all__ = ["management_routes"]
