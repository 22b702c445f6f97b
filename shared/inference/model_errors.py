"""What a client hears when the model fails: a status that means the same to every client, and nothing raw."""

from shared.core.openai_errors import (
    ApiError,
    model_refused,
    model_timed_out,
    model_unavailable,
    prompt_blocked,
    rate_limited,
    word,
)
from shared.errors import ServiceRefused, ServiceUnavailable, TimedOut, TooManyRequests

THEIR_REQUEST = frozenset({400, 413, 422})  # the client can mend these; 401, 403, 404 are ours


def as_api_error(error: ServiceUnavailable | ServiceRefused) -> ApiError:
    """Return the error for the client. `reason` of a 400 or 422 is the refused parameter's name, or empty."""
    match error:
        case TooManyRequests():
            return rate_limited(error.retry_after)
        case TimedOut():
            return model_timed_out()
        case ServiceUnavailable():
            return model_unavailable()
        case ServiceRefused(code="content_filter"):
            return prompt_blocked()
        case ServiceRefused(status=status) if status in THEIR_REQUEST:
            return model_refused(word(error.code), word(error.reason))
    return model_unavailable()
