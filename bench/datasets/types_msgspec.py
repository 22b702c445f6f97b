"""The types of a plain example as msgspec structs, with no checks beyond: the floor."""

from typing import Literal

import msgspec


class Message(msgspec.Struct):
    """A message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Example(msgspec.Struct):
    """An example."""

    messages: list[Message]


decode = msgspec.json.Decoder(Example).decode
