"""Serverless and online endpoints: chat completions that really come from the trained checkpoint."""

from localcloud.scoring.chat import service

__all__ = ["service"]
