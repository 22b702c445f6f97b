"""Asking Content Safety: everything at once, the first block ends it, and what got no verdict does not pass."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from time import perf_counter

from shared.core.chat_request import ChatRequest
from shared.core.moderation import Verdict, merged
from shared.core.openai_errors import too_many_checks
from shared.core.policy import Policy
from shared.core.questions import Kind, Question, on_answer, on_prompt
from shared.inference.breaker import Breaker
from shared.inference.metrics import Metrics
from shared.inference.patience import Patience, patiently
from shared.inference.tasks import stopped
from shared.inference.verdict_cache import Judgement, VerdictCache
from shared.ports import Analysis, Attacks, Safety

LONG = 50_000  # characters; taking a prompt of a million apart may need half a second and more
AT_ONCE = 50  # calls of one request; a long chat must not use up what others need
MOST_ASKED = (
    1_000  # of one prompt, what is remembered apart: as many as Content Safety's tiers take in ten seconds
)


class Checker:
    """Verdicts on prompts and answers; raises ApiError 503 when there is none."""

    def __init__(self, safety: Safety, patience: Patience, metrics: Metrics) -> None:
        self._safety, self._patience, self._metrics = safety, patience, metrics
        self._breakers = {kind: Breaker("content safety") for kind in Kind}
        self.cache = VerdictCache()

    async def prompt(self, request: ChatRequest, policy: Policy) -> Verdict:
        """Return the verdict on all that the model will see; raises ApiError 400 for one of too many texts."""
        if policy.opt_out is not None:
            return Verdict(checked=False)
        if request.length > LONG:
            questions = await asyncio.to_thread(on_prompt, request, policy)  # others are served meanwhile
        else:
            questions = on_prompt(request, policy)
        return await self._verdict(questions, policy, "prompt")

    async def answer(self, strings: Sequence[str], policy: Policy) -> Verdict:
        """Return the verdict on strings that a client will see."""
        if policy.opt_out is not None:
            return Verdict(checked=False)
        return await self._verdict(on_answer(strings, policy), policy, "completion")

    async def _verdict(self, questions: Sequence[Question], policy: Policy, direction: str) -> Verdict:
        """Return the verdict over all questions, or over those so far once one blocks; the rest are canceled."""
        begun, thresholds = perf_counter(), policy.prompt if direction == "prompt" else policy.completion
        verdicts: list[Verdict] = []
        unknown: list[tuple[Question, bytes]] = []
        for question in questions:
            digest = question.digest(policy.version)
            judgement = self.cache.get(digest)
            if judgement is None:
                unknown.append((question, digest))
            else:
                verdicts.append(_verdict_of(judgement, thresholds))
        remembered = len(verdicts)
        if not any(verdict.blocked for verdict in verdicts):
            if direction == "prompt" and len(unknown) > MOST_ASKED:
                raise too_many_checks(len(unknown), MOST_ASKED)
            verdicts += await self._until_blocked(unknown, policy, thresholds)
        asked = len(verdicts) - remembered
        self._metrics.checked(direction, perf_counter() - begun, remembered=remembered, asked=asked)
        return verdicts[0] if len(verdicts) == 1 else merged(thresholds, verdicts)

    async def _until_blocked(
        self, unknown: Sequence[tuple[Question, bytes]], policy: Policy, thresholds: Mapping[str, int]
    ) -> list[Verdict]:
        room = asyncio.Semaphore(AT_ONCE)

        async def verdict(question: Question, digest: bytes) -> Verdict:
            async with room:
                judgement = await self._found(question, policy)
            self.cache.put(digest, judgement)
            return _verdict_of(judgement, thresholds)

        if len(unknown) == 1:
            return [await verdict(*unknown[0])]
        tasks = [asyncio.ensure_future(verdict(*each)) for each in unknown]
        verdicts: list[Verdict] = []
        try:
            waiting: Iterable[asyncio.Task[Verdict]] = tasks
            while waiting and not any(verdict.blocked for verdict in verdicts):
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                verdicts += [task.result() for task in done]
        finally:
            await stopped(*tasks)
        return verdicts

    def _found(self, question: Question, policy: Policy) -> Awaitable[Judgement]:
        return patiently(self._asking(question, policy), self._patience, self._breakers[question.kind])

    def _asking(self, question: Question, policy: Policy) -> Callable[[], Awaitable[Judgement]]:
        """Return the call of Content Safety that answers the question; it may be made twice."""
        if question.kind is Kind.SHIELD:
            return partial(self._safety.attacks, question.text, question.documents)
        if question.kind is Kind.PROTECTED:
            return partial(self._safety.protected, question.text)
        return partial(self._safety.analyze, question.text, policy.blocklists)


def _verdict_of(judgement: Judgement, thresholds: Mapping[str, int]) -> Verdict:
    if isinstance(judgement, Analysis):
        return Verdict(thresholds, judgement.severities, judgement.blocklists)
    if isinstance(judgement, Attacks):
        return Verdict(thresholds, attack=judgement.prompt, indirect_attack=judgement.documents)
    return Verdict(thresholds, protected=judgement)
