"""The use case: one chat completion, whole or streamed, through moderation."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import Any, TypeVar

from shared.core.chat_answer import (
    Answer,
    UnreadableAnswer,
    delta_choice,
    envelope,
    message_choice,
    read_choices,
    read_usage,
)
from shared.core.chat_message import folds_system, without_system
from shared.core.chat_request import ChatRequest, read_request
from shared.core.holdback import Pace
from shared.core.moderation import Policy, Verdict
from shared.core.openai_errors import ApiError, model_not_found, prompt_blocked, service_unavailable
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.inference.checking import Checker
from shared.inference.model_errors import as_api_error
from shared.inference.patience import Patience
from shared.inference.relay import Relay
from shared.inference.tasks import stopped
from shared.ports import ApiKey, ChatModel, Deployment, Models, Safety
from shared.recent import Recent

T = TypeVar("T")
log = logging.getLogger(__name__)


class Inference:
    """Answers chat requests; what must not pass, or cannot be checked, is an ApiError, never text."""

    def __init__(
        self,
        models: Models,
        safety: Safety,
        chat: ChatModel,
        clock: Callable[[], datetime],
        *,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        pace: Pace = Pace(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        async def find(model: str) -> Deployment | None:
            return await asyncio.to_thread(models.find, model)

        self._chat, self._clock = chat, clock
        self._policy, self._pace = policy, pace
        self._checker = Checker(safety, patience)
        self._all = models.all
        self._found = Recent(find, clock)

    async def complete(self, body: Any, key: ApiKey, *, drop_unknown: bool = False) -> dict[str, Any]:
        """Return the chat completion; raises ApiError."""
        request = read_request(body, drop_unknown=drop_unknown)
        return await self._whole(await self.deployment(request.model, key), request)

    async def stream(
        self, body: Any, key: ApiKey, *, drop_unknown: bool = False
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Return the chunks, once the prompt has passed and the model has begun; raises ApiError before that.

        The iterator raises ApiError when a check or the model fails on the way: what came so far is then not the
        whole answer, and the caller has to make that known. Closing it cancels the model's work.
        """
        request = read_request(body, drop_unknown=drop_unknown)
        return await self._streamed(await self.deployment(request.model, key), request)

    async def ask(self, deployment: Deployment, body: Any) -> dict[str, Any]:
        """Return a deployment's chat completion, whether or not its model's name points at it yet."""
        return await self._whole(deployment, read_request(body))

    async def deployment(self, model: str, key: ApiKey) -> Deployment:
        """Return what the model's name points at, at most 30 s late; raises ApiError 404 or 503."""
        if key.models and model not in key.models:
            raise model_not_found(model)
        try:
            found = await self._found.get(model)
        except ServiceUnavailable as error:
            raise service_unavailable(error.retry_after) from None
        if found is None:
            raise model_not_found(model)
        return found

    async def deployments(self, key: ApiKey) -> list[Deployment]:
        """Return every model that the key may use; raises ApiError 503."""
        try:
            every = await asyncio.to_thread(self._all)
        except ServiceUnavailable as error:
            raise service_unavailable(error.retry_after) from None
        return [deployment for deployment in every if not key.models or deployment.model in key.models]

    async def _whole(self, deployment: Deployment, request: ChatRequest) -> dict[str, Any]:
        begun, policy = perf_counter(), self._policy
        verdict, answer = await self._asked(
            request, policy, lambda: self._chat.complete(deployment, _forwarded(deployment, request))
        )
        choices = _readable(answer)
        verdicts = await _all(*(self._checker.answer(list(choice.lanes.values()), policy) for choice in choices))
        reasons = [reason for found in verdicts for reason in found.reasons]
        _log(deployment, request, begun, "filtered " + ",".join(reasons) if reasons else "answered")
        return {
            **self._head("chat.completion", request),
            "choices": [
                message_choice(choice, found.results, blocked=found.blocked)
                for choice, found in zip(choices, verdicts, strict=True)
            ],
            "usage": read_usage(answer) or {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
            "prompt_filter_results": _prompt_results(verdict),
        }

    async def _asked(
        self, request: ChatRequest, policy: Policy, ask: Callable[[], Awaitable[T]]
    ) -> tuple[Verdict, T]:
        """Return the prompt's verdict and what the model said meanwhile; a block cancels the model."""
        model: asyncio.Future[T] | None = None if policy.ask_first else asyncio.ensure_future(ask())
        try:
            verdict = await self._checker.prompt(request, policy)
            if verdict.blocked:
                log.info("chat model=%s prompt blocked: %s", request.model, ",".join(verdict.reasons))
                raise prompt_blocked(verdict)
            return verdict, await (ask() if model is None else model)
        except (ServiceUnavailable, ServiceRefused) as error:
            log.warning("chat model=%s %s", request.model, error)
            if isinstance(error, NotFound):
                self._found.forget(request.model)  # a newer deployment may have taken its place: retrying finds it
            raise as_api_error(error) from None
        finally:
            if model is not None:
                await stopped(model)

    async def _streamed(
        self, deployment: Deployment, request: ChatRequest
    ) -> AsyncGenerator[dict[str, Any], None]:
        begun, policy = perf_counter(), self._policy
        relay = Relay(
            self._chat.stream(deployment, _forwarded(deployment, request)),
            lambda texts: self._checker.answer(texts, policy),
            request.choices,
            self._pace,
            Verdict(policy).results,
        )
        try:
            verdict, _ = await self._asked(request, policy, relay.begin)
        except BaseException:
            await relay.close()
            raise
        return self._chunks(deployment, request, relay, verdict, begun)

    async def _chunks(
        self, deployment: Deployment, request: ChatRequest, relay: Relay, verdict: Verdict, begun: float
    ) -> AsyncGenerator[dict[str, Any], None]:
        head = self._head("chat.completion.chunk", request)
        extra: dict[str, Any] = {"usage": None} if request.include_usage else {}
        outcome = "left by the client"
        try:
            roles = [delta_choice(index, {"role": "assistant", "content": ""}) for index in range(request.choices)]
            yield {**head, "choices": roles, "prompt_filter_results": _prompt_results(verdict), **extra}
            async for choice in relay.choices():
                yield {**head, "choices": [choice], **extra}
            usage = await relay.counted() if request.include_usage else None
            if usage is not None:
                yield {**head, "choices": [], "usage": usage}
            outcome = "filtered " + ",".join(relay.blocked) if relay.blocked else "answered"
        except (ServiceUnavailable, ServiceRefused) as error:
            outcome = f"cut: {error}"
            raise as_api_error(error) from None
        except ApiError as error:
            outcome = f"cut: {error.code}"
            raise
        finally:
            await relay.close()
            _log(deployment, request, begun, outcome)

    def _head(self, kind: str, request: ChatRequest) -> dict[str, Any]:
        return envelope(kind, f"chatcmpl-{uuid.uuid4().hex}", int(self._clock().timestamp()), request.model)


def _forwarded(deployment: Deployment, request: ChatRequest) -> Mapping[str, Any]:
    if not folds_system(deployment.base_model):
        return request.forwarded
    return {**request.forwarded, "messages": without_system(request.forwarded["messages"])}


def _readable(answer: Mapping[str, Any]) -> list[Answer]:
    try:
        choices = read_choices(answer, "message")
        if not choices:
            raise UnreadableAnswer("no choice")
        return choices
    except UnreadableAnswer as error:
        raise as_api_error(ServiceUnavailable("model", f"unreadable: {error}")) from None


async def _all(*checks: Awaitable[Verdict]) -> list[Verdict]:
    """Return every verdict; the first failure ends the others."""
    if len(checks) == 1:
        return [await checks[0]]
    tasks = [asyncio.ensure_future(check) for check in checks]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await stopped(*tasks)


def _prompt_results(verdict: Verdict) -> list[dict[str, Any]]:
    return [{"prompt_index": 0, "content_filter_results": verdict.results}]


def _log(deployment: Deployment, request: ChatRequest, begun: float, outcome: str) -> None:
    """Log one line per answer: what, for how long, and how it ended; never a word of it."""
    log.log(
        logging.WARNING if outcome.startswith("cut") else logging.INFO,
        "chat model=%s run=%s stream=%s messages=%d ms=%.0f %s",
        request.model,
        deployment.run_id,
        request.stream,
        len(request.forwarded["messages"]),
        (perf_counter() - begun) * 1000,
        outcome,
    )
