"""The measures of what the texts say."""

from collections.abc import Iterator
from dataclasses import replace

from shared.core.base_models import BaseModel
from shared.core.dataset.answers import Answers
from shared.core.dataset.conversations import Conversations
from shared.core.dataset.credentials import credential_patterns
from shared.core.dataset.diversity import Diversity
from shared.core.dataset.intrusion import Links, intrusion_patterns
from shared.core.dataset.languages import Languages
from shared.core.dataset.likeness import Likeness
from shared.core.dataset.personal import personal_patterns
from shared.core.dataset.residue import residue_patterns
from shared.core.dataset.scanning import Pattern, TextScan
from shared.core.dataset.second_pass import Measure
from shared.core.dataset.triggers import Triggers


def text_measures(profile: BaseModel) -> tuple[Measure, ...]:
    """Return new ones, for one dataset with its validation file."""
    languages = Languages()
    return (
        Conversations(profile),
        Answers(),
        Diversity(),
        languages,
        Likeness(languages),
        Triggers(),
        Links(),
        TextScan("texts", (*residue_patterns(), *_anywhere(), *intrusion_patterns())),
    )


def secrets_in_text() -> TextScan:
    """Return the measure that looks for secrets and personal data only."""
    return TextScan("texts", tuple(_anywhere()))


def _anywhere() -> Iterator[Pattern]:
    """Yield the patterns that are looked for in all that was dropped, not only in what is learned."""
    for pattern in (*credential_patterns(), *personal_patterns()):
        yield replace(pattern, elsewhere=True)
