"""Who may ask, and how much: bearer keys, known by their SHA-256 only, and people who signed in with Entra ID."""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.core.limits import Allowance, headers_of
from shared.core.openai_errors import ApiError, invalid_key, limit_reached, not_allowed, service_unavailable
from shared.core.principal import read_principal
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.ports import ApiKey, Keys
from shared.recent import Recent

log = logging.getLogger(__name__)

LONGEST_KEY = 512  # characters; longer ones are not even hashed
NOTED_EVERY = timedelta(minutes=5)  # how exactly a key's last use is known
MOST_CALLERS = 10_000  # whose use is counted at a time
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Guard:
    """Checks keys and limits. A revoked key is refused at most 30 s later, a new one is known after at most 5 s.

    A key is looked up by its hash, in memory and in the table, and never compared with another one: how long that
    takes tells something of the hash at most, and nobody can make a key for a wanted hash.
    """

    def __init__(
        self,
        keys: Keys,
        clock: Callable[[], datetime],
        *,
        signed_in: bool = False,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        async def read(key_hash: str) -> ApiKey | None:
            return await asyncio.to_thread(keys.find, key_hash)

        self._keys, self._clock, self._ticks = keys, clock, ticks
        self._signed_in = signed_in  # whether App Service authentication is on: else anybody can send its header
        self._recent = Recent(read, clock)
        self._used: OrderedDict[str, Use] = OrderedDict()
        self._noting: set[asyncio.Task[None]] = set()

    async def key(self, authorization: str | None, scope: str, principal: str | None = None) -> ApiKey:
        """Return the caller's rights; raises ApiError: 401, 403, or 503 when the table is away.

        `principal` is App Service's header about who signed in; it counts only where the app is told that App
        Service authentication is on.
        """
        found = self._person(principal) if self._signed_in and principal else await self._bearer(authorization)
        if scope not in found.scopes:
            raise not_allowed(scope)
        return found

    def _person(self, principal: str) -> ApiKey:
        """Return the rights of who signed in: the scopes are the names of the app roles."""
        told = read_principal(principal)
        if told is None:
            raise invalid_key("The signed-in user or app cannot be told.")
        object_id, roles = told
        return ApiKey(f"entra-{object_id}", object_id, EPOCH, scopes=roles)

    async def _bearer(self, authorization: str | None) -> ApiKey:
        scheme, _, bearer = (authorization or "").strip().partition(" ")
        bearer = bearer.strip()
        if scheme.lower() != "bearer" or not bearer:
            raise invalid_key("Missing API key. Send it as 'Authorization: Bearer <key>'.")
        if len(bearer) > LONGEST_KEY:
            raise invalid_key()
        try:
            found = await self._recent.get(hashlib.sha256(bearer.encode("utf-8", "replace")).hexdigest())
        except ServiceUnavailable as error:
            raise service_unavailable(error.retry_after) from None
        now = self._clock()
        if found is None or (found.expires is not None and found.expires <= now):
            raise invalid_key()
        self._note(found, now)
        return found

    async def refusal(
        self, authorization: str | None, scope: str, principal: str | None = None
    ) -> ApiError | None:
        """Return the answer to a request that may not pass, or None for one that may."""
        try:
            await self.key(authorization, scope, principal)
        except ApiError as error:
            return error
        return None

    def admit(self, key: ApiKey, tokens: int) -> "Use":
        """Count one more request of about so many tokens; raises ApiError 429 where a limit is reached.

        The limits hold for this instance of the app: each counts what it answers itself.
        """
        use = self._use(key)
        use.begin(tokens, self._ticks())
        return use

    def _use(self, key: ApiKey) -> "Use":
        """Return what the key used lately; its limits may have changed meanwhile, and then it begins anew."""
        limits = (key.requests_per_minute, key.tokens_per_minute)
        use = self._used.get(key.hash)
        if use is None or use.limits != limits:
            use = self._used[key.hash] = Use.unused(key, self._ticks())
        self._used.move_to_end(key.hash)
        if len(self._used) > MOST_CALLERS:
            self._used.popitem(last=False)
        return use

    def _note(self, key: ApiKey, now: datetime) -> None:
        """Record the last use now and then, beside the request."""
        use = self._use(key)
        noted = max(filter(None, (key.last_used, use.noted)), default=None)
        if noted is not None and now - noted < NOTED_EVERY:
            return
        use.noted = now
        task = asyncio.create_task(self._record(key.hash, now))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _record(self, key_hash: str, now: datetime) -> None:
        try:
            await asyncio.to_thread(self._keys.note_use, key_hash, now)
        except (ServiceUnavailable, ServiceRefused) as error:
            log.warning("the last use of key %.8s is not recorded: %s", key_hash, error)


@dataclass
class Use:
    """What one caller used of its limits, on this instance of the app."""

    limits: tuple[int | None, int | None]  # requests and tokens per minute
    requests: Allowance | None
    tokens: Allowance | None
    noted: datetime | None = None  # when the last use was recorded

    @classmethod
    def unused(cls, key: ApiKey, now: float) -> "Use":
        """Return the use of a key that has its limits before it."""
        limits = (key.requests_per_minute, key.tokens_per_minute)
        requests, tokens = (None if limit is None else Allowance.full(limit, now) for limit in limits)
        return cls(limits, requests, tokens)

    def begin(self, tokens: int, now: float) -> None:
        """Take one request and its estimated tokens; raises ApiError 429, and then takes nothing."""
        wanted = (("requests", self.requests, 1), ("tokens", self.tokens, tokens))
        for name, allowance, amount in wanted:
            if allowance is not None:
                allowance.refill(now)
                seconds = allowance.wait_for(amount)
                if seconds > 0:
                    raise limit_reached(name, allowance.limit, seconds, self.headers)
        for _name, allowance, amount in wanted:
            if allowance is not None:
                allowance.take(amount)

    def settle(self, estimated: int, taken: int) -> None:
        """Correct the estimate by what the request really took."""
        if self.tokens is not None:
            self.tokens.take(taken - estimated)

    @property
    def headers(self) -> dict[str, str]:
        """Return OpenAI's headers about the limits that there are."""
        found: dict[str, str] = {}
        if self.requests is not None:
            found |= headers_of("requests", self.requests)
        if self.tokens is not None:
            found |= headers_of("tokens", self.tokens)
        return found
