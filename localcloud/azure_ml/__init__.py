"""Azure ML over ARM, as far as TuneDrop uses it: jobs that really train, models, serverless endpoints."""

from localcloud.azure_ml.assembly import service

__all__ = ["service"]
