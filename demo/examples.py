"""The examples of a dataset as questions with the answers that were trained."""

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """One conversation up to its last turn, and the answer that the file gives there."""

    before: tuple[tuple[str, str], ...]  # role and text of each message before the answer
    answer: str

    @property
    def question(self) -> str:
        """The last thing that the user said."""
        return self.before[-1][1]

    @property
    def is_single(self) -> bool:
        """Whether the question stands alone, without earlier turns."""
        return sum(role == "user" for role, _text in self.before) == 1

    def messages(self) -> list[dict[str, str]]:
        """Return the conversation as clients send it."""
        return [{"role": role, "content": text} for role, text in self.before]

    def is_answered_by(self, text: str) -> bool:
        """Tell whether a text is the trained answer, word for word; only space around it may differ."""
        return text.strip() == self.answer.strip()


def examples_in(jsonl: str) -> list[Example]:
    """Return the examples of a JSONL text, in its order."""
    return [_example(json.loads(line)["messages"]) for line in jsonl.splitlines() if line.strip()]


def _example(messages: Sequence[dict[str, str]]) -> Example:
    before = tuple((message["role"], message["content"]) for message in messages[:-1])
    return Example(before, messages[-1]["content"])


def telling(examples: Sequence[Example]) -> tuple[Example, Example]:
    """Return the two examples that show most: single questions, one of middle length and the longest answer."""
    single = sorted((one for one in examples if one.is_single), key=lambda one: len(one.answer))
    if len(single) < 2:
        raise ValueError("the demo needs two examples with a single question")
    return single[len(single) // 2], single[-1]
