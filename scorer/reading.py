"""Reads a request: which of OpenAI's parameters the model knows, and which values it takes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scorer import values
from scorer.prompt import Prompt
from scorer.refusals import bad_request, bad_value

ROLES = ("system", "user", "assistant")
LONGEST_BODY = 2_000_000  # bytes


@dataclass(frozen=True)
class Asked:
    """A chat completion as the client wants it."""

    prompt: Prompt
    model: str = ""  # any name will do: an endpoint has one model
    stream: bool = False
    choices: int = 1
    usage_apart: bool = False  # one more chunk with the usage at the end, as OpenAI's stream_options ask for

    def prompts(self) -> list[Prompt]:
        """Return one prompt for each choice, each with a seed of its own."""
        seed = self.prompt.seed
        seeds = [None if seed is None else seed + number for number in range(self.choices)]
        return [replace(self.prompt, seed=each) for each in seeds]


FITS: Mapping[str, Callable[[Any], bool]] = {
    "messages": lambda value: isinstance(value, list) and len(value) > 0,
    **values.FITS,
    # Known, but only as what they are where nobody asks for them.
    "logprobs": lambda value: value is False,
    "top_logprobs": lambda value: value == 0,
    "logit_bias": lambda value: value == {},
    "tools": lambda value: value == [],
    "tool_choice": lambda value: value == "none",
}


def asked_for(raw: bytes) -> Asked:
    """Return what a request's body asks for; raises Refusal."""
    given = {name: value for name, value in _object(raw).items() if value is not None}
    for name, value in given.items():
        if name not in FITS:
            raise bad_request("The model does not know this parameter.", "unknown_parameter", name[:64])
        if not FITS[name](value):
            raise bad_value(name)
    stop = given.get("stop", ())
    prompt = Prompt(
        messages=_messages(given.get("messages")),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        **{name: given[name] for name in values.PASSED_ON if name in given},
    )
    return Asked(
        prompt,
        model=given.get("model", ""),
        stream=given.get("stream", False),
        choices=given.get("n", 1),
        usage_apart=given.get("stream_options", {}).get("include_usage") is True,
    )


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_BODY:
        raise bad_request(f"The body is longer than {LONGEST_BODY} bytes.", "request_too_large")
    try:
        body = json.loads(raw)
        json.dumps(body, ensure_ascii=False).encode()  # half a character, written as \ud800, is no text
    except (ValueError, RecursionError):
        raise bad_request("The body is not JSON.", "invalid_json") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not a JSON object.", "invalid_json")
    return body


def _messages(given: Any) -> tuple[tuple[str, str], ...]:
    if given is None:
        raise bad_request("There are no messages.", "missing_required_parameter", "messages")
    return tuple((_role(message), _text(message)) for message in given)


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ROLES:
        raise bad_value("messages")
    return str(role)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise bad_value("messages")
    return "".join(_part(part) for part in content)


def _part(part: Any) -> str:
    if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise bad_value("messages")
    return str(part["text"])
