"""Which measures the second pass takes."""

from shared.core.base_models import BaseModel
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.second_pass import Measure
from shared.core.dataset.text_measures import text_measures


def measures_of(profile: BaseModel, manifest: Manifest) -> tuple[Measure, ...]:  # noqa: ARG001 - for those to come
    """Return the measures for a dataset that trains this base model under this manifest."""
    return text_measures(profile)
