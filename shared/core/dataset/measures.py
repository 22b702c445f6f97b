"""Which measures the second pass takes."""

from shared.core.base_models import BaseModel
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.second_pass import Measure


def measures_of(profile: BaseModel, manifest: Manifest) -> tuple[Measure, ...]:  # noqa: ARG001 - for those to come
    """Return the measures for a dataset that trains this base model under this manifest, unused so far."""
    return ()
