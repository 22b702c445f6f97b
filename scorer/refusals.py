"""How the endpoint says no: OpenAI's nested errors, with codes and parameters but nothing of the prompt."""

import json
from collections.abc import Mapping


class Refusal(Exception):
    """A request that is refused, with the answer's status and what its error says."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """Return the answer's body."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return json.dumps({"error": error}).encode()


def bad_request(message: str, code: str, param: str | None = None) -> Refusal:
    """Return the refusal of something that the client can mend."""
    return Refusal(400, message, code, param)


def bad_value(param: str) -> Refusal:
    """Return the refusal of a parameter's value, which is not repeated: it may be text of the prompt."""
    return bad_request(f"The value of {param!r} is not supported by this model.", "unsupported_value", param)


def busy() -> Refusal:
    """Return the refusal while as many answers are being written as may be."""
    message = "The model is writing as many answers as it can at a time."
    return Refusal(429, message, "rate_limit_exceeded", headers={"Retry-After": "1"})


def out_of_memory() -> Refusal:
    """Return the refusal of what does not fit beside the answers under way."""
    message = "The model has no memory left for this conversation at the moment."
    return Refusal(503, message, "overloaded", headers={"Retry-After": "5"})


def broken() -> Refusal:
    """Return the answer where the fault is ours."""
    return Refusal(500, "The model could not answer.", "internal_error")
