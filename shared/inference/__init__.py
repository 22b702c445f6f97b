"""Moderated inference: check the prompt beside the model's work, and let nothing out before its verdict."""

from shared.inference.inference import Inference

__all__ = ["Inference"]
