"""Who speaks when: the order of the messages in one example."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.findings import Fault
from shared.core.dataset.tools import tool_faults


def turn_faults(messages: list[dict[str, Any]], profile: BaseModel) -> Iterator[Fault]:
    """Yield what is wrong with the order of the messages, with their weights and with their tool calls."""
    roles = [message.get("role") for message in messages]
    if "assistant" not in roles:
        yield Fault("R12", "$.messages", "the assistant says nothing")
    elif roles[-1] != "assistant":
        yield Fault("R14", f"$.messages[{len(roles) - 1}]", "the last message is not the assistant's")
    if "user" not in roles:
        yield Fault("R13", "$.messages", "the user says nothing")
    if roles[0] in ("assistant", "tool"):
        yield Fault("R15", "$.messages[0]", f"the first message is the {roles[0]}'s")
    yield from _system_faults(roles)
    yield from _alternation_faults(messages, profile)
    yield from _learning_faults(messages)
    yield from tool_faults(messages, profile)


def _system_faults(roles: list[Any]) -> Iterator[Fault]:
    """Yield a system message that is not the first message."""
    late = [place for place, role in enumerate(roles) if role == "system" and place > 0]
    if late:
        yield Fault("R16", f"$.messages[{late[0]}]", "a system message that is not the first message")


def _alternation_faults(messages: list[dict[str, Any]], profile: BaseModel) -> Iterator[Fault]:
    """Yield the first place where one speaks twice in a row.

    Answers of tools may stand in between, and a call of a tool may follow the assistant's own words.
    """
    for place, (before, message) in enumerate(pairwise(messages), start=1):
        role, calls = message.get("role"), profile.tools and message.get("tool_calls")
        if role == before.get("role") and role in ("user", "assistant") and not calls:
            yield Fault("R17", f"$.messages[{place}]", f"two messages of the {role} in a row")
            return


def _learning_faults(messages: list[dict[str, Any]]) -> Iterator[Fault]:
    """Yield an example of which nothing is learned."""
    weights = [message.get("weight", 1) for message in messages if message.get("role") == "assistant"]
    if weights and all(weight == 0 for weight in weights):
        yield Fault("R20", "$.messages", "every answer has weight 0: nothing is learned")
