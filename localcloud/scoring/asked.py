"""Reads what a client asks of an endpoint: which parameters it knows, and which values it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.scoring.refusals import extra_parameters, refused, unsupported
from localcloud.scoring_worker.wire import Prompt
from scorer import values

ROLES = ("system", "user", "assistant")
EXTRAS = ("n", "stream_options")  # honoured with extra-parameters: pass-through
NOT_HERE = ("logprobs", "top_logprobs", "logit_bias")  # the service passes them through; the local cloud cannot


@dataclass(frozen=True)
class Asked:
    """A chat completion as the client wants it."""

    prompt: Prompt
    stream: bool
    choices: int
    usage_apart: bool  # one more chunk with the usage at the end, as OpenAI's stream_options ask for


FITS: Mapping[str, Callable[[Any], bool]] = {
    **values.FITS,
    "tools": lambda value: not value,
    "tool_choice": lambda value: value in (None, "none"),
}


def asked_for(body: Mapping[str, Any], extra: str, folder: str) -> Asked:
    """Return what is asked of the model in a folder; raises Refusal. `extra` is the header extra-parameters."""
    given = {name: value for name, value in _known(body, extra).items() if value is not None}
    for name, value in given.items():
        if name in FITS and not FITS[name](value):
            raise unsupported(name, value)
    stop = given.get("stop", ())
    prompt = Prompt(
        folder=folder,
        messages=_messages(body.get("messages")),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        **{name: given[name] for name in values.PASSED_ON if name in given},
    )
    usage_apart = given.get("stream_options", {}).get("include_usage") is True
    return Asked(prompt, given.get("stream", False), given.get("n", 1), usage_apart)


def _known(body: Mapping[str, Any], extra: str) -> dict[str, Any]:
    """Return the parameters that count; `extra` says what becomes of those beyond the standard ones."""
    if extra not in ("error", "drop", "pass-through"):
        raise refused(400, "Bad Request", f"extra-parameters {extra!r}: expected error, drop or pass-through")
    standard = {name for name in FITS if name not in EXTRAS} | {"messages"}
    surplus = [name for name in body if name not in standard]
    if surplus and extra == "error":
        raise extra_parameters(surplus)
    if extra == "drop":
        return {name: value for name, value in body.items() if name in standard}
    unheard = [name for name in surplus if name not in EXTRAS]
    if unheard:
        what = "the local cloud cannot" if unheard[0] in NOT_HERE else "the model does not know it"
        raise refused(501, "NotInLocalCloud", f"parameter {unheard[0]!r} was passed through: {what}")
    return dict(body)


def _messages(given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, list) or not given:
        raise unsupported("messages", given)
    return tuple((_role(message), _text(message)) for message in given)


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ROLES:
        raise unsupported("messages", role)
    return str(role)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise unsupported("messages", content)
    return "".join(_part(part) for part in content)


def _part(part: Any) -> str:
    if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise unsupported("messages", part.get("type") if isinstance(part, dict) else part)
    return str(part["text"])
