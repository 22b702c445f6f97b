"""Stand-ins for the protobuf messages that the Functions host and Microsoft's Python runtime exchange.

The runtime never imports protobuf: the worker around it passes a module of message types in. These types hold
what they are given and answer `WhichOneof` as generated messages do; fields and names are those of
FunctionRpc.proto, as far as the runtime reads or writes them.
"""

from types import SimpleNamespace
from typing import Any, ClassVar


class Message:
    """A message: the fields that it was made with; fields of `absent` are None when not given."""

    absent: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **fields: Any) -> None:
        self.__dict__ |= dict.fromkeys(self.absent) | fields


class OneOf(Message):
    """A message with one field of several set."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self._kind = next((name for name, value in fields.items() if value is not None), None)

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return the name of the field that is set."""
        return self._kind


class TypedData(OneOf):
    """One value on its way in or out: string, json, bytes, http, ..."""


class ParameterBinding(Message):
    """The value of one parameter of a function."""

    def WhichOneof(self, group: str) -> str:  # noqa: N802 - protobuf's name
        """Return `data`: shared memory is never used here."""
        return "data"


class RpcHttp(Message):
    """An HTTP request as the host describes it; with HTTP v2 only the route's parameters matter."""


class BindingInfo(Message):
    """A function's binding."""

    undefined, inout, out = 0, 2, 1


class StatusResult(Message):
    """Whether something went well."""

    Failure, Success = "Failure", "Success"
    absent = ("exception",)


class WorkerInitResponse(Message):
    """The answer to the start of a worker."""


class FunctionEnvironmentReloadResponse(Message):
    """The answer to the start of a placeholder's app; a failure holds no capabilities."""

    absent = ("capabilities",)


class InvocationResponse(Message):
    """The answer to an invocation."""

    absent = ("return_value", "output_data")


# What the runtime calls `protos`.
PROTOS = SimpleNamespace(
    TypedData=TypedData,
    ParameterBinding=ParameterBinding,
    RpcHttp=RpcHttp,
    BindingInfo=BindingInfo,
    StatusResult=StatusResult,
    WorkerInitResponse=WorkerInitResponse,
    FunctionEnvironmentReloadResponse=FunctionEnvironmentReloadResponse,
    InvocationResponse=InvocationResponse,
    **{
        name: type(name, (Message,), {})
        for name in (
            "FunctionLoadResponse",
            "FunctionMetadataResponse",
            "RpcException",
            "RpcFunctionMetadata",
            "RpcRetryOptions",
            "WorkerMetadata",
        )
    },
)


def request(kind: str, body: Message, host: str = "127.0.0.1") -> Message:
    """Return what the worker passes to the runtime: the message and, beside it, the host and the message types."""
    return Message(request=Message(**{kind: body}), properties={"host": host, "protos": PROTOS})
