"""Asking a new deployment through the moderated path, before its model's name points at it."""

from typing import Any

from shared.core.run import Run
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.ports import Deployment

ANSWER_TOKENS = 32  # enough to see that it answers
