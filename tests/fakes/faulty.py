"""What every fake can do: fail when told to, or let somebody else act in the middle of a call."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What strikes one coming call, before or after it takes effect."""

    method: str
    strike: Callable[[], object]
    after: bool


class Faulty:
    """A fake that fails when told to, before or after the call took effect."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.called: Counter[str] = Counter()  # how often, by method

    def fail_next(self, method: str, error: BaseException, *, after: bool = False) -> None:
        """Let the next call of this method raise; told twice, the next two calls raise."""

        def fail() -> None:
            raise error

        self.meanwhile(method, fail, after=after)

    def meanwhile(self, method: str, act: Callable[[], object], *, after: bool = False) -> None:
        """Let somebody else act while the next call of this method is under way."""
        assert callable(getattr(self, method)), f"{type(self).__name__} has no method {method}"
        self._faults.append(Fault(method, act, after))

    def recover(self) -> None:
        """Forget what was still to strike."""
        self._faults.clear()

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        self.called[method] += 1
        fault = next((fault for fault in self._faults if fault.method == method), None)
        if fault is None:
            yield
            return
        self._faults.remove(fault)
        if not fault.after:
            fault.strike()
        yield
        if fault.after:
            fault.strike()
