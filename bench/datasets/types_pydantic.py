"""The types of a plain example as pydantic models."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A message."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "user", "assistant"]
    content: str


class Example(BaseModel):
    """An example."""

    model_config = ConfigDict(extra="forbid")
    messages: list[Message]
