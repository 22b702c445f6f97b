"""What every fake can do: fail when told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """The scripted failure of one coming call."""

    method: str
    error: Exception
    after: bool


class Faulty:
    """A fake that fails when told to, before or after the call took effect."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def fail_next(self, method: str, error: Exception, *, after: bool = False) -> None:
        """Let the next call of this method raise; told twice, the next two calls raise."""
        assert callable(getattr(self, method)), f"{type(self).__name__} has no method {method}"
        self._faults.append(Fault(method, error, after))

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        fault = next((fault for fault in self._faults if fault.method == method), None)
        if fault is None:
            yield
            return
        self._faults.remove(fault)
        if not fault.after:
            raise fault.error
        yield
        raise fault.error
