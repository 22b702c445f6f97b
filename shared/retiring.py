"""What served before: an endpoint costs money by the hour until it is deleted."""

import logging

from shared.ports import Endpoints, Models

log = logging.getLogger(__name__)


def retire_previous(models: Models, endpoints: Endpoints) -> None:
    """Delete the endpoints whose model's name now points at a newer one; a hosted endpoint costs money."""
    for deployment in models.all():
        gone = deployment.previous_endpoint
        if gone and endpoints.delete(gone):
            models.forget_previous(deployment)
            log.info("run %s: the endpoint %s that served before is deleted", deployment.run_id, gone)
