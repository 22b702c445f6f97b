"""Takes turns between the answers that are being written: one token each, so that none waits for another's end."""

import queue
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from localcloud.scoring_worker.checkpoints import Checkpoints
from localcloud.scoring_worker.wire import End, Prompt, Text
from scorer.checkpoint import Checkpoint, UnusableError
from scorer.generating import TooLongError, answer

Event = dict[str, Any]


class Turns:
    """The worker's loop: new requests first, then one step of every answer under way."""

    def __init__(
        self,
        requests: "queue.SimpleQueue[Event | None]",
        write: Callable[[Event], None],
        begin: Callable[[Checkpoint, Prompt], Iterator[Text | End]] = answer,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._requests, self._write, self._begin = requests, write, begin
        self._checkpoints = checkpoints or Checkpoints()
        self._answers: dict[int, Iterator[Text | End]] = {}

    def run(self) -> None:
        """Work until the queue hands out None."""
        while True:
            try:
                request = self._requests.get(block=not self._answers)
            except queue.Empty:
                self._step_all()
                continue
            if request is None:
                return
            self._guarded(request["id"], partial(self._start, request))

    def _start(self, request: Event) -> None:
        number, action = request.pop("id"), request.pop("do")
        if action == "cancel":
            self._answers.pop(number, None)
        elif action == "load":
            self._checkpoints.at(request["folder"])
            self._write({"id": number, "event": "loaded"})
        else:
            prompt = _prompt(request)
            self._answers[number] = self._begin(self._checkpoints.at(prompt.folder), prompt)

    def _step_all(self) -> None:
        for number in list(self._answers):
            self._guarded(number, partial(self._step, number))

    def _step(self, number: int) -> None:
        said = next(self._answers[number])
        self._write({"id": number, "event": "end" if isinstance(said, End) else "text", **asdict(said)})
        if isinstance(said, End):
            del self._answers[number]

    def _guarded(self, number: int, action: Callable[[], None]) -> None:
        """Do something for one request; what goes wrong is told to who asked, and the others go on."""
        try:
            action()
        except TooLongError as error:
            self._give_up(number, "too_long", str(error))
        except UnusableError as error:
            self._give_up(number, "broken", str(error))
        except Exception as error:  # noqa: BLE001 - reported to the client, which answers 500
            self._give_up(number, "broken", f"{type(error).__name__}: {error}")

    def _give_up(self, number: int, kind: str, message: str) -> None:
        self._answers.pop(number, None)
        self._write({"id": number, "event": "error", "kind": kind, "message": message})


def _prompt(request: Event) -> Prompt:
    messages = tuple((role, text) for role, text in request.pop("messages"))
    return Prompt(messages=messages, stop=tuple(request.pop("stop")), **request)
