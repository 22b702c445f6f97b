"""How a serverless endpoint says no: its error bodies are flat, unlike those of Azure's management plane."""

from typing import Any

from starlette.responses import JSONResponse

EXTRA = (
    "Extra parameters {names} are not allowed when extra-parameters is not set or set to be 'error'. "
    "Set extra-parameters to 'pass-through' to pass to the model."
)


class Refusal(Exception):
    """A request that the endpoint refuses, with the answer's status and body."""

    def __init__(self, status: int, code: str, body: dict[str, Any]) -> None:
        super().__init__(code)
        self.status, self.code, self.body = status, code, body

    def response(self) -> JSONResponse:
        """Return the answer."""
        headers = {"x-ms-error-code": self.code}
        return JSONResponse(self.body, self.status, headers=headers)


def refused(status: int, error: str, message: str) -> Refusal:
    """Return a refusal in the endpoint's plain shape."""
    return Refusal(status, error, {"error": error, "message": message, "status": status})


def extra_parameters(names: list[str]) -> Refusal:
    """Return the refusal of parameters that the endpoint does not know."""
    return refused(400, "Bad Request", EXTRA.format(names=names))


def unsupported(name: str, value: object) -> Refusal:
    """Return the refusal of a parameter's value."""
    body = {
        "status": 422,
        "code": "parameter_not_supported",
        "detail": {"loc": ["body", name], "input": value},
        "message": "One of the parameters contain invalid values.",
    }
    return Refusal(422, "parameter_not_supported", body)


def filtered() -> Refusal:
    """Return the refusal of the endpoint's built-in content safety."""
    error = {
        "message": "The response was filtered due to the prompt triggering the content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
    }
    return Refusal(400, "content_filter", {"error": error})
