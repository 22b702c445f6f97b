"""Answers requests with one model: a few at a time, each for as long as its client waits."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from threading import BoundedSemaphore

import torch

from scorer.checkpoint import Checkpoint
from scorer.generating import TooLongError, answer
from scorer.prompt import End, Text
from scorer.reading import Asked, asked_for
from scorer.refusals import Refusal, bad_request, broken, busy, out_of_memory
from scorer.shaping import Frame, error_event

AT_ONCE = 8  # answers; Azure lets in as many more, which wait, each in a thread of its own
PATIENCE = 20.0  # seconds that a request waits for one of the places
CLIENT_GONE = 499  # a status that nobody reads
log = logging.getLogger("azmlinfsrv.scorer")  # beneath the server's own logger, which has its handlers
Gone = Callable[[], bool]


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Reply:
    """An answer over HTTP; an iterator's parts are sent as they come."""

    status: int
    body: bytes | Iterator[bytes]
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Serving:
    """The answers of one model."""

    def __init__(
        self, checkpoint: Checkpoint, name: str, at_once: int = AT_ONCE, patience: float = PATIENCE
    ) -> None:
        self._checkpoint, self._name, self._patience = checkpoint, name, patience
        self._places = BoundedSemaphore(at_once)

    def reply(self, raw: bytes, gone: Gone) -> Reply:
        """Answer a chat completion's body; `gone` tells whether the client still waits."""
        try:
            asked = asked_for(raw)
            frame = Frame(asked.model or self._name)
            pieces = self._pieces(asked, frame.id, gone)
            # The first words are awaited here: what is refused gets a status, not a broken stream.
            first = next(pieces)
            if asked.stream:
                headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
                events = frame.streamed(chain([first], pieces), asked.choices, usage_apart=asked.usage_apart)
                return Reply(200, _unbroken(events), headers)
            return Reply(200, frame.whole(chain([first], pieces)))
        except ClientGone:
            return Reply(CLIENT_GONE, b"")
        except Exception as error:  # noqa: BLE001 - the server would log a traceback, which may quote the prompt
            refusal = _refusal_of(error)
            headers = {"Content-Type": "application/json", **refusal.headers}
            return Reply(refusal.status, refusal.body(), headers)

    def _pieces(self, asked: Asked, number: str, gone: Gone) -> Iterator[tuple[int, Text | End]]:
        """Yield what the model writes, choice by choice, while there is somebody to read it."""
        if not self._places.acquire(timeout=self._patience):
            raise busy()
        started, ends = time.monotonic(), list[End]()
        try:
            for index, prompt in enumerate(asked.prompts()):
                with closing(answer(self._checkpoint, prompt)) as words:
                    for piece in words:
                        if gone():
                            raise ClientGone
                        if isinstance(piece, End):
                            ends.append(piece)
                        yield index, piece
        finally:
            self._places.release()
            _tell(number, asked, ends, time.monotonic() - started)


def _tell(number: str, asked: Asked, ends: list[End], seconds: float) -> None:
    """Log one line: how much was written, and of what nothing."""
    outcome = ", ".join(end.finish_reason for end in ends) if len(ends) == asked.choices else "not to its end"
    prompt, completion = sum(end.prompt_tokens for end in ends[:1]), sum(end.completion_tokens for end in ends)
    log.info("%s: %d + %d tokens in %.2f s, %s", number, prompt, completion, seconds, outcome)


def _unbroken(events: Iterator[bytes]) -> Iterator[bytes]:
    """Pass a stream's events on; it may end early, but with an event that says why."""
    try:
        yield from events
    except ClientGone:
        return
    except Exception as error:  # noqa: BLE001 - as in reply
        yield error_event(_refusal_of(error).body())


def _refusal_of(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case TooLongError():
            return bad_request(str(error), "context_length_exceeded", "messages")
        case torch.OutOfMemoryError():
            log.warning("no memory left on the GPU for one more conversation")
            return out_of_memory()
    last = traceback.extract_tb(error.__traceback__)[-1]
    log.error("an answer broke: %s at %s:%s", type(error).__name__, Path(last.filename).name, last.lineno)
    return broken()
