"""Turns a conversation into tokens as Phi-3 reads them, and marks those that the model must learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.errors import UserError
from trainer.examples import Example, Message

END = "<|end|>"
IGNORED = -100  # torch's cross-entropy passes over this label

# <|user|>, a new line, the text, <|end|>, a new line; then <|assistant|> when an answer is wanted.
PHI3_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] in ['system', 'user', 'assistant'] %}"
    "{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)


@dataclass(frozen=True)
class Tokens:
    """A conversation's tokens; a label is the token itself where it is learned, else IGNORED."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> "Tokens":
        """Return only the first tokens."""
        return Tokens(self.ids[:count], self.labels[:count])

    def learned(self) -> int:
        """Return how many tokens are learned: the very first has nothing before it to predict it from."""
        return sum(label != IGNORED for label in self.labels[1:])


def rendered(tokenizer: Any, messages: Sequence[Message], *, ask: bool) -> str:
    """Return the conversation as one text; `ask` ends it where the model's answer starts."""
    chat = [{"role": message.role, "content": message.content} for message in messages]
    return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=ask))


def tokens_of(tokenizer: Any, example: Example) -> Tokens:
    """Return an example's tokens with each answer, up to and including its <|end|>, to be learned."""
    text = rendered(tokenizer, example.messages, ask=False)
    spans = _answer_spans(tokenizer, example, text)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = tuple(encoded["input_ids"])
    starts = [start for start, _ in encoded["offset_mapping"]]
    learned = [any(first <= start < last for first, last in spans) for start in starts]
    return Tokens(ids, tuple(token if wanted else IGNORED for token, wanted in zip(ids, learned, strict=True)))


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """Return the tokens after which the model's answer starts."""
    text = rendered(tokenizer, messages, ask=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _answer_spans(tokenizer: Any, example: Example, text: str) -> list[tuple[int, int]]:
    spans = []
    for i, message in enumerate(example.messages):
        if message.role == "assistant":
            before = rendered(tokenizer, example.messages[:i], ask=True)
            if not text.startswith(before) or END not in text[len(before) :]:
                raise UserError(
                    "the base model's chat template",
                    "does not write the conversation as Phi-3 does",
                    f"use a Phi-3 model whose template closes each message with {END}",
                )
            spans.append((len(before), text.index(END, len(before)) + len(END)))
    return spans
