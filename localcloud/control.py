"""What the control port can see and steer: the history of calls, scripted faults, and the weather."""

import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

TOKEN_LIFETIME = 24 * 3600  # seconds, as Azure's managed identities get
HISTORY_LIMIT = 20_000  # calls kept; a long-running laptop must not fill its memory


@dataclass(frozen=True)
class Call:
    """One request that a stand-in answered, as the history shows it."""

    number: int
    at: str
    service: str
    method: str
    path: str
    query: str
    request: Any
    status: int
    fault: str | None = None


@dataclass
class Fault:
    """A scripted failure of the next `times` matching calls, after `skip` matching calls went well."""

    service: str
    match: str = ""  # part of "METHOD /path"; empty matches every call of the service
    times: int = 1
    skip: int = 0
    when: Literal["before", "after"] = "before"  # before or after the call took effect
    action: Literal["status", "cut", "hang", "crash"] = "status"  # crash: of the Functions host, which calls
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 30.0  # how long a hang lasts before the connection is cut

    def strikes(self, service: str, call: str) -> bool:
        """Tell whether this call fails, and count it."""
        if self.service != service or self.match not in call or self.times <= 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Weather:
    """How rough the cloud is: chances between 0 and 1, drawn from one seeded source."""

    seed: int
    throttled: float = 0.02  # 429, every second one with Retry-After
    failing: float = 0.01  # 500 before any effect
    duplicated: float = 0.2  # an event delivered twice
    reordered: float = 0.2  # an event delivered late, after its successors
    slow_status: float = 0.3  # a status read that still shows the state before
    delayed: float = 0.02  # an answer that comes late
    lost: float = 0.005  # an answer that breaks off after the call took effect
    preempted: float = 0.2  # a Spot job's machine is taken away once
    token_seconds: float = TOKEN_LIFETIME  # no chance: how long the app's tokens hold

    def __post_init__(self) -> None:
        """Start the seeded source of chance."""
        self.chance = random.Random(self.seed)  # noqa: S311 - weather must repeat with its seed

    def happens(self, probability: float) -> bool:
        """Draw once."""
        return self.chance.random() < probability

    def calm(self) -> None:
        """Let nothing happen by chance any more; scripted faults stay."""
        for name in CHANCES:
            setattr(self, name, 0.0)
        self.token_seconds = TOKEN_LIFETIME


CHANCES = tuple(field.name for field in fields(Weather) if field.name not in ("seed", "token_seconds"))


@dataclass(frozen=True)
class Training:
    """How the next jobs run: really, or at once and for nothing, where only what is around them is looked at."""

    mode: Literal["real", "instant"] = "real"
    seconds: float = 0.0  # how long an instant job runs, and how long its endpoint takes to be created


@dataclass
class Control:
    """The history, the faults and the weather of one local cloud, and how it trains."""

    weather: Weather
    training: Training = Training()
    quota: dict[str, int] = field(default_factory=dict)  # family of machines -> vCPUs, where not as usual
    crash_host: Callable[[], Awaitable[None]] | None = None  # None: the Functions host is not ours
    preempt: Callable[[str], str | None] | None = None  # takes a job's node away; says why it cannot
    history: deque[Call] = field(default_factory=lambda: deque(maxlen=HISTORY_LIMIT))
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    def record(
        self, service: str, method: str, path: str, query: str, request: Any, status: int, fault: str | None
    ) -> None:
        """Append one call to the history."""
        self.count += 1
        now = datetime.now(UTC).isoformat()
        self.history.append(Call(self.count, now, service, method, path, query, request, status, fault))

    def fault_for(self, service: str, call: str) -> Fault | None:
        """Return the first scripted fault that strikes this call ("METHOD /path")."""
        return next((fault for fault in self.faults if fault.strikes(service, call)), None)

    def calls(self, service: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Return the recorded calls after number `since`, oldest first, of one service or of all."""
        chosen = (c for c in self.history if c.number > since and service in (None, c.service))
        return [asdict(call) for call in chosen]

    def reset(self) -> None:
        """Forget history and faults."""
        self.history.clear()
        self.faults.clear()
