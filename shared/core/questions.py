"""What Content Safety has to be asked before a prompt may go in or an answer may come out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest

from shared.core.chat_request import ChatRequest, Part, Source
from shared.core.moderation import WINDOW, Copies, pieces, readings, windows
from shared.core.policy import Policy

MOST_DOCUMENTS = 5  # that one call of Prompt Shields takes, of 10,000 characters in total
SHORTEST_PROTECTED = 110  # characters; of less, nobody can tell whose it is


class Kind(Enum):
    """An operation of Content Safety."""

    ANALYSIS = "analysis"
    SHIELD = "prompt shield"
    PROTECTED = "protected material"


@dataclass(frozen=True)
class Question:
    """One call: a text, for Prompt Shields with documents."""

    kind: Kind
    text: str
    documents: tuple[str, ...] = ()

    def digest(self, policy_version: str) -> bytes:
        """Return the SHA-256 by which the answer is remembered; it depends on all that the answer depends on."""
        found = hashlib.sha256(f"{policy_version} {self.kind.value} ".encode())
        for text in (self.text, *self.documents):
            raw = text.encode("utf-8", "surrogatepass")
            found.update(b"%d " % len(raw))
            found.update(raw)
        return found.digest()


def on_prompt(request: ChatRequest, policy: Policy) -> list[Question]:
    """Return the questions on all that the model will see: each part by itself, and all of them in a row.

    What does not change from turn to turn comes first in that row, so that a conversation that grows changes its
    last window only; the answers on the other windows are remembered.
    """
    parts = [part.strings for part in request.parts]
    row = [part.strings for part in sorted(request.parts, key=_grows)]
    whole = [string for strings in row for string in strings]
    rows = (*parts, whole, _contents(request.parts))
    known: Copies = {}
    texts = pieces((text for strings in rows for text in readings(strings)), known)
    questions = [Question(Kind.ANALYSIS, text) for text in texts]
    return questions + (_on_attacks(request, known) if policy.shields else [])


def on_answer(strings: Sequence[str], policy: Policy) -> list[Question]:
    """Return the questions on strings that a client will see."""
    questions = [Question(Kind.ANALYSIS, text) for text in pieces([*strings, *readings(strings)])]
    if policy.protected_material:
        texts = dict.fromkeys(window for string in strings for window in windows(string))
        questions += [Question(Kind.PROTECTED, text) for text in texts if len(text) >= SHORTEST_PROTECTED]
    return questions


def _contents(parts: Sequence[Part]) -> list[str]:
    """Return the contents of messages, where names, ids or calls stand between them in the row of everything."""
    messages = [part for part in parts if _grows(part)]
    if len(messages) == 1 or all(part.strings == part.contents for part in messages):
        return []
    return [text for part in messages for text in part.contents]


def _grows(part: Part) -> bool:
    return part.place.startswith("messages")


def _on_attacks(request: ChatRequest, known: Copies) -> list[Question]:
    """Return the calls of Prompt Shields: what users wrote as prompts, what tools returned as documents."""
    prompts = _texts(request, Source.USER, known)
    batches = _batches(_texts(request, Source.TOOL, known))
    if not prompts:
        prompts = [batch[0] for batch in batches]  # Prompt Shields want a prompt
    filler = prompts[0] if prompts else ""
    calls = zip_longest(prompts, batches)
    return [Question(Kind.SHIELD, prompt or filler, tuple(documents or ())) for prompt, documents in calls]


def _texts(request: ChatRequest, source: Source, known: Copies) -> list[str]:
    """Return what one side said: each message by itself, and all contents in a row."""
    parts = [part for part in request.parts if part.source is source]
    row = [text for part in parts for text in part.contents] if len(parts) > 1 else []
    rows = (*(part.strings for part in parts), row)
    return pieces((text for strings in rows for text in readings(strings)), known)


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
