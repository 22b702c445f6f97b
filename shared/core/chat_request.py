"""A chat completion request taken apart: what goes to the model, and every string of it that has to be scanned.

The request is rebuilt from what is known, and everything that is rebuilt is scanned, so nothing that the model
sees can be forgotten. The rule for a field that we do not know is OpenAI's own: 400 `unknown_parameter`; the
header `extra-parameters: drop` (or `pass-through`, which azure-ai-inference sends with its `model_extras`) drops
it instead. Fields of OpenAI's that mean nothing to these models (`store`, `metadata`, ...) are accepted and
dropped. A null means that the field is absent. An unknown field is never forwarded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from shared.core.chat_message import read_message
from shared.core.openai_errors import bad_request

MAX_MESSAGES = 1_000
MAX_CHOICES = 8
MAX_STOPS = 16
MAX_TOOLS = 128
MAX_TOP_LOGPROBS = 20
LARGEST = 2**63 - MAX_CHOICES  # so that a seed has 64 bits also where it is counted up, one for each choice
Check = Callable[[Any], bool]


class Source(Enum):
    """Who wrote a text: decides whether, and as what, Prompt Shields see it."""

    SYSTEM = auto()
    USER = auto()
    TOOL = auto()
    OTHER = auto()


SOURCES = {"system": Source.SYSTEM, "user": Source.USER, "tool": Source.TOOL}


@dataclass(frozen=True)
class Part:
    """The strings that stand together at one place of a request, such as all of `messages[3]`."""

    place: str
    strings: tuple[str, ...]
    source: Source = Source.OTHER
    contents: tuple[str, ...] = ()  # those strings of a message that are neither names nor ids nor calls


@dataclass(frozen=True)
class ChatRequest:
    """A request that can be scanned and served."""

    model: str
    forwarded: Mapping[str, Any]  # what the model gets, without `model` and `stream`
    parts: tuple[Part, ...]
    stream: bool = False
    include_usage: bool = False
    choices: int = 1

    @property
    def length(self) -> int:
        """Return how many characters there are to scan."""
        return sum(len(string) for part in self.parts for string in part.strings)


def _number(value: Any) -> bool:
    return isinstance(value, float) or _whole(value)


def _positive(value: Any) -> bool:
    return _whole(value) and value > 0


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and not _huge(value)


def _huge(value: Any) -> bool:
    return isinstance(value, int) and abs(value) > LARGEST


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _stops(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and len(value) <= MAX_STOPS and all(isinstance(item, str) for item in value)
    )


def _biases(value: Any) -> bool:
    return isinstance(value, dict) and all(key.isdecimal() and _number(bias) for key, bias in value.items())


def _tools(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_TOOLS
        and all(
            isinstance(tool, dict) and tool.get("type") == "function" and isinstance(tool.get("function"), dict)
            for tool in value
        )
    )


def _chosen_tool(value: Any) -> bool:
    return value in ("none", "auto", "required") or isinstance(value, dict)


def _format(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") in ("text", "json_object", "json_schema")


def _anything(_value: Any) -> bool:
    return True


FORWARDED: Mapping[str, Check] = {
    "temperature": _number,
    "top_p": _number,
    "presence_penalty": _number,
    "frequency_penalty": _number,
    "max_tokens": _positive,
    "seed": _whole,
    "n": lambda value: _positive(value) and value <= MAX_CHOICES,
    "logprobs": _flag,
    "top_logprobs": lambda value: _whole(value) and 0 <= value <= MAX_TOP_LOGPROBS,
    "logit_bias": _biases,
    "stop": _stops,
    "response_format": _format,
    "tools": _tools,
    "tool_choice": _chosen_tool,
}
READ = {  # understood by us, not sent as they are
    "model": lambda value: isinstance(value, str) and value != "",
    "messages": lambda value: isinstance(value, list) and 0 < len(value) <= MAX_MESSAGES,
    "stream": _flag,
    "stream_options": lambda value: isinstance(value, dict),
    "max_completion_tokens": _positive,
    "modalities": lambda value: value == ["text"],
    "user": lambda value: isinstance(value, str),
}
DROPPED = dict.fromkeys(
    (
        "metadata",
        "store",
        "service_tier",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "safety_identifier",
        "verbosity",
    ),
    _anything,
)
KNOWN: Mapping[str, Check] = {**FORWARDED, **READ, **DROPPED}


def read_request(body: Any, *, drop_unknown: bool = False) -> ChatRequest:
    """Return the request; raises ApiError that says what cannot be served, and where."""
    if not isinstance(body, dict):
        raise bad_request("The request body must be a JSON object.", "invalid_json")
    given = {name: value for name, value in body.items() if value is not None}
    _check_fields(given, drop_unknown=drop_unknown)
    messages = [read_message(message, f"messages[{place}]") for place, message in enumerate(given["messages"])]
    forwarded = {name: given[name] for name in FORWARDED if name in given}
    if "max_completion_tokens" in given:
        forwarded.setdefault("max_tokens", given["max_completion_tokens"])
    parts = [
        Part(
            f"messages[{place}]",
            message.contents + message.others,
            SOURCES.get(message.role, Source.OTHER),
            message.contents,
        )
        for place, message in enumerate(messages)
    ]
    parts += _other_parts(forwarded | {"user": given.get("user", "")})
    return ChatRequest(
        model=given["model"],
        forwarded={"messages": [message.forwarded for message in messages], **forwarded},
        parts=tuple(parts),
        stream=given.get("stream", False),
        include_usage=bool(given.get("stream_options", {}).get("include_usage")),
        choices=given.get("n", 1),
    )


def _check_fields(given: Mapping[str, Any], *, drop_unknown: bool) -> None:
    for name in ("model", "messages"):
        if name not in given:
            message = f"Missing required parameter: '{name}'."
            raise bad_request(message, "missing_required_parameter", name)
    for name, value in given.items():
        fits = KNOWN.get(name)
        if fits is None and not drop_unknown:
            raise bad_request(f"Unknown parameter: {name[:100]!r}.", "unknown_parameter", name[:100])
        if name == "modalities" and fits is not None and not fits(value):
            raise bad_request("Only text is served here.", "unsupported_content", name)
        if fits is not None and not fits(value):
            why = f" It has to lie between -{LARGEST} and {LARGEST}." if _huge(value) else ""
            raise bad_request(f"Invalid value for {name!r}.{why}", "invalid_value", name)


def _other_parts(fields: Mapping[str, Any]) -> Iterator[Part]:
    """Yield what is not a message: each tool by itself (they are long), the small rest as one."""
    tools = fields.get("tools", [])
    yield from (Part(f"tools[{place}]", tuple(strings_in(tool))) for place, tool in enumerate(tools))
    small = ("stop", "response_format", "tool_choice", "user")
    strings = tuple(string for name in small if name in fields for string in strings_in(fields[name]))
    if any(strings):
        yield Part("parameters", strings)


def strings_in(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value, keys of objects too: the model reads those as well."""
    waiting = [value]
    while waiting:  # no recursion: a request may be nested deeper than Python's stack
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += [inner for pair in reversed(item.items()) for inner in reversed(pair)]
        elif isinstance(item, list):
            waiting += reversed(item)
