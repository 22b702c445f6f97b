"""The app's HTTP API, as the holder of a key uses it."""

import re
import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import tenacity

from cli.address import Address, address_of, is_loopback
from cli.errors import CommandError
from cli.output import plain
from cli.program import PROGRAM
from cli.run_view import RunView, run_of
from shared.core.names import RUN_ID
from shared.core.run import State

TRIES = 4
PAGE = 100  # runs that one answer lists at most
TIMEOUT = 30.0  # seconds for one answer
LONGEST_WAIT = 10.0  # seconds of Retry-After that are waited for
WORTH_REPEATING = frozenset({429, 500, 502, 503, 504})  # every call can be repeated: each asks for a state
GONE = {State.DELETING, State.DELETED}
DO = {
    400: "Look with `{program} list --help`",
    401: "Set TUNEDROP_KEY to a key of this app; `{program} keys create` makes one",
    403: "Use a key that may: `{program} keys create --scope runs --scope manage` makes one",
    404: "Look with `{program} list`",
    409: "Look with `{program} show`",
}


class NoAnswerError(CommandError):
    """The app cannot be reached or asks to come back: trying again later may help."""


class NoSuchRunError(CommandError):
    """The app knows no such run."""


class Api:
    """Runs over HTTP. Raises CommandError that says what is wrong, where, and what to do."""

    def __init__(
        self,
        address: Address,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        host = urlsplit(address.url).hostname or ""
        if transport is None and is_loopback(host):
            transport = httpx2.HTTPTransport()  # past any proxy: the key stays on this machine
        headers = {"Authorization": f"Bearer {address.key}"}
        self._url = address.url
        self._http = httpx2.Client(headers=headers, timeout=TIMEOUT, transport=transport)
        self._again = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(TRIES),
            wait=_pause,
            retry=tenacity.retry_if_exception(_may_pass) | tenacity.retry_if_result(_asks_to_come_back),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
            sleep=sleep,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def runs(self, limit: int = PAGE, **wanted: str) -> list[RunView]:
        """Return the latest runs, newest first; `wanted` names a model, a dataset or a state."""
        found: list[RunView] = []
        while True:
            query = {"limit": str(min(PAGE, limit - len(found)))} | wanted
            query |= {"after": found[-1].id} if found else {}
            answer = self._ask("GET", f"/runs?{urlencode(query)}")
            listed = answer.get("data")
            if not isinstance(listed, list):
                raise self._stranger()
            found += [run_of(raw) for raw in listed]
            if not (listed and answer.get("has_more")) or len(found) >= limit:
                return found

    def run(self, run_id: str) -> RunView:
        """Return a run with its history; raises NoSuchRunError."""
        return run_of(self._ask("GET", _path(run_id)))

    def find(self, name: str) -> RunView:
        """Return a run by its id, or the latest one of a model or a dataset; raises NoSuchRunError."""
        if RUN_ID.match(name):
            return self.run(name)
        named = self.runs(PAGE, **{"dataset" if name.endswith(".jsonl") else "model": name})
        there = [run for run in named if run.state not in GONE] or named
        if not there:
            what = f"there is no run of a model or a dataset {name!r} at {self._url}"
            raise NoSuchRunError(f"{what}. `{PROGRAM} list` shows the latest ones")
        return self.run(there[0].id)

    def cancel(self, run_id: str) -> RunView:
        """Let an open run end as canceled; return it as it is now."""
        return run_of(self._ask("POST", f"{_path(run_id)}/cancel"))

    def retry(self, run_id: str) -> RunView:
        """Let a run that ended go on where it stopped; return it as it is now."""
        return run_of(self._ask("POST", f"{_path(run_id)}/retry"))

    def delete(self, run_id: str) -> RunView:
        """Remove what a run made; return it as it is now."""
        return run_of(self._ask("DELETE", _path(run_id)))

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        try:
            answer: httpx2.Response = self._again(self._http.request, method, self._url + path)
        except httpx2.TransportError as error:
            raise self._silence(error) from None
        try:
            body = answer.json()
        except ValueError:
            body = None
        if answer.status_code == 200 and isinstance(body, dict):
            return body
        raise self._refusal(answer, body)

    def _silence(self, error: httpx2.TransportError) -> CommandError:
        """Return the error for an app that cannot be reached."""
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            fix = "Where it has a private CA, set SSL_CERT_FILE to its certificate"
            return CommandError(f"{self._url} has a certificate that this machine does not trust. {fix}")
        why = str(error) or type(error).__name__
        return NoAnswerError(
            f"{self._url} does not answer ({plain(why)}). Is the URL right, and is the app running?"
        )

    def _refusal(self, answer: httpx2.Response, body: Any) -> CommandError:
        """Return the error for an answer other than success."""
        status = answer.status_code
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            if status in WORTH_REPEATING:
                return NoAnswerError(f"{self._url} answers {status}, after {TRIES} tries. Try again later")
            return self._stranger(status)
        message = plain(error["message"]).rstrip(".")
        said = f"{self._url} says {status}: {message}. "
        if error.get("code") == "run_not_found":
            return NoSuchRunError(said + DO[404].format(program=PROGRAM))
        if status in WORTH_REPEATING:
            return NoAnswerError(said + f"That was after {TRIES} tries. Try again later")
        return CommandError(said + DO.get(status, "See the app's log").format(program=PROGRAM))

    def _stranger(self, status: int = 200) -> CommandError:
        return CommandError(f"{self._url} answers {status}, but not as TuneDrop does. Is the URL right?")


def connected(url: str | None) -> Api:
    """Return the API at the URL given, else at TUNEDROP_URL."""
    return Api(address_of(url))


def _path(run_id: str) -> str:
    return f"/runs/{quote(run_id, safe='')}"


def _may_pass(error: BaseException) -> bool:
    """Tell whether trying again at once may help."""
    return isinstance(error, httpx2.TransportError) and "CERTIFICATE_VERIFY_FAILED" not in str(error)


def _asks_to_come_back(answer: httpx2.Response) -> bool:
    return answer.status_code in WORTH_REPEATING and _asked_pause(answer) <= LONGEST_WAIT


def _asked_pause(answer: httpx2.Response) -> float:
    """Return the seconds that the answer asks to wait, 0 where it does not say."""
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if re.fullmatch(r"[0-9]{1,9}", asked) else 0.0


def _pause(state: tenacity.RetryCallState) -> float:
    """Return the seconds until the next try: what the answer asks for, else half a second and ever more."""
    outcome = state.outcome
    asked = _asked_pause(outcome.result()) if outcome and not outcome.failed else 0.0
    return asked or tenacity.wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT, jitter=0.5)(state)
