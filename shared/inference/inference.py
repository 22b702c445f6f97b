"""The use case: one chat completion, whole or streamed, through moderation."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from time import perf_counter
from typing import Any, TypeVar

from shared.core.chat_answer import delta_choice, message_choice
from shared.core.chat_request import ChatRequest, read_request
from shared.core.holdback import Pace
from shared.core.model_limits import as_sent, refuse_unsupported
from shared.core.moderation import Verdict
from shared.core.openai_errors import ApiError, model_not_found, prompt_blocked, service_unavailable
from shared.core.policy import Policy
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.inference.asking import Asker
from shared.inference.checking import Checker
from shared.inference.exchange import Exchange
from shared.inference.last_asked import LastAsked
from shared.inference.metrics import Metrics
from shared.inference.model_errors import as_api_error
from shared.inference.patience import Patience
from shared.inference.policies import PolicyOfModel
from shared.inference.relay import Relay
from shared.inference.tasks import gathered, stopped
from shared.ports import ApiKey, ChatModel, Deployment, Models, Policies, Safety
from shared.recent import Recent

T = TypeVar("T")
Settle = Callable[[int], None]

UNCHECKED = Pace(first=1, later=1, overlap=0, margin=0)  # nothing is waited for where nothing is checked


def _unasked(_tokens: int) -> None:
    """Settle nothing."""


class Inference:
    """Answers chat requests; what must not pass, or cannot be checked, is an ApiError, never text."""

    def __init__(
        self,
        models: Models,
        policies: Policies,
        safety: Safety,
        chat: ChatModel,
        clock: Callable[[], datetime],
        *,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        pace: Pace = Pace(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
        metrics: Metrics | None = None,
    ) -> None:
        async def find(model: str) -> Deployment | None:
            return await asyncio.to_thread(models.find, model)

        self._clock, self._pace = clock, pace
        self._asker = Asker(chat)
        self._metrics = metrics or Metrics()
        self._checker = Checker(safety, patience, self._metrics)
        self._policies = PolicyOfModel(policies, policy, clock)
        self._all = models.all
        self._last_asked = LastAsked(models, clock)
        self._found = Recent(find, clock)

    async def complete(
        self,
        body: Any,
        key: ApiKey,
        *,
        drop_unknown: bool = False,
        request_id: str = "",
        settle: Settle = _unasked,
    ) -> dict[str, Any]:
        """Return the chat completion, `settle` having been told how many tokens it took; raises ApiError."""
        request = read_request(body, drop_unknown=drop_unknown)
        deployment = await self.deployment(request.model, key)
        try:
            return await self._whole(await self._exchange(deployment, request, request_id, settle))
        finally:
            self._last_asked.note(deployment.model)

    async def stream(
        self,
        body: Any,
        key: ApiKey,
        *,
        drop_unknown: bool = False,
        request_id: str = "",
        settle: Settle = _unasked,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Return the chunks, once the prompt has passed and the model has begun; raises ApiError before that.

        The iterator raises ApiError when a check or the model fails on the way: what came so far is then not the
        whole answer, and the caller has to make that known. Closing it cancels the model's work. However it ends,
        `settle` is told how many tokens it took.
        """
        request = read_request(body, drop_unknown=drop_unknown)
        deployment = await self.deployment(request.model, key)
        try:
            return await self._streamed(await self._exchange(deployment, request, request_id, settle))
        finally:
            self._last_asked.note(deployment.model)

    async def ask(self, deployment: Deployment, body: Any) -> dict[str, Any]:
        """Return a deployment's chat completion, whether or not its model's name points at it yet."""
        return await self._whole(await self._exchange(deployment, read_request(body), ""))

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

    async def _exchange(
        self, deployment: Deployment, request: ChatRequest, request_id: str, settle: Settle = _unasked
    ) -> Exchange:
        refuse_unsupported(deployment.base_model, request.forwarded)
        request = as_sent(deployment.base_model, request)
        policy = await self._policies.of(deployment.model)
        request_id = request_id or secrets.token_hex(16)
        return Exchange(deployment, request, policy, self._clock(), self._metrics, request_id, settle)

    async def _whole(self, exchange: Exchange) -> dict[str, Any]:
        request, policy = exchange.request, exchange.policy
        verdict, answer = await self._asked(exchange, lambda: self._asker.whole(exchange.deployment, request))
        try:
            verdicts = await gathered(
                *(self._checker.answer(list(choice.lanes.values()), policy) for choice in answer.choices)
            )
        except ApiError as error:
            exchange.failed(error.code)
            raise
        except asyncio.CancelledError:
            exchange.left()
            raise
        reasons = tuple(reason for found in verdicts for reason in found.reasons)
        exchange.blocked("completion", reasons)
        exchange.ended("filtered " + ",".join(reasons) if reasons else "answered", answer.usage)
        exchange.settle(answer.tokens)
        return {
            **exchange.head("chat.completion"),
            "choices": [
                message_choice(choice, found.results, blocked=found.blocked)
                for choice, found in zip(answer.choices, verdicts, strict=True)
            ],
            "usage": answer.usage,
            "prompt_filter_results": _prompt_results(verdict),
        }

    async def _asked(self, exchange: Exchange, ask: Callable[[], Awaitable[T]]) -> tuple[Verdict, T]:
        """Return the prompt's verdict and what the model said meanwhile; a block cancels the model."""
        request, policy = exchange.request, exchange.policy

        async def asked() -> T:
            begun = perf_counter()
            said = await ask()
            self._metrics.spoke(exchange.deployment.model, perf_counter() - begun)
            return said

        model: asyncio.Future[T] | None = None if policy.ask_first else asyncio.ensure_future(asked())
        try:
            verdict = await self._checker.prompt(request, policy)
            if not verdict.blocked:
                return verdict, await (asked() if model is None else model)
        except (ServiceUnavailable, ServiceRefused) as error:
            if isinstance(error, NotFound):
                self._found.forget(request.model)  # a newer deployment may have taken its place: retrying finds it
            refusal = as_api_error(error)
            exchange.failed(refusal.code, str(error))
            raise refusal from None
        except ApiError as error:
            exchange.failed(error.code)
            raise
        except asyncio.CancelledError:
            exchange.left()
            raise
        finally:
            if model is not None:
                await stopped(model)
        exchange.blocked("prompt", verdict.reasons)
        exchange.failed("content_filter", ",".join(verdict.reasons))
        raise prompt_blocked(verdict)

    async def _streamed(self, exchange: Exchange) -> AsyncGenerator[dict[str, Any], None]:
        policy, checked = exchange.policy, exchange.policy.opt_out is None
        relay = Relay(
            self._asker.streams(exchange.deployment, exchange.request),
            lambda texts: self._checker.answer(texts, policy),
            self._pace if checked else UNCHECKED,
            Verdict(policy.completion, checked=checked).results,
        )
        try:
            verdict, _ = await self._asked(exchange, relay.begin)
        except BaseException:
            await relay.close()
            raise
        exchange.began()
        return _chunks(exchange, relay, verdict)


async def _chunks(exchange: Exchange, relay: Relay, verdict: Verdict) -> AsyncGenerator[dict[str, Any], None]:
    request, head = exchange.request, exchange.head("chat.completion.chunk")
    extra: dict[str, Any] = {"usage": None} if request.include_usage else {}
    outcome, failure, waiting = "left by the client", "", True
    try:
        roles = [delta_choice(index, {"role": "assistant", "content": ""}) for index in range(request.choices)]
        yield {**head, "choices": roles, "prompt_filter_results": _prompt_results(verdict), **extra}
        async for choice in relay.choices():
            if waiting:
                waiting = False
                exchange.first_text(relay.spoke_at)
            yield {**head, "choices": [choice], **extra}
        usage = await relay.counted()
        if request.include_usage and usage is not None:
            yield {**head, "choices": [], "usage": usage}
        exchange.blocked("completion", relay.blocked)
        outcome = "filtered " + ",".join(relay.blocked) if relay.blocked else "answered"
    except (ServiceUnavailable, ServiceRefused) as error:
        refusal = as_api_error(error)
        outcome, failure = f"cut: {error}", refusal.code
        raise refusal from None
    except ApiError as error:
        outcome, failure = f"cut: {error.code}", error.code
        raise
    finally:
        await relay.close()
        exchange.ended(outcome, relay.usage, failure)
        exchange.settle(relay.tokens(request))


def _prompt_results(verdict: Verdict) -> list[dict[str, Any]]:
    return [{"prompt_index": 0, "content_filter_results": verdict.results}]
