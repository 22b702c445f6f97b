"""Every error that a client of the endpoint can get, in the shape that OpenAI's and Azure's clients understand."""

import re
from collections.abc import Mapping
from math import ceil
from typing import Any

from shared.core.limits import spelled
from shared.core.moderation import Verdict
from shared.errors import TuneDropError

PROMPT_BLOCKED = (
    "The response was filtered due to the prompt triggering the content management policy of this endpoint. "
    "Please modify your prompt and retry."
)

WORD = re.compile(r"[a-z_]{1,64}")  # what a code or a parameter's name looks like


class ApiError(TuneDropError):
    """An answer other than success: a status, a body in OpenAI's shape, and headers."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, dict(headers or {})
        self._param, self._more = param, dict(more or {})

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        body = error_body(str(self), code=self.code, kind=kind, param=self._param)
        return {"error": body["error"] | self._more}


def error_body(
    message: str, *, code: str, kind: str = "invalid_request_error", param: str | None = None
) -> dict[str, Any]:
    """Return an error's JSON body as OpenAI has it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def bad_request(message: str, code: str, param: str | None = None) -> ApiError:
    """Return a 400 for a request that cannot be served as it is."""
    return ApiError(400, message, code, param=param)


def too_large(limit: int) -> ApiError:
    """Return a 413 for a body over the limit (bytes)."""
    return ApiError(413, f"The request is larger than {limit} bytes.", "request_too_large")


def too_many_checks(count: int, most: int) -> ApiError:
    """Return the 400 for a prompt that would take more calls of Content Safety than one request may cause."""
    message = f"The prompt has too many texts: {count} checks, at most {most} at a time. Send fewer messages."
    return bad_request(message, "too_many_texts", "messages")


def invalid_key(message: str = "Incorrect API key provided.") -> ApiError:
    """Return the 401 for a key that is missing, unknown, revoked or expired."""
    return ApiError(401, message, "invalid_api_key", headers={"www-authenticate": "Bearer"})


def not_allowed(scope: str) -> ApiError:
    """Return the 403 for a key without the scope."""
    return ApiError(403, f"This API key lacks the scope {scope!r}.", "insufficient_permissions")


def model_not_found(model: str) -> ApiError:
    """Return the 404 for a model that is not there, or not for this key."""
    message = f"The model `{model[:100]}` does not exist or you do not have access to it."
    return ApiError(404, message, "model_not_found", param="model")


def unknown_url(method: str, path: str) -> ApiError:
    """Return the 404 for a path, or a method, that is not served."""
    return ApiError(404, f"Invalid URL ({method} {path[:100]})", "unknown_url")


def prompt_blocked(verdict: Verdict | None = None) -> ApiError:
    """Return Azure OpenAI's 400 for a blocked prompt; without a verdict when the model's own filter blocked it."""
    inner: dict[str, Any] = {"code": "ResponsibleAIPolicyViolation"}
    if verdict is not None:
        inner["content_filter_result"] = verdict.results
    more = {"type": None, "status": 400, "innererror": inner}
    return ApiError(400, PROMPT_BLOCKED, "content_filter", param="prompt", more=more)


def safety_unavailable(retry_after: float | None) -> ApiError:
    """Return the 503 for a text that could not be checked, so does not pass."""
    message = "Content Safety gave no verdict, so nothing is let through. Please retry."
    return ApiError(503, message, "content_safety_unavailable", headers=_retry(retry_after or 1))


def service_unavailable(retry_after: float | None) -> ApiError:
    """Return the 503 for a part of our own that does not answer."""
    message = "The service is unavailable. Please retry."
    return ApiError(503, message, "service_unavailable", headers=_retry(retry_after or 1))


def limit_reached(name: str, limit: int, seconds: float, headers: Mapping[str, str]) -> ApiError:
    """Return the 429 for a key that used up its own limit (`name`: requests or tokens), and when to come back."""
    message = f"Rate limit reached for {name} per minute: limit {limit}. Please try again in {spelled(seconds)}."
    more = {**headers, **_retry(seconds), "retry-after-ms": str(ceil(seconds * 1000))}
    return ApiError(429, message, "rate_limit_exceeded", headers=more, more={"type": name})


def rate_limited(retry_after: float | None) -> ApiError:
    """Return the 429 for a model that has too much to do; retry-after (seconds) as the model said."""
    headers = _retry(retry_after) if retry_after is not None else {}
    return ApiError(429, "The model has too many requests. Please retry.", "rate_limit_exceeded", headers=headers)


def model_unavailable() -> ApiError:
    """Return the 502 for a model that fails, or answers what cannot be understood."""
    return ApiError(502, "The model did not answer. Please retry.", "model_unavailable")


def model_timed_out() -> ApiError:
    """Return the 504 for a model that is too slow."""
    return ApiError(504, "The model did not answer in time. Please retry.", "model_timeout")


def model_refused(code: str, param: str) -> ApiError:
    """Return the 400 for a request that the model itself will not have; neither code nor param is free text."""
    subject = f"the parameter {param!r}" if param else "the request"
    return ApiError(400, f"The model does not accept {subject}.", code or "model_refused", param=param or None)


def word(value: Any) -> str:
    """Return a code or a parameter's name that the model gave, or nothing where it might quote a text."""
    return value if isinstance(value, str) and WORD.fullmatch(value) else ""


def _retry(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, ceil(seconds)))}
