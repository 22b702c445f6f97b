"""Asking the model: once for each choice that the client wants, since serverless endpoints give one at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from shared.core.chat_answer import Answer, UnreadableAnswer, read_choices, read_usage
from shared.core.chat_request import ChatRequest
from shared.errors import ServiceUnavailable
from shared.inference.breaker import Breaker
from shared.inference.tasks import gathered
from shared.ports import ChatModel, Deployment

CHARACTERS_PER_TOKEN = 4  # about; for a call of which the model does not tell what it took
NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


@dataclass(frozen=True)
class WholeAnswer:
    """What the model said: a choice from each call, and the tokens of all calls."""

    choices: list[Answer]
    usage: Mapping[str, int]
    tokens: int  # that all of it took


class Asker:
    """Asks deployments; one that failed again and again is left alone for a while."""

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat
        self._breakers: dict[str, Breaker] = {}

    async def whole(self, deployment: Deployment, request: ChatRequest) -> WholeAnswer:
        """Return the answer; the first call that fails cancels the others, and its error is raised."""
        breaker = self._breaker(deployment)

        async def ask(body: Mapping[str, Any]) -> dict[str, Any]:
            with breaker:
                return await self._chat.complete(deployment, body)

        answers = await gathered(*map(ask, bodies_for(request)))
        choices = [_only_choice(answer, place) for place, answer in enumerate(answers)]
        usages = [read_usage(answer) for answer in answers]
        counted = zip(usages, choices, strict=True)
        tokens = sum(tokens_of(usage) or estimated(request, _said(choice)) for usage, choice in counted)
        return WholeAnswer(choices, summed(usages) or NO_USAGE, tokens)

    def streams(self, deployment: Deployment, request: ChatRequest) -> list[AsyncIterator[Mapping[str, Any]]]:
        """Return one stream of chunks for each choice; each is its choice 0."""
        breaker = self._breaker(deployment)
        return [self._stream(deployment, body, breaker) for body in bodies_for(request)]

    async def _stream(
        self, deployment: Deployment, body: Mapping[str, Any], breaker: Breaker
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        async with aclosing(self._chat.stream(deployment, body)) as chunks:
            with breaker:
                first = await anext(chunks, None)
            if first is not None:
                yield first
            async for chunk in chunks:
                yield chunk

    def _breaker(self, deployment: Deployment) -> Breaker:
        # A model that is busy says so quickly, and when to come back: no reason to leave it alone.
        return self._breakers.setdefault(deployment.endpoint, Breaker("model", busy_counts=False))


def bodies_for(request: ChatRequest) -> list[Mapping[str, Any]]:
    """Return what each call sends: the request for one choice, with a seed of its own where one was given."""
    forwarded = {name: value for name, value in request.forwarded.items() if name != "n"}
    if request.choices == 1 or "seed" not in forwarded:
        return [forwarded] * request.choices
    return [{**forwarded, "seed": forwarded["seed"] + place} for place in range(request.choices)]


def summed(usages: Iterable[Mapping[str, int] | None]) -> dict[str, int] | None:
    """Return the tokens of all calls that told theirs, or None when none did."""
    total: dict[str, int] = {}
    for usage in usages:
        for name, count in (usage or {}).items():
            total[name] = total.get(name, 0) + count
    return total or None


def tokens_of(usage: Mapping[str, int] | None) -> int:
    """Return the tokens of one call, 0 where the model did not tell them."""
    return (usage or {}).get("total_tokens", 0)


def estimated(request: ChatRequest, said: int) -> int:
    """Return about how many tokens a call took in which the model said so many characters."""
    return (request.length + said) // CHARACTERS_PER_TOKEN


def _said(choice: Answer) -> int:
    return sum(len(text) for lane, text in choice.lanes.items() if not lane.startswith("logprobs"))


def _only_choice(answer: Mapping[str, Any], place: int) -> Answer:
    """Return the choice that was asked for, with its place as index; whatever else came is dropped."""
    try:
        choices = read_choices(answer, "message")
    except UnreadableAnswer as error:
        raise ServiceUnavailable("model", f"unreadable: {error}") from None
    if not choices:
        raise ServiceUnavailable("model", "unreadable: no choice")
    return choices[0] if choices[0].index == place else replace(choices[0], index=place)
