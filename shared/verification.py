"""Asking a new deployment through the moderated path, before its model's name points at it."""

from collections.abc import Awaitable, Callable
from typing import Any

from shared.core.openai_errors import ApiError
from shared.core.run import Run
from shared.errors import ServiceUnavailable
from shared.ports import Deployment

QUESTION = "Hello, can you help me?"
ANSWER_TOKENS = 32  # enough to see that it answers
TRY_LATER = frozenset({408, 429, 500, 502, 503, 504})  # the services may only be away: the state's limit decides
Ask = Callable[[Deployment, dict[str, Any]], Awaitable[dict[str, Any]]]


async def problem_of(deployment: Deployment, run: Run, ask: Ask) -> str | None:
    """Return what is wrong with the deployment's answer, or None; raises ServiceUnavailable to be asked again."""
    try:
        answer = await ask(deployment, _request(run))
    except ApiError as error:
        if error.status in TRY_LATER:
            raise ServiceUnavailable("verification", f"{error.status} {error.code}") from None
        return f"the new endpoint does not answer a first question: {error.status} {error.code}"
    choice = answer["choices"][0]
    if choice["finish_reason"] == "content_filter":
        return "the new endpoint's answer to a plain greeting was blocked by content safety"
    if not (choice["message"].get("content") or "").strip():
        return "the new endpoint's answer to a first question is empty"
    return None


def _request(run: Run) -> dict[str, Any]:
    """Return a greeting in the dataset's own setting: with its system message, where it has one."""
    system = run.checked.system_message
    messages = [{"role": "system", "content": system}] if system else []
    return {
        "model": run.model,
        "messages": [*messages, {"role": "user", "content": QUESTION}],
        "max_tokens": ANSWER_TOKENS,
        "temperature": 0,
    }
