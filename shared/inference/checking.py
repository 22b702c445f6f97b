"""Asking Content Safety: everything at once, the first block ends it, and what got no verdict does not pass."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import zip_longest

from shared.core.chat_request import ChatRequest, Source
from shared.core.moderation import WINDOW, Policy, Verdict, merged, pieces, readings
from shared.inference.patience import Patience, patiently
from shared.inference.tasks import stopped
from shared.ports import Safety

Check = Callable[[], Awaitable[Verdict]]
MOST_DOCUMENTS = 5  # that one call of Prompt Shields takes, of 10,000 characters in total


class Checker:
    """Verdicts on prompts and answers; raises ApiError 503 when there is none."""

    def __init__(self, safety: Safety, patience: Patience) -> None:
        self._safety, self._patience = safety, patience

    async def prompt(self, request: ChatRequest, policy: Policy) -> Verdict:
        """Return the verdict on all that the model will see."""
        parts = [part.strings for part in request.parts]
        whole = [string for strings in parts for string in strings]
        texts = pieces(text for strings in (*parts, whole) for text in readings(strings))
        checks = [self._analysis(text, policy) for text in texts]
        if policy.shields:
            checks += [self._shield(prompt, documents, policy) for prompt, documents in shielded(request)]
        return await self._first_block(checks, policy)

    async def answer(self, strings: Sequence[str], policy: Policy) -> Verdict:
        """Return the verdict on strings that a client will see."""
        texts = pieces([*strings, *readings(strings)])
        return await self._first_block([self._analysis(text, policy) for text in texts], policy)

    def _analysis(self, text: str, policy: Policy) -> Check:
        async def analysis() -> Verdict:
            found = await patiently(lambda: self._safety.analyze(text), self._patience)
            return Verdict(policy, found.severities, found.blocklists)

        return analysis

    def _shield(self, prompt: str, documents: Sequence[str], policy: Policy) -> Check:
        async def shield() -> Verdict:
            attack = await patiently(lambda: self._safety.attacked(prompt, documents), self._patience)
            return Verdict(policy, attack=attack)

        return shield

    async def _first_block(self, checks: Sequence[Check], policy: Policy) -> Verdict:
        """Return the verdict over all checks, or of those so far once one blocks; the rest are canceled."""
        if len(checks) == 1:
            return merged(policy, [await checks[0]()])
        tasks = [asyncio.ensure_future(check()) for check in checks]
        verdicts: list[Verdict] = []
        try:
            for task in asyncio.as_completed(tasks):
                verdicts.append(await task)
                if verdicts[-1].blocked:
                    break
        finally:
            await stopped(*tasks)
        return merged(policy, verdicts)


def shielded(request: ChatRequest) -> list[tuple[str, list[str]]]:
    """Return the calls of Prompt Shields: what users wrote as prompts, what tools returned as documents."""
    prompts = _texts(request, Source.USER)
    batches = _batches(_texts(request, Source.TOOL))
    if not prompts:
        prompts = [batch[0] for batch in batches]  # Prompt Shields want a prompt
    filler = prompts[0] if prompts else ""
    calls = zip_longest(prompts, batches)
    return [(prompt or filler, documents or []) for prompt, documents in calls]


def _texts(request: ChatRequest, source: Source) -> list[str]:
    return pieces(text for part in request.parts if part.source is source for text in readings(part.strings))


def _batches(documents: Sequence[str]) -> list[list[str]]:
    batches: list[list[str]] = []
    room = 0
    for document in documents:
        if not batches or len(document) > room or len(batches[-1]) == MOST_DOCUMENTS:
            batches.append([])
            room = WINDOW
        batches[-1].append(document)
        room -= len(document)
    return batches
